"""Settling made-up stays, by the product and by the oracle, in words that can be compared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from settlement.application.prepare_settlement import counter_years
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.explain import assumed_numbers, explain
from settlement.kernel.names import part_variable
from settlement.kernel.report import Told, report
from settlement.kernel.settle import (
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
    Inputs,
    NumberMissing,
    Outcome,
    settle_bill,
)
from settlement.law.bill import AmountNotStated
from settlement.law.book import StayDates
from settlement.law.document import Tree, canonical_text
from settlement.law.facts import FactNotStated
from settlement.law.policy import Layer
from settlement.law.reading import read_policy
from tests.support.bill_generator import MadeUpStay
from tests.support.oracle import Claim, Reported, settle_by_the_letter
from tests.support.oracle_facts import Refused

INSIDE = ("base", "deductible", "first_self_pay", "eligible", "computed")

REFUSALS = (
    AmountNotStated,
    FactNotStated,
    NumberMissing,
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
)


@dataclass(frozen=True)
class Verdict:
    """What became of a stay: amounts in fen by name, or why it was refused.

    `paid` is what each layer's name stands for, and each part's; `inside` what layers and parts
    looked at, took off and computed; `counters` every total that is not zero; `outside` what is
    owed outside the bill: layer, kind, payer, fund, fen.
    """

    refused: tuple[str, str] | None = None
    paid: Mapping[str, int] = field(default_factory=dict)
    inside: Mapping[str, int] = field(default_factory=dict)
    patient: int = 0
    outside: frozenset[tuple[str, str, str, str, int]] = frozenset()
    pending: frozenset[str] = frozenset()
    counters: Mapping[str, int] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    reported: Mapping[str, Reported] = field(default_factory=dict)


def compile_tree(tree: Tree) -> Cascade:
    """The policy of a document, read from its canonical text as the ledger keeps it."""
    return compile_policy(read_policy(json.loads(canonical_text(tree))))


def years_of(cascade: Cascade, stay: MadeUpStay) -> dict[str, date]:
    """The benefit year of each of the policy's counters, as the product picks it."""
    years = counter_years(cascade.policy, StayDates(**stay.dates))
    return {name: years[name] for name in cascade.shape.counters}


def elsewhere_for(cascade: Cascade, stay: MadeUpStay) -> dict[str, int]:
    """The stay's amounts decided elsewhere, for the layers that apply."""
    facts = stay.product_facts
    try:
        applied = {x.id for x in cascade.policy.layers if x.condition.holds(facts)}
    except FactNotStated:
        applied = {x.id for x in cascade.policy.layers}
    wanted = applied.intersection(cascade.shape.elsewhere)
    return {name: fen for name, fen in stay.elsewhere.items() if name in wanted}


def settle_outcome(cascade: Cascade, stay: MadeUpStay, counters: Mapping[str, int]) -> Outcome:
    """The product's outcome; raises one of REFUSALS."""
    elsewhere = elsewhere_for(cascade, stay)
    return settle_bill(cascade, Inputs(stay.charges, stay.product_facts, counters, elsewhere))


def amount_of(layer: Layer, outcome: Outcome) -> int:
    """What the layer's name stands for: what it paid, or would pay if it only measures."""
    return outcome.values.get(f"{layer.id}_paid", outcome.paid_fen(layer))


def verdict_of_product(cascade: Cascade, stay: MadeUpStay, counters: Mapping[str, int]) -> Verdict:
    """What the product makes of the stay."""
    try:
        outcome = settle_outcome(cascade, stay, counters)
        told = report(cascade.policy, outcome, stay.product_facts)
    except REFUSALS as refusal:
        return Verdict(refused=name_of(refusal))
    policy, values = cascade.policy, outcome.values
    paid = {x.id: amount_of(x, outcome) for x in policy.layers}
    inside: dict[str, int] = {}
    for layer in policy.layers:
        for part in layer.parts:
            name = layer.id if len(layer.parts) == 1 else f"{layer.id}.{part.id}"
            stem = part_variable(layer, part)
            paid[name] = values[f"{stem}_paid"]
            inside |= {f"{name}.{what}": values[f"{stem}_{what}"] for what in INSIDE}
    return Verdict(
        paid=paid,
        inside=inside,
        patient=outcome.patient_fen,
        outside=frozenset(
            (x.layer, x.kind, x.payer, x.fund or "", x.amount_fen)
            for x in outcome.outside
            if x.amount_fen
        ),
        pending=frozenset(outcome.pending),
        counters=_moved({**counters, **outcome.counters}),
        assumed=frozenset(n.name for n in assumed_numbers(policy, explain(cascade, outcome))),
        reported={x.id: _reported(x) for x in told},
    )


def _reported(told: Told) -> Reported:
    if told.missing or (told.denominator_fen is not None and told.denominator_fen <= 0):
        return Reported(missing=told.missing)
    if told.denominator_fen is None:
        return Reported(amount=told.amount_fen)
    return Reported(share=(told.amount_fen or 0, told.denominator_fen), met=told.is_met)


def _moved(counters: Mapping[str, int]) -> dict[str, int]:
    return {name: total for name, total in counters.items() if total}


def verdict_of_oracle(cascade: Cascade, stay: MadeUpStay, counters: Mapping[str, int]) -> Verdict:
    """What the oracle makes of the same stay, from the policy's text."""
    claim = Claim(stay.amounts, stay.facts, counters, elsewhere_for(cascade, stay))
    try:
        answer = settle_by_the_letter(cascade.policy.canonical_text, claim)
    except Refused as refusal:
        return Verdict(refused=(refusal.kind, refusal.name))
    computed = [x for x in cascade.policy.layers if x.parts]
    parts = [x.id for x in computed if len(x.parts) == 1]
    parts += [f"{x.id}.{part.id}" for x in computed if len(x.parts) > 1 for part in x.parts]
    layers = [x.id for x in cascade.policy.layers]
    return Verdict(
        paid={name: answer.paid[name] for name in {*layers, *parts}},
        inside={
            f"{name}.{what}": answer.inside[f"{name}.{what}"] for name in parts for what in INSIDE
        },
        patient=answer.patient,
        outside=frozenset(entry for entry in answer.outside if entry[-1]),
        pending=frozenset(answer.pending),
        counters=_moved(answer.counters),
        assumed=frozenset(answer.assumed),
        reported=answer.reported,
    )


def name_of(refusal: Exception) -> tuple[str, str]:
    """Kind and name of what the product found wanting."""
    attributes: dict[type[Exception], tuple[str, str]] = {
        AmountNotStated: ("amount", "amount"),
        FactNotStated: ("fact", "fact"),
        NumberMissing: ("number", "name"),
        ElsewhereAmountMissing: ("elsewhere_missing", "layer_id"),
        ElsewhereAmountTooLarge: ("elsewhere_too_large", "layer_id"),
        ElsewhereAmountUnexpected: ("elsewhere_unexpected", "layer_id"),
    }
    kind, attribute = attributes[type(refusal)]
    name: Any = getattr(refusal, attribute)
    return kind, str(name)
