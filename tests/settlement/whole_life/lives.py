"""Runs of the machine (多次运行), and the command that makes them in a process of their own.

`python -m tests.settlement.whole_life.lives SEED RUNS STORE [BROKEN]` makes so many runs from this
seed, each on a store of this kind, with one thing left out if BROKEN names it, and
says on its last line what happened how often, as JSON. A failure ends it as Hypothesis tells it.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.settlement.whole_life.both_desks import Tally
from tests.settlement.whole_life.broken_desks import break_desk
from tests.settlement.whole_life.even_draws import EVEN_DRAWS
from tests.settlement.whole_life.machine import WholeLife

STEPS_A_RUN = 50


def live(runs: int, tally: Tally, *, kept_on: str, begin_at: int, phases: Sequence[Phase]) -> None:
    """So many runs of up to fifty steps, the same ones each time."""
    new_life: Any = lambda: WholeLife(tally, kept_on)  # noqa: E731 - typed as the class it stands for
    run_state_machine_as_test(
        seed(begin_at)(new_life),
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS_A_RUN,
            backend=EVEN_DRAWS,
            deadline=None,
            database=None,
            phases=phases,
            # A life takes its time, and draws much.
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        ),
    )


def main(begin_at: str, runs: str, kept_on: str, broken: str = "") -> None:
    """The command."""
    if broken:
        break_desk(broken)
    # Whoever breaks a desk only asks whether it is seen, not for its shortest life.
    phases = (Phase.generate,) if broken else tuple(Phase)
    tally = Tally()
    live(int(runs), tally, kept_on=kept_on, begin_at=int(begin_at), phases=phases)
    sys.stdout.write(f"{json.dumps(tally, sort_keys=True)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
