"""Company (同行): those who work on requests in one process at once, and who of them computes.

One processor at a time runs Python here. Whoever is about to ask the database while others still
compute loses nothing by letting them come along: one statement then does for all. Who is alone
never waits, and nobody waits long.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_SECONDS = 0.005
"""How long somebody waits for company at most, where another's work takes its time."""


class Company:
    """Counts those at work, and those of them who wait for the database."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work = 0
        self._waiting = 0

    @property
    def at_work(self) -> int:
        """How many work on a request now."""
        return self._at_work

    @contextmanager
    def member(self) -> Iterator[None]:
        """Whoever runs this block is at work."""
        with self._changed:
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._tell()

    def wait(self) -> None:
        """One more waits, until `go_on` is told of them."""
        with self._changed:
            self._waiting += 1
            self._tell()

    def go_on(self, how_many: int) -> None:
        """So many do not wait any more."""
        with self._changed:
            self._waiting -= how_many

    def gather(self) -> None:
        """Return when nobody computes any more, or it takes too long."""
        with self._changed:
            self._changed.wait_for(self._nobody_computes, LONGEST_SECONDS)

    def _nobody_computes(self) -> bool:
        return self._waiting >= self._at_work

    def _tell(self) -> None:
        if self._nobody_computes():
            self._changed.notify_all()
