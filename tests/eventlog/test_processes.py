"""Several processes on one log: nothing is lost, doubled, reordered or half saved."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from eventlog.log import EventLog
from tests.eventlog.log_addresses import open_at
from tests.eventlog.savings_box import Box, request

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 4


def start(mode: str, address: str, name: str, count: int) -> "subprocess.Popen[str]":
    """Start one writer."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.eventlog.writer_process", mode, address, name, str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def run_together(mode: str, address: str, count: int, processes: int = PROCESSES) -> list[str]:
    """Start several writers at once; all the lines they said, after all have ended well."""
    writers = [start(mode, address, f"w{number}", count) for number in range(processes)]
    lines: list[str] = []
    for writer in writers:
        output, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        lines += output.split("\n")[:-1]
    return lines


def test_nothing_is_lost_and_a_reader_sees_every_event_once_in_order(
    address: str, log: EventLog
) -> None:
    """Four processes save 100 times each while a reader follows, 1,600 events in all."""
    writers = [start("own", address, f"w{number}", 100) for number in range(PROCESSES)]
    seen: list[int] = []
    after_end = False
    while True:
        batch = log.read(after=seen[-1] if seen else 0, limit=37)
        seen += [entry.position for entry in batch]
        if not batch and after_end:
            break
        after_end = all(writer.poll() is not None for writer in writers)
    acknowledged = [line for writer in writers for line in writer.communicate()[0].split()]

    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert seen == list(range(1, 1601))
    assert len(set(acknowledged)) == 400
    assert all(log.has(Box.create_id(f"{name}-left")) for name in acknowledged)


def test_one_aggregate_written_by_many_loses_no_coin(address: str, log: EventLog) -> None:
    """Four processes add 50 coins each to one box through version conflicts: 200 in the end."""
    log.save(Box.open("shared"))

    run_together("shared", address, 50)

    box = log.find(Box.create_id("shared"), Box)
    assert box is not None
    assert (box.total_fen, box.version) == (200, 201)


def test_the_same_key_is_accepted_once_among_processes(address: str, log: EventLog) -> None:
    """Two processes send the same 60 keys at once: each is accepted once, with one event."""
    said = Counter(run_together("repeat", address, 60, processes=2))

    assert all(said[f"accepted {number}"] == 1 for number in range(60))
    assert all(said[f"repeated {number}"] == 1 for number in range(60))
    assert log.last_position() == 60


def test_serials_are_never_given_twice(address: str) -> None:
    """Four processes draw 100 numbers each: 1 to 400, each once."""
    drawn = [int(line) for line in run_together("serials", address, 100)]

    assert sorted(drawn) == list(range(1, 401))


def test_creating_and_opening_at_once_never_crashes(tmp_path: Path) -> None:
    """Six processes create and open one log at the same time."""
    path = str(tmp_path / "new" / "log.sqlite")
    writers = [start("create", path, "x", 20) for _ in range(6)]

    outputs = [writer.communicate(timeout=120)[0] for writer in writers]

    assert [writer.returncode for writer in writers] == [0] * 6
    assert "".join(outputs).split() == ["0"] * 120


def test_a_killed_writer_loses_nothing_it_acknowledged(address: str) -> None:
    """Writers killed with -9 at random moments: every acknowledged save is whole, none is half."""
    moments = random.Random(20231018)  # noqa: S311 -- moments, not secrets
    acknowledged: list[str] = []
    for kill in range(6):
        writer = start("own", address, f"k{kill}", 100_000)
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(moments.uniform(0.0, 0.15))
        writer.kill()
        rest = writer.communicate()[0]
        # A last line without its end was never fully said.
        acknowledged += rest.split("\n")[:-1]

    reopened = open_at(address)
    saved = Counter(entry.event.originator_id for entry in reopened.read(after=0, limit=1_000_000))
    lefts = {name: saved[Box.create_id(f"{name}-left")] for name in acknowledged}
    rights = {name: saved[Box.create_id(f"{name}-right")] for name in acknowledged}

    assert len(acknowledged) > 6
    assert set(lefts.values()) == set(rights.values()) == {2}
    # At most one save a kill was stored and not yet acknowledged; it too is whole.
    assert set(saved.values()) == {2}
    assert len(acknowledged) * 2 <= len(saved) <= len(acknowledged) * 2 + 6 * 2
    assert len(saved) % 2 == 0
    reopened.save(Box.open("after"), accepted=request("after"))
