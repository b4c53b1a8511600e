"""Whole stays through HTTP (整笔住院) against the library's own floor, and where the time goes.

`STAYS` in the environment makes it smaller for a quick look: `STAYS=60 python -m benchmarks.run
stays`. Both sides work on the same disk, flush it at every commit, and take turns.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.library_floor import Floor
from benchmarks.measuring import Measured, Part, more_is_better
from benchmarks.stay_desk import StayDesk, Took, serving
from benchmarks.stay_server import FOLLOWING, PARTS

BLOCK = 20
BLOCKS = max(2, int(os.environ.get("STAYS", "400")) // BLOCK)
_HTTP = "HTTP 与校验，含发送方 (HTTP, validation, the caller)"
_UNACCOUNTED = "未计入 (whole less its parts)"
_FLOOR = "事件库自身：一个聚合、九个事件、一次保存，无 HTTP (the library's floor)"
_MS = 1000


def measure() -> list[Measured | Part]:
    """Stays a second in one call and in five, then the parts of the one call."""
    with tempfile.TemporaryDirectory(prefix="yizhan-stays-") as name:
        folder = Path(name)
        rows = list(_against_floor(folder))
        with serving(folder / "timed", "timed") as desk:
            return [*rows, *_parts(desk)]


def _against_floor(folder: Path) -> Iterator[Measured]:
    """Each way of sending a stay beside the floor, by the clock and by the processor."""
    with serving(folder / "plain", "plain") as desk, Floor(folder / "floor.sqlite") as floor:
        ways = {
            "一次提交 (in one call)": desk.in_one_call,
            "分五次提交 (in five calls)": desk.in_five_calls,
        }
        for send in ways.values():
            desk.block(send, BLOCK)
        floor.run(BLOCK)
        rounds = [
            (*(desk.block(send, BLOCK) for send in ways.values()), Took(*floor.run(BLOCK)))
            for _ in range(BLOCKS)
        ]
    for at, way in enumerate(ways):
        pairs = [(each[at], each[-1]) for each in rounds]
        name = f"整笔住院，四层，{way}"
        yield _row(name, "笔/秒 (stays/s)", [(a.seconds, b.seconds) for a, b in pairs])
        yield _row(name, "笔/处理器秒 (stays/CPU s)", [(a.cpu, b.cpu) for a, b in pairs])


def _row(name: str, unit: str, pairs: list[tuple[float, float]]) -> Measured:
    ratios = sorted(floor / ours for ours, floor in pairs)
    return more_is_better(
        name,
        ours=BLOCK / median(ours for ours, _ in pairs),
        anchor=BLOCK / median(floor for _, floor in pairs),
        anchor_name=_FLOOR,
        unit=unit,
        note=f"{len(pairs)} 对交替，各对比值 {ratios[0]:.3f}–{ratios[-1]:.3f} (pair by pair)",
    )


def _parts(desk: StayDesk) -> list[Part]:
    """What each part takes of a stay; what no part accounts for is told like them."""
    every: Counter[str] = Counter()
    whole = 0.0
    for send in (desk.with_nothing_done, desk.in_one_call, desk.follow):
        desk.block(send, BLOCK)
    for _ in range(BLOCKS):
        every[_HTTP] += desk.block(desk.with_nothing_done, BLOCK).seconds
        made = desk.block(desk.in_one_call, BLOCK)
        # Nobody waits for these with the answer; they are part of what a stay costs all the same.
        followed = desk.block(desk.follow, 1).parts
        every.update(made.parts)
        every[FOLLOWING] += followed[FOLLOWING]
        whole += made.seconds + followed[FOLLOWING]
    stays = BLOCK * BLOCKS
    every[_UNACCOUNTED] = whole - sum(every.values())
    return [
        Part(f"整笔住院，一次提交：{part}", every[part] / stays * _MS, every[part] / whole)
        for part in (_HTTP, *PARTS, _UNACCOUNTED)
    ]
