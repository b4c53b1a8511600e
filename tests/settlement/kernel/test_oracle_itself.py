"""The oracle by written-out examples (对照算法自验): one small policy for each construct.

The kernel is compared with the oracle on generated policies; these examples say what both mean.
"""

import json
from datetime import date
from typing import Any

import pytest

from tests.settlement.kernel.made_up import document
from tests.support.oracle import Answer, Claim, Reported, settle_by_the_letter
from tests.support.oracle_facts import Refused

_FACTS: dict[str, Any] = {
    "identity": ["subsistence_allowance"],
    "designation": [],
    "tier": "level_2",
    "age": 63,
    "days": 9,
    "disease": "肺结核",
    "care": "inpatient",
    "admission_date": date(2020, 3, 1),
    "crosses_year": False,
}
_GUESS = {"status": "assumed", "note": "推想"}


def _settle(
    *layers: dict[str, Any],
    total: int = 10_000_00,
    facts: dict[str, Any] | None = None,
    counters: dict[str, int] | None = None,
    elsewhere: dict[str, int] | None = None,
    **more: Any,
) -> Answer:
    """10,000 yuan, of which 8,000 are in scope; class A 5,000, class B 3,000 and C 2,000."""
    amounts = {
        "total": total,
        "in_scope": total * 8 // 10,
        "class_a": total * 5 // 10,
        "class_b": total * 3 // 10,
        "class_c": total * 2 // 10,
    }
    claim = Claim(amounts, {**_FACTS, **(facts or {})}, counters or {}, elsewhere or {})
    return settle_by_the_letter(json.dumps(document(*layers) | more), claim)


def _paid(*layers: dict[str, Any], **more: Any) -> int:
    """What the last layer stands for, in fen."""
    return _settle(*layers, **more).paid[layers[-1]["id"]]


def _layer(**more: Any) -> dict[str, Any]:
    return {"id": "basic", "base": "in_scope", "rate": "50%", **more}


_PARAMETERS = {
    "income": {"name": "上年收入", "amount": {"value": "28753", **_GUESS}},
    "usual": {"name": "一般比例", "ratio": "60%"},
    "line": {
        "name": "起付线",
        "amount": {
            "choose": [{"when": {"identity": "低保对象"}, "value": "6000"}, {"otherwise": "12000"}]
        },
    },
}


# --- parameters and numbers


@pytest.mark.parametrize(
    ("number", "paid"),
    [
        ({"of": "line"}, 1_000_00),  # (8,000 − 6,000) × 50%
        ({"of": "line", "times": "50%"}, 2_500_00),
        # 28,753 × 10% = 2,875.30, which is 2,876 rounded up to yuan
        ({"of": "income", "times": "10%", "rounding": {"mode": "up", "to": "yuan"}}, 2_562_00),
        ({"choose": [{"when": {"tier": "二级"}, "of": "line"}, {"otherwise": "0"}]}, 1_000_00),
    ],
)
def test_a_number_made_of_a_parameter(number: dict[str, Any], paid: int) -> None:
    """The parameter is looked up for the person, multiplied, and rounded."""
    assert _paid(_layer(deductible=number), parameters=_PARAMETERS) == paid


def test_a_ratio_made_of_a_parameter() -> None:
    """Half of 60% of 8,000."""
    rate = {"of": "usual", "times": "50%"}
    assert _paid(_layer(rate=rate), parameters=_PARAMETERS) == 2_400_00


def test_a_parameter_that_had_a_say_is_listed_and_a_missing_one_refuses() -> None:
    """Nobody states the income; where nobody knows it, the number made of it is missing."""
    layer = _layer(deductible={"of": "income", "times": "10%"})
    assert _settle(layer, parameters=_PARAMETERS).assumed == {"parameter.income"}
    parameters = {"income": {"name": "上年收入", "amount": {"missing": "未公布"}}}
    with pytest.raises(Refused, match=r"number: basic\.deductible"):
        _settle(layer, parameters=parameters)


