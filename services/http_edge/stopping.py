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
        self._asked = threading.Event()

    @property
    def is_asked(self) -> bool:
        """Whether a signal came."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask the process to end, as a signal does."""
        self._asked.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for a signal, at most so long; whether it came."""
        return self._asked.wait(seconds)


@contextmanager
def stopping_on_signals() -> Iterator[Stopping]:
    """While the block runs, SIGTERM and SIGINT only ask; in the main thread alone."""
    stopping = Stopping()
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def ask(number: int, _frame: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        _log.info("stopping", extra={"signal": signal.Signals(number).name})
        _end_when_hanging()
        stopping.ask()

    for each in _SIGNALS:
        signal.signal(each, ask)
    try:
        yield stopping
    finally:
        if not stopping.is_asked:
            for each, handler in before.items():
                signal.signal(each, handler)


def _end_when_hanging() -> None:
    """A thread that never returns must not keep the process: nothing is acknowledged any more."""
    timer = threading.Timer(HANGING_SECONDS, os._exit, (1,))
    timer.daemon = True
    timer.start()
