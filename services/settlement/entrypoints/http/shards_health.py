"""The health of several shards in one process (分片健康): one that is away is told by name, and the
process works as long as any does."""

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillLooking
from typing import Final

from http_edge.health import FAILED, NO_ANSWER, OK, Health, Report
from http_edge.metrics import Looked
from settlement.entrypoints.http.operating import SERVICE
from settlement.entrypoints.http.shard_doors import ShardDoor

MOVING: Final = "moving"
UNAVAILABLE: Final = "unavailable"
# Within what the whole answer may take (http_edge.operating.LOOKING_SECONDS).
_LOOKING_SECONDS = 4.0
_LOG = "event-log"


class ShardsHealth(Health):
    """Looks at every shard at once, so that one that does not answer hides no other."""

    def __init__(self, doors: Sequence[ShardDoor]) -> None:
        super().__init__(checks=())
        self._doors = doors
        self._threads = ThreadPoolExecutor(len(doors), thread_name_prefix="shard-health")
        self._looking: dict[str, Future[Report]] = {}
        self._found: dict[str, Report] = {}

    def look(self) -> Report:
        """Every shard; without any that works, none is ready."""
        deadline = time.monotonic() + _LOOKING_SECONDS
        for door in self._doors:
            operations, before = door.operations, self._looking.get(door.name)
            # One that still looks is not asked again: threads would pile up.
            if operations is not None and (before is None or before.done()):
                look = operations.health.report
                self._looking[door.name] = self._threads.submit(look)
        self._found = {door.name: self._report_of(door, deadline) for door in self._doors}
        words: dict[str, str] = {}
        for name, report in self._found.items():
            bad = (*report.failing, *report.degraded)
            words[f"shard:{name}"] = report.words[bad[0]] if report.failing else OK
            words |= {f"{name}:{check}": report.words[check] for check in bad}
        works = any(not report.failing for report in self._found.values())
        degraded = tuple(name for name, word in words.items() if word != OK)
        if works:
            return Report(words, degraded=degraded)
        return Report({**words, "shards": FAILED}, ("shards", *degraded))

    def _report_of(self, door: ShardDoor, deadline: float) -> Report:
        if door.is_moving:
            return Report({MOVING: MOVING}, failing=(MOVING,))
        if door.operations is None:
            return Report({_LOG: UNAVAILABLE}, failing=(_LOG,))
        try:
            return self._looking[door.name].result(max(0.0, deadline - time.monotonic()))
        except StillLooking:
            return Report({_LOG: NO_ANSWER}, failing=(_LOG,))

    def looked(self) -> Sequence[tuple[Looked, Report]]:
        """What metrics tell of each shard; of one whose log cannot be read, its health alone."""
        told = []
        for door in self._doors:
            report = self._found.get(door.name, Report({}))
            operations = door.operations
            is_readable = operations is not None and _LOG not in report.failing
            looked = operations.looked if operations is not None and is_readable else None
            told.append((looked or Looked(SERVICE, shard=door.name), report))
        return told
