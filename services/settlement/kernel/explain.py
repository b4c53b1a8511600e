"""Explaining a settlement (说明): what each step looked at, took off, multiplied and paid.

Explanations are data; sentences are made where people read them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from settlement.kernel.names import part_variable
from settlement.kernel.resolving import NumberUsed, ResolvedNumber, number_used
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

    base − deductible = eligible; bands of `eligible`, after `first_self_pay`, at their rates and
    rounded once, less `already_paid` for a top-up, give `computed`; held under what is left of
    caps and of the bill it becomes `paid`.
    """

    layer: str
    part: str
    payer: str
    fund: str | None
    name: str
    article: str | None
    applied: bool
    decided_by: str | None
    base: str
    base_fen: int
    deductible_fen: int
    eligible_fen: int
    first_self_pay_fen: int
    first_self_pay: str | None
    bands: tuple[BandUsed, ...]
    already_paid: str | None
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
    for layer in policy.layers:
        if layer.elsewhere:
            steps.append(_step_elsewhere(layer, outcome))
        else:
            steps += [_step(layer, part, outcome) for part in layer.parts]
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


def _step_elsewhere(layer: Layer, outcome: Outcome) -> Step:
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
        base=str(layer.elsewhere.at_most),
        base_fen=paid,
        deductible_fen=0,
        eligible_fen=paid,
        first_self_pay_fen=0,
        first_self_pay=None,
        bands=(),
        already_paid=None,
        computed_fen=paid,
        cap_left_fen=None,
        rounding="",
        paid_fen=paid,
        numbers=(),
    )


def _step(layer: Layer, part: Part, outcome: Outcome) -> Step:
    stem = part_variable(layer, part)
    value = outcome.values
    bands = tuple(_bands(part, stem, outcome))
    base_fen = value[f"{stem}_base"]
    return Step(
        layer=layer.id,
        part=part.id,
        payer=layer.payer.value,
        fund=layer.fund_id,
        name=layer.name if len(layer.parts) == 1 else f"{layer.name}·{part.name}",
        article=layer.article,
        applied=layer.id in outcome.applied,
        decided_by=None,
        base=str(part.base),
        base_fen=base_fen,
        deductible_fen=value[f"{stem}_deductible"],
        eligible_fen=value[f"{stem}_eligible"],
        first_self_pay_fen=value[f"{stem}_first_self_pay"],
        first_self_pay=_text(outcome, part.first_self_pay),
        bands=bands,
        already_paid=str(part.minus) if part.minus else None,
        computed_fen=value[f"{stem}_computed"],
        cap_left_fen=_cap_left(layer, outcome),
        rounding=_rounding_text(layer.rounding),
        paid_fen=value[f"{stem}_paid"],
        numbers=tuple(_numbers(layer, part, bands, outcome)) if base_fen > 0 else (),
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


def _cap_left(layer: Layer, outcome: Outcome) -> int | None:
    """What the tightest cap on payment still allowed before this stay; None without a cap."""
    left = [
        outcome.values[f"{layer.id}_cap_{at}_left"]
        for at, cap in enumerate(layer.caps, start=1)
        if cap.of is CapOf.PAYMENT and _is_limit(outcome.resolved.get(cap.amount.name))
    ]
    return min(left, default=None)


def _is_limit(found: ResolvedNumber | None) -> bool:
    return found is not None and found.value is not None


def _rounding_text(rounding: Rounding) -> str:
    return f"{rounding.mode.value}/{rounding.quantum_fen}"


def _numbers(
    layer: Layer, part: Part, bands: tuple[BandUsed, ...], outcome: Outcome
) -> Iterator[NumberUsed]:
    """The numbers this step reached, in order."""
    if not part.base_evidence.is_stated:
        own = layer.id if len(layer.parts) == 1 else f"{layer.id}.{part.id}"
        yield number_used(f"{own}.base", str(part.base), part.base_evidence)
    reached: list[Number] = [layer.deductible.amount] if layer.deductible else []
    if outcome.values[f"{part_variable(layer, part)}_eligible"] > 0:
        reached += [part.first_self_pay] if part.first_self_pay else []
        for band, used in zip(part.bands, bands, strict=True):
            if used.amount_fen > 0:
                reached += [band.up_to] if band.up_to else []
                reached.append(band.rate)
        reached += [cap.amount for cap in layer.caps]
    for number in reached:
        resolved = outcome.resolved.get(number.name)
        if resolved:
            yield from resolved.uses
