"""A revision (追溯更正): settlements put right after a retroactive policy or a corrected identity.

Proposed by one and approved by another; a proposal moves no money. It is issued person by person,
each as a whole: where a person's part is not any more what was proposed, it has lapsed and is told.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import InstitutionId, PersonId
from settlement.domain.adjustment import Change, ChangeKind
from settlement.domain.carrying import Amounts
from settlement.domain.discretion import SameOperator
from settlement.domain.record import Actor, EligibilityUsed

_REVISIONS = UUID("7c0f6f7e-6b0c-5d57-9a55-0b9b5f0a4c21")


# --- refusals ---------------------------------------------------------------------------------


class RevisionRefusal(Exception):
    """Something a revision does not allow; the message says what to do instead."""


class RevisionUnknown(RevisionRefusal):
    """There is no revision with this number in the caller's sight."""


class NothingToRevise(RevisionRefusal):
    """No settlement in the scope would be another."""


class RevisionNotOpen(RevisionRefusal):
    """The revision was decided before, or is not approved yet, or all of it was issued."""


class RevisionPartUnknown(RevisionRefusal):
    """The revision has no such part, or it was issued or has lapsed."""


# --- what is remembered -----------------------------------------------------------------------


class RevisionKind(StrEnum):
    """What made settlements wrong after the fact (更正事由)."""

    POLICY = "policy"
    """A version that is in force for them now, and was not known when they were settled."""
    IDENTITY = "identity"
    """Eligibility answers otherwise now than it did."""

    @property
    def label(self) -> str:
        """What users read."""
        return {"policy": "政策追溯施行", "identity": "身份更正"}[self.value]


class RevisionStatus(StrEnum):
    """What became of a revision (更正状态)."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    ISSUED = "issued"

    @property
    def label(self) -> str:
        """What users read."""
        return {
            "proposed": "待批准",
            "approved": "已批准",
            "rejected": "已退回",
            "issued": "已执行",
        }[self.value]


class PeriodOf(StrEnum):
    """Which date of a stay the period of a scope is about (期间依据)."""

    ADMISSION = "admission"
    DISCHARGE = "discharge"


@dataclass(frozen=True)
class RevisionScope:
    """Which settlements are looked at (范围); None and empty: all that are in sight.

    `region` is the enrolment's, or one that it belongs to; days are inclusive.
    """

    region: str | None = None
    scheme: str | None = None
    period_of: PeriodOf = PeriodOf.ADMISSION
    first_day: date | None = None
    last_day: date | None = None
    person_ids: tuple[PersonId, ...] = ()
    numbers: tuple[str, ...] = ()

    def covers_day(self, *, admission: date, discharge: date) -> bool:
        """Whether the stay's date lies in the period."""
        day = admission if self.period_of is PeriodOf.ADMISSION else discharge
        return (self.first_day or date.min) <= day <= (self.last_day or date.max)


@dataclass(frozen=True)
class RevisionAsked:
    """What was asked for (更正申请), and why."""

    kind: RevisionKind
    scope: RevisionScope
    reason: str


@dataclass(frozen=True)
class RevisedLine:
    """One settlement of a proposal (更正明细), before and after, amounts in fen.

    `is_revised`: it is itself made by another version or answer; otherwise it only follows, since
    what is counted before it moves. `answers` are those of eligibility that it is to rest on from
    now on, None where they stay.
    """

    number: str
    stay_id: UUID
    institution_id: InstitutionId
    is_revised: bool
    fingerprint_before: str
    fingerprint_after: str
    answers: EligibilityUsed | None
    before: Amounts
    after: Amounts
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class RevisionPart:
    """One person's part (某人的更正): all or nothing, in the person's order of settlements.

    `part` counts the revision's from 1; `orders_version` is that of the person's orders, added up,
    when it was computed: it says what had been settled by then.
    """

    part: int
    person_id: PersonId
    orders_version: int
    lines: tuple[RevisedLine, ...]


@dataclass(frozen=True)
class PersonLeftOut:
    """Settlements of a person that are left as they are (未列入), and why: nobody is revised by
    half."""

    person_id: PersonId
    numbers: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class FundTotals:
    """What a revision comes to for one fund (基金合计), in fen, all positive: to pay (补差), to
    take back (追回), and what is left as it is, either way."""

    payer: str
    fund: str | None
    to_pay_fen: int
    to_reclaim_fen: int
    left_unpaid_fen: int
    left_unclaimed_fen: int


