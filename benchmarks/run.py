"""Runs every topic, prints a table, writes benchmarks/results.json (`make bench`).

A topic is a module of this package with `measure()`, which gives a list of rows of
`benchmarks.measuring`; add it to TOPICS. Where some topics are asked for, what the file says of
the others stays.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Budget, Measured, Part

TOPICS = ("kernel", "rosters", "people", "stays", "settlements_http", "publishing")
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Measure and write; rows under their target are named, since machines differ."""
    parser = argparse.ArgumentParser(description="对比测量 (side-by-side measurements)")
    parser.add_argument("topics", nargs="*", default=TOPICS, metavar="TOPIC")
    rows: list[Measured | Budget | Part] = []
    for topic in parser.parse_args().topics:
        begun = time.perf_counter()
        print(f"… {topic}", file=sys.stderr, flush=True)
        measured = importlib.import_module(f"benchmarks.{topic}").measure()
        print(f"  {topic}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        write_results(topic, measured)
        rows += measured
    console = Console()
    wide = Console(width=max(console.width, 120))
    wide.print(_comparisons([row for row in rows if isinstance(row, Measured)]))
    wide.print(_budgets([row for row in rows if isinstance(row, Budget)]))
    wide.print(_parts([row for row in rows if isinstance(row, Part)]))
    for row in rows:
        if not row.is_met:
            print(f"未达目标 (below target): {row.name}", file=sys.stderr)


def write_results(topic: str, rows: list[Measured | Budget | Part], file: Path = RESULTS) -> None:
    """Put a topic's rows in the place of those the file has of it."""
    found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    found[topic] = [row.as_json() for row in rows]
    known = {each: found[each] for each in TOPICS if each in found}
    file.write_text(json.dumps(known, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _comparisons(rows: list[Measured]) -> Table:
    table = Table(title="对比测量：比值大于 1 表示我方更好 (a ratio above 1: ours is better)")
    for heading in ("我方", "", "对照", "", "单位", "比值", "目标"):
        table.add_column(heading, overflow="fold")
    said = ""
    for row in rows:
        target = "—" if row.target_ratio is None else f"≥ {row.target_ratio:g}"
        note = f"\n→ {row.note}" if row.note else ""
        table.add_row(
            "〃" if row.name == said else row.name,
            f"{row.ours:.3g}",
            row.anchor_name + note,
            f"{row.anchor:.3g}",
            row.unit,
            f"{row.ratio:.2f}",
            target,
        )
        said = row.name
    return table


def _budgets(rows: list[Budget]) -> Table:
    table = Table(title="预算 (budgets)")
    for heading in ("项目", "预算", "实测", "单位", "是否达到 (ok)"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        met = "是 ok" if row.is_met else "否 over"
        table.add_row(row.name, f"≤ {row.budget:g}", f"{row.measured:.3g}", row.unit, met)
    return table


def _parts(rows: list[Part]) -> Table:
    table = Table(title="时间去向 (where the time goes)")
    for heading in ("部分", "毫秒 (ms)", "占比 (share)"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(row.name, f"{row.milliseconds:.2f}", f"{row.share:.1%}")
    return table


if __name__ == "__main__":
    main()
