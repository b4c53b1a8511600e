"""Threads that read events for the first time at once: `python -m tests.eventlog.read_at_once`.

In a process of its own, since what may happen ends the process.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, make_dataclass
from threading import Barrier
from typing import Any

from eventlog.codec import event_codec

_THREADS = 4
_TIMES = 150


def _events(time: int) -> list[type]:
    """New kinds of event, which share the class of a part."""
    inner = make_dataclass(f"Inner{time}", [(f"a{n}", int | None) for n in range(30)], frozen=True)
    part = make_dataclass(f"Part{time}", [(f"b{n}", inner | None, None) for n in range(30)])
    return [
        make_dataclass(
            f"Event{time}_{n}",
            [("part", part | None, None), ("n", int, field(default=0))],
            namespace={"TOPIC": f"test.event-{time}-{n}.v1"},
        )
        for n in range(_THREADS)
    ]


def main() -> None:
    """Ends with 0 where every event was read."""
    sys.setswitchinterval(1e-6)
    barrier = Barrier(_THREADS)
    state = b'{"part": {"b0": {%s}}, "n": 1}' % b", ".join(b'"a%d": 1' % n for n in range(30))

    def read(kind: type) -> Any:
        barrier.wait()
        return event_codec(kind).decode(state)["n"]

    with ThreadPoolExecutor(_THREADS) as threads:
        for time in range(_TIMES):
            assert list(threads.map(read, _events(time))) == [1] * _THREADS


if __name__ == "__main__":
    main()
