"""Conservation over generated policies and bills (守恒)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.law.document import Tree
from tests.support.bill_generator import make_year, seeded
from tests.support.conservation import check_year
from tests.support.policy_generator import policy_trees
from tests.support.settling import compile_tree

_YEARS_A_POLICY = 16


def _settlements_checked(policies: int, *, derandomize: bool) -> int:
    """How many stays were settled and found right, over this many generated policies."""
    settled = 0

    @settings(
        max_examples=policies,
        deadline=None,
        derandomize=derandomize,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )
    @given(tree=policy_trees(), seed=st.integers(0, 2**32))
    def check_policy(tree: Tree, seed: int) -> None:
        nonlocal settled
        chance, cascade = seeded(seed), compile_tree(tree)
        for _ in range(_YEARS_A_POLICY):
            full = chance.random() < 0.9
            stays = make_year(chance, elsewhere=cascade.shape.elsewhere, full=full)
            settled += check_year(cascade, stays)

    check_policy()
    return settled


def test_twenty_thousand_settlements_add_up_within_their_bases_and_caps() -> None:
    """Payers + patient = total, nothing below zero, no cap passed, no deductible taken twice."""
    assert _settlements_checked(1_000, derandomize=True) >= 20_000


@pytest.mark.soak
def test_two_hundred_thousand_settlements_add_up_within_their_bases_and_caps() -> None:
    """The same, ten times over, from a new beginning each time."""
    assert _settlements_checked(10_000, derandomize=False) >= 200_000
