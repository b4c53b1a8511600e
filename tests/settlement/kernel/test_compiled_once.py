"""A policy is compiled once, however many stays are settled under it."""

from settlement.adapters.plain_yaml import read_plain_text
from settlement.application.compiled_policies import cascade_for
from settlement.law.policy import Policy
from settlement.law.reading import read_policy
from tests.support.small_policies import layer_text, policy_text


def a_policy(rate: str) -> Policy:
    """A policy of one layer."""
    return read_policy(read_plain_text(policy_text(layer_text(f"base: total\nrate: {rate}")), {}))


def test_one_policy_gives_one_cascade() -> None:
    """The same object, and the numbers it looked up, stay."""
    policy = a_policy("50%")
    assert cascade_for(policy) is cascade_for(policy)
    assert cascade_for(policy).policy is policy


def test_two_policies_never_share_one_even_when_many_come_and_go() -> None:
    """Ids of objects are used again; what is kept is asked whose it is."""
    for n in range(1, 99):
        policy = a_policy(f"{n}%")
        assert cascade_for(policy).policy is policy
    first, again = a_policy("50%"), a_policy("50%")
    assert cascade_for(first) is not cascade_for(again)
