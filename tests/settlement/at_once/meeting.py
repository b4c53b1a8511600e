"""Several windows at once (同时办理): real processes, kept for many rounds, on each round's ledger.

Every instant comes from one counter that all processes share, so no two decisions of a round have
the same: the instant of an event tells which request it belongs to.
"""

import multiprocessing
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.vocabulary import InstitutionId
from eventlog.log import LogBusy, VersionConflict, create_event_log
from settlement.adapters.event_ledger import EventLedger
from settlement.adapters.institutions_csv import read_institutions
from settlement.adapters.snapshots import SNAPSHOTS
from settlement.application.institutions import import_institutions
from settlement.application.ports import Overtaken
from settlement.domain.record import Actor
from tests.eventlog.log_addresses import new_address, open_at
from tests.settlement.at_once.asked import OF_AN_OFFICE, OFFICE, Asked
from tests.settlement.at_once.asking import WINDOWS, Round
from tests.settlement.at_once.fitting import FITTING, fitting, looked_up
from tests.settlement.at_once.window import Said, Vanished, Window
from tests.support.settlement_desk import SAMPLES

BEGINS = datetime(2023, 8, 1, 4, tzinfo=UTC)
ROUND_SECONDS = 120.0
_TRIES = 40


@dataclass(frozen=True)
class Attempt:
    """One attempt at a request (一次发送): the instants it looked at, the last positions of the
    ledger before and after, how often somebody else was first, and what was said; `heard` is
    whether the client waited for it."""

    asked: Asked
    instants: tuple[datetime, ...]
    started: int
    ended: int
    overtaken: int
    said: Said | None
    heard: bool


class Meeting:
    """The windows, waiting for rounds."""

    def __init__(self, folder: Path, kept_on: str) -> None:
        """Start the processes; rounds are `kept_on` files (sqlite) or a server (postgres).

        A file with the institutions is made once and copied.
        """
        self._folder, self._kept_on = folder, kept_on
        self._template = folder / "template.sqlite"
        create_event_log(self._template)
        _import_institutions(str(self._template))
        # Its first process reads the modules, and the windows come out of it.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self._ticks = context.Value("q", 0)
        # Kept here: a barrier nobody holds is gone before the processes have it.
        self._barrier = context.Barrier(WINDOWS)
        self._pipes: list[Any] = []
        self._processes = []
        for number in range(WINDOWS):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_stand, args=(number, theirs, self._barrier, self._ticks), daemon=True
            )
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def begin(self, asked: Round) -> str:
        """Let the windows meet over a round; returns the address of the ledger it goes to."""
        address = self._new(f"round-{asked.seed}")
        self._ticks.value = 0
        for pipe in self._pipes:
            pipe.send((asked, address))
        return address

    def _new(self, name: str) -> str:
        if self._kept_on == "sqlite":
            return self.copy(name)
        address = new_address(self._kept_on, self._folder)
        _import_institutions(address)
        return address

    def attempts(self) -> list[Attempt]:
        """What came of the round, when all windows are through."""
        found: list[Attempt] = []
        for pipe in self._pipes:
            assert pipe.poll(ROUND_SECONDS), "a window does not come to an end"
            made = pipe.recv()
            assert not isinstance(made, str), made
            found += made
        return found

    def copy(self, name: str) -> str:
        """The address of a file that holds the institutions and nothing else."""
        file = self._folder / f"{name}.sqlite"
        shutil.copyfile(self._template, file)
        return str(file)

    def end(self) -> None:
        """Send the windows home."""
        for process in self._processes:
            process.kill()
            process.join()


@contextmanager
def meeting(folder: Path, kept_on: str = "sqlite") -> Iterator[Meeting]:
    """Windows while the block runs."""
    windows = Meeting(folder, kept_on)
    try:
        yield windows
    finally:
        windows.end()


def _import_institutions(address: str) -> None:
    ledger = EventLedger(open_at(address, SNAPSHOTS))
    rows = read_institutions((SAMPLES / "institutions.csv").read_bytes())
    by = Actor("importer", InstitutionId(OFFICE))
    import_institutions(rows, source="i.csv", ledger=ledger, by=by, at=BEGINS)
    ledger.log.close()


def _stand(number: int, pipe: Any, barrier: Any, ticks: Any) -> None:
    """A window's whole day, in a process of its own."""
    while True:
        asked, address = pipe.recv()
        try:
            pipe.send(_Day(number, asked, address, ticks).work(barrier))
        except Exception as error:  # the meeting must hear of it, whatever it was
            barrier.abort()
            pipe.send(f"window {number} of round {asked.seed}: {error!r}")


class _Day:
    """One round at one window."""

    def __init__(self, number: int, asked: Round, address: str, ticks: Any) -> None:
        self._number, self._round, self._ticks = number, asked, ticks
        self._window = Window.on(address, is_one_person=asked.is_one_person)
        self._instants: list[datetime] = []
        self._attempts: list[Attempt] = []

    def work(self, barrier: Any) -> list[Attempt]:
        """What there was before, by the first window alone; then everybody at once."""
        if self._number == 0:
            for asked in self._round.before:
                self._carry_out(self._as_previewed(asked))
        barrier.wait(ROUND_SECONDS)
        unheard = []
        for asked in self._round.windows[self._number]:
            time.sleep(asked.pause_seconds)
            if not self._carry_out(self._as_previewed(asked)):
                unheard.append(self._attempts[-1].asked)
        # Who did not wait asks again under the same key.
        for asked in unheard:
            self._carry_out(replace(asked, vanishes=None))
        self._window.ledger.log.close()
        return self._attempts

    def _as_previewed(self, asked: Asked) -> Asked:
        said_before = [each.asked for each in self._attempts if each.asked.key == asked.key]
        if said_before:
            return replace(said_before[-1], vanishes=None)
        if asked.operation == FITTING:
            return self._shown(fitting(self._round.seed, asked, self._window.standing(asked)))
        if asked.operation in OF_AN_OFFICE:
            return looked_up(asked, self._window.standing(asked))
        return self._shown(asked)

    def _shown(self, asked: Asked) -> Asked:
        if asked.body.get("as_previewed"):
            previewed = self._window.previewed(asked, self._clock)
            return replace(asked, body={**asked.body, **previewed})
        return asked

    def _carry_out(self, asked: Asked) -> bool:
        """Ask until there is an outcome; whether the client heard it."""
        for _ in range(_TRIES):
            self._instants = []
            collided = self._window.ledger.overtaken
            started = self._window.ledger.log.last_position()
            said, is_over = self._try(asked)
            heard = is_over and asked.vanishes is None
            ended = self._window.ledger.log.last_position()
            self._attempts.append(
                Attempt(
                    asked,
                    tuple(self._instants),
                    started,
                    ended,
                    self._window.ledger.overtaken - collided,
                    said,
                    heard,
                )
            )
            if is_over:
                return heard
        raise AssertionError(f"{asked.key} was overtaken {_TRIES} times")

    def _try(self, asked: Asked) -> tuple[Said | None, bool]:
        try:
            said = self._window.answer(asked, self._clock, vanishes=asked.vanishes == "before")
        except Vanished:
            return None, True
        except (Overtaken, LogBusy, VersionConflict):
            return None, False
        return said, True

    def _clock(self) -> datetime:
        with self._ticks.get_lock():
            self._ticks.value += 1
            tick = self._ticks.value
        self._instants.append(BEGINS + timedelta(seconds=tick))
        return self._instants[-1]
