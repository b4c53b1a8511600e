"""Rounding and order, by written-out examples (取整与先后)."""

from typing import Any

import pytest

from settlement.kernel.settle import Inputs, Outcome, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from tests.settlement.kernel.made_up import document
from tests.support.settling import compile_tree


def _settled(tree: dict[str, Any], charges: Charges) -> Outcome:
    return settle_bill(compile_tree(tree), Inputs(charges, Facts(), {}, {}))


def _half_of(total_fen: int, *, mode: str, to: str = "fen", rate: str = "50%") -> int:
    tree = document({"id": "basic", "base": "total", "rate": rate}, rounding=(mode, to))
    return _settled(tree, Charges(total_fen)).values["basic_paid"]


@pytest.mark.parametrize(
    ("mode", "paid_fen"), [("half_up", 2), ("half_even", 2), ("down", 1), ("up", 2)]
)
def test_a_tie_above_an_odd_fen(mode: str, paid_fen: int) -> None:
    """Half of 3 fen is 1.5 fen: both halves go to 2."""
    assert _half_of(3, mode=mode) == paid_fen


@pytest.mark.parametrize(
    ("mode", "paid_fen"), [("half_up", 1), ("half_even", 0), ("down", 0), ("up", 1)]
)
def test_a_tie_above_an_even_fen(mode: str, paid_fen: int) -> None:
    """Half of 1 fen is 0.5 fen: half-even stays at 0, half-up goes to 1."""
    assert _half_of(1, mode=mode) == paid_fen


@pytest.mark.parametrize(
    ("mode", "to", "paid_fen"),
    [
        ("half_up", "jiao", 6250),
        ("half_even", "jiao", 6240),
        ("down", "jiao", 6240),
        ("up", "jiao", 6250),
        ("half_up", "yuan", 6200),
        ("half_even", "yuan", 6200),
        ("down", "yuan", 6200),
        ("up", "yuan", 6300),
    ],
)
def test_rounding_to_jiao_and_yuan(mode: str, to: str, paid_fen: int) -> None:
    """Half of 124.90 yuan is 62.45 yuan: a tie in jiao, below the half in yuan."""
    assert _half_of(124_90, mode=mode, to=to) == paid_fen


def test_the_chongqing_tie_rounds_half_up() -> None:
    """老张: (180,000 − 125,790 − 8,450.50) × 65% = 29,743.675, which was paid as 29,743.68."""
    elsewhere = {"by": "基本医保", "at_most": "in_scope"}
    tree = document(
        {"id": "basic", "decided_elsewhere": elsewhere},
        {
            "id": "critical",
            "base": "in_scope - basic",
            "deductible": "8450.50",
            "rate": "65%",
        },
    )
    charges = Charges(200000_00, in_scope_fen=180000_00)
    for mode, paid_fen in (("half_up", 29743_68), ("half_even", 29743_68), ("down", 29743_67)):
        tree["rounding"]["mode"] = mode
        cascade = compile_tree(tree)
        outcome = settle_bill(cascade, Inputs(charges, Facts(), {}, {"basic": 125790_00}))
        assert outcome.values["critical_paid"] == paid_fen


def test_two_rates_are_composed_before_the_one_rounding() -> None:
    """90% of 60% of 0.93 yuan is 0.5022: 50 fen; rounding the 83.7 fen first would give 50.4."""
    layer = {"id": "basic", "base": "total", "first_self_pay": "10%", "rate": "60%"}
    outcome = _settled(document(layer), Charges(93))
    assert (outcome.values["basic_first_self_pay"], outcome.values["basic_paid"]) == (9, 50)


def test_rounding_up_never_pays_more_than_was_looked_at() -> None:
    """All of 0.99 yuan of in-scope cost, rounded up to whole yuan, is 0.99 and not 1 yuan."""
    tree = document({"id": "basic", "base": "in_scope", "rate": "100%"}, rounding=("up", "yuan"))
    outcome = _settled(tree, Charges(5_00, in_scope_fen=99))
    assert (outcome.values["basic_paid"], outcome.patient_fen) == (99, 4_01)


# A real bill of 公安县, discharged 2018-11: class A, class B, outside the catalogue.
_GONGAN = Charges(7655_02, class_a_fen=4088_05, class_b_fen=3172_87, class_c_fen=394_10)


def _gongan_layer(order: list[str]) -> dict[str, Any]:
    return {
        "id": "basic",
        "parts": [
            {"id": "class_a", "base": "class_a", "rate": "60%"},
            {"id": "class_b", "base": "class_b", "rate": "60%", "first_self_pay": "10%"},
        ],
        "deductible": "1200",
        "deductible_taken_from": order,
    }


def test_the_deductible_eats_class_b_before_its_first_self_pay() -> None:
    """公安县: 4088.05 × 60% + (3172.87 − 1200) × 90% × 60% = 2452.83 + 1065.35 = 3518.18."""
    outcome = _settled(document(_gongan_layer(["class_b", "class_a"])), _GONGAN)
    values = outcome.values
    assert (values["basic__class_a_paid"], values["basic__class_b_paid"]) == (2452_83, 1065_35)
    assert (values["basic_paid"], outcome.patient_fen) == (3518_18, 4136_84)


def test_eating_class_a_first_would_pay_seventy_two_yuan_less() -> None:
    """(4088.05 − 1200) × 60% + 3172.87 × 90% × 60% = 1732.83 + 1713.35 = 3446.18."""
    outcome = _settled(document(_gongan_layer(["class_a", "class_b"])), _GONGAN)
    assert outcome.values["basic_paid"] == 3446_18


def test_taking_the_first_self_pay_before_the_deductible_would_too() -> None:
    """4088.05 × 60% + (3172.87 × 90% − 1200) × 60% = 2452.83 + 993.35 = 3446.18."""
    own = {"id": "own", "base": "class_b", "first_self_pay": "10%", "rate": "0%"}
    layer = _gongan_layer(["class_b", "class_a"])
    layer["parts"][1] = {
        "id": "class_b",
        "base": "class_b - own.first_self_pay",
        "rate": "60%",
    }
    assert _settled(document(own, layer), _GONGAN).values["basic_paid"] == 3446_18
