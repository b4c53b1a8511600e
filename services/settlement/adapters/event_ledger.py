"""The ledger on the event log (账本)."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import RegionCode
from eventlog.log import (
    EventLog,
    VersionConflict,
    create_event_log,
    open_event_log,
    open_postgres_log,
)
from eventlog.requests import RegisteredRequest
from settlement.adapters.snapshots import SNAPSHOTS
from settlement.application.ports import LoggedFact, Overtaken, Receipt
from settlement.application.settle_stay import SETTLEMENT_SERIES

Kind = TypeVar("Kind", bound=Aggregate)

_PAGE = 1000
_SETTLEMENTS = SETTLEMENT_SERIES.format("")


class EventLedger:
    """Settlement's events, and the register of its requests, in one log."""

    def __init__(self, log: EventLog):
        """On an open log."""
        self.log = log
        self._there: set[UUID] = set()

    def find(self, aggregate_id: UUID, kind: type[Kind]) -> Kind | None:
        """The aggregate as it is now, or None."""
        return self.log.find(aggregate_id, kind)

    def find_together(self, wanted: Mapping[UUID, type[Aggregate]]) -> dict[UUID, Any]:
        """Those of several aggregates that are there, as of now."""
        return self.log.find_together(wanted)

    def has(self, aggregate_id: UUID) -> bool:
        """Whether any of its events is stored; never asked again once it is, since none goes."""
        if aggregate_id not in self._there and self.log.has(aggregate_id):
            self._there.add(aggregate_id)
        return aggregate_id in self._there

    def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        """Everything or nothing. Raises Overtaken, and what the log raises."""
        if receipt is not None and not isinstance(receipt, RegisteredRequest):
            raise TypeError(type(receipt))
        try:
            self.log.save(*aggregates, accepted=receipt)
        except VersionConflict as conflict:
            raise Overtaken from conflict

    def next_serial(self, series: str) -> int:
        """The next number of a series; never the same twice."""
        return self.log.next_serial(series)

    def regions_settled(self) -> list[RegionCode]:
        """The counties that any settlement here was ever numbered for."""
        settled = [each for each in self.log.series() if each.startswith(_SETTLEMENTS)]
        regions = {each.removeprefix(_SETTLEMENTS).partition("-")[0] for each in settled}
        return [RegionCode(region) for region in sorted(regions)]

    def events(self) -> Iterator[LoggedFact]:
        """Every event in order of position, up to the last one at the time of the call."""
        at, last = 0, self.log.last_position()
        while at < last:
            for logged in self.log.read(at, _PAGE):
                at = logged.position
                if at > last:
                    return
                yield LoggedFact(at, logged.event)

    def events_after(self, position: int, limit: int) -> list[LoggedFact]:
        """Up to `limit` events after a position, in order."""
        return [LoggedFact(each.position, each.event) for each in self.log.read(position, limit)]

    def events_of(
        self, kinds: Collection[type], *, after: int, limit: int
    ) -> tuple[list[LoggedFact], int]:
        """Those of the `limit` events after a position that are of some classes, in order, and
        the last position that was looked at."""
        stretch = self.log.read_kinds(after, limit, kinds)
        return [LoggedFact(*each) for each in stretch.events], stretch.reached

    def history(self, aggregate_id: UUID) -> Iterator[Any]:
        """The events of one aggregate in order."""
        yield from self.log.events.get(aggregate_id)

    def wrong_snapshots(self) -> Iterator[UUID]:
        """The aggregates whose snapshot is not what their events give."""
        return self.log.wrong_snapshots()

    def forget_wrong_snapshots(self) -> int:
        """Let those be made again from their events; returns how many."""
        wrong = list(self.log.wrong_snapshots())
        for aggregate_id in wrong:
            self.log.forget_snapshot(aggregate_id)
        return len(wrong)


def open_ledger(path: Path) -> EventLedger:
    """The ledger in a file, made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    create_event_log(path)
    return EventLedger(open_event_log(path, SNAPSHOTS))


def open_ledger_on_server(url: str, schema: str) -> EventLedger:
    """The ledger in a schema of PostgreSQL. Raises EventLogMissing, LogBusy."""
    return EventLedger(open_postgres_log(url, schema, SNAPSHOTS))
