"""The order of a person's settlements (结算次序) in one region and scheme.

What must happen one after another is a person × region × scheme: every settlement and reversal
writes here, so two at once conflict and one of them tries again. What comes after a settlement
that is undone, or whose amounts came late, is made again in this order.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import PersonId, RegionCode, Scheme

_ORDERS = UUID("0c0d2f0a-6a5d-5d0f-9b1e-7d6f5b8a9e43")
# Asked for several times within one settlement.
_named = lru_cache(maxsize=1024)(uuid5)


class NotInOrder(Exception):
    """The settlement has no place in the person's order, or no longer."""


def settlement_order_id(*, person_id: PersonId, region: RegionCode, scheme: Scheme) -> UUID:
    """The id of a person's order of settlements."""
    return _named(_ORDERS, f"{person_id}/{region}/{scheme.value}")


class SettlementOrder(Aggregate):
    """The aggregate; `live` are the settlement numbers that count, oldest first, and `stays` whose
    they are."""

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
            aggregate.stays[self.number] = self.stay_id

    class Undone(Aggregate.Event):
        """A settlement was undone (退出)."""

        TOPIC = "settlement.settlement-undone.v1"
        number: str
        stay_id: UUID

        def apply(self, aggregate: Any) -> None:
            """It no longer counts."""
            aggregate.live = tuple(n for n in aggregate.live if n != self.number)
            aggregate.stays.pop(self.number, None)

    class Remade(Aggregate.Event):
        """A settlement was made again where it stands (原位重算): whoever settles the person at
        the same moment must look again."""

        TOPIC = "settlement.settlement-remade.v1"
        number: str
        stay_id: UUID

        def apply(self, aggregate: Any) -> None:
            """It keeps its place."""

    person_id: PersonId

    def __init__(self) -> None:
        self.live: tuple[str, ...] = ()
        self.stays: dict[str, UUID] = {}

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
        """A settlement is undone, wherever it stands. Raises NotInOrder."""
        self._require_live(number)
        self.trigger_event(self.Undone, timestamp=at, number=number, stay_id=stay_id)

    def remake(self, *, number: str, stay_id: UUID, at: datetime) -> None:
        """A settlement is made again, wherever it stands. Raises NotInOrder."""
        self._require_live(number)
        self.trigger_event(self.Remade, timestamp=at, number=number, stay_id=stay_id)

    def after(self, number: str) -> tuple[str, ...]:
        """Those that count and came after a settlement that does. Raises NotInOrder."""
        self._require_live(number)
        return self.live[self.live.index(number) + 1 :]

    def before(self, number: str) -> tuple[str, ...]:
        """Those that count and came before a settlement that does. Raises NotInOrder."""
        self._require_live(number)
        return self.live[: self.live.index(number)]

    def _require_live(self, number: str) -> None:
        if number not in self.live:
            raise NotInOrder(f"结算 {number} 不在该参保人的结算次序中")
