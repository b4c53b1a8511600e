"""The event log (事件日志): everything a service remembers, in the order it was decided.

It is kept in one SQLite file or in one schema of PostgreSQL. Position is the order of everything
in it: 1, 2, 3 … without gaps, in the order of the commits. A save is all or nothing, over
several aggregates and the request's answer.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast, overload
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import (
    Aggregate,
    AggregateEvent,
    DomainEventProtocol,
    MutableOrImmutableAggregate,
)
from eventsourcing.persistence import (
    InfrastructureFactory,
    Mapper,
    Recording,
    StoredEvent,
)
from eventsourcing.utils import Environment, EnvType

from eventlog.codec import TypedMapper, event_codec
from eventlog.log_errors import (
    EventLogMissing,
    EventNotReadable,
    EventNotStorable,
    LogBusy,
    OutcomeUnknown,
    RequestAlreadyAccepted,
    TextNotStorable,
    VersionConflict,
)
from eventlog.log_place import LogPlace
from eventlog.measured import UNMEASURED, LogMeasures
from eventlog.recorder import EventLogRecorder, StoredAggregate, StoredStretch
from eventlog.requests import RegisteredRequest, RequestKey
from eventlog.snapshots import NO_SNAPSHOTS, SnapshotPlan
from eventlog.sqlite_recorder import SqliteLogPlace, create_tables

__all__ = [
    "EventLog",
    "EventLogMissing",
    "EventNotReadable",
    "EventNotStorable",
    "LogBusy",
    "LogStretch",
    "LoggedEvent",
    "OutcomeUnknown",
    "RequestAlreadyAccepted",
    "TextNotStorable",
    "VersionConflict",
    "create_event_log",
    "open_event_log",
]

TAggregate = TypeVar("TAggregate", bound=Aggregate)


class LoggedEvent(NamedTuple):
    """An event with its place in the log (日志位置), counted from 1."""

    position: int
    event: DomainEventProtocol[UUID]


@dataclass(frozen=True)
class LogStretch:
    """Events out of a stretch of the log (日志片段), and the last position of the stretch."""

    events: Sequence[LoggedEvent]
    reached: int


class EventLog(Application[UUID]):
    """One service's events, in one place.

    After a save that raised, the aggregates given to it are spent: load them again.
    Opening raises `EventLogMissing` if the create step was not run there.
    """

    recorder: EventLogRecorder
    mapper: TypedMapper
    _measures: LogMeasures = UNMEASURED

    def __init__(self, place: LogPlace, snapshots: SnapshotPlan = NO_SNAPSHOTS) -> None:
        self._place = place
        self._running = place.running_requests()
        self._snapshots = snapshots
        super().__init__()

    @property
    def measures(self) -> LogMeasures:
        """What is told of everything that happens here."""
        return self._measures

    @measures.setter
    def measures(self, measures: LogMeasures) -> None:
        self._measures = measures
        self.recorder.on_commit = measures.committed

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Nothing from the process's environment: how events are stored is not a setting."""
        return Environment(name, dict(env or {}))

    def construct_factory(self, env: Environment) -> Any:  # noqa: ARG002 -- the library's signature
        """The recorder's factory, on this log's place."""
        return _Factory(self._place)

    def construct_mapper(self) -> Mapper[UUID]:
        """The typed mapper instead of the library's JSON transcoder."""
        return TypedMapper()

    def save(
        self,
        *objs: MutableOrImmutableAggregate[UUID] | DomainEventProtocol[UUID] | None,
        accepted: RegisteredRequest | None = None,
        **kwargs: Any,
    ) -> list[Recording[UUID]]:
        """Store the pending events of all aggregates and the accepted request, or nothing.

        Nobody here asks for the library's recordings, and none are made. Raises
        `VersionConflict`, `RequestAlreadyAccepted`, `LogBusy`, `EventNotStorable`.
        """
        if kwargs:
            message = f"save() knows no {', '.join(kwargs)}"
            raise TypeError(message)
        if accepted is not None and not accepted.accepted:
            message = "a refusal is not saved with events: use record_refusal()"
            raise ValueError(message)
        due = filter(None, map(self._snapshots.due, objs))
        snapshots = [self.mapper.to_stored_snapshot(each) for each in due]
        # As the library does, without asking of each object by how many protocols it goes.
        events = [event for each in objs for event in _pending(each)]
        with self.measures.around("save"):
            stored = list(map(self.mapper.to_stored_event, events))
            self.recorder.insert_events(stored, accepted=accepted, snapshots=snapshots)
        self.measures.saved(events)
        return []

    def save_portions(
        self,
        portions: Iterable[Sequence[Aggregate]],
        accepted: RegisteredRequest | None = None,
    ) -> None:
        """Store more aggregates than memory holds, all or nothing: each portion is let go.

        The accepted request is stored with them. An aggregate belongs to one portion alone. Other
        writers wait meanwhile (at most `LOCK_TIMEOUT_SECONDS`, then they are told that the log is
        busy). Raises `VersionConflict`, `RequestAlreadyAccepted`, `LogBusy`, `EventNotStorable`,
        and whatever making a portion raises.
        """
        stored = (
            [
                self.mapper.to_stored_event(event)
                for aggregate in portion
                for event in aggregate.collect_events()
            ]
            for portion in portions
        )
        self.recorder.insert_portions(stored, accepted)

    @overload
    def find(self, aggregate_id: UUID) -> Any: ...

    @overload
    def find(self, aggregate_id: UUID, kind: type[TAggregate]) -> TAggregate | None: ...

    def find(self, aggregate_id: UUID, kind: type[TAggregate] | None = None) -> Any:
        """The aggregate as of now, or None; with `kind`, its class is checked.

        Raises `EventNotReadable` if the id belongs to an aggregate of another class.
        """
        with self.measures.around("load"):
            return self._find(aggregate_id, kind)

    def _find(self, aggregate_id: UUID, kind: type[TAggregate] | None) -> Any:
        # Not through the library's repository, whose snapshots hold attributes of any type.
        aggregate: Any = self._from_snapshot(aggregate_id, kind) if kind else None
        stored = self.recorder.select_events_after(aggregate_id, getattr(aggregate, "version", 0))
        aggregate = _project(aggregate, map(self.mapper.to_domain_event, stored))
        if aggregate is None or kind is None:
            return aggregate
        return _required(aggregate, aggregate_id, kind)

    def find_together(self, wanted: Mapping[UUID, type[Aggregate]]) -> dict[UUID, Any]:
        """Those of several aggregates that are there, as of now, each as `find` gives it.

        Raises `EventNotReadable` if an id belongs to an aggregate of another class.
        """
        with self.measures.around("load"):
            stored = self.recorder.select_together(list(wanted))
            found = {
                each.originator_id: self._loaded(each, wanted[each.originator_id])
                for each in stored
            }
        return {of: aggregate for of, aggregate in found.items() if aggregate is not None}

    def _loaded(self, stored: StoredAggregate, kind: type[Aggregate]) -> Any:
        aggregate: Any = None
        if stored.snapshot is not None:
            aggregate = self._restored(stored.snapshot, kind)
            if aggregate is None:  # of an older class: the events before it are wanted, too
                return self._find(stored.originator_id, kind)
        aggregate = _project(aggregate, map(self.mapper.to_domain_event, stored.events))
        return aggregate and _required(aggregate, stored.originator_id, kind)

    def find_many(
        self, aggregate_ids: Sequence[UUID], kind: type[TAggregate]
    ) -> dict[UUID, TAggregate]:
        """The aggregates as of now, by id; an id without any event is left out.

        Raises `EventNotReadable` if an id belongs to an aggregate of another class.
        """
        stored = self.recorder.select_events_of_many(aggregate_ids)
        found: dict[UUID, TAggregate] = {}
        for aggregate_id, events in groupby(stored, key=attrgetter("originator_id")):
            aggregate = _project(None, map(self.mapper.to_domain_event, events))
            found[aggregate_id] = _required(aggregate, aggregate_id, kind)
        return found

    def _from_snapshot(self, aggregate_id: UUID, kind: type[Aggregate]) -> Any:
        if kind not in self._snapshots.of:
            return None
        stored = self.recorder.select_snapshot(aggregate_id)
        return self._restored(stored, kind) if stored else None

    def _restored(self, stored: StoredEvent, kind: type[Aggregate]) -> Any:
        snapshot_class = self._snapshots.of.get(kind)
        snapshot = self.mapper.to_snapshot(stored, snapshot_class) if snapshot_class else None
        return snapshot.restore(kind) if snapshot else None

    def wrong_snapshots(self) -> Iterator[UUID]:
        """The aggregates whose snapshot is not what its events give."""
        classes = {each.TOPIC: each for each in self._snapshots.of.values()}
        for stored in self.recorder.select_snapshots():
            kind = classes.get(stored.topic)
            if kind is None:
                continue  # of an older class: loading passes it over
            aggregate_id = cast("UUID", stored.originator_id)
            events = self.recorder.select_events_after(aggregate_id, 0)
            upto = [e for e in events if e.originator_version <= stored.originator_version]
            aggregate = _project(None, map(self.mapper.to_domain_event, upto))
            again = aggregate and self.mapper.to_stored_snapshot(kind.take(aggregate))
            if again != stored:
                yield aggregate_id

    def forget_snapshot(self, aggregate_id: UUID) -> None:
        """Load an aggregate from its events alone until it gets another. Raises `LogBusy`."""
        self.recorder.delete_snapshot(aggregate_id)

    def changed_since(self, position: int) -> list[UUID]:
        """The ids of all aggregates with an event after a position."""
        return self.recorder.select_changed_since(position)

    def has(self, aggregate_id: UUID) -> bool:
        """Whether any event of this aggregate is stored."""
        return bool(self.recorder.select_events(aggregate_id, limit=1))

    def read(self, after: int, limit: int = 500) -> list[LoggedEvent]:
        """Up to `limit` events after the position `after`, in order of position."""
        rows = self.recorder.select_notifications(after, limit, inclusive_of_start=False)
        return [LoggedEvent(row.id, self.mapper.to_domain_event(row)) for row in rows]

    def read_kinds(self, after: int, limit: int, kinds: Collection[type]) -> LogStretch:
        """Those of the `limit` events after a position that are of some classes, in order.

        Of all others the name is read, and must be known: a class that nobody here knows might be
        one that somebody waits for. Raises `EventNotReadable`.
        """
        stretch = self._stretch(after, limit, kinds)
        to_event: Callable[[Any], Any] = self.mapper.to_domain_event
        return LogStretch(
            [LoggedEvent(each.position, to_event(each)) for each in stretch.wanted],
            stretch.reached,
        )

    def read_whose(
        self, after: int, limit: int, kinds: Collection[type]
    ) -> tuple[list[tuple[int, UUID]], int]:
        """Position and aggregate of the same, in order, and the last position of the stretch.

        Not one of them is decoded. Raises `EventNotReadable` for a class that nobody here knows.
        """
        stretch = self._stretch(after, limit, kinds)
        return [(each.position, each.originator_id) for each in stretch.wanted], stretch.reached

    def _stretch(self, after: int, limit: int, kinds: Collection[type]) -> StoredStretch:
        topics = [event_codec(each).topic for each in kinds]
        stretch = self.recorder.select_stretch(after, limit, topics)
        for topic in stretch.topics:
            self.mapper.class_of(topic)
        return stretch

    def positions_of(self, aggregate_id: UUID) -> list[int]:
        """The positions of an aggregate's events, from its first version on."""
        return self.recorder.select_positions(aggregate_id)

    def last_position(self) -> int:
        """The position of the last event, 0 in an empty log."""
        return self.recorder.max_notification_id() or 0

    def require_usable(self) -> None:
        """Look whether the log is there, of this version and readable, as a new process would.

        Raises `EventLogMissing`, and what the database raises.
        """
        self._place.require_usable()

    def find_request(self, key: RequestKey) -> RegisteredRequest | None:
        """What was answered under this key, or None."""
        return self.recorder.find_request(key)

    def record_refusal(self, request: RegisteredRequest) -> None:
        """Keep a refused request's answer; it never replaces an acceptance. Raises `LogBusy`."""
        self.recorder.record_refusal(request)

    @contextmanager
    def running(self, key: RequestKey) -> Iterator[RegisteredRequest | None]:
        """While this context is open, `is_running` says so of the request, to every process.

        Gives what was answered under the key before it began.
        """
        with self._running.hold(key) as answered:
            yield answered[0] if answered else self.find_request(key)

    def is_running(self, key: RequestKey) -> bool:
        """Whether a process of this machine works on the request now; never after it died."""
        return self._running.is_running(key)

    def next_serial(self, series: str) -> int:
        """The next number of a series: 1, 2, 3 …; never given twice, gaps allowed.

        Raises `LogBusy`.
        """
        return self.recorder.next_serial(series)

    def series(self) -> list[str]:
        """The names of all series that a number was ever given of."""
        return self.recorder.select_series()


