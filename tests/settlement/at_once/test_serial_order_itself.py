"""What explains a round is itself tried, on rounds whose order is written out."""

from datetime import date, timedelta
from pathlib import Path

from tests.settlement.at_once.asking import Asked, Round
from tests.settlement.at_once.meeting import BEGINS, Attempt, make_template
from tests.settlement.at_once.serial_order import explain_round
from tests.settlement.at_once.window import Window
from tests.support.settlement_desk import P1

HOSPITAL = "H99010100001"


def test_who_saw_what_a_deposit_went_before_may_stand_behind_both(tmp_path: Path) -> None:
    """The deposit looked, the discharge of another stay was undone, somebody saw that and was
    refused, and the deposit was committed: it goes before the undoing, the refusal behind."""
    for name in ("met", "fresh"):
        make_template(tmp_path / name)
    window = Window.on(tmp_path / "met", is_one_person=False)
    attempts: list[Attempt] = []
    days = {"person": P1, "admission": date(2023, 6, 20)}
    deposit = {"receipt": "R1", "fen": 1, "normal": 10_000_00}
    line = {"line": "L1", "price": "3.35"}
    for second, operation, stay, body in (
        (1, "admit", "A", days),
        (2, "admit", "B", days),
        (3, "discharge", "A", {"discharge": date(2023, 6, 23)}),
        (5, "undo-discharge", "A", {}),
        (6, "correct-fee-line", "A", line),
        (4, "pay-deposit", "B", deposit),
    ):
        asked = Asked(operation, HOSPITAL, stay, f"{second}", body)
        attempts.append(_carried_out(window, asked, second))
    assert [each.said.is_done for each in attempts if each.said] == [*[True] * 4, False, True]

    round_asked = Round(0, tuple(each.asked for each in attempts), (), is_one_person=False)
    found = explain_round(round_asked, tmp_path / "met", tmp_path / "fresh", attempts)

    assert (found.done, found.refused) == (5, 1)


def _carried_out(window: Window, asked: Asked, second: int) -> Attempt:
    """By a window that looks at its clock in this second."""
    instant = BEGINS + timedelta(seconds=second)
    started = window.ledger.log.last_position()
    said = window.answer(asked, lambda: instant)
    ended = window.ledger.log.last_position()
    return Attempt(asked, (instant,), started, ended, 0, said, heard=True)
