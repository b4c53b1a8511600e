"""The supervisor (看护进程): what an engine does with a compose file, with processes.

Starts each service when what it depends on is as the file says, starts again what dies, and asked
to end it ends them in the opposite order: whoever is asked by others goes after those.
"""

import fcntl
import json
import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from infra.up.compose_file import DependsOn, in_order
from infra.up.place import Place
from infra.up.processes import ServiceProcess

_LOOKING_SECONDS = 0.2
_log = logging.getLogger("up")


class RunsAlready(Exception):
    """Another supervisor holds the place (已在运行)."""


@dataclass
class Supervisor:
    """Runs the services of a place until it is asked to end."""

    place: Place
    is_ending: bool = False

    def __post_init__(self) -> None:
        services = self.place.compose.services
        self._processes = {
            name: ServiceProcess(name, services[name], self.place)
            for name in in_order(self.place.compose)
        }
        self._told: Mapping[str, Any] = {}

    def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises RunsAlready."""
        with _held(self.place):
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._ask)
            try:
                while not self.is_ending:
                    self._look()
                    self._tell()
                    time.sleep(_LOOKING_SECONDS)
            finally:
                self._end()
                self.place.state.unlink(missing_ok=True)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.is_ending = True

    def _look(self) -> None:
        for each in self._processes.values():
            before = each.state
            try:
                if each.state != "waiting":
                    each.look()
                elif all(self._is_met(*need) for need in each.service.depends_on.items()):
                    each.start()
            except Exception:
                _log.exception("%s", each.name)
                each.state = "failed"
            if each.state != before:
                _log.info("%s：%s → %s", each.name, before, each.state)

    def _is_met(self, name: str, how: DependsOn) -> bool:
        wanted = {
            "service_healthy": ("healthy",),
            "service_completed_successfully": ("completed",),
            "service_started": ("running", "healthy", "starting"),
        }
        return self._processes[name].state in wanted[how.condition]

    def _end(self) -> None:
        """Those that nobody left depends on at once, then those that they asked, and so on."""
        left = dict(self._processes)
        while left:
            needed = {name for each in left.values() for name in each.service.depends_on}
            ending = {name: each for name, each in left.items() if name not in needed}
            for each in ending.values():
                each.ask_to_end()
            for name, each in ending.items():
                if not each.wait_for_end():
                    _log.warning("%s：逾时未停，已强制结束", name)
                _log.info("%s：已停止", name)
                del left[name]

    def _tell(self) -> None:
        """Whole or not at all, for whoever waits."""
        told = {
            "supervisor": os.getpid(),
            "services": {
                name: {
                    "state": each.state,
                    "process_id": each.process.pid if each.process else None,
                    "restarts": each.restarts,
                }
                for name, each in self._processes.items()
            },
        }
        if told != self._told:
            draft = self.place.state.with_suffix(".draft")
            draft.write_text(json.dumps(told, indent=1), encoding="utf-8")
            draft.replace(self.place.state)
            self._told = told


@contextmanager
def _held(place: Place) -> Iterator[None]:
    with place.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunsAlready(f"{place.folder} 已有一套在运行") from None
        yield
