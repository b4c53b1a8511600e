"""Explanations re-add to the settlement they explain (说明), each figure from those before it."""

import json
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest

from settlement.kernel.cascade import Cascade
from settlement.kernel.explain import Step, assumed_numbers, explain
from settlement.kernel.settle import Inputs, Outcome, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from settlement.law.numbers import Rule, numbers_in
from settlement.law.policy import Layer
from tests.settlement.kernel.made_up import document
from tests.support.bill_generator import make_person, seeded
from tests.support.conservation import settle_stays
from tests.support.fact_generator import asked_by
from tests.support.policy_generator import policy_tree
from tests.support.settling import amount_of, compile_tree

_UNLIMITED = 10**17
_WHAT = {
    "": lambda s: s.amount_fen,
    "base": lambda s: s.base_fen,
    "deductible": lambda s: s.deductible_fen,
    "first_self_pay": lambda s: s.first_self_pay_fen,
    "eligible": lambda s: s.eligible_fen,
    "computed": lambda s: s.computed_fen,
    "over_cap": lambda s: s.computed_fen - s.amount_fen,
}


def _ratio(text: str | None) -> Fraction:
    return Fraction(text.removesuffix("%")) / 100 if text and text.endswith("%") else Fraction(0)


def _rounded(exact: Fraction, rounding: str) -> int:
    mode, quantum = rounding.split("/")
    steps = exact / int(quantum)
    ways = {"down": floor(steps), "up": ceil(steps), "half_up": floor(steps + Fraction(1, 2))}
    return ways.get(mode, round(steps)) * int(quantum)


def _value(name: str, amounts: Mapping[str, int], earlier: list[Step]) -> int:
    """What a name stands for: an amount of the bill, or something an earlier step printed."""
    if name in amounts:
        return amounts[name]
    layer, *rest = name.split(".")
    steps = [s for s in earlier if s.layer == layer]
    if rest and rest[0] in {s.part for s in steps}:
        steps, rest = [s for s in steps if s.part == rest[0]], rest[1:]
    return sum(_WHAT["".join(rest)](s) for s in steps)


def _amount(expression: str, amounts: Mapping[str, int], earlier: list[Step]) -> int:
    sign, found = 1, 0
    for word in expression.split():
        if word in {"+", "-"}:
            sign = -1 if word == "-" else 1
        else:
            found += sign * _value(word, amounts, earlier)
    return max(0, found)


def _held(amount: int, *limits: int | None) -> int:
    return min([amount, *(limit for limit in limits if limit is not None)])


def _check_step(step: Step, amounts: Mapping[str, int], earlier: list[Step]) -> None:
    """Every figure follows from the bill, from earlier steps and from this step's own words."""
    assert step.left_fen == amounts["total"] - sum(s.paid_fen for s in earlier)
    assert step.paid_fen == (step.amount_fen if _pays_the_bill(step) else 0)
    if not step.applied:
        assert (step.base_before_cap_fen, step.amount_fen) == (0, 0)
    elif step.decided_by is not None:
        limits = [_amount(step.base, amounts, earlier)]
        limits += [step.left_fen] if _pays_the_bill(step) else []
        assert step.amount_fen <= min(limits)
        assert step.amount_fen == 0 or not step.pending
        return
    else:
        _check_named_amounts(step, amounts, earlier)
    before = step.first_self_pay_fen if step.first_is_before else 0
    assert step.base_fen == _held(step.base_before_cap_fen, step.cost_cap_left_fen)
    assert step.eligible_fen == step.base_fen - before - step.deductible_fen >= 0
    if step.decided_by is None:
        _check_share(step)


def _pays_the_bill(step: Step) -> bool:
    return step.kind in {"payment", "patient"}


def _check_named_amounts(step: Step, amounts: Mapping[str, int], earlier: list[Step]) -> None:
    """What a step names by words is worth what it says."""
    if step.base == "定额":
        names = {f"{step.layer}.fixed", f"{step.layer}.{step.part}.fixed"}
        (fixed,) = {n.value for n in step.numbers if n.name in names}
        assert step.base_before_cap_fen == Fraction(fixed) * 100
    else:
        assert step.base_before_cap_fen == _amount(step.base, amounts, earlier)
    for words, fen in (
        (step.already_paid, step.already_paid_fen),
        (step.not_below, step.not_below_fen),
        (step.not_above, step.not_above_fen),
    ):
        if words is not None:
            assert fen == _amount(words, amounts, earlier)


