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
    is_known,
    numbers_of_elsewhere,
    numbers_of_step,
    rate_of,
)
from settlement.kernel.resolving import NumberUsed, number_used
from settlement.kernel.settle import Outcome
from settlement.law.numbers import Number, Rule
from settlement.law.policy import (
    CapOf,
    Layer,
    LayerKind,
    Part,
    Policy,
    assumptions_of,
)

__all__ = ["BandUsed", "NumberUsed", "Step", "assumed_numbers", "explain"]

_OF_THE_BILL = frozenset({LayerKind.PAYMENT, LayerKind.PATIENT})


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


def explain(policy: Policy, outcome: Outcome) -> tuple[Step, ...]:
    """Every step in order, those that came to zero among them."""
    steps: list[Step] = []
    left_fen = outcome.values["bill_total"]
    for layer in policy.layers:
        if layer.elsewhere:
            steps.append(_step_elsewhere(layer, outcome, left_fen))
        else:
            steps += _steps(layer, outcome, left_fen)
        if layer.kind in _OF_THE_BILL:
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
        paid_fen=amount if layer.kind in _OF_THE_BILL else 0,
        numbers=tuple(numbers_of_elsewhere(layer, outcome, left_fen)),
        kind=layer.kind.value,
        amount_fen=amount,
        borne_by=_borne_by(layer),
        pending=layer.id in outcome.pending,
    )


def _borne_by(layer: Layer) -> str | None:
    bearer = layer.borne_by
    if bearer is None:
        return None
    return "，".join(word for word in (bearer.payer.label, bearer.pool, bearer.when) if word)


def _steps(layer: Layer, outcome: Outcome, layer_left_fen: int) -> Iterator[Step]:
    """The parts of a layer, each with what those before it left of the caps and of the bill."""
    left_fen = layer_left_fen
    cost_left, paid_left = _caps_left(layer, outcome) if layer.caps else (None, None)
    last = layer.parts[-1]
    for part in layer.parts:
        surplus = 0
        if layer.surplus_to_hospital and part is last:
            surplus = outcome.values[f"{layer.id}_surplus"]
        reached = _reached(layer, part, outcome, layer_left_fen)
        yield _step(layer, part, outcome, reached, (left_fen, cost_left, paid_left, surplus))
        if layer.kind in _OF_THE_BILL:
            left_fen -= reached.amount_fen
        cost_left = None if cost_left is None else cost_left - reached.base_fen
        paid_left = None if paid_left is None else paid_left - reached.amount_fen


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
    owed_fen = paid_fen
    if layer.surplus_to_hospital:
        owed_fen += value[f"{layer.id}_surplus"]
    return Reached(
        layer_left_fen,
        value[f"{stem}_uncapped"] if layer.caps and f"{stem}_uncapped" in value else base_fen,
        base_fen,
        base_fen - first_fen if part.takes_first else base_fen,
        deductible_fen,
        eligible_fen,
        first_fen,
        bands_fen,
        value.get(f"{stem}_target", computed_fen),
        value[f"{stem}_minus"] if part.minus and layer.id in outcome.applied else 0,
        computed_fen,
        paid_fen,
        owed_fen,
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
    left_fen: tuple[int, int | None, int | None, int],
) -> Step:
    """One step; `left_fen` is what was left of the bill, of caps on cost, of caps on payment, and
    the surplus owed outside the bill."""
    applied = layer.id in outcome.applied
    below, above = part.not_below, part.not_above
    stem = part_variable(layer, part)
    return Step(
        layer=layer.id,
        part=part.id,
        payer=layer.payer.value,
        fund=layer.fund_id,
        name=layer.name if len(layer.parts) == 1 else f"{layer.name}·{part.name}",
        article=layer.article,
        applied=applied,
        decided_by=None,
        left_fen=left_fen[0],
        base=part.base_text,
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
        rounding=part.rounding.code,
        paid_fen=reached.amount_fen if layer.kind in _OF_THE_BILL else 0,
        numbers=tuple(numbers_of_step(layer, part, outcome, reached)),
        kind=layer.kind.value,
        amount_fen=reached.amount_fen,
        first_is_before=part.takes_first,
        factor=_text(outcome, part.factor) if part.factor else None,
        not_below=below.amount.text if below else None,
        not_below_fen=outcome.values[f"{stem}_not_below"] if below and applied else None,
        not_above=above.amount.text if above else None,
        not_above_fen=outcome.values[f"{stem}_not_above"] if above and applied else None,
        surplus_fen=left_fen[3],
        borne_by=_borne_by(layer) if layer.borne_by else None,
    )


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
