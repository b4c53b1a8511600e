"""Whole lives at random: whatever hospitals send, and in whatever order, the ledger stays exact.

After every step the ledger says what a plain model says; at the end of a run everything is
computed again from what was stored. The runs of `make test` are made in a process of their own,
from a seed: the same ones each time.
"""

import json
import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.real_parts.postgres_server import URL_VARIABLE, server_url
from tests.settlement.whole_life.both_desks import Tally
from tests.settlement.whole_life.broken_desks import LEFT_OUT
from tests.settlement.whole_life.lively import FIRST, LEAST, RUNS, RUNS_ON_A_SERVER

ROOT = Path(__file__).parents[3]


def lived(
    begin_at: int, runs: int, broken: str = "", *, kept_on: str = "sqlite"
) -> subprocess.CompletedProcess[str]:
    """Runs in a process of their own, whatever this one has loaded."""
    command = [sys.executable, "-m", "tests.settlement.whole_life.lives"]
    server = {URL_VARIABLE: server_url()} if kept_on == "postgres" else {}
    return subprocess.run(
        [*command, str(begin_at), str(runs), kept_on, *([broken] if broken else [])],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0", **server},
        capture_output=True,
        text=True,
        check=False,
    )


def counted(done: subprocess.CompletedProcess[str], begin_at: int) -> Tally:
    """What happened in runs that passed."""
    assert done.returncode == 0, f"from seed {begin_at}: {done.stdout}{done.stderr}"
    return Tally(json.loads(done.stdout.splitlines()[-1]))


def test_two_thousand_steps_leave_what_the_model_says() -> None:
    """Every command, over four people and three hospitals under the law of two regions."""
    tally = counted(lived(FIRST, RUNS), FIRST)
    assert tally["steps"] >= 2_000
    idle = {what: tally[what] for what, least in LEAST.items() if tally[what] < least}
    assert not idle


def test_on_a_server_it_is_the_same() -> None:
    """A few of these lives on PostgreSQL leave what the model says as well."""
    tally = counted(lived(FIRST, RUNS_ON_A_SERVER, kept_on="postgres"), FIRST)
    assert tally["steps"] >= 150
    assert tally["done: reverse"]


@pytest.mark.soak
def test_two_hundred_thousand_steps_leave_what_the_model_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same for a night, from a new beginning each time, a process on each core."""
    tally, cores = Tally(), os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as batches:
        while tally["steps"] < 200_000:
            seeds = [secrets.randbelow(2**32) for _ in range(2 * cores)]
            for begin_at, done in zip(seeds, batches.map(_a_batch, seeds), strict=True):
                tally.update(counted(done, begin_at))
            with capsys.disabled():
                sys.stdout.write(
                    f"{tally['steps']} steps, {tally['runs']} lives, {tally['done: reverse']} "
                    f"undone, {tally['later ones changed']} later ones changed\n"
                )
                sys.stdout.flush()
    assert not [what for what in LEAST if not tally[what]]


def _a_batch(begin_at: int) -> subprocess.CompletedProcess[str]:
    return lived(begin_at, 60)


@pytest.mark.parametrize("broken", LEFT_OUT)
def test_a_desk_that_leaves_something_out_is_caught(broken: str) -> None:
    """With one thing it must do left out, the runs do not pass."""
    done = lived(FIRST, RUNS, broken)
    assert done.returncode != 0
    assert "state.teardown()" in done.stderr
