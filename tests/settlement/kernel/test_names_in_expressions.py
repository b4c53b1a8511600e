"""What a name in an expression stands for (口径中的名称), and what is said of one that is none."""

import pytest

from settlement.kernel.names import UnknownName, term_variable
from settlement.kernel.shape import counter_variable
from settlement.law.policy import Policy
from tests.settlement.policies.drafts import HEAD, WHOLE_LANGUAGE, layer, policy_of

WHOLE = policy_of(WHOLE_LANGUAGE)


def _variable(name: str, policy: Policy = WHOLE) -> str:
    return term_variable(name, policy.layers, all_layers=policy.layers)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("in_scope", "bill_in_scope"),
        ("item.tcm", "bill_item_tcm"),
        ("year.item.tcm", "year_sum_item_tcm"),
        ("year.patient", "year_sum_patient"),
        ("year.critical", "year_sum_critical"),
        ("critical", "critical_paid"),
        ("critical.base", "critical_base"),
        ("critical.critical", "critical_paid"),
        ("critical.deductible", "critical_deductible"),
        ("critical.over_cap", "(critical_computed - critical_paid)"),
        ("basic.first_self_pay", "basic_first_self_pay"),
        ("basic.base", "(basic__class_a_base + basic__class_b_base + basic__tcm_base)"),
        ("basic.class_a", "basic__class_a_paid"),
        ("basic.class_a.base", "basic__class_a_base"),
        ("basic.class_a.over_cap", "(basic__class_a_computed - basic__class_a_paid)"),
        (
            "basic.over_cap",
            (
                "(basic__class_a_computed + basic__class_b_computed + basic__tcm_computed"
                " - basic_paid)"
            ),
        ),
    ],
)
def test_a_name_stands_for_a_variable(name: str, variable: str) -> None:
    """Amounts of the bill and the year, layers, their parts, and what these have."""
    assert _variable(name) == variable


NO_PART = "“{name}”不是层“{layer}”的分项"
ONLY = "“{name}”：分项只有 base、eligible、computed、deductible、first_self_pay、over_cap 和支付额"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("basic.class_c", NO_PART),
        ("basic.deductible.class_a", NO_PART),
        ("basic.class_a.base.over_cap", NO_PART),
        ("basic.class_a.base.over_cap.paid", NO_PART),
        ("fund_elsewhere.base", NO_PART),
        ("basic.class_a.rate", ONLY),
    ],
)
def test_what_a_layer_does_not_have_is_told(name: str, said: str) -> None:
    """A part, or what a part has."""
    with pytest.raises(UnknownName) as refused:
        _variable(name)

    assert str(refused.value) == said.format(name=name, layer=name.partition(".")[0])


@pytest.mark.parametrize(
    ("part", "variable"),
    [
        ("base", "second_paid"),
        ("computed", "second_paid"),
        ("deductible", "second_deductible"),
        ("first_self_pay", "second_first_self_pay"),
    ],
)
def test_an_only_part_called_like_something_else_is_the_part(part: str, variable: str) -> None:
    """But for what is taken off, which is one thing for the layer and its only part."""
    parts = f"parts: [{{id: {part}, base: in_scope, rate: 60%}}]"

    assert _variable(f"second.{part}", policy_of(HEAD + layer(parts))) == variable


def test_a_layer_called_year_is_that_layer() -> None:
    """Checking refuses the name; until then it means the layer."""
    policy = policy_of(HEAD + layer("base: in_scope\nrate: 60%", layer_id="year"))

    assert _variable("year.base", policy) == "year_base"


@pytest.mark.parametrize("counter", ["Basic", "1st", "a..b", "a-b", ".a", ""])
def test_a_total_with_an_odd_name_is_no_variable(counter: str) -> None:
    """Its name becomes part of a program."""
    with pytest.raises(UnknownName) as refused:
        counter_variable(counter)

    assert str(refused.value) == (
        f"计数器“{counter}”应以小写字母开头，只用小写字母、数字、下划线和点"
    )
