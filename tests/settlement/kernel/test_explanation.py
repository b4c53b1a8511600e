"""Explanations re-add to the settlement they explain (说明)."""

from fractions import Fraction
from math import ceil, floor

from settlement.kernel.cascade import Cascade
from settlement.kernel.explain import Step, assumed_numbers, explain
from settlement.kernel.settle import Inputs, Outcome, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from tests.settlement.kernel.made_up import document
from tests.support.bill_generator import make_year, seeded
from tests.support.conservation import settle_year
from tests.support.policy_generator import policy_tree
from tests.support.settling import compile_tree


def _ratio(text: str | None) -> Fraction:
    return Fraction(text.removesuffix("%")) / 100 if text and text.endswith("%") else Fraction(0)


def _rounded(exact: Fraction, rounding: str) -> int:
    mode, quantum = rounding.split("/")
    steps = exact / int(quantum)
    ways = {"down": floor(steps), "up": ceil(steps), "half_up": floor(steps + Fraction(1, 2))}
    return ways.get(mode, round(steps)) * int(quantum)


def _check_step(step: Step) -> None:
    assert step.base_fen == step.deductible_fen + step.eligible_fen
    if step.decided_by is not None:
        return
    assert sum(band.amount_fen for band in step.bands) == step.eligible_fen
    keep = 1 - _ratio(step.first_self_pay)
    share = sum((b.amount_fen * _ratio(b.rate) for b in step.bands), Fraction(0))
    computed = min(step.eligible_fen, _rounded(share * keep, step.rounding))
    assert step.computed_fen <= computed
    if step.already_paid is None:
        assert step.computed_fen == computed
    assert step.paid_fen <= step.computed_fen
    if step.cap_left_fen is not None:
        assert step.paid_fen <= step.cap_left_fen


def _check_outcome(cascade: Cascade, outcome: Outcome, total_fen: int) -> int:
    steps = explain(cascade.policy, outcome)
    for step in steps:
        _check_step(step)
    for layer in cascade.policy.layers:
        assert sum(s.paid_fen for s in steps if s.layer == layer.id) == outcome.paid_fen(layer)
    assert sum(s.paid_fen for s in steps) + outcome.patient_fen == total_fen
    return len(steps)


def test_the_steps_of_generated_settlements_add_up_again() -> None:
    """From what a step prints, its payment can be worked out again, to the fen."""
    explained = 0
    for seed in range(400):
        chance = seeded(seed)
        cascade = compile_tree(policy_tree(chance))
        stays = make_year(chance, elsewhere=cascade.shape.elsewhere, full=True)
        for stay, outcome in settle_year(cascade, stays):
            if isinstance(outcome, Outcome):
                explained += _check_outcome(cascade, outcome, stay.charges.total_fen)
    assert explained > 1_000


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
    cascade = compile_tree(document(layer))
    charges = Charges(12_000_00, in_scope_fen=10_000_00)
    outcome = settle_bill(cascade, Inputs(charges, Facts(), {}, {}))
    (step,) = explain(cascade.policy, outcome)
    assert (step.name, step.article, step.base, step.rate) == (
        "居民基本医保",
        "第八条",
        "in_scope",
        "70%",
    )
    assert (step.base_fen, step.deductible_fen, step.eligible_fen) == (10000_00, 1200_00, 8800_00)
    assert (step.computed_fen, step.cap_left_fen, step.paid_fen) == (6160_00, 5000_00, 5000_00)
    assert [n.name for n in step.numbers] == ["basic.deductible", "basic.rate", "basic.cap_1"]
    (assumed,) = assumed_numbers(cascade.policy, (step,))
    assert (assumed.name, assumed.value, assumed.note) == ("basic.rate", "70%", "借自邻县")


def test_a_number_no_money_came_to_is_not_said_to_be_used() -> None:
    """The deductible takes everything: neither the rate nor the cap had a say."""
    layer = {"id": "basic", "base": "total", "deductible": "1200", "rate": "70%"}
    cascade = compile_tree(document(layer))
    outcome = settle_bill(cascade, Inputs(Charges(500_00), Facts(), {}, {}))
    (step,) = explain(cascade.policy, outcome)
    assert [n.name for n in step.numbers] == ["basic.deductible"]
    assert (step.rate, step.paid_fen) == ("—", 0)
