"""Explaining a settlement (说明): what each step looked at, took off, multiplied and paid.

Explanations are data; sentences are made where people read them.
"""

from collections.abc import Iterator
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
    Rounding,
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


def _steps(layer: Layer, outcome: Outcome, left_fen: int) -> Iterator[Step]:
    """The parts of a layer, each with what those before it left of the caps and of the bill."""
    layer_left_fen, cost_left = left_fen, _cap_left(layer, outcome, CapOf.COST)
    paid_left = _cap_left(layer, outcome, CapOf.PAYMENT)
    for part in layer.parts:
        step = _step(
            layer,
            part,
            outcome,
            layer_left_fen=layer_left_fen,
            left_fen=left_fen,
            cost_cap_left_fen=cost_left,
            cap_left_fen=paid_left,
        )
        yield step
        left_fen -= step.paid_fen
        cost_left = None if cost_left is None else cost_left - step.base_fen
        paid_left = None if paid_left is None else paid_left - step.paid_fen


def _step(
    layer: Layer,
    part: Part,
    outcome: Outcome,
    *,
    layer_left_fen: int,
    left_fen: int,
    cost_cap_left_fen: int | None,
    cap_left_fen: int | None,
) -> Step:
    stem = part_variable(layer, part)
    value = outcome.values
    bands = tuple(_bands(part, stem, outcome))
    base_fen = value[f"{stem}_base"]
    applied = layer.id in outcome.applied
    reached = Reached(
        layer_left_fen=layer_left_fen,
        uncapped_fen=value.get(f"{stem}_uncapped", base_fen),
        base_fen=base_fen,
        eligible_fen=value[f"{stem}_eligible"],
        bands_fen=tuple(b.amount_fen for b in bands),
        target_fen=value.get(f"{stem}_target", 0),
        computed_fen=value[f"{stem}_computed"],
        paid_fen=value[f"{stem}_paid"],
    )
    return Step(
        layer=layer.id,
        part=part.id,
        payer=layer.payer.value,
        fund=layer.fund_id,
        name=layer.name if len(layer.parts) == 1 else f"{layer.name}·{part.name}",
        article=layer.article,
        applied=applied,
        decided_by=None,
        left_fen=left_fen,
        base=str(part.base),
        base_before_cap_fen=reached.uncapped_fen,
        cost_cap_left_fen=cost_cap_left_fen,
        base_fen=base_fen,
        deductible_fen=value[f"{stem}_deductible"],
        eligible_fen=reached.eligible_fen,
        first_self_pay_fen=value[f"{stem}_first_self_pay"],
        first_self_pay=_text(outcome, part.first_self_pay),
        bands=bands,
        already_paid=str(part.minus) if part.minus else None,
        already_paid_fen=value[f"{stem}_minus"] if part.minus and applied else 0,
        computed_fen=reached.computed_fen,
        cap_left_fen=cap_left_fen,
        rounding=_rounding_text(layer.rounding),
        paid_fen=reached.paid_fen,
        numbers=tuple(numbers_of_step(layer, part, outcome, reached)),
    )


def _bands(part: Part, stem: str, outcome: Outcome) -> Iterator[BandUsed]:
    if len(part.bands) == 1:
        yield BandUsed(
            outcome.values[f"{stem}_eligible"], _text(outcome, part.bands[0].rate) or "—"
        )
        return
    for at, band in enumerate(part.bands, start=1):
        amount = outcome.values[f"{stem}_band_{at}"]
        yield BandUsed(amount, _text(outcome, band.rate) or "—")


def _text(outcome: Outcome, number: Number | None) -> str | None:
    found = outcome.resolved.get(number.name) if number else None
    return found.text if found else None


def _cap_left(layer: Layer, outcome: Outcome, of: CapOf) -> int | None:
    """What the tightest cap still allowed before this stay; None without a limit."""
    left = [
        outcome.values[f"{layer.id}_cap_{at}_left"]
        for at, cap in enumerate(layer.caps, start=1)
        if cap.of is of and _is_limit(outcome, cap.amount)
    ]
    return min(left, default=None)


def _is_limit(outcome: Outcome, number: Number) -> bool:
    found = outcome.resolved.get(number.name)
    return found is not None and found.value is not None


def _rounding_text(rounding: Rounding) -> str:
    return f"{rounding.mode.value}/{rounding.quantum_fen}"
