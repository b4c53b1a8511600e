"""What every settlement must satisfy (守恒), checked from outside the arithmetic.

Payers and patient add up to the bill, nothing is negative, every share stays within its base, no
yearly cap is passed and no deductible is taken twice, over all stays of a year.
"""

from collections.abc import Mapping, Sequence

from settlement.kernel.cascade import Cascade
from settlement.kernel.names import part_variable
from settlement.kernel.settle import Outcome
from settlement.law.policy import CapOf, Layer, Period, ThresholdKind
from tests.support.bill_generator import MadeUpStay
from tests.support.settling import REFUSALS, settle_outcome


class NotConserved(AssertionError):
    """A settlement that gives or takes what it must not; the message says what."""


def settle_year(
    cascade: Cascade, stays: Sequence[MadeUpStay]
) -> list[tuple[MadeUpStay, Outcome | Exception]]:
    """The stays of a year one after the other; a refused one moves no counter."""
    counters: Mapping[str, int] = {}
    found: list[tuple[MadeUpStay, Outcome | Exception]] = []
    for stay in stays:
        try:
            outcome = settle_outcome(cascade, stay, counters)
        except REFUSALS as refusal:
            found.append((stay, refusal))
            continue
        found.append((stay, outcome))
        counters = outcome.counters
    return found


def check_year(cascade: Cascade, stays: Sequence[MadeUpStay]) -> int:
    """Settle a year and check every stay of it; how many were settled. Raises NotConserved."""
    running: dict[str, int] = {}
    taken: dict[str, int] = {}
    settled = 0
    for stay, outcome in settle_year(cascade, stays):
        if isinstance(outcome, Exception):
            continue
        settled += 1
        _check_sum(cascade, stay, outcome)
        for layer in cascade.policy.layers:
            _check_shares(layer, outcome)
            _check_deductible(layer, outcome, running, taken)
            _check_caps(layer, outcome, running)
        _check_counters(cascade, outcome, running)
    return settled


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - it reads as a sentence
    if not holds:
        raise NotConserved(what)


def _check_sum(cascade: Cascade, stay: MadeUpStay, outcome: Outcome) -> None:
    paid = [outcome.paid_fen(x) for x in cascade.policy.layers]
    _require(
        sum(paid) + outcome.patient_fen == stay.charges.total_fen,
        f"payers {paid} + patient {outcome.patient_fen} ≠ total {stay.charges.total_fen}",
    )
    negative = {name: fen for name, fen in outcome.values.items() if fen < 0 and name != "refused"}
    _require(not negative, f"below zero: {negative}")


def _check_shares(layer: Layer, outcome: Outcome) -> None:
    if layer.id not in outcome.applied:
        _require(outcome.paid_fen(layer) == 0, f"{layer.id} pays without applying")
    for part in layer.parts:
        stem = part_variable(layer, part)
        base, deductible, eligible, first, computed, paid = (
            outcome.values[f"{stem}_{what}"]
            for what in ("base", "deductible", "eligible", "first_self_pay", "computed", "paid")
        )
        _require(base == deductible + eligible, f"{stem}: base ≠ deductible + eligible")
        _require(first <= eligible, f"{stem}: first self-pay above what is eligible")
        _require(paid <= computed <= eligible, f"{stem}: pays more than its base allows")


def _check_deductible(
    layer: Layer, outcome: Outcome, running: Mapping[str, int], taken: dict[str, int]
) -> None:
    rule = layer.deductible
    if rule is None or rule.kind is not ThresholdKind.DEDUCTED or layer.id not in outcome.applied:
        return
    limit = outcome.resolved[rule.amount.name].at_digits(0)
    now = outcome.values[f"{layer.id}_deductible"]
    if rule.period is Period.STAY:
        _require(now <= max(0, limit), f"{layer.id}: takes off {now}, above {limit}")
    elif rule.counter:
        left = max(0, limit - running.get(rule.counter, 0))
        _require(now <= left, f"{layer.id}: takes off {now}, though {left} is left this year")
        taken[layer.id] = taken.get(layer.id, 0) + now
        _require(now == 0 or taken[layer.id] <= limit, f"{layer.id}: deductible taken twice")


def _check_caps(layer: Layer, outcome: Outcome, running: dict[str, int]) -> None:
    bases = sum(outcome.values[f"{part_variable(layer, p)}_base"] for p in layer.parts)
    paid = outcome.paid_fen(layer)
    for cap in layer.caps if layer.id in outcome.applied else ():
        limit = outcome.resolved[cap.amount.name].at_digits(0)
        before = running.get(cap.counter, 0) if cap.counter else 0
        spent = paid if cap.of is CapOf.PAYMENT else bases
        _require(
            limit < 0 or spent <= max(0, limit - before),
            f"{layer.id}: {spent} passes the cap of {limit} after {before}",
        )
    moved = {c.counter: bases if c.of is CapOf.COST else paid for c in layer.caps}
    if layer.deductible:
        moved[layer.deductible.counter] = bases
    for name, amount in moved.items():
        if name:
            running[name] = running.get(name, 0) + amount


def _check_counters(cascade: Cascade, outcome: Outcome, running: Mapping[str, int]) -> None:
    for name in cascade.shape.counters:
        _require(
            outcome.counters[name] == running.get(name, 0),
            f"counter {name} stands at {outcome.counters[name]}, not {running.get(name, 0)}",
        )
