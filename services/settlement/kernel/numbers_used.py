"""Which numbers decided a step (所用参数): those that money came to, and no others.

Numbers that a document states are listed for their sources; whom a layer is for, what it looks
at, how it rounds and whose fund pays are listed where no document states them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from settlement.kernel.resolving import NumberUsed, number_used
from settlement.kernel.settle import Outcome
from settlement.law.exact import Ratio
from settlement.law.policy import CapOf, Layer, Number, Part


class Reached(NamedTuple):
    """How far money came in a step (算到哪里), in fen.

    `layer_left_fen` is what was unpaid before the layer, `uncapped_fen` the base before caps on
    cost, `target_fen` the payment before `minus_fen` was taken off.
    """

    layer_left_fen: int
    uncapped_fen: int
    base_fen: int
    deductible_fen: int
    eligible_fen: int
    first_self_pay_fen: int
    bands_fen: tuple[int, ...]
    target_fen: int
    minus_fen: int
    computed_fen: int
    paid_fen: int


def numbers_of_elsewhere(layer: Layer, outcome: Outcome, left_fen: int) -> list[NumberUsed]:
    """What a layer that another system decides rests on, where no document states it."""
    found: list[NumberUsed] = []
    if left_fen > 0:
        _add_condition(found, layer, outcome)
    if layer.elsewhere and layer.id in outcome.applied:
        decided = layer.elsewhere
        if left_fen > 0 and not decided.evidence.is_stated:
            name, limit = f"{layer.id}.decided_elsewhere", f"≤ {decided.at_most}"
            found.append(number_used(name, limit, decided.evidence))
        if outcome.paid_fen(layer) > 0:
            _add_pool(found, layer)
    return found


def numbers_of_step(
    layer: Layer, part: Part, outcome: Outcome, reached: Reached
) -> list[NumberUsed]:
    """What this part of a layer rests on, in the order the arithmetic meets it."""
    found: list[NumberUsed] = []
    # A base counts towards the year's totals even where nothing is left to pay.
    matters = reached.layer_left_fen > 0 or reached.uncapped_fen > 0
    if matters:
        _add_condition(found, layer, outcome)
    if layer.id not in outcome.applied:
        return found
    if matters and not part.base_evidence.is_stated:
        found.append(number_used(f"{_own(layer, part)}.base", str(part.base), part.base_evidence))
    if reached.uncapped_fen > 0:
        for number in _reached(layer, part, outcome, reached):
            found += outcome.resolved[number.name].uses
        _add_rules(found, layer, part, outcome, reached)
        if reached.paid_fen > 0:
            _add_pool(found, layer)
    return found


def _own(layer: Layer, part: Part) -> str:
    return layer.id if len(layer.parts) == 1 else f"{layer.id}.{part.id}"


def _add_condition(found: list[NumberUsed], layer: Layer, outcome: Outcome) -> None:
    """Whom the layer is for decides, also when it is not for this person."""
    if not layer.condition_evidence.is_stated and not layer.condition.is_always:
        said = "适用" if layer.id in outcome.applied else "不适用"
        found.append(number_used(f"{layer.id}.applies", said, layer.condition_evidence))


def _add_pool(found: list[NumberUsed], layer: Layer) -> None:
    if layer.pool and not layer.pool_evidence.is_stated:
        found.append(number_used(f"{layer.id}.pool", layer.pool, layer.pool_evidence))


def _add_rules(
    found: list[NumberUsed], layer: Layer, part: Part, outcome: Outcome, reached: Reached
) -> None:
    """The order a deductible is taken in, what was paid already, and how a share is rounded."""
    rule, rounding = layer.deductible, layer.rounding
    is_shared = rule and len(layer.parts) > 1 and outcome.values[f"{layer.id}_deductible"] > 0
    if rule and is_shared and reached.base_fen > 0 and not rule.order_evidence.is_stated:
        name, order = f"{layer.id}.deductible_taken_from", "、".join(rule.taken_from)
        found.append(number_used(name, order, rule.order_evidence))
    if part.minus and reached.target_fen > 0 and not part.minus_evidence.is_stated:
        name = f"{_own(layer, part)}.minus"
        found.append(number_used(name, str(part.minus), part.minus_evidence))
    if not rounding.evidence.is_stated and _is_rounded(layer, part, outcome, reached):
        found.append(number_used(rounding.name, rounding.label, rounding.evidence))


def _reached(layer: Layer, part: Part, outcome: Outcome, reached: Reached) -> Iterator[Number]:
    """The numbers that an amount above zero came to."""
    yield from _cost_caps(layer, outcome)
    rule = layer.deductible
    if rule and reached.base_fen > 0 and part.id in rule.taken_from:
        yield rule.amount
    if reached.eligible_fen > 0:
        if part.first_self_pay:
            yield part.first_self_pay
        if len(part.bands) == 1:
            yield part.bands[0].rate
        else:
            yield from _bands(part, reached)
    if reached.computed_fen > 0:
        yield from (cap.amount for cap in layer.caps if cap.of is CapOf.PAYMENT)


def _cost_caps(layer: Layer, outcome: Outcome) -> Iterator[Number]:
    """Caps on cost in order, up to one that has nothing left."""
    for at, cap in enumerate(layer.caps, start=1):
        if cap.of is CapOf.COST:
            yield cap.amount
            if outcome.values[f"{layer.id}_cap_{at}_left"] == 0:
                return


def _bands(part: Part, reached: Reached) -> Iterator[Number]:
    """Both edges and the rate of every band that something fell into, each once."""
    lower: Number | None = None
    for band, amount_fen in zip(part.bands, reached.bands_fen, strict=True):
        if amount_fen > 0:
            if lower:
                yield lower
            if band.up_to:
                yield band.up_to
            yield band.rate
            lower = None  # the next band begins at an edge that has been told
        else:
            lower = band.up_to


def _is_rounded(layer: Layer, part: Part, outcome: Outcome, reached: Reached) -> bool:
    """Whether the exact share, or the first self-pay, was no whole quantum."""
    keep, quantum = Ratio(1, 0), layer.rounding.quantum_fen
    if part.first_self_pay:
        first = _ratio(outcome, part.first_self_pay)
        keep = keep.minus(first)
        if reached.eligible_fen * first.units % (10**first.digits * quantum):
            return True
    shares = [
        (fen, _ratio(outcome, band.rate).times(keep))
        for band, fen in zip(part.bands, reached.bands_fen, strict=True)
        if fen > 0
    ]
    digits = max((share.digits for _, share in shares), default=0)
    exact = sum(fen * share.at_digits(digits) for fen, share in shares)
    return bool(exact % (10**digits * quantum))


def _ratio(outcome: Outcome, number: Number) -> Ratio:
    found = outcome.resolved[number.name].value
    return found if isinstance(found, Ratio) else Ratio(0, 0)
