"""Which numbers decided a step (所用参数): those that money came to, and no others.

Numbers that a document states are listed for their sources; whom a layer is for, what it looks
at, how it rounds and whose fund pays are listed where no document states them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from settlement.kernel.resolving import NumberUsed, number_used
from settlement.kernel.settle import Outcome
from settlement.law.evidence import Evidence
from settlement.law.exact import Ratio
from settlement.law.policy import CapOf, Layer, Number, Part


class Reached(NamedTuple):
    """How far money came in a step (算到哪里), in fen.

    `layer_left_fen` is what was unpaid before the layer, `target_fen` the payment before `minus`.
    """

    layer_left_fen: int
    uncapped_fen: int
    base_fen: int
    eligible_fen: int
    bands_fen: tuple[int, ...]
    target_fen: int
    computed_fen: int
    paid_fen: int


def numbers_of_elsewhere(layer: Layer, outcome: Outcome, left_fen: int) -> Iterator[NumberUsed]:
    """What a layer that another system decides rests on, where no document states it."""
    yield from _unless_stated(_of_condition(layer, outcome, matters=left_fen > 0))
    if layer.elsewhere and layer.id in outcome.applied and left_fen > 0:
        limit = f"≤ {layer.elsewhere.at_most}"
        rule = (f"{layer.id}.decided_elsewhere", limit, layer.elsewhere.evidence)
        yield from _unless_stated([rule])
    yield from _unless_stated(_of_pool(layer, outcome.paid_fen(layer)))


def numbers_of_step(
    layer: Layer, part: Part, outcome: Outcome, reached: Reached
) -> Iterator[NumberUsed]:
    """What this part of a layer rests on, in the order the arithmetic meets it."""
    # A base counts towards the year's totals even where nothing is left to pay.
    matters = reached.layer_left_fen > 0 or reached.uncapped_fen > 0
    yield from _unless_stated(_of_condition(layer, outcome, matters=matters))
    if layer.id not in outcome.applied:
        return
    own = layer.id if len(layer.parts) == 1 else f"{layer.id}.{part.id}"
    if matters:
        yield from _unless_stated([(f"{own}.base", str(part.base), part.base_evidence)])
    for number in _reached(layer, part, outcome, reached):
        yield from outcome.resolved[number.name].uses
    yield from _unless_stated(_of_rules(layer, part, own, outcome, reached))
    yield from _unless_stated(_of_pool(layer, reached.paid_fen))


_Rule = tuple[str, str, Evidence]


def _unless_stated(rules: Iterator[_Rule] | list[_Rule]) -> Iterator[NumberUsed]:
    return (number_used(*rule) for rule in rules if not rule[2].is_stated)


def _of_condition(layer: Layer, outcome: Outcome, *, matters: bool) -> Iterator[_Rule]:
    """Whom the layer is for decides, also when it is not for this person."""
    if matters and not layer.condition.is_always:
        said = "适用" if layer.id in outcome.applied else "不适用"
        yield f"{layer.id}.applies", said, layer.condition_evidence


def _of_pool(layer: Layer, paid_fen: int) -> Iterator[_Rule]:
    if layer.pool and paid_fen > 0:
        yield f"{layer.id}.pool", layer.pool, layer.pool_evidence


def _of_rules(
    layer: Layer, part: Part, own: str, outcome: Outcome, reached: Reached
) -> Iterator[_Rule]:
    rule = layer.deductible
    is_shared = len(layer.parts) > 1 and outcome.values[f"{layer.id}_deductible"] > 0
    if rule and is_shared and reached.base_fen > 0:
        yield f"{layer.id}.deductible_taken_from", "、".join(rule.taken_from), rule.order_evidence
    if part.minus and reached.target_fen > 0:
        yield f"{own}.minus", str(part.minus), part.minus_evidence
    rounding = layer.rounding
    if not rounding.evidence.is_stated and _is_rounded(layer, part, outcome, reached):
        yield rounding.name, rounding.label, rounding.evidence


def _reached(layer: Layer, part: Part, outcome: Outcome, reached: Reached) -> Iterator[Number]:
    """The numbers that an amount above zero came to."""
    if reached.uncapped_fen > 0:
        yield from _cost_caps(layer, outcome)
    rule = layer.deductible
    if rule and reached.base_fen > 0 and part.id in rule.taken_from:
        yield rule.amount
    if reached.eligible_fen > 0:
        if part.first_self_pay:
            yield part.first_self_pay
        yield from dict.fromkeys(_bands(part, reached))
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
    """Both edges and the rate of every band that something fell into."""
    lower: Number | None = None
    for band, amount_fen in zip(part.bands, reached.bands_fen, strict=True):
        if amount_fen > 0:
            yield from (edge for edge in (lower, band.up_to) if edge)
            yield band.rate
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
