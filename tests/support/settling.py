"""Settling made-up stays, by the product and by the oracle, in words that can be compared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from settlement.application.prepare_settlement import counter_years
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.explain import assumed_numbers, explain
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
from settlement.law.policy import Policy
from settlement.law.reading import read_policy
from tests.support.bill_generator import MadeUpStay
from tests.support.oracle import Claim, settle_by_the_letter
from tests.support.oracle_values import Refused

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
    """What became of a stay: amounts in fen by name, or why it was refused."""

    refused: tuple[str, str] | None = None
    paid: Mapping[str, int] = field(default_factory=dict)
    deductible: Mapping[str, int] = field(default_factory=dict)
    patient: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()


def compile_tree(tree: Tree) -> Cascade:
    """The policy of a document, read from its canonical text as the ledger keeps it."""
    return compile_policy(read_policy(json.loads(canonical_text(tree))))


def years_of(cascade: Cascade, stay: MadeUpStay) -> dict[str, date]:
    """The benefit year of each of the policy's counters, as the product picks it."""
    years = counter_years(cascade.policy, StayDates(**stay.dates))
    return {name: years[name] for name in cascade.shape.counters}


def computed_layers(policy: Policy) -> list[str]:
    """Layers that the policy computes itself."""
    return [x.id for x in policy.layers if not x.elsewhere]


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


def verdict_of_product(cascade: Cascade, stay: MadeUpStay, counters: Mapping[str, int]) -> Verdict:
    """What the product makes of the stay."""
    try:
        outcome = settle_outcome(cascade, stay, counters)
    except REFUSALS as refusal:
        return Verdict(refused=name_of(refusal))
    layers = cascade.policy.layers
    paid = {x.id: outcome.paid_fen(x) for x in layers}
    for layer in layers:
        if len(layer.parts) > 1:
            for part in layer.parts:
                paid[f"{layer.id}.{part.id}"] = outcome.values[f"{layer.id}__{part.id}_paid"]
    return Verdict(
        paid=paid,
        deductible={x: outcome.values[f"{x}_deductible"] for x in computed_layers(cascade.policy)},
        patient=outcome.patient_fen,
        counters={name: outcome.counters[name] for name in cascade.shape.counters},
        assumed=frozenset(
            n.name for n in assumed_numbers(cascade.policy, explain(cascade.policy, outcome))
        ),
    )


def verdict_of_oracle(cascade: Cascade, stay: MadeUpStay, counters: Mapping[str, int]) -> Verdict:
    """What the oracle makes of the same stay, from the policy's text."""
    claim = Claim(stay.amounts, stay.facts, counters, elsewhere_for(cascade, stay))
    try:
        answer = settle_by_the_letter(cascade.policy.canonical_text, claim)
    except Refused as refusal:
        return Verdict(refused=(refusal.kind, refusal.name))
    single = {f"{x.id}.{x.id}" for x in cascade.policy.layers}
    return Verdict(
        paid={name: fen for name, fen in answer.paid.items() if name not in single},
        deductible={x: answer.deductible.get(x, 0) for x in computed_layers(cascade.policy)},
        patient=answer.patient,
        counters=answer.counters,
        assumed=frozenset(answer.assumed),
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