def _check_share(step: Step) -> None:
    assert sum(band.amount_fen for band in step.bands) == step.eligible_fen
    first = _ratio(step.first_self_pay)
    looked_at = step.base_fen if step.first_is_before else step.eligible_fen
    assert step.first_self_pay_fen == min(looked_at, _rounded(looked_at * first, step.rounding))
    share = sum((b.amount_fen * _ratio(b.rate) for b in step.bands), Fraction(0))
    share *= 1 if step.first_is_before else 1 - first
    share *= 1 if step.factor is None else _ratio(step.factor)
    computed = min(step.eligible_fen, _rounded(share, step.rounding)) - step.already_paid_fen
    computed = max(0, computed)
    if step.base_fen > 0:
        computed = max(computed, step.not_below_fen or 0)
    assert step.computed_fen == _held(computed, step.not_above_fen)
    allowed = _held(step.computed_fen, step.cap_left_fen)
    assert step.amount_fen == (_held(allowed, step.left_fen) if _pays_the_bill(step) else allowed)


def _owed_to_the_hospital(layer: Layer, steps: list[Step]) -> int:
    """What the caps allow all parts together and the bill has no room for."""
    if not layer.surplus_to_hospital or not steps:
        return 0
    allowed = _held(sum(s.computed_fen for s in steps), steps[0].cap_left_fen)
    return allowed - sum(s.amount_fen for s in steps)


def _check_caps(cascade: Cascade, outcome: Outcome, steps: tuple[Step, ...]) -> None:
    """The first part of a layer has the whole cap, every other what those before it left."""
    for layer in cascade.policy.layers:
        mine = [s for s in steps if s.layer == layer.id and s.applied and s.decided_by is None]
        for of, left, spent in (
            ("cost", lambda s: s.cost_cap_left_fen, lambda s: s.base_fen),
            ("payment", lambda s: s.cap_left_fen, lambda s: s.amount_fen + s.surplus_fen),
        ):
            if not mine or not _is_asked(layer, of, mine, outcome):
                continue
            room = _tightest(layer, of, outcome)
            for step in mine:
                assert left(step) == room
                room = None if room is None else room - spent(step)


def _tightest(layer: Layer, of: str, outcome: Outcome) -> int | None:
    left = []
    for at, cap in enumerate(layer.caps, start=1):
        room = outcome.values[f"{layer.id}_cap_{at}_left"]
        if cap.of == "times" and of == "payment" and room == 0:
            left.append(0)
        elif cap.of == of and room < _UNLIMITED:
            left.append(room)
    return min(left, default=None)


def _is_asked(layer: Layer, of: str, steps: list[Step], outcome: Outcome) -> bool:
    """Whether money came to the caps, so that all of them had to be known."""
    came = sum(s.base_before_cap_fen if of == "cost" else s.computed_fen for s in steps)
    return came > 0 or all(_is_known(cap.amount, outcome) for cap in layer.caps)


def _is_known(rule: Rule, outcome: Outcome) -> bool:
    """Whether somebody knows all of what the number is made of."""
    return not any(str(outcome.resolved[n.name]).startswith("缺失") for n in numbers_in(rule))


def _of_the_year(
    cascade: Cascade, outcome: Outcome, amounts: Mapping[str, int], steps: tuple[Step, ...]
) -> dict[str, int]:
    """The year's totals before the stay, by the names that expressions give them."""
    found = {}
    for counter in cascade.shape.counters:
        if counter.startswith("sum."):
            name = counter.removeprefix("sum.")
            now = outcome.patient_fen if name == "patient" else _value(name, amounts, list(steps))
            found[f"year.{name}"] = outcome.counters[counter] - now
    return found


