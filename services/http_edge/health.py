"""Health (健康): what a service needs in order to work, looked at now and told truthfully.

Two questions, as orchestrators ask them. *Live*: does the process answer at all? *Ready*: would a
request sent here now be worked on? What is told are names and one word each: no messages, no
addresses, no versions.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

REMEMBERED_SECONDS = 1.0
WAITING_SECONDS = 5.0
OK = "ok"
FAILED = "failed"
NO_ANSWER = "no-answer"
STOPPED = "stopped"
BEHIND = "behind"
DRAINING = "draining"

Readiness = Literal["ready", "degraded", "not-ready"]


@dataclass(frozen=True)
class Check:
    """One thing a service needs (检查项).

    `look` returns None when it is fine and otherwise one word; raising is `failed`. Without what
    `is_vital` the service cannot work; without the others it works less well (degraded).
    """

    name: str
    look: Callable[[], str | None]
    is_vital: bool = True


@dataclass(frozen=True)
class Report:
    """What was found: the words by check, and which of them keep the service from working."""

    words: Mapping[str, str]
    failing: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()

    @property
    def readiness(self) -> Readiness:
        """All of it in one word."""
        if self.failing:
            return "not-ready"
        return "degraded" if self.degraded else "ready"


class Followed(Protocol):
    """A read model that follows a log (读模型), as `eventlog.followed_tables` keeps one."""

    @property
    def name(self) -> str:
        """The follower's name."""

    @property
    def is_stopped(self) -> bool:
        """Whether its last attempt to catch up ended before an event it could not apply."""

    def position(self) -> int:
        """The position of the last event applied."""


@dataclass
class Health:
    """The checks of one service, made at most once a second however often it is asked."""

    checks: Sequence[Check]
    remembered_seconds: float = REMEMBERED_SECONDS
    waiting_seconds: float = WAITING_SECONDS
    is_draining: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _last: tuple[float, Report] | None = field(default=None, repr=False)

    def drain(self) -> None:
        """From now on not ready: the process finishes what it accepted and ends."""
        self.is_draining = True

    def report(self) -> Report:
        """Look at everything, one thing after another (blocks)."""
        # While a look hangs, whoever asks gives up: a thread for each question would pile up.
        if not self._lock.acquire(timeout=self.waiting_seconds):
            return self.unanswered()
        try:
            now = time.monotonic()
            if self._last is None or now - self._last[0] >= self.remembered_seconds:
                self._last = (now, self.look())
            report = self._last[1]
        finally:
            self._lock.release()
        return self._as_of_now(report)

    def look(self) -> Report:
        """Look at everything anew."""
        return _looked_at(self.checks)

    def unanswered(self) -> Report:
        """What is told when looking took too long."""
        return self._as_of_now(Report({"checks": NO_ANSWER}, failing=("checks",)))

    def _as_of_now(self, report: Report) -> Report:
        if not self.is_draining:
            return report
        words = {**report.words, DRAINING: DRAINING}
        return Report(words, (DRAINING, *report.failing), report.degraded)


def _looked_at(checks: Sequence[Check]) -> Report:
    words = {check.name: _word(check) for check in checks}
    bad = [check for check in checks if words[check.name] != OK]
    return Report(
        words,
        failing=tuple(check.name for check in bad if check.is_vital),
        degraded=tuple(check.name for check in bad if not check.is_vital),
    )


def _word(check: Check) -> str:
    try:
        return check.look() or OK
    except Exception:  # whatever is wrong with it, it is not fine
        return FAILED


def usable(try_it: Callable[[], object]) -> Callable[[], str | None]:
    """A look that is fine when `try_it` returns, and `failed` when it raises."""

    def look() -> str | None:
        try_it()
        return None

    return look


def read_model_check(
    name: str,
    find: Callable[[], Followed],
    *,
    last_position: Callable[[], int],
    most_lag_events: int,
) -> Check:
    """Whether a read model follows: not `stopped`, and not further `behind` than allowed.

    Not vital: bills are settled without it, and whoever reads it catches it up first.
    """

    def look() -> str | None:
        followed = find()
        if followed.is_stopped:
            return STOPPED
        lag_events = last_position() - followed.position()
        return BEHIND if lag_events > most_lag_events else None

    return Check(f"read-model:{name}", look, is_vital=False)
