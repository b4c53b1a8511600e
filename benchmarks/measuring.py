"""Measuring two things side by side in one run (对比测量): interleaved repeats, medians."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One row of the table: our figure and what it is held against.

    `ratio` above 1 always means that ours is better. Where the anchor is a budget and not a
    measurement, `anchor_name` begins with 预算. A `target_ratio` of None is for information.
    """

    name: str
    ours: float
    anchor: float
    anchor_name: str
    unit: str
    ratio: float
    target_ratio: float | None

    def as_json(self) -> dict[str, Any]:
        """The row as it stands in results.json."""
        return asdict(self)


def more_is_better(
    name: str,
    *,
    ours: float,
    anchor: float,
    anchor_name: str,
    unit: str,
    target_ratio: float | None = None,
) -> Measured:
    """A row of rates."""
    return Measured(name, ours, anchor, anchor_name, unit, ours / anchor, target_ratio)


def less_is_better(
    name: str,
    *,
    ours: float,
    anchor: float,
    anchor_name: str,
    unit: str,
    target_ratio: float | None = None,
) -> Measured:
    """A row of times or sizes."""
    return Measured(name, ours, anchor, anchor_name, unit, anchor / ours, target_ratio)


def median_seconds(*runs: Callable[[], object], repeats: int) -> list[float]:
    """The median time of each, taken turn by turn so that a slow moment meets all of them."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats):
        for run, times in zip(runs, taken, strict=True):
            begun = time.perf_counter()
            run()
            times.append(time.perf_counter() - begun)
    return [median(times) for times in taken]


def many(run: Callable[[], object], times: int) -> Callable[[], None]:
    """The same thing this many times, for what is too short to be timed once."""

    def repeated() -> None:
        for _ in range(times):
            run()

    return repeated