def _check_outcome(
    cascade: Cascade, outcome: Outcome, steps: tuple[Step, ...], amounts: Mapping[str, int]
) -> int:
    amounts = {**amounts, **_of_the_year(cascade, outcome, amounts, steps)}
    for at, step in enumerate(steps):
        _check_step(step, amounts, list(steps[:at]))
    _check_caps(cascade, outcome, steps)
    for layer in cascade.policy.layers:
        mine = [s for s in steps if s.layer == layer.id]
        assert sum(s.amount_fen for s in mine) == amount_of(layer, outcome)
        outside = [x.amount_fen for x in outcome.outside if x.layer == layer.id]
        surplus = sum(s.surplus_fen for s in mine)
        assert surplus == _owed_to_the_hospital(layer, mine)
        cash = sum(s.amount_fen for s in mine if s.kind == "cash")
        assert sum(outside) == surplus + cash
    own = sum(s.paid_fen for s in steps if s.kind == "patient")
    assert sum(s.paid_fen for s in steps) - own + outcome.patient_fen == amounts["total"]
    return sum(s.amount_fen > 0 for s in steps)


Explain = Callable[[Any, Outcome], tuple[Step, ...]]


def _explained(policies: Iterable[int], explain: Explain) -> int:
    """How many steps that pay were worked out again."""
    paying = 0
    for seed in policies:
        chance = seeded(seed)
        cascade = compile_tree(policy_tree(chance))
        asked = asked_by(json.loads(cascade.policy.canonical_text))
        stays = make_person(chance, elsewhere=cascade.shape.elsewhere, asked=asked, full=True)
        for stay, outcome in settle_stays(cascade, stays):
            if isinstance(outcome, Outcome):
                steps = explain(cascade, outcome)
                paying += _check_outcome(cascade, outcome, steps, stay.amounts)
    return paying


def test_every_payment_can_be_worked_out_again_from_what_is_printed() -> None:
    """From the bill and the words and figures of each step, to the fen."""
    assert _explained(range(600), explain) > 800


