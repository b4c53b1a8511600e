"""Explaining a settlement (说明): what each step looked at, took off, multiplied and paid.

Explanations are data; sentences are made where people read them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from settlement.kernel.cascade import Cascade
from settlement.kernel.frames import Frame, borne_by_text
from settlement.kernel.numbers_used import (
    Reached,
    is_known,
    numbers_of_elsewhere,
    numbers_of_step,
    rate_of,
)
from settlement.kernel.resolving import NumberUsed, number_used
from settlement.kernel.settle import Outcome
from settlement.law.numbers import Number, Rule
from settlement.law.policy import (
    REPORTED,
    CapOf,
    Layer,
    LayerKind,
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

    base_fen = base_before_cap_fen, held under cost_cap_left_fen. First self-pay taken before the
    deductible leaves base_fen − first_self_pay_fen for it; what it leaves is eligible_fen, the sum
    of the bands. Bands × rates, after first self-pay taken after it, × factor and rounded once,
    less already_paid_fen, raised to not_below_fen where there is a base and held under
    not_above_fen = computed_fen. Held under cap_left_fen, and left_fen where it pays the bill, it
    is amount_fen. Nothing goes below zero, and rounding never above what is eligible.

    `kind` tells what becomes of the amount; `paid_fen` is what takes part in paying the bill.
    `cost_cap_left_fen` and `cap_left_fen` are what caps left for this very part, None where there
    is no limit; `left_fen` is what was unpaid of the bill before it. `surplus_fen` is owed to the
    hospital outside the bill.
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
    kind: str = "payment"
    amount_fen: int = 0
    first_is_before: bool = False
    factor: str | None = None
    not_below: str | None = None
    not_below_fen: int | None = None
    not_above: str | None = None
    not_above_fen: int | None = None
    surplus_fen: int = 0
    borne_by: str | None = None
    pending: bool = False

    @property
    def rate(self) -> str:
        """The rates this step reached, in one line."""
        return "、".join(dict.fromkeys(b.rate for b in self.bands if b.amount_fen > 0)) or "—"

    @property
    def outside_fen(self) -> int:
        """What is paid to the patient outside the bill, in fen."""
        return self.amount_fen if self.kind == LayerKind.CASH.value else 0


def explain(cascade: Cascade, outcome: Outcome) -> tuple[Step, ...]:
    """Every step in order, those that came to zero among them."""
    steps: list[Step] = []
    left_fen = outcome.values["bill_total"]
    for layer, frames in cascade.frames:
        if frames:
            steps += _steps(layer, frames, outcome, left_fen)
        else:
            steps.append(_step_elsewhere(layer, outcome, left_fen))
        if layer.pays_bill:
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
    if name == "people":
        return "、".join(policy.people.precedence) or "身份认定规则"
    if name.startswith(REPORTED):
        one = next(r for r in policy.reported if r.id == name.split(".")[1])
        is_target = one.target is not None and name == one.target.name
        return f"{one.label}的目标" if is_target else f"{one.label}的口径"
    year = policy.benefit_year
    return f"{policy.version_chosen_by}/{year.begins_month:02d}-{year.begins_day:02d}"


def _step_elsewhere(layer: Layer, outcome: Outcome, left_fen: int) -> Step:
    amount = outcome.paid_fen(layer)
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
        base_before_cap_fen=amount,
        cost_cap_left_fen=None,
        base_fen=amount,
        deductible_fen=0,
        eligible_fen=amount,
        first_self_pay_fen=0,
        first_self_pay=None,
        bands=(),
        already_paid=None,
        already_paid_fen=0,
        computed_fen=amount,
        cap_left_fen=None,
        rounding="",
        paid_fen=amount if layer.pays_bill else 0,
        numbers=tuple(numbers_of_elsewhere(layer, outcome, left_fen)),
        kind=layer.kind.value,
        amount_fen=amount,
        borne_by=borne_by_text(layer),
        pending=layer.id in outcome.pending,
    )


def _steps(
    layer: Layer, frames: tuple[Frame, ...], outcome: Outcome, layer_left_fen: int
) -> Iterator[Step]:
    """The parts of a layer, each with what those before it left of the caps and of the bill."""
    left_fen, last = layer_left_fen, frames[-1]
    cost_left, paid_left = _caps_left(layer, outcome) if layer.caps else (None, None)
    for frame in frames:
        reached = _reached(frame, outcome, layer_left_fen)
        surplus = outcome.values[frame.surplus] if frame.surplus and frame is last else 0
        yield _step(frame, outcome, reached, (left_fen, cost_left, paid_left, surplus))
        if frame.pays_bill:
            left_fen -= reached.amount_fen
        cost_left = None if cost_left is None else cost_left - reached.base_fen
        paid_left = None if paid_left is None else paid_left - reached.amount_fen


def _reached(frame: Frame, outcome: Outcome, layer_left_fen: int) -> Reached:
    value = outcome.values
    base_fen, deductible_fen, eligible_fen, first_fen, computed_fen, paid_fen = frame.figures(value)
    is_applied = frame.layer.id in outcome.applied
    return Reached(
        layer_left_fen,
        value[frame.uncapped] if frame.uncapped else base_fen,
        base_fen,
        base_fen - first_fen if frame.takes_first else base_fen,
        deductible_fen,
        eligible_fen,
        first_fen,
        frame.bands(value) if frame.bands else (eligible_fen,),
        value[frame.target] if frame.target else computed_fen,
        value[frame.minus] if frame.minus and is_applied else 0,
        computed_fen,
        paid_fen,
        paid_fen + value[frame.surplus] if frame.surplus else paid_fen,
    )


def _step(
    frame: Frame,
    outcome: Outcome,
    reached: Reached,
    left_fen: tuple[int, int | None, int | None, int],
) -> Step:
    """One step; `left_fen` is what was left of the bill, of caps on cost, of caps on payment, and
    the surplus owed outside the bill."""
    part, value = frame.part, outcome.values
    applied = frame.layer.id in outcome.applied
    first, below, above = part.first_self_pay, frame.not_below, frame.not_above
    amount_fen = reached.amount_fen
    # By position, in the order of Step's fields: naming thirty of them takes longer than the rest.
    return Step._make(
        (
            *frame.head,
            applied,
            None,
            left_fen[0],
            frame.base_text,
            reached.uncapped_fen,
            left_fen[1],
            reached.base_fen,
            reached.deductible_fen,
            reached.eligible_fen,
            reached.first_self_pay_fen,
            _text(outcome, first) if first else None,
            _bands(frame, outcome, reached),
            frame.minus_text,
            reached.minus_fen,
            reached.computed_fen,
            left_fen[2],
            frame.rounding_code,
            amount_fen if frame.pays_bill else 0,
            tuple(numbers_of_step(frame, outcome, reached)),
            frame.kind,
            amount_fen,
            frame.takes_first,
            _text(outcome, part.factor) if part.factor else None,
            part.not_below.amount.text if part.not_below else None,
            value[below] if below and applied else None,
            part.not_above.amount.text if part.not_above else None,
            value[above] if above and applied else None,
            left_fen[3],
            frame.borne_by,
            False,
        )
    )


def _bands(frame: Frame, outcome: Outcome, reached: Reached) -> tuple[BandUsed, ...]:
    bands = frame.part.bands
    if len(bands) == 1:
        return (BandUsed(reached.bands_fen[0], _text(outcome, bands[0].rate) or "—"),)
    used = [
        BandUsed(fen, _text(outcome, band.rate) or "—")
        for band, fen in zip(bands, reached.bands_fen, strict=True)
    ]
    return tuple(used)


def _text(outcome: Outcome, rule: Rule) -> str | None:
    if isinstance(rule, Number):
        found = outcome.resolved.get(rule.name)
        return found.text if found else None
    ratio = rate_of(outcome, rule)
    return str(ratio) if ratio.units else None


def _caps_left(layer: Layer, outcome: Outcome) -> tuple[int | None, int | None]:
    """What the tightest caps on cost and on payment still allowed; None without a limit."""
    if layer.id not in outcome.applied:
        return None, None
    left: dict[bool, list[int]] = {True: [], False: []}
    for at, cap in enumerate(layer.caps, start=1):
        room = outcome.values[f"{layer.id}_cap_{at}_left"]
        if is_known(outcome, cap.amount) and (cap.of is not CapOf.TIMES or room == 0):
            left[cap.of is CapOf.COST].append(room)
    return min(left[True], default=None), min(left[False], default=None)
