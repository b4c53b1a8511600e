"""Whole lives at random: whatever hospitals send, and in whatever order, the ledger stays exact.

After every step the ledger says what a plain model says; at the end of a run everything is
computed again from what was stored.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from settlement.application import reverse_settlement
from settlement.domain.deposits import Deposit
from settlement.domain.fees import Fees
from tests.settlement.whole_life.both_desks import Tally
from tests.settlement.whole_life.machine import WholeLife

STEPS_A_RUN = 50

LIVELY = {
    "done: admit": 100,
    "done: record_fees": 50,
    "done: correct_line": 5,
    "done: delete_line": 10,
    "done: delete_batch": 10,
    "done: change_admission": 20,
    "done: cancel": 5,
    "done: pay_deposit": 10,
    "done: refund_deposit": 5,
    "done: discharge": 20,
    "done: undo_discharge": 5,
    "done: settle": 5,
    "done: settle_whole_stay": 100,
    "done: reverse": 30,
    "later ones changed": 10,
    "previewed": 5,
    "say_it_again": 30,
}
"""How often things must have happened in two thousand steps, or the runs were idle."""


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
    live(55, tally, derandomize=True)
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


def _nothing_again(*_: Any, **__: Any) -> tuple[()]:
    return ()


def _kept(deposit: Deposit, amount_fen: int) -> Deposit:
    return Deposit(deposit.receipts, amount_fen or deposit.applied_fen)


def _number_free_again(fees: Fees, number: str, *, charges: Any) -> Fees:
    left = tuple(b for b in fees.batches if b.number != number)
    used = tuple(n for n in fees.numbers_used if n != number)
    return Fees(left, charges, used)


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (reverse_settlement, "rederive_later", _nothing_again),
        (Deposit, "applied", _kept),
        (Fees, "without_batch", _number_free_again),
    ],
    ids=["later ones left as they were", "deposit not held again", "numbers used again"],
)
def test_a_desk_that_does_wrong_is_caught(
    where: Any, name: str, wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one thing broken the runs do not pass."""
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises(AssertionError):
        live(200, Tally(), derandomize=True, phases=(Phase.generate,))
