"""Snapshots (快照): where a long aggregate stood, so that it is not loaded from its first event on.

A snapshot is made from events and can be made from them again: one that is not there, was written
by an older class or cannot be read is passed over. Events alone are remembered; nothing but
loading ever looks at a snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

_OF_EVERY_AGGREGATE = ("originator_id", "originator_version", "created_on", "modified_on")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """An aggregate after one of its events; a class for each kind of aggregate adds the attributes
    it has, under their own names, and a TOPIC, which is another whenever they are others.
    """

    TOPIC: ClassVar[str]

    originator_id: UUID
    originator_version: int
    created_on: datetime
    modified_on: datetime

    @classmethod
    def take(cls, aggregate: Aggregate) -> Self:
        """The aggregate as it is now, with what is pending."""
        return cls(
            originator_id=aggregate.id,
            originator_version=aggregate.version,
            created_on=aggregate.created_on,
            modified_on=aggregate.modified_on,
            **{name: getattr(aggregate, name) for name in cls.attributes()},
        )

    @classmethod
    def attributes(cls) -> list[str]:
        """What is kept beside the id, the version and the instants."""
        return [each.name for each in fields(cls) if each.name not in _OF_EVERY_AGGREGATE]

    def restore(self, kind: type[Aggregate]) -> Any:
        """The aggregate again; further events go on from it."""
        aggregate: Any = object.__new__(kind)
        aggregate.__dict__.update(
            {name: getattr(self, name) for name in self.attributes()},
            _id=self.originator_id,
            _version=self.originator_version,
            _created_on=self.created_on,
            _modified_on=self.modified_on,
            _pending_events=[],
        )
        return aggregate


@dataclass(frozen=True)
class SnapshotPlan:
    """Which aggregates get snapshots, and after how many events another one."""

    of: Mapping[type[Aggregate], type[Snapshot]]
    every: int = 50

    def due(self, aggregate: Any) -> Snapshot | None:
        """The snapshot that is to be stored with an aggregate's pending events, if any."""
        kind = self.of.get(type(aggregate))
        if kind is None:
            return None
        stored = aggregate.version - len(aggregate.pending_events)
        if aggregate.version // self.every == stored // self.every:
            return None
        return kind.take(aggregate)


NO_SNAPSHOTS = SnapshotPlan({})
