"""Rosters: two owners' lists of a million people each, compared in a process of its own."""

import json
import resource
import subprocess
import sys
import time

import numpy as np
import polars as pl

from benchmarks.measuring import Budget, Measured
from eligibility.adapters.roster_comparison import SCHEMA, compare_lists

PEOPLE = 1_000_000
_SECONDS, _GIB = 60.0, 4.0
_KIB_A_GIB = 1 << 20


def measure() -> list[Measured | Budget]:
    """Seconds, and the most memory that the whole process held."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rosters"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    what = f"两份各 {PEOPLE:,} 人的名单比对，读入以后 (two lists compared once read)"
    return [
        Budget(what, budget=_SECONDS, measured=found["seconds"], unit="秒 (s)"),
        Budget(f"{what}，内存 (memory)", budget=_GIB, measured=found["gib"], unit="GiB"),
    ]


def made_up_lists() -> tuple[pl.DataFrame, pl.DataFrame]:
    """One list, and the same with another name here, a slip there, somebody left out."""
    chance, at = np.random.default_rng(1), np.arange(PEOPLE)
    births = np.datetime64("1930-01-01") + chance.integers(0, 34_000, PEOPLE).astype("m8[D]")
    one = (
        pl.DataFrame({"at": at, "birth": births, "digit": chance.integers(0, 10, PEOPLE)})
        .with_columns(pl.col("birth").cast(pl.Date))
        .select(
            "at",
            pl.format(
                "5001{}{}{}{}",
                (pl.col("at") // 20_000 % 100).cast(pl.String).str.zfill(2),
                pl.col("birth").dt.strftime("%Y%m%d"),
                (pl.col("at") % 1000).cast(pl.String).str.zfill(3),
                "digit",
            ).alias("certificate"),
            pl.format("样例{}", pl.col("at") % 3000).alias("name"),
            "birth",
            pl.lit("resident_id", dtype=SCHEMA["certificate_type"]).alias("certificate_type"),
            pl.lit(None, dtype=pl.String).alias("township"),
            pl.format("第{}村", pl.col("at") // 400).alias("village"),
            pl.lit("低保对象").alias("kind"),
        )
    )
    slip = pl.concat_str(
        pl.col("certificate").str.slice(0, 14), pl.lit("9"), pl.col("certificate").str.slice(15)
    )
    renamed, mistyped = pl.col("at") % 97 == 0, pl.col("at") % 89 == 0
    other = one.filter(pl.col("at") % 83 != 0).with_columns(
        name=pl.when(renamed).then(pl.lit("另名")).otherwise("name"),
        certificate=pl.when(mistyped).then(slip).otherwise("certificate"),
    )
    return one.drop("at"), other.drop("at")


def main() -> None:
    """Compare once; print seconds and memory as JSON."""
    left, right = made_up_lists()
    begun = time.perf_counter()
    found = compare_lists(left, right)
    seconds = time.perf_counter() - begun
    whats = dict(found.group_by("what").len().iter_rows())
    assert min(whats["missing_right"], whats["name"], whats["number"]) > PEOPLE / 200, whats
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_A_GIB
    print(json.dumps({"seconds": seconds, "gib": gib}))


if __name__ == "__main__":
    main()
