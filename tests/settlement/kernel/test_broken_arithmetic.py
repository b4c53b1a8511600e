"""Checks that cannot fail prove nothing: broken copies of the arithmetic are caught (变异检验)."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from settlement.kernel.cascade import Cascade, compile_source
from settlement.law.document import Tree
from tests.settlement.kernel.made_up import document
from tests.support.bill_generator import make_person, seeded
from tests.support.conservation import NotConserved, check_stays
from tests.support.fact_generator import asked_by
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

_ROWS = [{"up_to": "3000", "rate": "40%"}, {"rate": "50%"}]
_EVERYTHING = document(
    {"id": "own", "payer": "patient", "base": "total", "rate": "5%"},
    {
        "id": "normal",
        "payer": "none",
        "base": "total",
        "rate": "98%",
        "caps": [{"per": "year", "of": "payment", "amount": "50000", "each": "tier"}],
    },
    {
        "id": "basic",
        "base": "in_scope - own",
        "rate": {
            "by": "total",
            "rows": [
                {"below": "3000", "then": "60%"},
                {"up_to": "20000", "then": "70%"},
                {"then": "80%"},
            ],
        },
        "factor": "90%",
        "first_self_pay": "10%",
        "first_self_pay_taken": "before",
        "deductible": {
            "per": "stay",
            "amount": {"share": "10%", "of": "total", "at_least": "300", "at_most": "2000"},
            "limit": {"per": "year", "amount": "3000", "each": "place"},
        },
        "not_below": "class_b",
        "not_above": "class_a",
        "caps": [{"per": "year", "of": "payment", "amount": "20000", "each": "tier"}],
    },
    {
        "id": "price",
        "base": {"fixed": {"of": "income", "times": "20%"}},
        "rate": {
            "value": "70%",
            "adjust": [
                {"when": {"identity": "低保对象"}, "on_rest": "20%"},
                {"when": {"student": "是"}, "plus": "1%", "for_each": "days", "beyond": "3"},
            ],
            "at_least": "72%",
            "at_most": "95%",
        },
        "surplus": "hospital",
        "caps": [{"per": "year", "of": "times", "amount": "2"}],
        "counts_toward": ["basic.paid"],
    },
    {
        "id": "two",
        "person_asked_as_of": "discharge",
        "applies": {"unless": {"identity": "孤儿"}},
        "parts": [
            {
                "id": "a",
                "base": "class_a",
                "first_self_pay": "10%",
                "bands": {"measured_from": "zero", "rows": _ROWS},
                "rounding": {"mode": "down", "to": "jiao"},
            },
            {"id": "b", "base": "class_b", "rate": "50%"},
        ],
        "deductible": {"per": "stay", "kind": "trigger", "passed": "at", "amount": "5000"},
        "deductible_taken_from": ["a", "b"],
    },
    {
        "id": "cash",
        "pays": "cash",
        "base": "year.patient + total - basic",
        "deductible": "10000",
        "rate": "10%",
    },
    {
        "id": "rest",
        "payer": "charity",
        "base": "total + normal - basic.computed - two.over_cap",
        "rate": "30%",
    },
) | {
    "asks": {"student": {"name": "在校学生", "kind": "yes_no"}},
    "parameters": {"income": {"name": "上年人均可支配收入", "amount": "28753"}},
    "people": {"precedence": ["低保对象", "低保边缘家庭成员"]},
    "reported": [{"id": "ratio", "name": "实际补偿比", "share": "basic", "of": "total"}],
}

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


_SEEN_IN_EVERYTHING = [
    (
        "a factor forgotten",
        "p_basic_rate * n_basic_factor * 2 + 10000) // 20000",
        "p_basic_rate * 2 + 1000) // 2000",
    ),
    (
        "a ceiling taken for a floor",
        "min(basic_computed, basic_not_above)",
        "max(basic_computed, basic_not_above)",
    ),
    (
        "a floor taken for a ceiling",
        "max(basic_computed, basic_not_below)",
        "min(basic_computed, basic_not_below)",
    ),
    ("a floor for nothing looked at", "if basic_base > 0:", "if True:"),
    (
        "first self-pay taken after",
        "basic_counted = basic_base - basic_first_self_pay",
        "basic_counted = basic_base",
    ),
    (
        "a surplus nobody counts",
        "year_basic_paid += price_paid + price_surplus",
        "year_basic_paid += price_paid",
    ),
    (
        "a surplus nobody owes",
        "price_surplus = min(price_computed, price_cap_1_left) - price_paid",
        "price_surplus = 0",
    ),
    (
        "a surplus past the cap",
        "min(price_computed, price_cap_1_left) - price_paid",
        "price_computed - price_paid",
    ),
    ("a stay not counted", "year_price_times += 1", "year_price_times += 0"),
    ("one stay too many", "year_price_times >= n_price_cap_1", "year_price_times > n_price_cap_1"),
    ("a payment that counts nowhere else", "year_basic_paid += price_paid + price_surplus", ""),
    (
        "a measure that is paid",
        "year_normal_paid += normal_paid",
        "year_normal_paid += normal_paid; left -= normal_paid",
    ),
    (
        "a measure without its cap",
        "normal_room = normal_cap_1_left",
        "normal_room = normal_computed",
    ),
    (
        "a measure held under the bill",
        "normal_room = normal_cap_1_left",
        "normal_room = min(left, normal_cap_1_left)",
    ),
    (
        "cash taken off the bill",
        "cash_paid = cash_computed",
        "cash_paid = cash_computed; left -= min(left, cash_paid)",
    ),
    ("a patient who does not bear what comes first", "patient = left + own_paid", "patient = left"),
    ("the patient's first share left to others", "left -= own_paid", ""),
    ("deductions without a limit", "min(basic_to_deduct, basic_limit_left)", "basic_to_deduct"),
    ("deductions nobody counts", "year_basic_deducted += basic_deductible", ""),
    (
        "a share without a floor",
        "max(s_basic_deductible, n_basic_deductible_at_least)",
        "s_basic_deductible",
    ),
    (
        "a share without a ceiling",
        "min(s_basic_deductible, n_basic_deductible_at_most)",
        "s_basic_deductible",
    ),
    ("an edge that is inside", "p_basic_rate_by < n_basic", "p_basic_rate_by <= n_basic"),
    ("an edge that is not inside", "p_basic_rate_by <= n_basic", "p_basic_rate_by < n_basic"),
    (
        "rows picked by another amount",
        "p_basic_rate_by = max(0, bill_total)",
        "p_basic_rate_by = max(0, basic_base)",
    ),
    ("a threshold to be passed", "+ two__b_base >= two_threshold", "+ two__b_base > two_threshold"),
    (
        "a threshold that is deducted",
        "0 if two_before + two__a_base",
        "two_threshold if two_before + two__a_base",
    ),
    (
        "a threshold of each part",
        "two_before + two__a_base + two__b_base >=",
        "two_before + two__a_base >=",
    ),
    (
        "bands from above the deductible",
        "two__a_at = two_before + two__a_deductible",
        "two__a_at = 100",
    ),
    ("bands without first self-pay", " * (100 - n_two_a_first_self_pay)", " * 100"),
    ("a total of the year that stands still", "year_sum_patient += patient", ""),
    (
        "what is left for what was computed",
        "normal_paid - basic_computed",
        "normal_paid - basic_paid",
    ),
]

_FORGOTTEN: list[tuple[tuple[str | int, ...], str]] = [
    (("layers", 1, "caps", 0, "each"), "none"),
    (("layers", 2, "caps", 0, "each"), "place"),
    (("layers", 2, "deductible", "limit", "each"), "none"),
    (("layers", 2, "first_self_pay_taken"), "after"),
    (("layers", 3, "base", "fixed", "times"), "21%"),
    (("layers", 3, "rate", "adjust", 0, "on_rest"), "0%"),
    (("layers", 3, "rate", "adjust", 1, "for_each"), "age"),
    (("layers", 3, "rate", "adjust", 1, "beyond"), "0"),
    (("layers", 3, "rate", "at_least"), "0%"),
    (("layers", 3, "rate", "at_most"), "100%"),
    (("layers", 3, "counts_toward"), "none"),
    (("layers", 3, "surplus"), "none"),
    (("layers", 4, "person_asked_as_of"), "admission"),
    (("layers", 4, "parts", 0, "rounding", "mode"), "up"),
    (("layers", 4, "deductible", "passed"), "above"),
    (("layers", 5, "pays"), "bill"),
    (("people", "precedence"), ["低保边缘家庭成员", "低保对象"]),
    (("parameters", "income", "amount"), "28754"),
    (("reported", 0, "of"), "in_scope"),
]
"""Places in the document, and what a kernel would take for what stands there."""


def _broken(right: str, wrong: str, tree: Tree = _TREE) -> Cascade:
    cascade = compile_tree(tree)
    assert right in cascade.shape.source, "the arithmetic is written differently now"
    return replace(cascade, settle_stay=compile_source(cascade.shape.source.replace(right, wrong)))


def _read_otherwise(path: Sequence[str | int], wrong: Any) -> Cascade:
    """The policy as a kernel would settle it that takes one place for something else."""
    tree: Any = deepcopy(_EVERYTHING)
    *way, last = path
    place = tree
    for key in way:
        place = place[key]
    assert place[last] != wrong
    place[last] = wrong
    return compile_tree(tree)


def _differs_from_the_oracle(cascade: Cascade, right: Cascade | None = None) -> bool:
    """Whether some stay is settled otherwise than the oracle reads in the `right` document."""
    right = right or cascade
    asked = asked_by(json.loads(right.policy.canonical_text))
    chance = seeded(1)
    for _ in range(400):
        counters: dict[str, int] = {}
        for stay in make_person(chance, asked=asked, full=True):
            oracle = verdict_of_oracle(right, stay, counters)
            if verdict_of_product(cascade, stay, counters) != oracle:
                return True
            counters = dict(oracle.counters)
    return False


def _breaks_conservation(cascade: Cascade) -> bool:
    asked = asked_by(json.loads(cascade.policy.canonical_text))
    chance = seeded(1)
    try:
        for _ in range(300):
            check_stays(cascade, make_person(chance, asked=asked, full=True))
    except NotConserved:
        return True
    return False


def test_the_arithmetic_as_written_passes_both_checks() -> None:
    """The policy that is broken below is right before it is broken."""
    for tree in (_TREE, _IN_PARTS, _EVERYTHING):
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
    broken = _broken("max(0, top_up_computed - top_up_minus)", "top_up_computed", _IN_PARTS)
    assert _differs_from_the_oracle(broken)


@pytest.mark.parametrize(("what", "right", "wrong"), _SEEN_BY_THE_ORACLE)
def test_the_oracle_notices(what: str, right: str, wrong: str) -> None:
    """Each of these pays something else than the text of the policy says."""
    assert _differs_from_the_oracle(_broken(right, wrong)), what


@pytest.mark.parametrize(("what", "right", "wrong"), _SEEN_IN_EVERYTHING)
def test_the_oracle_notices_in_every_construct(what: str, right: str, wrong: str) -> None:
    """The same for measures, fixed amounts, surpluses, cash, thresholds, floors and ceilings."""
    assert _differs_from_the_oracle(_broken(right, wrong, _EVERYTHING)), what


@pytest.mark.parametrize(("path", "wrong"), _FORGOTTEN, ids=str)
def test_the_oracle_notices_what_is_read_otherwise(path: tuple[str | int, ...], wrong: Any) -> None:
    """A kernel that takes a place of the document for something else does not go unseen."""
    broken = _read_otherwise(path, wrong)
    assert _differs_from_the_oracle(broken, compile_tree(_EVERYTHING))
