"""Where a request's time goes (时间去向): clocks around the parts, each counting its own alone.

A part that calls another is stopped while that one runs, so the parts add up to what their
outermost call took, and nothing is counted twice.
"""

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

Place = tuple[Any, str]
"""A class or a module, and the name of what is called in it."""


class Clocks:
    """Seconds by part, over all threads since the last look."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._of_thread = threading.local()
        self._lock = threading.Lock()

    def measure(self, part: str, places: Iterable[Place]) -> None:
        """From now on calls of these count for a part."""
        for owner, name in places:
            setattr(owner, name, self._timed(part, getattr(owner, name)))

    def take(self) -> dict[str, float]:
        """What was counted since the last look."""
        with self._lock:
            taken = dict(self._seconds)
            self._seconds.clear()
        return taken

    def _timed(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            running: list[str] = self._of_thread.__dict__.setdefault("running", [])
            self._lap(running)
            running.append(part)
            try:
                return call(*args, **kwargs)
            finally:
                self._lap(running)
                running.pop()

        return timed

    def _lap(self, running: list[str]) -> None:
        """Who ran until now gets the time since the last lap."""
        now = time.perf_counter()
        if running:
            with self._lock:
                self._seconds[running[-1]] += now - self._of_thread.since
        self._of_thread.since = now
