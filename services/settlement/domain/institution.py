"""Institutions (定点医药机构): imported reference data with dated descriptions.

What a hospital claims about itself is never used; what the reference data said on the day of
admission is.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import InstitutionId, RegionCode
from settlement.domain.record import Actor, InstitutionUsed

_INSTITUTIONS = UUID("b3a5f2d7-3d7c-5a7d-9f53-2f1f0f6f7a36")
# Asked for several times within one settlement.
_named = lru_cache(maxsize=1024)(uuid5)


class InstitutionUnknown(Exception):
    """No institution with this code was imported, or none described on that day."""


@dataclass(frozen=True)
class Description:
    """What an institution was from one day to another (机构登记), both inclusive."""

    name: str
    region: RegionCode
    tier: str | None
    level: str | None
    ownership: str | None
    designations: tuple[str, ...]
    valid_from: date
    valid_to: date | None

    def covers(self, day: date) -> bool:
        """Whether it was so on that day."""
        return self.valid_from <= day <= (self.valid_to or date.max)


def institution_uuid(institution_id: InstitutionId) -> UUID:
    """The id of an institution's stream."""
    return _named(_INSTITUTIONS, institution_id)


class Institution(Aggregate):
    """The aggregate; `descriptions` are all that are known, ordered by date."""

    TOPIC: ClassVar[str] = "settlement.institution"

    class Created(Aggregate.Created):
        """An institution appeared in the reference data (登记)."""

        TOPIC = "settlement.institution-registered.v1"
        institution_id: InstitutionId

        def apply(self, aggregate: Any) -> None:
            """A code without a description."""
            aggregate.institution_id = self.institution_id

    class Described(Aggregate.Event):
        """An import described it (登记信息)."""

        TOPIC = "settlement.institution-described.v1"
        descriptions: tuple[Description, ...]
        source: str
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """What it is now known to have been."""
            aggregate.descriptions = self.descriptions

    institution_id: InstitutionId

    def __init__(self) -> None:
        self.descriptions: tuple[Description, ...] = ()

    @classmethod
    def register(cls, institution_id: InstitutionId, *, at: datetime) -> "Institution":
        """An institution nothing is known about yet."""
        return cls._create(
            cls.Created,
            id=institution_uuid(institution_id),
            timestamp=at,
            institution_id=institution_id,
        )

    def describe(
        self, descriptions: tuple[Description, ...], *, source: str, by: Actor, at: datetime
    ) -> None:
        """Take over what an import says, unless it says nothing new.

        What began on another day stays known: a file may hold this year's descriptions alone.
        """
        merged = {d.valid_from: d for d in (*self.descriptions, *descriptions)}
        known = tuple(merged[day] for day in sorted(merged))
        if known != self.descriptions:
            self.trigger_event(
                self.Described, timestamp=at, descriptions=known, source=source, by=by
            )

    def on(self, day: date) -> InstitutionUsed:
        """What it was on that day; the latest beginning counts. Raises InstitutionUnknown."""
        for found in reversed(self.descriptions):
            if found.covers(day):
                return InstitutionUsed(
                    institution_id=self.institution_id,
                    name=found.name,
                    region=found.region,
                    tier=found.tier,
                    level=found.level,
                    designations=found.designations,
                )
        raise InstitutionUnknown(f"机构 {self.institution_id} 在 {day} 没有登记信息；请先导入")
