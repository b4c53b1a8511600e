"""The record of a single statement (单项认定记录): who said something of one person, for whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import DataOwner


@dataclass(frozen=True)
class StatementCounts:
    """What a statement or withdrawal changed (认定统计)."""

    stated: int = 0
    unchanged: int = 0
    withdrawn: int = 0


class StatementRecord(Aggregate):
    """A statement or withdrawal made by hand or by a connected system, apart from rosters."""

    TOPIC = "eligibility.statement"

    class Created(Aggregate.Created):
        """Facts of one person were stated or withdrawn at the instant of this event (认定记录)."""

        TOPIC = "eligibility.statement-recorded.v1"
        person_id: UUID
        owner: DataOwner
        institution_id: str
        operator: str
        counts: StatementCounts

    def __init__(self, person_id: UUID, counts: StatementCounts) -> None:
        self.person_id = person_id
        self.counts = counts

    @classmethod
    def record(
        cls,
        *,
        statement_id: UUID,
        person_id: UUID,
        owner: DataOwner,
        institution_id: str,
        operator: str,
        counts: StatementCounts,
        at: datetime,
    ) -> "StatementRecord":
        """The record of a statement at the instant `at`."""
        return cls._create(
            cls.Created,
            id=statement_id,
            person_id=person_id,
            owner=owner,
            institution_id=institution_id,
            operator=operator,
            counts=counts,
            timestamp=at,
        )
