"""Whole lives at random: whatever hospitals send, and in whatever order, the ledger stays exact.

After every step the ledger says what a plain model says; at the end of a run everything is
computed again from what was stored.
"""

import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from settlement.application import reverse_settlement
from tests.settlement.whole_life.both_desks import Tally
from tests.settlement.whole_life.machine import WholeLife

STEPS_A_RUN = 50

LIVELY = {
    "done: admit": 25,
    "done: record_fees": 20,
    "done: change_admission": 1,
    "done: pay_deposit": 1,
    "done: discharge": 5,
    "done: settle": 1,
    "done: settle_whole_stay": 15,
    "done: reverse": 3,
    "previewed": 1,
    "say_it_again": 3,
    "done: impose_deduction": 1,
    "done: deliver_late_amount": 2,
    "done: close_part": 10,
    "paid in several ways": 1,
}
"""How often things must have happened in two thousand steps, or the runs were idle. What is drawn
differs with what else the process has loaded, so there is room."""

RARE = (
    "done: correct_line",
    "done: delete_line",
    "done: delete_batch",
    "done: cancel",
    "done: refund_deposit",
    "done: undo_discharge",
    "later ones changed",
    "done: withdraw_deduction",
    "deductions released",
    "changed by amounts that came late",
    "done: propose",
    "done: approve",
    "done: reject",
    "refused: ProposalLapsed",
    "third parts",
    "refused: FormerPartUnsettled",
    "refused: NextPartStands",
)
"""What a long run must have seen as well."""


def live(
    runs: int, tally: Tally, *, derandomize: bool, phases: tuple[Phase, ...] = tuple(Phase)
) -> None:
    """So many runs of up to fifty steps."""
    new_life: Any = lambda: WholeLife(tally)  # noqa: E731 - typed as the class it stands for
    run_state_machine_as_test(
        new_life,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS_A_RUN,
            deadline=None,
            derandomize=derandomize,
            database=None,
            phases=phases,
            # A life takes its time, and draws much.
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        ),
    )


def test_two_thousand_steps_leave_what_the_model_says() -> None:
    """Every command, over four people and three hospitals under the law of two regions."""
    tally = Tally()
    live(45, tally, derandomize=True)
    assert tally["steps"] >= 2_000
    idle = {what: tally[what] for what, least in LIVELY.items() if tally[what] < least}
    assert not idle


@pytest.mark.soak
def test_two_hundred_thousand_steps_leave_what_the_model_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same for a night, from a new beginning each time."""
    tally = Tally()
    while tally["steps"] < 200_000:
        live(200, tally, derandomize=False)
        with capsys.disabled():
            sys.stdout.write(
                f"{tally['steps']} steps, {tally['runs']} lives, {tally['done: reverse']} undone, "
                f"{tally['later ones changed']} later ones changed\n"
            )
            sys.stdout.flush()
    assert not [what for what in RARE if not tally[what]]


def _nothing(*_: Any, **__: Any) -> tuple[()]:
    return ()


@pytest.mark.parametrize(
    ("where", "what"),
    [
        pytest.param(reverse_settlement, "rederive_later", id="later ones stay as they were"),
    ],
)
def test_a_desk_that_leaves_something_out_is_caught(
    monkeypatch: pytest.MonkeyPatch, where: object, what: str
) -> None:
    """With one thing it must do left out, the runs do not pass."""
    monkeypatch.setattr(where, what, _nothing)
    with pytest.raises(AssertionError):
        live(200, Tally(), derandomize=True, phases=(Phase.generate,))
