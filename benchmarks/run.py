"""Runs every topic, prints a table, writes benchmarks/results.json (`make bench`).

A topic is a module of this package with `measure() -> list[Measured]`; add it to TOPICS.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Measured

TOPICS = ("kernel",)
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Measure and write; rows under their target are named, since machines differ."""
    parser = argparse.ArgumentParser(description="对比测量 (side-by-side measurements)")
    parser.add_argument("topics", nargs="*", default=TOPICS, metavar="TOPIC")
    rows: list[Measured] = []
    for topic in parser.parse_args().topics:
        begun = time.perf_counter()
        print(f"… {topic}", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{topic}").measure()
        print(f"  {topic}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    RESULTS.write_text(
        json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=2) + "\n",
        encoding="utf-8",
    )
    console = Console()
    Console(width=max(console.width, 120)).print(_table(rows))
    for row in rows:
        if row.target_ratio is not None and row.ratio < row.target_ratio:
            print(f"未达目标 (below target): {row.name}", file=sys.stderr)


def _table(rows: list[Measured]) -> Table:
    table = Table(title="对比测量：比值大于 1 表示我方更好 (a ratio above 1: ours is better)")
    for heading in ("项目", "我方", "对照", "单位", "比值", "目标"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        target = "—" if row.target_ratio is None else f"≥ {row.target_ratio:g}"
        table.add_row(
            row.name,
            f"{row.ours:.3g}",
            f"{row.anchor:.3g}（{row.anchor_name}）",
            row.unit,
            f"{row.ratio:.2f}",
            target,
        )
    return table


if __name__ == "__main__":
    main()
