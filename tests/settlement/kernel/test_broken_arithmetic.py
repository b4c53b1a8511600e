"""Checks that cannot fail prove nothing: broken copies of the arithmetic are caught (变异检验)."""

from dataclasses import replace

import pytest

from settlement.kernel.cascade import Cascade, compile_source
from settlement.law.document import Tree
from tests.settlement.kernel.made_up import document
from tests.support.bill_generator import make_person, seeded
from tests.support.conservation import NotConserved, check_stays
from tests.support.settling import compile_tree, verdict_of_oracle, verdict_of_product

_TREE = document(
    {
        "id": "basic",
        "base": "in_scope",
        "deductible": {"per": "year", "amount": "600"},
        "rate": "70%",
        "caps": [{"per": "year", "amount": "80000"}],
    },
    {
        "id": "critical",
        "base": "in_scope - basic",
        "deductible": {"per": "year", "amount": "12000"},
        "bands": {
            "measured_from": "zero",
            "rows": [{"up_to": "30000", "rate": "60%"}, {"rate": "75%"}],
        },
    },
    {"id": "assistance", "base": "total - basic - critical", "rate": "62.5%"},
)

_IN_PARTS = document(
    {
        "id": "basic",
        "parts": [
            {"id": "class_a", "base": "class_a", "rate": "60%"},
            {"id": "class_b", "base": "class_b", "first_self_pay": "10%", "rate": "60%"},
        ],
        "deductible": {"per": "year", "amount": "60000"},
        "deductible_taken_from": ["class_b"],
        "caps": [
            {"per": "year", "amount": "80000"},
            {"per": "year", "of": "cost", "amount": "200000"},
        ],
    },
    {"id": "top_up", "base": "total", "rate": "80%", "minus": "basic"},
)

# What is broken, the text of the generated function, and what stands there instead.
_SEEN_BY_CONSERVATION = [
    ("a cap ignored", "basic_room = min(left, basic_cap_1_left)", "basic_room = left"),
    ("a cap read one fen too wide", "n_basic_cap_1 - year", "n_basic_cap_1 + 1 - year"),
    ("a counter of a cap that never moves", "year_basic_paid += basic_paid", ""),
    ("a deductible taken on every stay", "basic_before = year_basic_base", "basic_before = 0"),
    ("a payment not taken off what is left", "left -= critical_paid", ""),
    ("a patient who pays one fen more", "patient = left", "patient = left + 1"),
    ("a base that ignores the deductible", "basic_base - basic_deductible", "basic_base"),
]
_SEEN_IN_PARTS = [
    (
        "a yearly deductible that other parts use up",
        "year_basic_base += basic__class_b_base",
        "year_basic_base += basic__class_a_base + basic__class_b_base",
    ),
    ("a cap that each part may spend", "basic_room -= basic__class_a_paid", ""),
    ("a cap on cost that each part may reach", "basic_cost_room_2 -= basic__class_a_base", ""),
    ("a counter of cost that forgets a part", "+= basic__class_a_base + basic__", "+= basic__"),
]
_SEEN_BY_THE_ORACLE = [
    *_SEEN_BY_CONSERVATION,
    ("rounding down instead of half up", " * 2 + 10000) // 20000", " * 2) // 20000"),
    (
        "a band edge one fen too high",
        "n_critical_band_1_up_to) -",
        "n_critical_band_1_up_to + 1) -",
    ),
    ("bands measured from the wrong place", "critical_before + critical_deductible", "0"),
    ("a layer that forgets what was paid", "bill_in_scope - basic_paid", "bill_in_scope"),
]


def _broken(right: str, wrong: str, tree: Tree = _TREE) -> Cascade:
    cascade = compile_tree(tree)
    assert right in cascade.shape.source, "the arithmetic is written differently now"
    return replace(cascade, settle_stay=compile_source(cascade.shape.source.replace(right, wrong)))


def _differs_from_the_oracle(cascade: Cascade) -> bool:
    chance = seeded(1)
    for _ in range(300):
        counters: dict[str, int] = {}
        for stay in make_person(chance, full=True):
            oracle = verdict_of_oracle(cascade, stay, counters)
            if verdict_of_product(cascade, stay, counters) != oracle:
                return True
            counters = dict(oracle.counters)
    return False


def _breaks_conservation(cascade: Cascade) -> bool:
    chance = seeded(1)
    try:
        for _ in range(300):
            check_stays(cascade, make_person(chance, full=True))
    except NotConserved:
        return True
    return False


def test_the_arithmetic_as_written_passes_both_checks() -> None:
    """The policy that is broken below is right before it is broken."""
    for tree in (_TREE, _IN_PARTS):
        cascade = compile_tree(tree)
        assert not _breaks_conservation(cascade)
        assert not _differs_from_the_oracle(cascade)


@pytest.mark.parametrize(("what", "right", "wrong"), _SEEN_BY_CONSERVATION)
def test_conservation_notices(what: str, right: str, wrong: str) -> None:
    """Each of these gives or takes money that it must not."""
    assert _breaks_conservation(_broken(right, wrong)), what


@pytest.mark.parametrize(("what", "right", "wrong"), _SEEN_IN_PARTS)
def test_both_notice_in_a_layer_of_several_parts(what: str, right: str, wrong: str) -> None:
    """Parts share a deductible, a cap on cost and a cap on payments."""
    cascade = _broken(right, wrong, _IN_PARTS)
    assert _breaks_conservation(cascade), what
    assert _differs_from_the_oracle(cascade), what


def test_the_oracle_notices_a_top_up_that_ignores_what_was_paid() -> None:
    """Nobody gets more than the bill, so conservation alone would not see it."""
    broken = _broken("max(0, top_up_target - top_up_minus)", "top_up_target", _IN_PARTS)
    assert _differs_from_the_oracle(broken)


@pytest.mark.parametrize(("what", "right", "wrong"), _SEEN_BY_THE_ORACLE)
def test_the_oracle_notices(what: str, right: str, wrong: str) -> None:
    """Each of these pays something else than the text of the policy says."""
    assert _differs_from_the_oracle(_broken(right, wrong)), what
