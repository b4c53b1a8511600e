"""A revision (追溯更正): settlements put right after a retroactive policy or a corrected identity.

Proposed by one and approved by another; a proposal moves no money. It is issued person by person,
each as a whole: where a person's part is not any more what was proposed, it has lapsed and is told.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import PersonId
from settlement.domain.discretion import SameOperator
from settlement.domain.record import Actor
from settlement.domain.revised_parts import (
    PartLapsed,
    PersonLeftOut,
    RevisedLine,
    RevisionAsked,
    RevisionPart,
    RevisionStatus,
)

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
