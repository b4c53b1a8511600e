"""What a revision holds (更正内容): what was asked for, and each person's part with its amounts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from contracts.vocabulary import InstitutionId, PersonId
from settlement.domain.adjustment import Change, ChangeKind, Way
from settlement.domain.carrying import Amounts
from settlement.domain.record import EligibilityUsed


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
    if change.way == Way.LEFT.value:
        return "left_unpaid_fen" if change.delta_fen > 0 else "left_unclaimed_fen"
    return "to_pay_fen" if change.delta_fen > 0 else "to_reclaim_fen"