def _pending(
    saved: MutableOrImmutableAggregate[UUID] | DomainEventProtocol[UUID] | None,
) -> Sequence[DomainEventProtocol[UUID]]:
    if saved is None:
        return ()
    if isinstance(saved, Aggregate):
        return saved.collect_events()
    if isinstance(saved, AggregateEvent):
        return (saved,)
    raise TypeError(type(saved))


def _project(aggregate: Any, events: Iterable[Any]) -> Any:
    # The library's projector asks a runtime protocol about every event: half the time of loading.
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate


def _required(aggregate: Any, aggregate_id: UUID, kind: type[TAggregate]) -> TAggregate:
    if not isinstance(aggregate, kind):
        message = f"{aggregate_id} is a {type(aggregate).__name__}, not a {kind.__name__}"
        raise EventNotReadable(message)
    return aggregate


class _Factory(InfrastructureFactory[Any]):
    """What the library asks for its recorder; it asks the process's environment for nothing."""

    def __init__(self, place: LogPlace) -> None:
        super().__init__(Environment())
        self._place = place

    def application_recorder(self) -> EventLogRecorder:
        return self._place.open_recorder()

    def aggregate_recorder(self, purpose: str = "events") -> Any:
        raise NotImplementedError(purpose)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> Any:
        raise NotImplementedError(tracking_recorder_class)

    def process_recorder(self) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self._place.close()


def create_event_log(path: Path) -> None:
    """Create the log's tables in a file; may be run again, and by several processes at once."""
    create_tables(path)


def open_event_log(path: Path, snapshots: SnapshotPlan = NO_SNAPSHOTS) -> EventLog:
    """Open a log made by `create_event_log`. Raises `EventLogMissing`."""
    return EventLog(SqliteLogPlace(path), snapshots)


def open_postgres_log(url: str, schema: str, snapshots: SnapshotPlan = NO_SNAPSHOTS) -> EventLog:
    """Open a log that a migration made in a schema of PostgreSQL. Raises `EventLogMissing`,
    `LogBusy`.
    """
    # Only where a server is used: the embedded default starts without its driver.
    from eventlog.postgres_recorder import PostgresLogPlace  # noqa: PLC0415 -- see above

    return EventLog(PostgresLogPlace(url, schema), snapshots)
