"""Windows of several hospitals at once: every ledger they leave is that of some serial order."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.settlement.at_once.asking import round_of
from tests.settlement.at_once.meeting import meeting
from tests.settlement.at_once.serial_order import explain_round

ROUNDS = 60
ROUNDS_OF_A_NIGHT = 1_000


def memory_or(folder: Path) -> Path:
    """A folder that flushes at no cost, where the system has one."""
    return Path("/dev/shm") if Path("/dev/shm").is_dir() else folder  # noqa: S108 -- a directory of its own is made in it


def meet(folder: Path, seeds: range) -> Counter[str]:
    """Rounds, each explained while the next one is under way; a failure names its seed."""
    tally: Counter[str] = Counter()
    # What is tried is who comes first, not whether a disk keeps what it was given.
    with TemporaryDirectory(dir=memory_or(folder)) as name, meeting(Path(name)) as windows:
        file = windows.begin(round_of(seeds[0]))
        for seed in seeds:
            attempts, done = windows.attempts(), file
            if seed != seeds[-1]:
                file = windows.begin(round_of(seed + 1))
            fresh = windows.copy(f"fresh-{seed}")
            try:
                found = explain_round(round_of(seed), done, fresh, attempts)
            except AssertionError as wrong:
                raise AssertionError(f"round {seed}: {wrong}") from wrong
            tally["rounds"] += 1
            tally["done"] += found.done
            tally["again"] += found.again
            tally["refused"] += found.refused
            tally["overtaken"] += found.overtaken
            tally["vanished"] += found.vanished
            tally.update(f"done: {each}" for each in found.operations)
            tally.update(f"refused: {each}" for each in found.refusals)
            for each in Path(name).glob(f"*-{seed}.sqlite*"):
                each.unlink()
    return tally


LIVELY = {
    "done": 1_400,
    "again": 150,
    "refused": 400,
    "overtaken": 30,
    "vanished": 200,
    "done: settle": 120,
    "done: settle-whole-stay": 30,
    "done: reverse": 70,
    "done: deliver-late-amount": 20,
    "done: propose-decision": 50,
    "done: approve-decision": 8,
    "done: reject-decision": 1,
    "done: undo-discharge": 30,
    "done: pay-deposit": 100,
    "done: refund-deposit": 20,
}
"""How often things must have happened in sixty rounds, or the windows were idle."""


def test_sixty_rounds_end_as_some_serial_order(tmp_path: Path) -> None:
    """Three windows, four people, three hospitals; each round another seed."""
    tally = meet(tmp_path, range(ROUNDS))
    idle = {what: tally[what] for what, least in LIVELY.items() if tally[what] < least}
    assert not idle


@pytest.mark.soak
def test_a_thousand_rounds_end_as_some_serial_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same for as many seeds as the main job asks."""
    tally = meet(tmp_path, range(ROUNDS_OF_A_NIGHT))
    with capsys.disabled():
        sys.stdout.write(f"{dict(tally)}\n")
    assert tally["rounds"] == ROUNDS_OF_A_NIGHT


def test_a_ledger_that_no_serial_order_gives_is_caught(tmp_path: Path) -> None:
    """An answer that was lost, an event nobody asked for, a refusal that was never true, people
    who are others than those who settled."""
    asked = round_of(4)
    with meeting(tmp_path) as windows:
        file = windows.begin(asked)
        attempts = windows.attempts()
        explain_round(asked, file, windows.copy("right"), attempts)
        done = next(each for each in attempts if each.said and each.said.is_done)
        assert done.said
        lost = replace(done, asked=replace(done.asked, key="lost"))
        refused = replace(done, said=replace(done.said, status=409, body=b"never"))
        others = [each for each in attempts if each.asked.key != done.asked.key]
        wrong = {
            "was lost": (asked, [*attempts, lost]),
            "asked": (asked, others),
            "no serial order": (asked, [*attempts, refused]),
            "another answer|other events|overtaken": (replace(asked, is_one_person=True), attempts),
        }
        for n, (said, (round_asked, made)) in enumerate(wrong.items()):
            with pytest.raises(AssertionError, match=said):
                explain_round(round_asked, file, windows.copy(f"wrong-{n}"), made)
