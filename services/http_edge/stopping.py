"""Ending a process in order (有序停止): SIGTERM and SIGINT ask, what was accepted is finished.

The first signal asks to stop; a second one ends the process as it would any other. Whatever still
runs after `GRACE_SECONDS` is broken off, and a process that hangs even then is ended.
"""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType

GRACE_SECONDS = 30
"""How long accepted requests may take to finish."""
HANGING_SECONDS = GRACE_SECONDS * 2 + 10
"""Both services of one machine may need the grace, one after another."""

_log = logging.getLogger("yizhan.process")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopping:
    """Whether the process was asked to end."""

    def __init__(self) -> None:
        # Not an event, whose lock the interrupted thread may hold: putting into this queue is the
        # one thing that is safe in a signal's handler.
        self._asked: SimpleQueue[str] = SimpleQueue()
        self._is_asked = False
        self._is_told = False

    @property
    def is_asked(self) -> bool:
        """Whether the process was asked."""
        return self._is_asked

    def ask(self, why: str) -> None:
        """Ask the process to end, as a signal of this name does."""
        self._is_asked = True
        self._asked.put(why)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait to be asked, at most so long; whether it was."""
        if self._is_told:
            return True
        try:
            why = self._asked.get(timeout=seconds)
        except Empty:
            return False
        self._is_told = True
        _log.info("stopping", extra={"why": why})
        _end_when_hanging()
        return True


@contextmanager
def stopping_on_signals() -> Iterator[Stopping]:
    """While the block runs, SIGTERM and SIGINT only ask; in the main thread alone."""
    stopping = Stopping()
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def ask(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        stopping.ask(signal.Signals(number).name)

    for each in _SIGNALS:
        signal.signal(each, ask)
    try:
        yield stopping
    finally:
        # Who was asked once may be ended by a second signal until the very end.
        if not stopping.is_asked:
            for each, handler in before.items():
                signal.signal(each, handler)


def _end_when_hanging() -> None:
    """A thread that never returns must not keep the process: nothing is acknowledged any more."""
    timer = threading.Timer(HANGING_SECONDS, os._exit, (1,))
    timer.daemon = True
    timer.start()
