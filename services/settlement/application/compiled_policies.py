"""Policies ready to compute (政策编译一次): each policy is compiled once, not for each stay."""

from settlement.kernel.cascade import Cascade, compile_policy
from settlement.law.policy import Policy

_MOST_KEPT = 128
"""More than are in force at once anywhere; a policy file holds tens of kilobytes."""

_kept: dict[int, Cascade] = {}


def cascade_for(policy: Policy) -> Cascade:
    """The policy ready to compute, with the numbers that stays like it looked up before.

    Kept by the object itself: comparing two whole documents would cost more than compiling one.
    Raises UnknownName when an expression names nothing.
    """
    found = _kept.get(id(policy))
    # What is kept holds its policy, so that no other can have its id meanwhile; a moment's race
    # between threads costs a second compilation.
    if found is None or found.policy is not policy:
        found = compile_policy(policy)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[id(policy)] = found
    return found
