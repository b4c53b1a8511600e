"""A ledger in memory for tests of many small histories: the real codec, versions and serials."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate
from eventsourcing.persistence import StoredEvent

from eventlog.codec import TypedMapper
from settlement.application.ports import LoggedFact, Overtaken


class MemoryLedger:
    """Implements the port `Ledger`; every event is read back from its own bytes."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self._mapper = TypedMapper()
        self._stored: list[StoredEvent] = []
        self._streams: dict[UUID, list[StoredEvent]] = defaultdict(list)
        self._serials: Counter[str] = Counter()

    def find(self, aggregate_id: UUID, kind: type[Any]) -> Any:
        """The aggregate as it is now, or None."""
        aggregate: Any = None
        for event in self.history(aggregate_id):
            aggregate = event.mutate(aggregate)
        assert aggregate is None or isinstance(aggregate, kind)
        return aggregate

    def find_together(self, wanted: Mapping[UUID, type[Any]]) -> dict[UUID, Any]:
        """Those that are there, one after another."""
        found = {of: self.find(of, kind) for of, kind in wanted.items()}
        return {of: aggregate for of, aggregate in found.items() if aggregate is not None}

    def has(self, aggregate_id: UUID) -> bool:
        """Whether anything happened to it."""
        return any(True for _ in self.history(aggregate_id))

    def save(self, *aggregates: Aggregate, receipt: object = None) -> None:
        """Everything or nothing. Raises Overtaken."""
        del receipt
        new = [self._mapper.to_stored_event(e) for a in aggregates for e in a.collect_events()]
        versions: dict[UUID, int] = {}
        for event in new:
            stream = event.originator_id
            version = versions.get(stream, len(self._streams.get(stream, ())))
            if event.originator_version != version + 1:
                raise Overtaken
            versions[stream] = event.originator_version
        for event in new:
            self._stored.append(event)
            self._streams[event.originator_id].append(event)

    def next_serial(self, series: str) -> int:
        """The next number of a series."""
        self._serials[series] += 1
        return self._serials[series]

    def events(self) -> Iterator[LoggedFact]:
        """Every event in order."""
        for position, stored in enumerate(self._stored, start=1):
            yield LoggedFact(position, self._mapper.to_domain_event(stored))

    def history(self, aggregate_id: UUID) -> Iterator[Any]:
        """The events of one aggregate in order."""
        yield from map(self._mapper.to_domain_event, self._streams.get(aggregate_id, ()))

    def wrong_snapshots(self) -> Iterator[UUID]:
        """None: nothing is kept but events."""
        yield from ()