@dataclass(frozen=True)
class PartLapsed:
    """A part that was not issued (失效), since what it was checked against is not so any more."""

    part: int
    because: str


def revision_id(number: str) -> UUID:
    """The id of a revision."""
    return uuid5(_REVISIONS, number)


class Revision(Aggregate):
    """The aggregate; `issued` and `lapsed` are the parts that are done with."""

    TOPIC: ClassVar[str] = "settlement.revision"

    class Created(Aggregate.Created):
        """Somebody proposed to revise settlements (提议追溯更正); no money moves."""

        TOPIC = "settlement.revision-proposed.v1"
        number: str
        asked: RevisionAsked
        parts: tuple[RevisionPart, ...]
        left_out: tuple[PersonLeftOut, ...]
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """To be decided by somebody else."""
            aggregate.number = self.number
            aggregate.asked = self.asked
            aggregate.parts = self.parts
            aggregate.left_out = self.left_out
            aggregate.by = self.by

    class Approved(Aggregate.Event):
        """Somebody else approved it (批准追溯更正); it may be issued."""

        TOPIC = "settlement.revision-approved.v1"
        number: str
        asked: RevisionAsked
        proposed_by: Actor
        proposed_at: datetime
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """Approved."""
            aggregate.status = RevisionStatus.APPROVED
            aggregate.approved_by = self.by

    class Rejected(Aggregate.Event):
        """Somebody else rejected it (退回追溯更正)."""

        TOPIC = "settlement.revision-rejected.v1"
        number: str
        asked: RevisionAsked
        proposed_by: Actor
        proposed_at: datetime
        reason: str
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """Closed for good."""
            aggregate.status = RevisionStatus.REJECTED

    class PersonIssued(Aggregate.Event):
        """One person's part was issued (执行某人的更正); adjustments follow."""

        TOPIC = "settlement.revision-issued.v1"
        number: str
        part: int
        person_id: PersonId
        approved_by: Actor
        booked_on: date
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """Done."""
            aggregate.issued = (*aggregate.issued, self.part)

    class PersonLapsed(Aggregate.Event):
        """One person's part is not as it was proposed, and was not issued (某人的更正失效)."""

        TOPIC = "settlement.revision-lapsed.v1"
        number: str
        part: int
        person_id: PersonId
        because: str
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """Done with, and nothing changed."""
            aggregate.lapsed = (*aggregate.lapsed, PartLapsed(self.part, self.because))

    class Closed(Aggregate.Event):
        """Every part was issued or has lapsed (更正执行完毕)."""

        TOPIC = "settlement.revision-closed.v1"
        number: str
        issued: int
        lapsed: int
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """Nothing is left to do."""
            aggregate.status = RevisionStatus.ISSUED

    number: str
    asked: RevisionAsked
    parts: tuple[RevisionPart, ...]
    left_out: tuple[PersonLeftOut, ...]
    by: Actor

    def __init__(self) -> None:
        self.status = RevisionStatus.PROPOSED
        self.approved_by: Actor | None = None
        self.issued: tuple[int, ...] = ()
        self.lapsed: tuple[PartLapsed, ...] = ()

    # --- decisions ----------------------------------------------------------------------------

    @classmethod
    def propose(
        cls,
        *,
        number: str,
        asked: RevisionAsked,
        parts: tuple[RevisionPart, ...],
        left_out: tuple[PersonLeftOut, ...],
        by: Actor,
        at: datetime,
    ) -> "Revision":
        """Propose it (提议). Raises NothingToRevise."""
        if not parts:
            told = "；".join(f"{'、'.join(each.numbers)}：{each.reason}" for each in left_out[:3])
            raise NothingToRevise(
                "范围内没有可更正的结算" + (f"（未列入：{told}）" if told else "，无须提议")
            )
        return cls._create(
            cls.Created,
            id=revision_id(number),
            timestamp=at,
            number=number,
            asked=asked,
            parts=parts,
            left_out=left_out,
            by=by,
        )

    def approve(self, *, by: Actor, at: datetime) -> None:
        """Approve somebody else's proposal (批准). Raises RevisionNotOpen, SameOperator."""
        self._require_undecided(by)
        self.trigger_event(self.Approved, timestamp=at, **self._heading(), by=by)

    def reject(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Reject somebody else's proposal (退回). Raises RevisionNotOpen, SameOperator."""
        self._require_undecided(by)
        self.trigger_event(self.Rejected, timestamp=at, **self._heading(), reason=reason, by=by)

    def require_approved(self) -> None:
        """Only what somebody else approved is issued. Raises RevisionNotOpen."""
        if self.status is not RevisionStatus.APPROVED:
            what = (
                "须先由另一位经办人批准" if self.status is RevisionStatus.PROPOSED else "不能执行"
            )
            raise RevisionNotOpen(f"更正 {self.number} {self.status.label}，{what}")

    def issue(self, part: int, *, booked_on: date, by: Actor, at: datetime) -> RevisionPart:
        """One person's part is issued (执行); what it changes is written beside it.

        Raises RevisionNotOpen, RevisionPartUnknown.
        """
        found = self._open_part(part)
        self.trigger_event(
            self.PersonIssued,
            timestamp=at,
            number=self.number,
            part=part,
            person_id=found.person_id,
            approved_by=self.approved_by,
            booked_on=booked_on,
            by=by,
        )
        return found

    def lapse(self, part: int, *, because: str, by: Actor, at: datetime) -> RevisionPart:
        """One person's part is not issued (失效). Raises RevisionNotOpen, RevisionPartUnknown."""
        found = self._open_part(part)
        self.trigger_event(
            self.PersonLapsed,
            timestamp=at,
            number=self.number,
            part=part,
            person_id=found.person_id,
            because=because,
            by=by,
        )
        return found

    def close(self, *, by: Actor, at: datetime) -> None:
        """All parts are done with (执行完毕). Raises RevisionNotOpen."""
        self.require_approved()
        if self.open_parts:
            raise RevisionNotOpen(
                f"更正 {self.number} 还有 {len(self.open_parts)} 人未执行，不能办结"
            )
        self.trigger_event(
            self.Closed,
            timestamp=at,
            number=self.number,
            issued=len(self.issued),
            lapsed=len(self.lapsed),
            by=by,
        )

    def _heading(self) -> dict[str, Any]:
        """Of which proposal a decision is: whoever changes one changes both."""
        return {
            "number": self.number,
            "asked": self.asked,
            "proposed_by": self.by,
            "proposed_at": self.created_on,
        }

    def _require_undecided(self, by: Actor) -> None:
        if self.status is not RevisionStatus.PROPOSED:
            raise RevisionNotOpen(f"更正 {self.number} {self.status.label}，不能再次决定")
        if by.operator == self.by.operator:
            raise SameOperator(
                f"更正 {self.number} 由 {by.operator} 提出，须由另一位经办人批准或退回"
            )

    def _open_part(self, part: int) -> RevisionPart:
        self.require_approved()
        found = next((each for each in self.open_parts if each.part == part), None)
        if found is None:
            raise RevisionPartUnknown(f"更正 {self.number} 没有待执行的第 {part} 部分")
        return found

    # --- questions ----------------------------------------------------------------------------

    @property
    def open_parts(self) -> tuple[RevisionPart, ...]:
        """Those neither issued nor lapsed."""
        done = {*self.issued, *(each.part for each in self.lapsed)}
        return tuple(part for part in self.parts if part.part not in done)

    def because(self, part: int) -> str | None:
        """Why a part has lapsed; None where it has not."""
        return next((each.because for each in self.lapsed if each.part == part), None)

    @property
    def lines(self) -> Iterator[tuple[RevisionPart, RevisedLine]]:
        """Every settlement of it, person by person."""
        return ((part, line) for part in self.parts for line in part.lines)


def totals_of(lines: Iterable[RevisedLine]) -> tuple[FundTotals, ...]:
    """What lines come to, fund by fund, in the order in which the funds first appear."""
    sums: dict[tuple[str, str | None], Counter[str]] = {}
    for line in lines:
        for change in line.changes:
            if change.kind != ChangeKind.PATIENT.value:
                added = sums.setdefault((change.payer, change.fund), Counter())
                added[_column(change)] += abs(change.delta_fen)
    return tuple(
        FundTotals(payer, fund, **{column: added[column] for column in _COLUMNS})
        for (payer, fund), added in sums.items()
    )


_COLUMNS = ("to_pay_fen", "to_reclaim_fen", "left_unpaid_fen", "left_unclaimed_fen")


def _column(change: Change) -> str:
    if change.way == "left":
        return "left_unpaid_fen" if change.delta_fen > 0 else "left_unclaimed_fen"
    return "to_pay_fen" if change.delta_fen > 0 else "to_reclaim_fen"
