"""Whole lives at random: whatever hospitals send, and in whatever order, the ledger stays exact."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.settlement.whole_life.machine import Tally, WholeLife


def live(runs: int, tally: Tally, *, derandomize: bool) -> None:
    """So many runs of up to fifty steps."""
    run_state_machine_as_test(
        lambda: WholeLife(tally),
        settings=settings(
            max_examples=runs,
            stateful_step_count=50,
            deadline=None,
            derandomize=derandomize,
            database=None,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        ),
    )


def test_two_thousand_steps() -> None:
    tally = Tally()
    live(45, tally, derandomize=True)
    print(sorted(tally.items()))
    assert tally["steps"] >= 2_000