@pytest.mark.parametrize(
    ("number", "paid"),
    [
        ({"value": "1000", "adjust": [{"when": {"tier": "二级"}, "plus": "200"}]}, 3_400_00),
        ({"value": "1000", "adjust": [{"unless": {"tier": "三级"}, "minus": "1200"}]}, 4_000_00),
        # (63 − 60) × 100 = 300 off
        (
            {
                "value": "1000",
                "adjust": [{"when": {}, "minus": "100", "for_each": "age", "beyond": "60"}],
            },
            3_650_00,
        ),
        # nine days, of which two count
        (
            {
                "value": "1000",
                "adjust": [{"when": {}, "plus": "50", "for_each": "days", "at_most": "2"}],
            },
            3_450_00,
        ),
        ({"value": "1000", "at_least": "1500"}, 3_250_00),
        ({"value": "1000", "at_least": "1500", "at_most": "1200"}, 3_400_00),
    ],
)
def test_an_amount_that_is_adjusted_and_held(number: dict[str, Any], paid: int) -> None:
    """(8,000 − deductible) × 50%; first the floor, then the ceiling."""
    assert _paid(_layer(deductible=number)) == paid


@pytest.mark.parametrize(
    ("number", "paid"),
    [
        # 50% + (1 − 50%) × 20% = 60%
        ({"value": "50%", "adjust": [{"when": {}, "on_rest": "20%"}]}, 4_800_00),
        # one point for each year beyond 40, 20 points at most: 50% + 20%
        (
            {
                "value": "50%",
                "adjust": [
                    {"when": {}, "plus": "1%", "for_each": "age", "beyond": "40", "at_most": "20"}
                ],
            },
            5_600_00,
        ),
        ({"value": "50%", "at_least": "55%"}, 4_400_00),
        ({"choose": [{"otherwise": "70%"}], "at_least": "55%", "at_most": "65%"}, 5_200_00),
    ],
)
def test_a_ratio_that_is_adjusted_and_held(number: dict[str, Any], paid: int) -> None:
    """Of 8,000 in scope."""
    assert _paid(_layer(rate=number)) == paid


@pytest.mark.parametrize(("in_scope", "rate"), [(3_000_00, 60), (3_000_01, 70), (5_000_00, 80)])
def test_a_rate_by_amount(in_scope: int, rate: int) -> None:
    """Up to 3,000 inclusive 60%, below 5,000 70%, from 5,000 on 80%."""
    rows = [
        {"up_to": "3000", "then": "60%"},
        {"below": "5000", "then": "70%"},
        {"then": "80%"},
    ]
    layer = _layer(base="total", rate={"by": "this.base", "rows": rows})
    assert _paid(layer, total=in_scope) == (in_scope * rate + 50) // 100


def test_only_the_rows_that_are_compared_or_picked_must_be_known() -> None:
    """A missing rate further up is not asked for; a missing edge on the way is."""
    missing = {"missing": "原文没有写"}
    rows = [
        {"up_to": "9000", "then": "60%"},
        {"up_to": missing, "then": missing},
        {"then": missing},
    ]
    layer = _layer(rate={"by": "in_scope", "rows": rows})
    assert _paid(layer) == 4_800_00
    with pytest.raises(Refused, match=r"number: basic\.rate"):
        _settle(layer, total=20_000_00)


@pytest.mark.parametrize(
    ("limits", "deducted"),
    [({}, 2_000_00), ({"at_least": "2500"}, 2_500_00), ({"at_most": "1800"}, 1_800_00)],
)
def test_a_deductible_that_is_a_share_of_the_bill(limits: dict[str, str], deducted: int) -> None:
    """20% of 10,000, at least and at most."""
    answer = _settle(_layer(deductible={"share": "20%", "of": "total", **limits}))
    assert answer.inside["basic.deductible"] == deducted


# --- facts


@pytest.mark.parametrize(
    ("condition", "paid"),
    [
        ({"disease": "肺结核"}, 4_000_00),
        ({"disease": ["无", "肺癌"]}, 0),
        ({"care": "住院"}, 4_000_00),
        ({"days": {"from": "9", "to": "9"}}, 4_000_00),
        ({"admission_date": {"from": "2020-03-01", "to": "2020-03-31"}}, 4_000_00),
        ({"admission_date": {"to": "2020-02-29"}}, 0),
        ({"crosses_year": "否"}, 4_000_00),
        ({"student": "是"}, 4_000_00),
        ({"years_insured": {"from": "5"}}, 4_000_00),
        ({"ward": "特需"}, 0),
    ],
)
def test_facts_that_conditions_may_ask(condition: dict[str, Any], paid: int) -> None:
    """Those of the stay and those that the document wants declared."""
    facts = {"declared": {"student": True, "years_insured": 7, "ward": "普通"}}
    assert _paid(_layer(applies={"when": condition}), facts=facts) == paid


def test_a_fact_nobody_stated_is_refused_by_name() -> None:
    """The document wants students declared, and the bill does not say."""
    with pytest.raises(Refused, match="fact: student"):
        _settle(_layer(applies={"when": {"student": "是"}}))


