"""Measuring things side by side in one run (对比测量): interleaved repeats, medians."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One comparison: our figure and what it is held against, measured in the same run.

    `ratio` above 1 always means that ours is better. A `target_ratio` of None is for information;
    `note` says what else came out of the comparison.
    """

    name: str
    ours: float
    anchor: float
    anchor_name: str
    unit: str
    ratio: float
    target_ratio: float | None
    note: str | None

    @property
    def is_met(self) -> bool:
        """Whether the target is reached, if there is one."""
        return self.target_ratio is None or self.ratio >= self.target_ratio

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in results.json."""
        return {"kind": "comparison"} | asdict(self)


@dataclass(frozen=True)
class Budget:
    """One budget (预算): the most that something may take on the machine that measures."""

    name: str
    budget: float
    measured: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether it took no more than it may."""
        return self.measured <= self.budget

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in results.json."""
        return {"kind": "budget"} | asdict(self) | {"ok": self.is_met}


@dataclass(frozen=True)
class Part:
    """One part of a whole (时间去向): what it takes, and its share."""

    name: str
    milliseconds: float
    share: float
    is_met: bool = True

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in results.json."""
        return {
            "kind": "part",
            "name": self.name,
            "milliseconds": self.milliseconds,
            "share": self.share,
        }


def more_is_better(
    name: str,
    *,
    ours: float,
    anchor: float,
    anchor_name: str,
    unit: str,
    target_ratio: float | None = None,
    note: str | None = None,
) -> Measured:
    """A comparison of rates."""
    return Measured(name, ours, anchor, anchor_name, unit, ours / anchor, target_ratio, note)


def less_is_better(
    name: str,
    *,
    ours: float,
    anchor: float,
    anchor_name: str,
    unit: str,
    target_ratio: float | None = None,
    note: str | None = None,
) -> Measured:
    """A comparison of times or sizes."""
    return Measured(name, ours, anchor, anchor_name, unit, anchor / ours, target_ratio, note)


def median_seconds(
    *runs: Callable[[], object],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """The median time of each, taken turn by turn so that a slow moment meets all of them.

    With `time.thread_time` as its clock, moments when others had the core do not count: what a
    budget is held against.
    """
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats):
        for run, times in zip(runs, taken, strict=True):
            begun = clock()
            run()
            times.append(clock() - begun)
    return [median(times) for times in taken]


def many(run: Callable[[], object], times: int) -> Callable[[], None]:
    """The same thing this many times, for what is too short to be timed once."""

    def repeated() -> None:
        for _ in range(times):
            run()

    return repeated
