"""A benefit year (待遇年度): the counters of one person × region × scheme × year.

Saved in one transaction with the stay that moves it and guarded by its version, so that two
hospitals settling one person at once cannot spend one cap or one deductible twice.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import PersonId, RegionCode, Scheme

_YEARS = UUID("a3b5a0de-0d6a-5c1b-8a7e-0a5f4cf7f0b2")
# Asked for several times within one settlement.
_named = lru_cache(maxsize=1024)(uuid5)


class NotCounted(Exception):
    """The settlement moved no counter of this year."""


def benefit_year_id(
    *, person_id: PersonId, region: RegionCode, scheme: Scheme, first_day: date
) -> UUID:
    """The id of a person's benefit year."""
    return _named(_YEARS, f"{person_id}/{region}/{scheme.value}/{first_day}")


class BenefitYear(Aggregate):
    """The aggregate; `counters` are fen by name, and `admissions` a count."""

    TOPIC: ClassVar[str] = "settlement.benefit-year"

    class Created(Aggregate.Created):
        """The first settlement of the year is about to move its counters (年度开始)."""

        TOPIC = "settlement.benefit-year-opened.v1"
        person_id: PersonId
        region: str
        scheme: str
        first_day: date

        def apply(self, aggregate: Any) -> None:
            """Whose year it is."""
            aggregate.person_id = self.person_id
            aggregate.region = self.region
            aggregate.scheme = self.scheme
            aggregate.first_day = self.first_day

    class CountersMoved(Aggregate.Event):
        """A settlement moved counters (累计增加): what each counter gained."""

        TOPIC = "settlement.counters-moved.v1"
        number: str
        stay_id: UUID
        moves: dict[str, int]

        def apply(self, aggregate: Any) -> None:
            """Add the moves."""
            aggregate.add(self.moves, sign=1)
            aggregate.moved[self.number] = self.moves

    class CountersRestored(Aggregate.Event):
        """A reversal took its settlement's moves back (累计冲回)."""

        TOPIC = "settlement.counters-restored.v1"
        number: str
        stay_id: UUID
        moves: dict[str, int]

        def apply(self, aggregate: Any) -> None:
            """Take the moves off."""
            aggregate.add(self.moves, sign=-1)
            aggregate.moved.pop(self.number)

    person_id: PersonId
    region: str
    scheme: str
    first_day: date

    def __init__(self) -> None:
        self.counters: dict[str, int] = {}
        self.moved: dict[str, dict[str, int]] = {}

    @classmethod
    def open(
        cls,
        *,
        person_id: PersonId,
        region: RegionCode,
        scheme: Scheme,
        first_day: date,
        at: datetime,
    ) -> "BenefitYear":
        """A year in which nothing has happened yet."""
        return cls._create(
            cls.Created,
            id=benefit_year_id(
                person_id=person_id, region=region, scheme=scheme, first_day=first_day
            ),
            timestamp=at,
            person_id=person_id,
            region=region,
            scheme=scheme.value,
            first_day=first_day,
        )

    def move(self, *, number: str, stay_id: UUID, moves: dict[str, int], at: datetime) -> None:
        """Add what a settlement counted."""
        self.trigger_event(
            self.CountersMoved, timestamp=at, number=number, stay_id=stay_id, moves=moves
        )

    def restore(self, *, number: str, stay_id: UUID, at: datetime) -> None:
        """Take back what a settlement counted. Raises NotCounted."""
        if number not in self.moved:
            raise NotCounted(f"结算 {number} 不在该年度的累计中")
        self.trigger_event(
            self.CountersRestored,
            timestamp=at,
            number=number,
            stay_id=stay_id,
            moves=self.moved[number],
        )

    def moved_by(self, numbers: Iterable[str]) -> dict[str, int]:
        """What these settlements moved of it together."""
        found: Counter[str] = Counter()
        for number in numbers:
            found.update(self.moved.get(number, {}))
        return dict(found)

    def add(self, moves: dict[str, int], *, sign: int) -> None:
        """Used by events."""
        for name, amount in moves.items():
            self.counters[name] = self.counters.get(name, 0) + sign * amount
