"""What a hospital may ask on admission (押金): told with a preview, and part of no settlement."""

from settlement.kernel.report import DepositAllowed, deposit
from settlement.law.facts import FactNotStated, Facts
from settlement.law.policy import Policy


def deposit_allowed(policy: Policy, facts: Facts) -> DepositAllowed | None:
    """The deposit; None where the policy says nothing of it, or asks what nobody stated."""
    if policy.deposit is None:
        return None
    try:
        return deposit(policy, facts)
    except FactNotStated:
        # A deposit decides no amount of the bill, and must not stop one.
        return None
