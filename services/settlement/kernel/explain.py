"""Explaining a settlement (说明): what each step looked at, took off, multiplied and paid.

Explanations are data; sentences are made where people read them.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from settlement.kernel.names import part_variable
from settlement.kernel.numbers_used import (
    Reached,
    numbers_of_elsewhere,
    numbers_of_step,
)
from settlement.kernel.resolving import NumberUsed, number_used
from settlement.kernel.settle import Outcome
from settlement.law.policy import (
    CapOf,
    Layer,
    Number,
    Part,
    Policy,
    assumptions_of,
)

__all__ = ["BandUsed", "NumberUsed", "Step", "assumed_numbers", "explain"]


class BandUsed(NamedTuple):
    """One band a step reached (所用分段): amount in fen, and its rate."""

    amount_fen: int
    rate: str


class Step(NamedTuple):
    """One step of a settlement (一步): a part of a layer, amounts in fen.

    base_fen = base_before_cap_fen, held under cost_cap_left_fen; base_fen − deductible_fen =
    eligible_fen, the sum of the bands; bands × rates, after `first_self_pay` and rounded once,
    less already_paid_fen = computed_fen; held under cap_left_fen and left_fen it is paid_fen.
    Nothing goes below zero, and rounding never above what is eligible. `cost_cap_left_fen` and
    `cap_left_fen` are what caps left for this very part, None where there is no limit; `left_fen`
    is what was unpaid of the bill before it.
    """

    layer: str
    part: str
    payer: str
    fund: str | None
    name: str
    article: str | None
    applied: bool
    decided_by: str | None
    left_fen: int
    base: str
    base_before_cap_fen: int
    cost_cap_left_fen: int | None
    base_fen: int
    deductible_fen: int
    eligible_fen: int
    first_self_pay_fen: int
    first_self_pay: str | None
    bands: tuple[BandUsed, ...]
    already_paid: str | None
    already_paid_fen: int
    computed_fen: int
    cap_left_fen: int | None
    rounding: str
    paid_fen: int
    numbers: tuple[NumberUsed, ...]

    @property
    def rate(self) -> str:
        """The rates this step reached, in one line."""
        return "、".join(dict.fromkeys(b.rate for b in self.bands if b.amount_fen > 0)) or "—"


def explain(policy: Policy, outcome: Outcome) -> tuple[Step, ...]:
    """Every step in order, those that came to zero among them."""
    steps: list[Step] = []
    left_fen = outcome.values["bill_total"]
    for layer in policy.layers:
        if layer.elsewhere:
            steps.append(_step_elsewhere(layer, outcome, left_fen))
        else:
            steps += _steps(layer, outcome, left_fen)
        left_fen -= outcome.paid_fen(layer)
    return tuple(steps)


def assumed_numbers(policy: Policy, steps: tuple[Step, ...]) -> tuple[NumberUsed, ...]:
    """Everything this settlement used that no document states (非原文载明的依据)."""
    whole = [
        number_used(name, _documentary(policy, name), evidence)
        for name, evidence in assumptions_of(policy)
    ]
    used = [n for step in steps for n in step.numbers if n.status != "stated"]
    return tuple(dict.fromkeys([*whole, *used]))


def _documentary(policy: Policy, name: str) -> str:
    if name == "region":
        return f"{policy.region} {policy.region_name}"
    if name == "in_force":
        return f"{policy.in_force_from} 至 {policy.in_force_to or '今'}"
    year = policy.benefit_year
    return f"{policy.version_chosen_by}/{year.begins_month:02d}-{year.begins_day:02d}"


def _step_elsewhere(layer: Layer, outcome: Outcome, left_fen: int) -> Step:
    paid = outcome.paid_fen(layer)
    assert layer.elsewhere  # noqa: S101 - the caller has looked
    return Step(
        layer=layer.id,
        part=layer.id,
        payer=layer.payer.value,
        fund=layer.fund_id,
        name=layer.name,
        article=layer.article,
        applied=layer.id in outcome.applied,
        decided_by=layer.elsewhere.decided_by,
        left_fen=left_fen,
        base=str(layer.elsewhere.at_most),
        base_before_cap_fen=paid,
        cost_cap_left_fen=None,
        base_fen=paid,
        deductible_fen=0,
        eligible_fen=paid,
        first_self_pay_fen=0,
        first_self_pay=None,
        bands=(),
        already_paid=None,
        already_paid_fen=0,
        computed_fen=paid,
        cap_left_fen=None,
        rounding="",
        paid_fen=paid,
        numbers=tuple(numbers_of_elsewhere(layer, outcome, left_fen)),
    )


def _steps(layer: Layer, outcome: Outcome, layer_left_fen: int) -> Iterator[Step]:
    """The parts of a layer, each with what those before it left of the caps and of the bill."""
    left_fen = layer_left_fen
    cost_left, paid_left = _caps_left(layer, outcome) if layer.caps else (None, None)
    for part in layer.parts:
        reached = _reached(layer, part, outcome, layer_left_fen)
        yield _step(layer, part, outcome, reached, (left_fen, cost_left, paid_left))
        left_fen -= reached.paid_fen
        cost_left = None if cost_left is None else cost_left - reached.base_fen
        paid_left = None if paid_left is None else paid_left - reached.paid_fen


def _reached(layer: Layer, part: Part, outcome: Outcome, layer_left_fen: int) -> Reached:
    stem, value = part_variable(layer, part), outcome.values
    base_fen, deductible_fen, eligible_fen, first_fen, computed_fen, paid_fen = _figures(stem)(
        value
    )
    if len(part.bands) == 1:
        bands_fen: tuple[int, ...] = (eligible_fen,)
    else:
        numbered = range(1, len(part.bands) + 1)
        bands_fen = tuple([value[f"{stem}_band_{at}"] for at in numbered])
    return Reached(
        layer_left_fen,
        value[f"{stem}_uncapped"] if layer.caps and f"{stem}_uncapped" in value else base_fen,
        base_fen,
        deductible_fen,
        eligible_fen,
        first_fen,
        bands_fen,
        value[f"{stem}_target"] if part.minus else computed_fen,
        value[f"{stem}_minus"] if part.minus and layer.id in outcome.applied else 0,
        computed_fen,
        paid_fen,
    )


@lru_cache(maxsize=1024)
def _figures(stem: str) -> Callable[[Mapping[str, int]], tuple[int, ...]]:
    """Reads the figures that every part has, all at once."""
    names = ("base", "deductible", "eligible", "first_self_pay", "computed", "paid")
    return itemgetter(*(f"{stem}_{name}" for name in names))


def _step(
    layer: Layer,
    part: Part,
    outcome: Outcome,
    reached: Reached,
    left_fen: tuple[int, int | None, int | None],
) -> Step:
    """One step; `left_fen` is what was left of the bill, of caps on cost, of caps on payment."""
    return Step(
        layer=layer.id,
        part=part.id,
        payer=layer.payer.value,
        fund=layer.fund_id,
        name=layer.name if len(layer.parts) == 1 else f"{layer.name}·{part.name}",
        article=layer.article,
        applied=layer.id in outcome.applied,
        decided_by=None,
        left_fen=left_fen[0],
        base=part.base.text,
        base_before_cap_fen=reached.uncapped_fen,
        cost_cap_left_fen=left_fen[1],
        base_fen=reached.base_fen,
        deductible_fen=reached.deductible_fen,
        eligible_fen=reached.eligible_fen,
        first_self_pay_fen=reached.first_self_pay_fen,
        first_self_pay=_text(outcome, part.first_self_pay) if part.first_self_pay else None,
        bands=tuple(
            [
                BandUsed(fen, _text(outcome, band.rate) or "—")
                for band, fen in zip(part.bands, reached.bands_fen, strict=True)
            ]
        ),
        already_paid=part.minus.text if part.minus else None,
        already_paid_fen=reached.minus_fen,
        computed_fen=reached.computed_fen,
        cap_left_fen=left_fen[2],
        rounding=layer.rounding.code,
        paid_fen=reached.paid_fen,
        numbers=tuple(numbers_of_step(layer, part, outcome, reached)),
    )


def _text(outcome: Outcome, number: Number) -> str | None:
    found = outcome.resolved.get(number.name)
    return found.text if found else None


def _caps_left(layer: Layer, outcome: Outcome) -> tuple[int | None, int | None]:
    """What the tightest caps on cost and on payment still allowed; None without a limit."""
    left: dict[CapOf, list[int]] = {CapOf.COST: [], CapOf.PAYMENT: []}
    for at, cap in enumerate(layer.caps, start=1):
        found = outcome.resolved.get(cap.amount.name)
        if found is not None and found.value is not None:
            left[cap.of].append(outcome.values[f"{layer.id}_cap_{at}_left"])
    return min(left[CapOf.COST], default=None), min(left[CapOf.PAYMENT], default=None)
