"""Which of settlement's aggregates grow long (快照): a person's year and order of settlements.

Somebody on dialysis is settled three times a week; every settlement loads both. A class here lists
the attributes of its aggregate; whoever adds one there adds it here, under another TOPIC.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.vocabulary import PersonId
from eventlog.snapshots import Snapshot, SnapshotPlan
from settlement.domain.benefit_year import BenefitYear
from settlement.domain.settlement_order import SettlementOrder


@dataclass(frozen=True, kw_only=True)
class BenefitYearSnapshot(Snapshot):
    """A benefit year (待遇年度): totals in fen by name, and what each settlement added to them."""

    TOPIC: ClassVar[str] = "settlement.benefit-year-snapshot.v1"

    person_id: PersonId
    region: str
    scheme: str
    first_day: date
    counters: dict[str, int]
    moved: dict[str, dict[str, int]]


@dataclass(frozen=True, kw_only=True)
class SettlementOrderSnapshot(Snapshot):
    """An order of settlements (结算次序): the numbers that count, oldest first, and their stays."""

    TOPIC: ClassVar[str] = "settlement.settlement-order-snapshot.v1"

    person_id: PersonId
    live: tuple[str, ...]
    stays: dict[str, UUID]


SNAPSHOTS = SnapshotPlan(
    {BenefitYear: BenefitYearSnapshot, SettlementOrder: SettlementOrderSnapshot}
)
