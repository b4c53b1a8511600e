"""Keeping read models warm (跟随进程): one process that follows all of a service's.

Read models are brought up to date when they are asked; with this beside, there is little to catch
up. One that cannot go on is told of by name and tried again, after longer and longer pauses; it
is never skipped, and the others go on.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

IDLE_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
TOLD_EVERY_SECONDS = 1.0

_log = logging.getLogger("yizhan.follower")


class Follows(Protocol):
    """A read model as it is followed."""

    @property
    def name(self) -> str:
        """The follower's name."""

    def position(self) -> int:
        """The position of the last event applied."""

    def catch_up(self) -> int:
        """Apply everything new; returns the position reached."""

    def rebuild(self) -> int:
        """Throw all rows away and make them again; returns the position reached."""


@dataclass
class _Tried:
    failures: int = 0
    not_before: float = 0.0


class Following:
    """Follows read models until it is told to stop; `clock` is monotonic, in seconds."""

    def __init__(
        self, followed: Sequence[Follows], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tried = {each.name: (each, _Tried()) for each in followed}
        self._clock = clock

    def run(self, is_over: Callable[[float], bool]) -> None:
        """Round after round until `is_over`, which waits so many seconds, says so."""
        while True:
            self.round()
            if is_over(IDLE_SECONDS):
                return

    def round(self) -> None:
        """Bring up to date whatever is due."""
        for follows, tried in self._tried.values():
            if self._clock() >= tried.not_before:
                self._try(follows, tried)

    def _try(self, follows: Follows, tried: _Tried) -> None:
        try:
            position = follows.catch_up()
        except Exception as error:  # whatever stops one, the others are followed
            tried.failures += 1
            doubled = FIRST_PAUSE_SECONDS * 2 ** min(tried.failures - 1, 10)
            pause_seconds = min(LONGEST_PAUSE_SECONDS, doubled)
            tried.not_before = self._clock() + pause_seconds
            _log.error(
                "follower stopped",
                extra={
                    "follower": follows.name,
                    "kind": type(error).__qualname__,
                    "failures": tried.failures,
                    "next_try_seconds": pause_seconds,
                },
            )
            return
        if tried.failures:
            _log.info("follower goes on", extra={"follower": follows.name, "position": position})
            tried.failures = 0


def rebuild_telling(
    follows: Follows, tell: Callable[[int], None], *, every_seconds: float = TOLD_EVERY_SECONDS
) -> int:
    """Make a read model again, telling its position meanwhile; returns the position reached.

    Others may follow it all the time: each event is applied once, by whoever comes first. Raises
    what rebuilding raises.
    """
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(follows.rebuild)
        started = time.monotonic()
        while not made.done():
            time.sleep(0.01)
            if time.monotonic() - started >= every_seconds:
                started = time.monotonic()
                tell(follows.position())
        return made.result()