def test_of_several_identities_only_the_first_in_the_list_counts() -> None:
    """Both are held; the list puts 特困 first, so nothing is looked up for 低保."""
    both = {"identity": ["subsistence_allowance", "extreme_hardship", "orphan"]}
    layer = _layer(applies={"when": {"identity": "低保对象"}})
    people = {"precedence": ["特困人员", "低保对象"]}
    assert _paid(layer, facts=both) == 4_000_00
    assert _paid(layer, facts=both, people=people) == 0
    assert _paid(layer | {"precedence": ["低保对象", "特困人员"]}, facts=both, people=people) > 0
    orphan = _layer(applies={"when": {"identity": "孤儿"}})
    assert _paid(orphan, facts=both, people=people) == 4_000_00


def test_a_layer_may_ask_for_the_person_on_another_day() -> None:
    """The identity ended before discharge; the layer asks as of discharge."""
    layer = _layer(applies={"when": {"identity": "低保对象"}}, person_asked_as_of="discharge")
    on = {"person_on": {"discharge": {"identity": [], "age": 63}}}
    assert _paid(layer, facts=on) == 0


# --- layers


_PATIENT_FIRST = {"id": "first", "payer": "patient", "base": "total", "rate": "10%"}


def test_what_the_patient_pays_first_is_taken_from_what_is_left() -> None:
    """1,000 first; then 100% of 10,000 finds only 9,000 left; the patient bears 1,000."""
    answer = _settle(_PATIENT_FIRST, _layer(base="total", rate="100%"))
    assert (answer.paid["first"], answer.paid["basic"], answer.patient) == (
        1000_00,
        9000_00,
        1000_00,
    )


def test_a_measure_pays_nothing_and_its_name_stands_for_its_amount() -> None:
    """60% of 8,000 were due; half of that is paid."""
    normal = {"id": "normal", "payer": "none", "base": "in_scope", "rate": "60%"}
    answer = _settle(normal, _layer(base="normal"))
    assert (answer.paid["normal"], answer.paid["basic"]) == (4_800_00, 2_400_00)
    assert answer.patient == 7_600_00


def test_a_measure_is_held_under_caps_and_not_under_what_is_left() -> None:
    """Everything is paid already; of 8,000 a cap leaves 5,000."""
    whole = _layer(base="total", rate="100%")
    caps = [{"per": "stay", "of": "payment", "amount": "5000"}]
    normal = {"id": "normal", "payer": "none", "base": "in_scope", "rate": "100%", "caps": caps}
    assert _paid(whole, normal) == 5_000_00


def test_cash_stands_outside_the_bill() -> None:
    """Nothing is left of the bill, and 500 in cash come on top."""
    cash = {"id": "cash", "pays": "cash", "base": {"fixed": "500"}, "rate": "100%"}
    answer = _settle(_layer(base="total", rate="100%"), cash)
    assert answer.outside == [("cash", "cash", "basic", "990100-basic", 500_00)]
    assert (answer.paid["cash"], answer.patient) == (500_00, 0)


def test_a_fixed_price_leaves_a_surplus_to_the_hospital() -> None:
    """3,000 × 80% = 2,400 for a bill of 2,000: 400 are owed outside, and 2,400 are counted."""
    layer = _layer(
        base={"fixed": "3000"},
        rate="80%",
        surplus="hospital",
        caps=[{"per": "year", "of": "payment", "amount": "9000"}],
    )
    answer = _settle(layer, total=2_000_00)
    assert answer.outside == [("basic", "surplus", "basic", "990100-basic", 400_00)]
    assert (answer.paid["basic"], answer.counters["basic.paid"]) == (2_000_00, 2_400_00)
    answer = _settle(layer | {"surplus": "none"}, total=2_000_00)
    assert (answer.outside, answer.counters["basic.paid"]) == ([], 2_000_00)


def test_the_first_self_pay_may_be_taken_before_the_deductible() -> None:
    """8,000 − 10% = 7,200; − 1,000 = 6,200; half of it; the deductible's counter sees 7,200."""
    layer = _layer(first_self_pay="10%", deductible={"per": "year", "amount": "1000"})
    answer = _settle(layer | {"first_self_pay_taken": "before"})
    assert (answer.paid["basic"], answer.counters["basic.base"]) == (3_100_00, 7_200_00)
    answer = _settle(layer | {"first_self_pay_taken": "after"})  # 7,000 × 90% × 50%
    assert (answer.paid["basic"], answer.counters["basic.base"]) == (3_150_00, 8_000_00)


