"""Numbers that are made of parameters (由参数推算的数): what they come to, what is told of them."""

import pytest

from settlement.kernel.resolving import ResolvedNumber, adjust, resolve_number
from settlement.law.exact import NotExact, Ratio
from settlement.law.facts import ALWAYS, Facts
from settlement.law.numbers import Adjustment
from tests.settlement.policies.drafts import RIGHT, policy_of

NOTE = "假定为上年数"


def _cap(income: str, amount: str) -> ResolvedNumber:
    """A cap made of a parameter."""
    parameters = f"parameters:\n  income: {{name: 收入, {income}}}\nlayers:"
    text = RIGHT.replace("layers:", parameters)
    caps = f"    caps: [{{per: year, amount: {amount}, counter: basic.paid}}]\n"
    cap = policy_of(text + caps).layers[0].caps[0]
    return resolve_number(cap.amount, Facts())


def _told(number: ResolvedNumber) -> list[tuple[str, str]]:
    return [(used.name, used.value) for used in number.uses]


def test_a_number_without_a_limit_says_which_parameter_has_none() -> None:
    """Unlimited half of an unlimited income."""
    number = _cap(f"amount: unlimited, status: assumed, note: {NOTE}", "{of: income, times: 50%}")

    assert (number.text, number.is_missing) == ("不设限", False)
    assert _told(number) == [("basic.cap_1", "不设限"), ("parameter.income", "不设限")]
    assert [used.note for used in number.uses] == [None, NOTE]


def test_the_rounding_is_told_only_of_what_was_rounded() -> None:
    """2,875.00 x 600% is whole yuan, 2,875.35 x 600% is not."""
    rounding = "{mode: up, to: yuan, status: assumed, note: 假定进到元}"
    made = f"{{of: income, times: 600%, rounding: {rounding}}}"

    whole = _cap("amount: 2875.00", made)
    assert whole.text == "17250.00"
    assert _told(whole) == [("basic.cap_1", "17250.00"), ("parameter.income", "2875.00")]

    rounded = _cap("amount: 2875.35", made)
    assert rounded.text == "17253.00"
    assert [used.note for used in rounded.uses] == [None, "假定进到元", None]


def test_yuan_and_percentages_are_not_added() -> None:
    """No document says so; whoever makes a policy otherwise is told."""
    evidence = policy_of(RIGHT).layers[0].parts[0].base_evidence
    five_percent = Adjustment(ALWAYS, Ratio(5, 2), None, None, None, None, evidence)

    with pytest.raises(NotExact, match=r"^金额加减金额，比例加减百分点$"):
        adjust(1_000_00, five_percent, Facts())