@pytest.mark.soak
def test_every_payment_of_many_more_policies_can_be_worked_out_again() -> None:
    """The same over policies that the short run does not see."""
    assert _explained(range(100_000, 115_000), explain) > 20_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": "total"},
        {"cap_left_fen": None},
        {"cost_cap_left_fen": None},
        {"already_paid_fen": 0},
        {"left_fen": 0},
        {"kind": "measure"},
        {"amount_fen": 0},
        {"factor": None},
        {"first_is_before": False},
        {"not_below_fen": 0},
        {"not_above_fen": None},
        {"surplus_fen": 0},
        {"base_before_cap_fen": 0},
        {"deductible_fen": 0},
        {"first_self_pay": None},
        {"rounding": "down/1"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_explanation_that_says_something_else_is_noticed(wrong: dict[str, Any]) -> None:
    """Each figure of a step is needed: with one of them wrong, nothing works out."""

    def say(cascade: Cascade, outcome: Outcome) -> tuple[Step, ...]:
        return tuple(s._replace(**wrong) for s in explain(cascade, outcome))

    with pytest.raises(AssertionError):
        _explained(range(600), say)


def _steps(
    *layers: dict[str, Any], charges: Charges, counters: dict[str, int] | None = None, **more: Any
) -> tuple[tuple[Step, ...], dict[str, str]]:
    """The steps of a bill, and the value of everything assumed by its name."""
    cascade = compile_tree(document(*layers) | more)
    outcome = settle_bill(cascade, Inputs(charges, Facts(tier="level_2"), counters or {}, {}))
    steps = explain(cascade, outcome)
    return steps, {n.name: n.value for n in assumed_numbers(cascade.policy, steps)}


def test_a_step_says_what_it_looked_at_took_off_and_paid() -> None:
    """10,000 yuan: 1,200 off, 70% of the rest is 6,160, of which a cap leaves 5,000."""
    layer = {
        "id": "basic",
        "name": "居民基本医保",
        "article": "第八条",
        "base": "in_scope",
        "deductible": "1200",
        "rate": {"value": "70%", "status": "assumed", "note": "借自邻县"},
        "caps": [{"per": "stay", "amount": "5000"}],
    }
    charges = Charges(12_000_00, in_scope_fen=10_000_00)
    (step,), assumed = _steps(layer, charges=charges)
    assert (step.name, step.article, step.base, step.rate) == (
        "居民基本医保",
        "第八条",
        "in_scope",
        "70%",
    )
    assert (step.base_fen, step.deductible_fen, step.eligible_fen) == (10000_00, 1200_00, 8800_00)
    assert (step.computed_fen, step.cap_left_fen, step.paid_fen) == (6160_00, 5000_00, 5000_00)
    assert [n.name for n in step.numbers] == ["basic.deductible", "basic.rate", "basic.cap_1"]
    assert assumed == {"basic.rate": "70%"}


def test_a_number_no_money_came_to_is_not_said_to_be_used() -> None:
    """The deductible takes everything: neither the rate nor the cap had a say."""
    layer = {"id": "basic", "base": "total", "deductible": "1200", "rate": "70%"}
    (step,), _ = _steps(layer, charges=Charges(500_00))
    assert [n.name for n in step.numbers] == ["basic.deductible"]
    assert (step.rate, step.paid_fen) == ("—", 0)


def test_a_cap_on_cost_says_what_it_cut_off() -> None:
    """Of 50,000 yuan in scope only 10,000 are looked at; 60% of them are 6,000."""
    caps = [{"per": "stay", "of": "cost", "amount": "10000"}]
    layer = {"id": "basic", "base": "in_scope", "rate": "60%", "caps": caps}
    (step,), _ = _steps(layer, charges=Charges(60_000_00, in_scope_fen=50_000_00))
    assert (step.base_before_cap_fen, step.cost_cap_left_fen) == (50_000_00, 10_000_00)
    assert (step.base_fen, step.cap_left_fen, step.paid_fen) == (10_000_00, None, 6_000_00)


def test_an_assumed_cap_on_cost_that_is_used_up_is_said_to_have_decided() -> None:
    """10,000 of 10,000 yuan were looked at before: nothing is, and the reason is an assumption."""
    amount = {"value": "10000", "status": "assumed", "note": "借自邻县"}
    caps = [{"per": "year", "of": "cost", "amount": amount}]
    layer = {"id": "basic", "base": "in_scope", "rate": "60%", "caps": caps}
    (step,), assumed = _steps(
        layer,
        charges=Charges(5_000_00, in_scope_fen=5_000_00),
        counters={"basic.cost": 10_000_00},
    )
    assert (step.base_before_cap_fen, step.base_fen, step.paid_fen) == (5_000_00, 0, 0)
    assert assumed == {"basic.cap_1": "10000.00"}


def test_a_top_up_says_how_much_was_paid_already() -> None:
    """90% of 100 yuan less the 70 that basic insurance paid."""
    basic = {"id": "basic", "base": "total", "rate": "70%"}
    top_up = {"id": "top_up", "base": "total", "rate": "90%", "minus": "basic"}
    (_, step), _ = _steps(basic, top_up, charges=Charges(100_00))
    assert (step.already_paid, step.already_paid_fen) == ("basic", 70_00)
    assert (step.computed_fen, step.left_fen, step.paid_fen) == (20_00, 30_00, 20_00)


def test_each_part_says_what_was_left_of_the_cap_for_it() -> None:
    """20,000 a year: 18,000 for what is in scope leave 2,000 for the rest."""
    parts = [
        {"id": "a", "name": "内", "base": "in_scope", "rate": "90%"},
        {"id": "b", "name": "外", "base": "out_of_scope", "rate": "75%"},
    ]
    layer = {"id": "supp", "parts": parts, "caps": [{"per": "year", "amount": "20000"}]}
    steps, _ = _steps(layer, charges=Charges(30_000_00, in_scope_fen=20_000_00))
    assert [(s.left_fen, s.cap_left_fen, s.paid_fen) for s in steps] == [
        (30_000_00, 20_000_00, 18_000_00),
        (12_000_00, 2_000_00, 2_000_00),
    ]


def test_both_edges_of_a_band_are_said_to_be_used() -> None:
    """20,000 yuan looked at before: all of 5,000 falls between 12,000 and 30,000."""
    rows = [
        {"up_to": "3000", "rate": "40%"},
        {"up_to": "12000", "rate": "50%"},
        {"up_to": "30000", "rate": "60%"},
        {"rate": "70%"},
    ]
    bands = {"measured_from": "zero", "rows": rows}
    deductible = {"per": "year", "amount": "0"}
    layer = {"id": "critical", "base": "total", "deductible": deductible, "bands": bands}
    (step,), _ = _steps(layer, charges=Charges(5_000_00), counters={"critical.base": 20_000_00})
    assert [n.name for n in step.numbers] == [
        "critical.deductible",
        "critical.band_2.up_to",
        "critical.band_3.up_to",
        "critical.band_3.rate",
    ]


_GUESS = {"status": "assumed", "note": "推想"}


def test_everything_that_is_assumed_and_had_a_say_is_listed() -> None:
    """Whom a layer is for, its pool, its rounding, the order of parts, a ceiling, a top-up."""
    basic = {
        "id": "basic",
        "pool": {"code": "990100", **_GUESS},
        "applies": {"when": {"tier": "二级"}, **_GUESS},
        "rounding": {"mode": "down", "to": "yuan", **_GUESS},
        "parts": [
            {"id": "a", "base": "class_a", "rate": "50%"},
            {"id": "b", "base": "class_b", "rate": "50%"},
        ],
        "deductible": "10",
        "deductible_taken_from": {"order": ["b", "a"], **_GUESS},
    }
    ceiling = {"value": "90%", **_GUESS}
    top_up = {
        "id": "top_up",
        "base": "total",
        "rate": {"value": "95%", "at_most": ceiling},
        "minus": {"amount": "basic", **_GUESS},
    }
    charges = Charges(101_01, class_a_fen=50_00, class_b_fen=51_01, class_c_fen=0)
    steps, assumed = _steps(basic, top_up, charges=charges)
    assert [s.paid_fen for s in steps] == [25_00, 20_00, 45_91]
    assert assumed == {
        "basic.applies": "适用",
        "basic.pool": "990100",
        "basic.rounding": "舍去到元",
        "basic.deductible_taken_from": "b、a",
        "top_up.rate": "90%",
        "top_up.minus": "basic",
    }


def test_what_is_assumed_and_had_no_say_is_not_listed() -> None:
    """Nothing is rounded, nothing was paid by the pool, the ceiling is not reached."""
    basic = {
        "id": "basic",
        "pool": {"code": "990100", **_GUESS},
        "rounding": {"mode": "down", "to": "yuan", **_GUESS},
        "base": "total",
        "deductible": "200",
        "rate": {"value": "50%", "at_most": {"value": "90%", **_GUESS}},
    }
    _, assumed = _steps(basic, charges=Charges(100_01))
    assert assumed == {}
    _, assumed = _steps(basic | {"deductible": "0"}, charges=Charges(100_00))
    assert assumed == {"basic.pool": "990100"}


def test_an_assumption_that_keeps_a_layer_away_is_listed() -> None:
    """The layer is thought to be for hospitals of level three: it does not apply, and says why."""
    applies = {"when": {"tier": "三级"}, **_GUESS}
    layer = {"id": "basic", "applies": applies, "base": "total", "rate": "50%"}
    (step,), assumed = _steps(layer, charges=Charges(100_00))
    assert (step.applied, assumed) == (False, {"basic.applies": "不适用"})


def test_a_layer_decided_elsewhere_keeps_its_doubts() -> None:
    """That another system decides it, and within what limit, is an assumption."""
    decided = {"by": "平台", "at_most": "total", **_GUESS}
    cascade = compile_tree(document({"id": "basic", "decided_elsewhere": decided}))
    inputs = Inputs(Charges(100_00), Facts(), {}, {"basic": 30_00})
    steps = explain(cascade, settle_bill(cascade, inputs))
    found = assumed_numbers(cascade.policy, steps)
    assert [(n.name, n.value) for n in found] == [("basic.decided_elsewhere", "≤ total")]


def test_the_rounding_of_the_whole_document_is_listed_under_its_own_name() -> None:
    """Half of 0.01 yuan was rounded, and no document says how."""
    rounding = {"mode": "half_up", "to": "fen", **_GUESS}
    layer = {"id": "basic", "base": "total", "rate": "50%"}
    _, assumed = _steps(layer, charges=Charges(1), rounding=rounding)
    assert assumed == {"rounding": "四舍五入到分"}