def test_a_factor_is_composed_before_the_one_rounding() -> None:
    """0.93 × 60% × 90% = 0.5022; two roundings would give 0.56 and 0.50."""
    layer = _layer(base="total", rate="60%", factor="90%")
    assert _paid(layer, total=93) == 50
    assert _paid(layer, total=10_000_00) == 5_400_00


@pytest.mark.parametrize(
    ("more", "paid"),
    [
        ({"not_below": "class_a"}, 5_000_00),
        ({"not_below": "class_c"}, 4_000_00),
        ({"not_above": "class_b"}, 3_000_00),
        ({"not_below": "class_a", "not_above": "class_b"}, 3_000_00),
        ({"minus": "class_b", "not_below": "class_c"}, 2_000_00),  # 4,000 − 3,000, but 2,000
        ({"not_above": "class_c - total"}, 0),
        ({"deductible": "9000", "not_below": "class_c"}, 2_000_00),
        ({"base": "class_c - total", "not_below": "class_c"}, 0),
    ],
)
def test_a_part_paid_not_below_and_not_above(more: dict[str, Any], paid: int) -> None:
    """Half of 8,000 is 4,000; after what is taken off the floor, then the ceiling."""
    assert _paid(_layer(**more)) == paid


def test_a_part_may_round_on_its_own() -> None:
    """Half of 0.45 and 0.27: one down to jiao, the other half up to fen."""
    parts = [
        {"id": "a", "base": "class_a", "rate": "50%", "rounding": {"mode": "down", "to": "jiao"}},
        {"id": "b", "base": "class_b", "rate": "50%"},
    ]
    answer = _settle({"id": "basic", "parts": parts}, total=90)
    assert (answer.paid["basic.a"], answer.paid["basic.b"]) == (20, 14)


def test_a_payment_may_count_toward_the_cap_of_another_layer() -> None:
    """4,000 count toward a cap of 5,000, which leaves 1,000."""
    caps = [{"per": "year", "of": "payment", "amount": "5000"}]
    other = {"id": "other", "base": "total", "rate": "30%", "caps": caps}
    answer = _settle(_layer(counts_toward=["other.paid"]), other)
    assert (answer.paid["other"], answer.counters["other.paid"]) == (1_000_00, 5_000_00)
    assert _paid(_layer(counts_toward="none"), other) == 3_000_00


def test_an_amount_decided_elsewhere_may_come_later_and_may_count() -> None:
    """Without an amount it is 0 and pending; with one it moves the cap of another layer."""
    decided = {"by": "平台", "at_most": "total", "may_come_later": "是"}
    first = {"id": "first", "decided_elsewhere": decided, "counts_toward": ["basic.paid"]}
    second = _layer(caps=[{"per": "year", "of": "payment", "amount": "5000"}])
    answer = _settle(first, second)
    assert (answer.pending, answer.paid["first"], answer.paid["basic"]) == (["first"], 0, 4_000_00)
    answer = _settle(first, second, elsewhere={"first": 3_000_00})
    assert (answer.pending, answer.paid["basic"]) == ([], 2_000_00)


# --- deductibles and caps


@pytest.mark.parametrize(("passed", "paid"), [("above", 0), ("at", 4_000_00)])
def test_a_threshold_is_passed_above_or_at(passed: str, paid: int) -> None:
    """8,000 against a threshold of 8,000."""
    rule = {"per": "stay", "amount": "8000", "kind": "trigger", "passed": passed}
    assert _paid(_layer(deductible=rule)) == paid


def test_a_threshold_over_several_parts() -> None:
    """5,000 + 3,000 pass 7,000: nothing is deducted; they do not pass 9,000: everything is."""
    parts = [{"id": k, "base": f"class_{k}", "rate": "50%"} for k in ("a", "b")]
    rule = {"per": "stay", "amount": "7000", "kind": "trigger", "passed": "above"}
    layer = {"id": "basic", "parts": parts, "deductible": rule}
    assert _paid(layer) == 4_000_00
    assert _paid(layer | {"deductible": rule | {"amount": "9000"}}) == 0


def test_the_deductibles_of_a_year_have_a_limit_together() -> None:
    """1,200 a stay, 3,000 a year, 2,500 taken before: 500 are left to take."""
    limit = {"per": "year", "amount": "3000"}
    layer = _layer(deductible={"per": "stay", "amount": "1200", "limit": limit})
    answer = _settle(layer, counters={"basic.deducted": 2_500_00})
    assert (answer.inside["basic.deductible"], answer.paid["basic"]) == (500_00, 3_750_00)
    assert answer.counters["basic.deducted"] == 3_000_00


