"""Conservation over generated policies and bills (守恒)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.law.document import Tree
from tests.support.bill_generator import make_person, seeded
from tests.support.conservation import check_stays
from tests.support.fact_generator import asked_by
from tests.support.policy_generator import policy_trees
from tests.support.settling import compile_tree

_PEOPLE_A_POLICY = 24


def _settlements_checked(policies: int, *, derandomize: bool) -> int:
    """How many stays were paid for and found right, over this many generated policies."""
    paying = 0

    @settings(
        max_examples=policies,
        derandomize=derandomize,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )
    @given(tree=policy_trees(), seed=st.integers(0, 2**32))
    def check_policy(tree: Tree, seed: int) -> None:
        nonlocal paying
        chance, cascade = seeded(seed), compile_tree(tree)
        asked = asked_by(tree)
        for _ in range(_PEOPLE_A_POLICY):
            full = chance.random() < 0.9
            stays = make_person(chance, elsewhere=cascade.shape.elsewhere, asked=asked, full=full)
            paying += check_stays(cascade, stays)

    check_policy()
    return paying


def test_six_thousand_settlements_add_up_within_their_bases_and_caps() -> None:
    """Payers + patient = total, nothing below zero, no cap passed, deductibles taken once.

    Only stays that somebody pays for are counted.
    """
    assert _settlements_checked(350, derandomize=True) >= 6_000


@pytest.mark.soak
def test_two_hundred_thousand_settlements_add_up_within_their_bases_and_caps() -> None:
    """The same, many times over, from a new beginning each time."""
    assert _settlements_checked(11_000, derandomize=False) >= 200_000
