"""The text a policy becomes, and mistakes it must not make (编译)."""

from typing import Any

import pytest

from settlement.kernel.cascade import compile_policy
from settlement.kernel.names import UnknownName
from settlement.kernel.settle import ElsewhereAmountUnexpected, Inputs, Outcome, settle_bill
from settlement.kernel.shape import counter_variable
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from settlement.law.reading import read_with_faults
from tests.settlement.kernel.made_up import document
from tests.support.settling import compile_tree

_YEAR = {"per": "year", "amount": "100"}


def _settled(
    tree: dict[str, Any],
    charges: Charges,
    *,
    counters: dict[str, int] | None = None,
    elsewhere: dict[str, int] | None = None,
) -> Outcome:
    inputs = Inputs(charges, Facts(tier="level_2"), counters or {}, elsewhere or {})
    return settle_bill(compile_tree(tree), inputs)


def test_policies_that_differ_only_in_numbers_share_one_function() -> None:
    """70% and 62.5% of different bases of one structure are the same compiled object."""
    first = compile_tree(document({"id": "basic", "base": "total", "rate": "70%"}))
    second = compile_tree(document({"id": "basic", "base": "total", "rate": "62.5%"}))
    assert first.settle_stay is second.settle_stay


def test_a_counter_shared_inside_a_layer_moves_once() -> None:
    """Two yearly caps on one counter of payments: 80 yuan paid move it by 80, not by 160."""
    layer = {"id": "basic", "base": "total", "rate": "80%", "caps": [_YEAR, _YEAR]}
    assert _settled(document(layer), Charges(100_00)).counters["basic.paid"] == 80_00


def test_a_deductible_and_a_cost_cap_may_share_their_counter() -> None:
    """The deductible is taken in full, although the cap looks at the same yearly cost."""
    layer = {
        "id": "basic",
        "base": "total",
        "rate": "100%",
        "deductible": {"per": "year", "amount": "30", "counter": "basic.cost"},
        "caps": [{"per": "year", "of": "cost", "amount": "1000"}],
    }
    outcome = _settled(document(layer), Charges(100_00))
    assert (outcome.values["basic_deductible"], outcome.counters["basic.cost"]) == (30_00, 100_00)


def test_a_top_up_to_less_than_was_paid_pays_nothing_more() -> None:
    """What was paid is 80; a target of 70% of 100 leaves nothing to add."""
    basic = {"id": "basic", "base": "total", "rate": "80%"}
    top_up = {"id": "top_up", "base": "total", "rate": "70%", "minus": "basic"}
    assert _settled(document(basic, top_up), Charges(100_00)).values["top_up_paid"] == 0


def test_a_top_up_never_grows_by_an_amount_below_zero() -> None:
    """`in_scope - basic` is 10 − 80: taking it off must not add 70."""
    basic = {"id": "basic", "base": "total", "rate": "80%"}
    top_up = {"id": "top_up", "base": "total", "rate": "10%", "minus": "in_scope - basic"}
    outcome = _settled(document(basic, top_up), Charges(100_00, in_scope_fen=10_00))
    assert (outcome.values["top_up_paid"], outcome.patient_fen) == (10_00, 10_00)


def test_a_layer_that_does_not_apply_pays_nothing_whatever_it_takes_off() -> None:
    """The same top-up for hospitals of level three, on a bill of level two."""
    basic = {"id": "basic", "base": "total", "rate": "80%"}
    top_up = {
        "id": "top_up",
        "applies": {"when": {"tier": "三级"}},
        "base": "total",
        "rate": "10%",
        "minus": "in_scope - basic",
    }
    outcome = _settled(document(basic, top_up), Charges(100_00, in_scope_fen=10_00))
    assert (outcome.values["top_up_paid"], outcome.patient_fen) == (0, 20_00)


def test_nothing_decided_elsewhere_fits_under_a_limit_below_zero() -> None:
    """`in_scope - basic` is below zero: an amount of zero still stands under it."""
    basic = {"id": "basic", "base": "total", "rate": "80%"}
    other = {"id": "other", "decided_elsewhere": {"by": "外部", "at_most": "in_scope - basic"}}
    charges = Charges(100_00, in_scope_fen=10_00)
    outcome = _settled(document(basic, other), charges, elsewhere={"other": 0})
    assert outcome.patient_fen == 20_00


def test_an_amount_for_a_layer_that_does_not_apply_is_not_dropped_in_silence() -> None:
    """Somebody says that 5 yuan were paid where this policy pays nothing: it refuses."""
    other = {
        "id": "other",
        "applies": {"when": {"tier": "三级"}},
        "decided_elsewhere": {"by": "外部", "at_most": "total"},
    }
    with pytest.raises(ElsewhereAmountUnexpected, match="other"):
        _settled(document(other), Charges(100_00), elsewhere={"other": 5_00})


def test_a_line_break_in_a_name_never_becomes_program_text() -> None:
    """The name stands in a comment of the generated function, on one line."""
    name = "基本医保\n    left = 0\r    refused = 7"
    tree = document({"id": "basic", "name": name, "base": "total", "rate": "50%"})
    assert "# 基本医保 left = 0 refused = 7\n" in compile_tree(tree).shape.source
    assert _settled(tree, Charges(100_00)).patient_fen == 50_00


@pytest.mark.parametrize("name", ["x = 1\n    import os", "Basic.paid", "basic..paid", "1", ""])
def test_a_counter_whose_name_is_no_name_never_becomes_program_text(name: str) -> None:
    """Counters become variables: anything else than a plain dotted name is refused."""
    with pytest.raises(UnknownName, match="计数器"):
        counter_variable(name)


def test_two_ids_that_become_one_variable_are_refused() -> None:
    """Part `b` of layer `a` and layer `a__b` would overwrite each other."""
    parts = [{"id": k, "base": "total", "rate": "10%"} for k in ("b", "c")]
    tree = document({"id": "a", "parts": parts}, {"id": "a__b", "base": "total - a", "rate": "50%"})
    policy, _ = read_with_faults(tree)
    assert policy
    with pytest.raises(UnknownName, match="a__b_base"):
        compile_policy(policy)
