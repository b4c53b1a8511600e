"""The event library's own floor (事件库下限): one aggregate, nine events, one save, no HTTP."""

import sqlite3
import time
from pathlib import Path
from types import TracebackType

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

_EVENTS = 9
_FULL = 2


class _Bill(Aggregate):
    """As much as a stay's events hold at least: who, where, which, how much."""

    @event("Begun")
    def __init__(self, person_id: str, hospital: str, number: str) -> None:
        self.person_id, self.hospital, self.number = person_id, hospital, number
        self.paid_fen = 0

    @event("Paid")
    def pay(self, layer: str, amount_fen: int) -> None:
        """One more amount."""
        self.last_layer = layer
        self.paid_fen += amount_fen


class Floor:
    """The library with its own recorder and transcoder, on a SQLite file of its own."""

    def __init__(self, file: Path) -> None:
        environment = {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(file),
        }
        self._kept = Application(environment)
        self._number = 0
        self._require_flushed(file)

    def __enter__(self) -> "Floor":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._kept.close()

    def run(self, times: int) -> tuple[float, float]:
        """Seconds of the clock and of the processor for so many aggregates."""
        begun, cpu = time.perf_counter(), time.process_time()
        for _ in range(times):
            self._number += 1
            bill = _Bill("0000000a-0000-4000-8000-000000000001", "H50011200001", f"B{self._number}")
            for layer in range(1, _EVENTS):
                bill.pay(f"layer-{layer}", 1_000_00 + layer)
            self._kept.save(bill)
        return time.perf_counter() - begun, time.process_time() - cpu

    @staticmethod
    def _require_flushed(file: Path) -> None:
        """The library leaves SQLite's defaults: a write-ahead log, flushed at each commit."""
        with sqlite3.connect(file) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        connection.close()
        if (mode, synchronous) != ("wal", _FULL):
            message = f"the floor would not be held against the same: {mode}, {synchronous}"
            raise RuntimeError(message)
