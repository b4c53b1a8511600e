"""The order of a person's settlements (结算次序) in one region and scheme.

What must happen one after another is a person × region × scheme: every settlement and reversal
writes here, so two at once conflict and one of them tries again. Until undoing re-derives what
came after, only the latest may be undone.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import PersonId, RegionCode, Scheme

_ORDERS = UUID("0c0d2f0a-6a5d-5d0f-9b1e-7d6f5b8a9e43")


class NotLatestSettlement(Exception):
    """A later settlement of the person rests on this one's counters; undo that one first."""


class NotInOrder(Exception):
    """The settlement has no place in the person's order, or no longer."""


def settlement_order_id(*, person_id: PersonId, region: RegionCode, scheme: Scheme) -> UUID:
    """The id of a person's order of settlements."""
    return uuid5(_ORDERS, f"{person_id}/{region}/{scheme.value}")


class SettlementOrder(Aggregate):
    """The aggregate; `live` are the settlement numbers that count, oldest first."""

    TOPIC: ClassVar[str] = "settlement.settlement-order"

    class Created(Aggregate.Created):
        """The person's first settlement here is about to be made."""

        TOPIC = "settlement.settlement-order-begun.v1"
        person_id: PersonId
        region: str
        scheme: str

        def apply(self, aggregate: Any) -> None:
            """Whose order it is."""
            aggregate.person_id = self.person_id

    class Taken(Aggregate.Event):
        """A settlement took its place (排入)."""

        TOPIC = "settlement.settlement-taken.v1"
        number: str
        stay_id: UUID

        def apply(self, aggregate: Any) -> None:
            """It is the latest now."""
            aggregate.live = (*aggregate.live, self.number)

    class Undone(Aggregate.Event):
        """The latest settlement was undone (退出)."""

        TOPIC = "settlement.settlement-undone.v1"
        number: str
        stay_id: UUID

        def apply(self, aggregate: Any) -> None:
            """It no longer counts."""
            aggregate.live = tuple(n for n in aggregate.live if n != self.number)

    person_id: PersonId

    def __init__(self) -> None:
        self.live: tuple[str, ...] = ()

    @classmethod
    def begin(
        cls, *, person_id: PersonId, region: RegionCode, scheme: Scheme, at: datetime
    ) -> "SettlementOrder":
        """An order without settlements."""
        return cls._create(
            cls.Created,
            id=settlement_order_id(person_id=person_id, region=region, scheme=scheme),
            timestamp=at,
            person_id=person_id,
            region=region,
            scheme=scheme.value,
        )

    def take(self, *, number: str, stay_id: UUID, at: datetime) -> None:
        """A settlement becomes the latest."""
        self.trigger_event(self.Taken, timestamp=at, number=number, stay_id=stay_id)

    def undo(self, *, number: str, stay_id: UUID, at: datetime) -> None:
        """The latest settlement is undone. Raises NotLatestSettlement, NotInOrder."""
        latest = self.live[-1] if self.live else number
        if number in self.live and latest != number:
            raise NotLatestSettlement(f"结算 {number} 之后还有结算 {latest}；请先撤销 {latest}")
        self.leave(number=number, stay_id=stay_id, at=at)

    def leave(self, *, number: str, stay_id: UUID, at: datetime) -> None:
        """A settlement under another id of the person is undone. Raises NotInOrder.

        What rests on it stands in that id's own order too; what came here later, when the ids had
        been found to be two people, rests on nothing of it.
        """
        if number not in self.live:
            raise NotInOrder(f"结算 {number} 不在该参保人的结算次序中")
        self.trigger_event(self.Undone, timestamp=at, number=number, stay_id=stay_id)
