"""When a silent server is left alone (暂停询问): not everybody in a queue waits for it in vain."""

import threading
from datetime import datetime, timedelta
from typing import Final

from contracts.vocabulary import NoAnswerReason

FAILURES_BEFORE_PAUSE: Final = 3
PAUSE: Final = timedelta(seconds=30)

_COUNTED: Final = frozenset(
    {
        NoAnswerReason.UNREACHABLE,
        NoAnswerReason.TIMED_OUT,
        NoAnswerReason.SERVER_FAULT,
        NoAnswerReason.UNREADABLE,
    }
)


class OwnerCircuit:
    """Three silences in a row, and a server is not asked for thirty seconds; then one tries it.

    What it answers sensibly but wrongly (another person, an unknown identity) is no silence. In
    memory, for one process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._paused_at: datetime | None = None

    def admits(self, at: datetime) -> bool:
        """Whether the server may be asked at an instant (UTC); after a pause, by one caller."""
        with self._lock:
            if self._paused_at is None:
                return True
            # A clock that was set back does not prolong the pause.
            if self._paused_at <= at < self._paused_at + PAUSE:
                return False
            self._paused_at = at
            return True

    def note(self, silence: NoAnswerReason | None, *, at: datetime) -> None:
        """Take note of how a contact ended."""
        with self._lock:
            if silence not in _COUNTED:
                self._failures, self._paused_at = 0, None
                return
            self._failures += 1
            if self._failures >= FAILURES_BEFORE_PAUSE:
                self._paused_at = at
