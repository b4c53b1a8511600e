"""What a log asks of the place its events are kept in (事件存储的接口), in any database."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent, Subscription

from eventlog.requests import RegisteredRequest, RequestKey


class PlacedEvent(NamedTuple):
    """A stored event with its position: a `StoredEvent` by its names, made in half the time."""

    position: int
    topic: str
    originator_id: UUID
    originator_version: int
    state: bytes


@dataclass(frozen=True)
class StoredStretch:
    """Some of the events of a stretch of the log; the topics of all, and the last position."""

    wanted: Sequence[PlacedEvent]
    topics: AbstractSet[str]
    reached: int


@dataclass(frozen=True)
class StoredAggregate:
    """What is stored of an aggregate (已存聚合): its snapshot, if any, and the events after it."""

    originator_id: UUID
    snapshot: StoredEvent | None
    events: Sequence[StoredEvent]


class EventLogRecorder(ApplicationRecorder):
    """The library's recorder, with the register of requests, serials and snapshots beside it.

    `on_commit` is told how many saves shared a transaction, once it is committed.
    """

    on_commit: Callable[[int], None] = staticmethod(lambda _saves: None)

    @abstractmethod
    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Insert events, the request that is `accepted` with them and `snapshots`, or nothing.

        Returns the positions. Raises `VersionConflict`, `RequestAlreadyAccepted`, `LogBusy`,
        `OutcomeUnknown`.
        """

    @abstractmethod
    def insert_portions(
        self,
        portions: Iterable[Sequence[StoredEvent]],
        accepted: RegisteredRequest | None = None,
    ) -> None:
        """Insert portions as they are made, and the accepted request, at once or not at all.

        Other writers wait until the last one; readers go on. Whatever a portion's making raises
        takes back what was inserted before it.
        """

    @abstractmethod
    def select_events_of_many(self, originator_ids: Sequence[UUID]) -> Iterator[StoredEvent]:
        """The events of several aggregates: those of each together, in order."""

    @abstractmethod
    def select_events_after(self, originator_id: UUID, version: int) -> list[StoredEvent]:
        """The events of an aggregate after a version, in order."""

    def select_together(self, originator_ids: Sequence[UUID]) -> list[StoredAggregate]:
        """What is stored of several aggregates, each as it is loaded; in their order."""
        found = []
        for each in originator_ids:
            snapshot = self.select_snapshot(each)
            after = snapshot.originator_version if snapshot else 0
            found.append(StoredAggregate(each, snapshot, self.select_events_after(each, after)))
        return found

    @abstractmethod
    def select_snapshot(self, originator_id: UUID) -> StoredEvent | None:
        """The snapshot of an aggregate, as it is stored."""

    @abstractmethod
    def select_snapshots(self) -> Iterator[StoredEvent]:
        """Every snapshot, as it is stored."""

    @abstractmethod
    def delete_snapshot(self, originator_id: UUID) -> None:
        """Forget the snapshot of an aggregate. Raises `LogBusy`."""

    @abstractmethod
    def select_stretch(self, after: int, limit: int, topics: Sequence[str]) -> StoredStretch:
        """Of up to `limit` events after a position, in order, those of some topics."""

    @abstractmethod
    def select_changed_since(self, position: int) -> list[UUID]:
        """The aggregates that have an event after a position, each once."""

    @abstractmethod
    def select_positions(self, originator_id: UUID) -> list[int]:
        """The positions of an originator's events, by version."""

    @abstractmethod
    def record_refusal(self, request: RegisteredRequest) -> None:
        """Keep a refusal; it replaces an earlier refusal, never an acceptance."""

    @abstractmethod
    def find_request(self, key: RequestKey) -> RegisteredRequest | None:
        """The register's row for a key, or None."""

    @abstractmethod
    def next_serial(self, series: str) -> int:
        """Hand out the next number of a series; no save that uses it outlives it."""

    @abstractmethod
    def select_series(self) -> list[str]:
        """The names of all series that a number was ever handed out of."""

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Not offered: followers read from their own position on, in every database."""
        raise NotImplementedError
