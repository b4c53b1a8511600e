"""What the written function does where policies are rare (算式的边角): numbers nobody knows, picks
of different fineness. All amounts are fen.
"""

import pytest

from settlement.kernel.cascade import compile_policy
from settlement.kernel.settle import Inputs, NumberMissing, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from tests.settlement.policies.drafts import HEAD, RIGHT, WHOLE_LANGUAGE, layer, policy_of

CLASS_B = Charges(100000, class_a_fen=0, class_b_fen=100000, class_c_fen=0)
PARTS = """\
    parts:
      - {id: class_a, base: class_a, rate: 60%}
      - {id: class_b, base: class_b, rate: 70%}
"""


def _paid_fen(text: str, charges: Charges, facts: Facts | None = None) -> int:
    policy = policy_of(text)
    outcome = settle_bill(compile_policy(policy), Inputs(charges, facts or Facts(), {}, {}))
    return outcome.paid_fen(policy.layers[-1])


@pytest.mark.parametrize(("total_fen", "paid_fen"), [(10000, 5000), (20000, 6667), (30000, 7500)])
def test_a_rate_is_picked_whatever_its_decimals(total_fen: int, paid_fen: int) -> None:
    """50%, 33.333333% and 25% of the whole bill: one fraction for all rows."""
    rows = "[{up_to: 100, then: 50%}, {up_to: 200, then: 33.333333%}, {then: 25%}]"
    text = RIGHT.replace("    deductible: 300\n", "").replace("base: in_scope", "base: total")
    text = text.replace("rate: 70%", f"rate: {{by: total, rows: {rows}}}")

    assert _paid_fen(text, Charges(total_fen)) == paid_fen


def _with_parts(deductible: str) -> str:
    text = RIGHT.replace("    base: in_scope\n", "").replace("    rate: 70%\n", PARTS)
    return text.replace("    deductible: 300\n", deductible)


def test_a_deductible_nobody_knows_does_not_matter_where_it_takes_nothing() -> None:
    """It is taken from class A, and the bill has none."""
    text = _with_parts("    deductible: {missing: 没有写}\n    deductible_taken_from: [class_a]\n")
    both = Charges(100000, class_a_fen=1, class_b_fen=99999, class_c_fen=0)

    assert _paid_fen(text, CLASS_B) == 70000
    with pytest.raises(NumberMissing, match=r"basic\.deductible"):
        _paid_fen(text, both)


def test_a_threshold_nobody_knows_matters_to_every_part() -> None:
    """Whether class A passes it decides about class B as well."""
    trigger = "{per: stay, kind: trigger, passed: at, amount: {missing: 没有写}}"
    text = _with_parts(f"    deductible: {trigger}\n    deductible_taken_from: [class_a]\n")

    with pytest.raises(NumberMissing, match=r"basic\.deductible"):
        _paid_fen(text, CLASS_B)


def test_a_fixed_price_nobody_knows_does_not_matter_to_whom_it_is_not_for() -> None:
    """A birth asks for it, another stay does not."""
    text = HEAD + layer(
        "applies: {when: {care: 生育}}\nbase: {fixed: {missing: 没有写}}\nrate: 100%"
    )

    assert _paid_fen(text, Charges(100000), Facts(care="inpatient")) == 0
    with pytest.raises(NumberMissing, match=r"second\.fixed"):
        _paid_fen(text, Charges(100000), Facts(care="maternity"))
    always = text.replace("    applies: {when: {care: 生育}}\n", "")
    with pytest.raises(NumberMissing, match=r"second\.fixed"):
        _paid_fen(always, Charges(100000))


def test_the_evidence_of_a_fixed_amount_is_that_of_its_base() -> None:
    """It stands beside `fixed`, and is shown with the base."""
    maternity = policy_of(WHOLE_LANGUAGE).layers[1]
    assert maternity.parts[0].base_evidence.note == "假定为定额"