def test_a_cap_on_how_often_is_paid() -> None:
    """Once a year: the second time nothing is paid, and a stay that pays nothing is not counted."""
    layer = _layer(caps=[{"per": "year", "of": "times", "amount": "1"}])
    first = _settle(layer)
    assert (first.paid["basic"], first.counters["basic.times"]) == (4_000_00, 1)
    second = _settle(layer, counters=first.counters)
    assert (second.paid["basic"], second.counters["basic.times"]) == (0, 1)
    assert _settle(layer, total=0).counters["basic.times"] == 0


def test_a_counter_kept_apart_by_a_fact() -> None:
    """1,000 a year for each tier; at level two they are used up, at level three they are not."""
    layer = _layer(deductible={"per": "year", "amount": "1000", "each": "tier"})
    before = {"basic.base@level_2": 1_000_00}
    assert _paid(layer, counters=before) == 4_000_00
    answer = _settle(layer, counters=before, facts={"tier": "level_3"})
    assert (answer.paid["basic"], answer.counters["basic.base@level_3"]) == (3_500_00, 8_000_00)
    with pytest.raises(Refused, match="fact: tier"):
        _settle(layer, facts={"tier": None})


def test_bands_in_parts_and_with_a_first_self_pay() -> None:
    """1,000 off class A: from 1,000 to 5,000, with 2,000 × 40% + 2,000 × 50% less 10%."""
    rows = [{"up_to": "3000", "rate": "40%"}, {"rate": "50%"}]
    parts = [
        {
            "id": "a",
            "base": "class_a",
            "bands": {"measured_from": "zero", "rows": rows},
            "first_self_pay": "10%",
        },
        {"id": "b", "base": "class_b", "bands": {"measured_from": "deductible", "rows": rows}},
    ]
    layer = {"id": "basic", "parts": parts, "deductible": "1000", "deductible_taken_from": ["a"]}
    answer = _settle(layer)
    assert (answer.paid["basic.a"], answer.paid["basic.b"]) == (1_620_00, 1_200_00)


# --- names, totals of the year, indicators


@pytest.mark.parametrize(
    ("name", "fen"),
    [("basic.eligible", 7_000_00), ("basic.computed", 3_500_00), ("basic.over_cap", 500_00)],
)
def test_what_an_earlier_layer_found_has_a_name(name: str, fen: int) -> None:
    """(8,000 − 1,000) × 50% = 3,500, of which a cap leaves 3,000."""
    caps = [{"per": "stay", "of": "payment", "amount": "3000"}]
    measure = {"id": "measure", "payer": "none", "base": name, "rate": "100%"}
    assert _paid(_layer(deductible="1000", caps=caps), measure) == fen


def test_the_total_of_a_year_before_this_stay() -> None:
    """20,000 in scope before; this stay moves the total by 8,000."""
    layer = _layer(base="year.in_scope")
    answer = _settle(layer, total=30_000_00, counters={"sum.in_scope": 20_000_00})
    assert answer.paid["basic"] == 10_000_00
    assert answer.counters["sum.in_scope"] == 44_000_00
    answer = _settle(_layer(base="in_scope - year.patient - year.basic"))
    assert (answer.counters["sum.patient"], answer.counters["sum.basic"]) == (6_000_00, 4_000_00)


def test_every_settlement_counts_as_an_admission() -> None:
    """Of the year, and of the tier."""
    counters = _settle(_layer(), counters={"admissions": 2}).counters
    assert (counters["admissions"], counters["admissions@level_2"]) == (3, 1)


def test_an_indicator_is_reported_and_never_paid() -> None:
    """4,000 of 8,000 are 50%, and the target is 80%; the patient bears 6,000 of 10,000."""
    reported = [
        {"id": "ratio", "name": "实际补偿比", "share": "basic", "of": "in_scope", "target": "80%"},
        {"id": "met", "name": "达标", "share": "basic", "of": "in_scope", "target": "50%"},
        {"id": "own", "name": "个人自付", "amount": "patient"},
        {"id": "none", "name": "无", "share": "basic", "of": "in_scope - class_a - class_b"},
    ]
    answer = _settle(_layer(), reported=reported)
    assert answer.reported == {
        "ratio": Reported(share=(4_000_00, 8_000_00), met=False),
        "met": Reported(share=(4_000_00, 8_000_00), met=True),
        "own": Reported(amount=6_000_00),
        "none": Reported(),
    }
    assert answer.patient == 6_000_00
