"""Windows of several hospitals at once: every ledger they leave is that of some serial order."""

import sys
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from tests.settlement.at_once.asked import Asked, body_of
from tests.settlement.at_once.asking import OPERATIONS, Round, round_of
from tests.settlement.at_once.meeting import BEGINS, Attempt, meeting
from tests.settlement.at_once.serial_order import explain_round
from tests.settlement.at_once.window import Window
from tests.support.settlement_desk import P1, P3

ROUNDS = 60
ROUNDS_ON_A_SERVER = 6
ROUNDS_OF_A_NIGHT = 1_000


def memory_or(folder: Path) -> Path:
    """A folder that flushes at no cost, where the system has one."""
    return Path("/dev/shm") if Path("/dev/shm").is_dir() else folder  # noqa: S108 -- a directory of its own is made in it


def meet(folder: Path, seeds: range, kept_on: str = "sqlite") -> Counter[str]:
    """Rounds, each explained while the next one is under way; a failure names its seed."""
    tally: Counter[str] = Counter()
    # What is tried is who comes first, not whether a disk keeps what it was given.
    with TemporaryDirectory(dir=memory_or(folder)) as name, meeting(Path(name), kept_on) as windows:
        address = windows.begin(round_of(seeds[0]))
        for seed in seeds:
            attempts, done = windows.attempts(), address
            if seed != seeds[-1]:
                address = windows.begin(round_of(seed + 1))
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
    "done: admit": 60,
    "done: approve-decision": 1,
    "done: cancel-admission": 2,
    "done: change-admission": 2,
    "done: close-interim": 40,
    "done: correct-fee-line": 1,
    "done: delete-fee-batch": 1,
    "done: delete-fee-line": 1,
    "done: deliver-late-amount": 10,
    "done: discharge": 70,
    "done: impose-deduction": 15,
    "done: pay-deposit": 60,
    "done: propose-decision": 25,
    "done: record-fees": 100,
    "done: refund-deposit": 6,
    "done: reject-decision": 1,
    "done: reverse": 40,
    "done: settle": 100,
    "done: settle-whole-stay": 5,
    "done: undo-discharge": 15,
    "done: withdraw-deduction": 2,
    "refused: admission-stands": 3,
    "refused: already-admitted": 5,
    "refused: already-discharged": 30,
    "refused: already-settled": 40,
    "refused: belongs-to-part": 5,
    "refused: deduction-too-large": 10,
    "refused: deposit-not-held": 3,
    "refused: former-part-unsettled": 5,
    "refused: next-part-stands": 4,
    "refused: not-discharged": 8,
    "refused: not-settled": 25,
    "refused: nothing-changed": 1,
    "refused: proposal-closed": 1,
    "refused: stay-cancelled": 2,
    "refused: stay-unknown": 5,
}
"""How often things must have happened in sixty rounds, or the windows were idle: a fifth of what
does, or less, since who comes first is another each time."""


def test_every_operation_has_a_floor() -> None:
    """A command that nobody carries out any more does not go unnoticed."""
    floors = {what.removeprefix("done: ") for what in LIVELY if what.startswith("done: ")}
    assert floors == OPERATIONS


def test_sixty_rounds_end_as_some_serial_order(tmp_path: Path) -> None:
    """Three windows, four people, three hospitals; each round another seed."""
    tally = meet(tmp_path, range(ROUNDS))
    idle = {what: tally[what] for what, least in LIVELY.items() if tally[what] < least}
    assert not idle


def test_on_a_server_they_do_as_well(tmp_path: Path) -> None:
    """Saves that share transactions, of several processes: what they leave on PostgreSQL is what
    one after another leaves in a file."""
    tally = meet(tmp_path, range(ROUNDS_ON_A_SERVER), "postgres")
    assert tally["overtaken"]
    assert tally["done"] > 20 * ROUNDS_ON_A_SERVER


@pytest.mark.soak
@pytest.mark.parametrize("kept_on", ["sqlite", "postgres"])
def test_a_thousand_rounds_end_as_some_serial_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kept_on: str
) -> None:
    """The same for as many seeds as the main job asks."""
    tally = meet(tmp_path, range(ROUNDS_OF_A_NIGHT), kept_on)
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


def test_a_refusal_is_explained_where_a_deposit_goes_before(tmp_path: Path) -> None:
    """A deposit looked, a stay was discharged, the discharge was refused again, the deposit was
    kept: in the serial order the deposit is first, and the refusal stands behind both."""
    with meeting(tmp_path) as windows:
        file, fresh = windows.copy("round"), windows.copy("fresh")
    window = Window.on(file, is_one_person=False)
    attempts = [
        _attempt(window, tick, *asked)
        for tick, asked in (
            (1, ("admit", "S1", P1)),
            (2, ("admit", "S2", P3)),
            (4, ("discharge", "S1", P1)),
            (5, ("discharge", "S1", P1)),
            (3, ("pay-deposit", "S2", P3)),
        )
    ]
    window.ledger.log.close()
    found = explain_round(Round(0, (), (), is_one_person=False), file, fresh, attempts)
    assert (found.done, found.refusals) == (4, ["already-discharged"])


def _attempt(window: Window, tick: int, operation: str, stay: str, person: str) -> Attempt:
    """A request by itself, which looked at the clock at this tick."""
    at = BEGINS + timedelta(seconds=tick)
    chance, key = Random(0), f"{stay}-{tick}"  # noqa: S311 -- what is asked, not secrets
    body = body_of(chance, operation, person=person, key=key, first_day=date(2023, 6, 20))
    asked = Asked(operation, "H99010100001", stay, key, body)
    started = window.ledger.log.last_position()
    said = window.answer(asked, lambda: at)
    ended = window.ledger.log.last_position()
    return Attempt(asked, (at,), started, ended, overtaken=0, said=said, heard=True)
