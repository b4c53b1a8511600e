"""Which numbers decided a step (所用参数): those that money came to, and no others.

Numbers that a document states are listed for their sources; whom a layer is for, what it looks
at, how it rounds and whose fund pays are listed where no document states them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from settlement.kernel.frames import Frame
from settlement.kernel.resolving import NumberUsed, number_used
from settlement.kernel.settle import Outcome
from settlement.kernel.writing_rules import picked_variable
from settlement.law.evidence import Evidence
from settlement.law.exact import Ratio
from settlement.law.numbers import Number, Picked, Rule, ShareOf
from settlement.law.policy import CapOf, Layer, Part, ThresholdKind
from settlement.law.rounding import Rounding


class Reached(NamedTuple):
    """How far money came in a step (算到哪里), in fen.

    `layer_left_fen` is what was unpaid before the layer, `uncapped_fen` the base before caps on
    cost, `counted_fen` what the deductible looked at, `target_fen` the payment before `minus_fen`
    was taken off. `owed_fen` is what came of the layer in all, inside the bill and outside it.
    """

    layer_left_fen: int
    uncapped_fen: int
    base_fen: int
    counted_fen: int
    deductible_fen: int
    eligible_fen: int
    first_self_pay_fen: int
    bands_fen: tuple[int, ...]
    target_fen: int
    minus_fen: int
    computed_fen: int
    amount_fen: int
    owed_fen: int


def numbers_of_elsewhere(layer: Layer, outcome: Outcome, left_fen: int) -> list[NumberUsed]:
    """What a layer that another system decides rests on, where no document states it."""
    found: list[NumberUsed] = []
    is_for_some = not layer.condition.is_always
    is_applied = layer.id in outcome.applied
    matters = left_fen > 0 or not layer.pays_bill
    if matters and is_for_some:
        said = "适用" if is_applied else "不适用"
        _add(found, f"{layer.id}.applies", said, layer.condition_evidence)
    if layer.elsewhere and is_applied:
        decided = layer.elsewhere
        if matters:
            _add(found, f"{layer.id}.decided_elsewhere", f"≤ {decided.at_most}", decided.evidence)
        if outcome.paid_fen(layer) > 0 and layer.pool:
            _add(found, f"{layer.id}.pool", layer.pool, layer.pool_evidence)
        if outcome.paid_fen(layer) > 0 and layer.borne_by:
            bearer = layer.borne_by
            _add(found, f"{layer.id}.borne_by", bearer.payer.label, bearer.evidence)
    return found


def numbers_of_step(frame: Frame, outcome: Outcome, reached: Reached) -> list[NumberUsed]:
    """What this part of a layer rests on, in the order the arithmetic meets it."""
    layer, part, said = frame.layer, frame.part, frame.said
    found: list[NumberUsed] = []
    is_applied = layer.id in outcome.applied
    # A base counts towards the year's totals even where nothing is left to pay, and what is paid
    # beside the bill does not ask what is left of it.
    is_left = reached.layer_left_fen > 0
    matters = is_left or not layer.pays_bill or reached.uncapped_fen > 0
    if matters and (who := said.applies if is_applied else said.applies_not):
        found.append(who)
    if not is_applied:
        return found
    if matters and part.fixed:
        found += outcome.resolved[part.fixed.name].uses
    elif matters and said.base:
        found.append(said.base)
    if reached.uncapped_fen > 0:
        for rule in _reached(frame, outcome, reached):
            _add_rule(found, rule, layer.rounding, outcome)
        words = [] if frame.is_silent else _words(frame, outcome, reached)
        if reached.owed_fen > 0:
            words += (said.pool, said.borne_by)
        found += filter(None, words)
    return found


def _add(found: list[NumberUsed], name: str, text: str, evidence: Evidence) -> None:
    """Something said in words has a say worth telling where no document states it."""
    if not evidence.is_stated:
        found.append(number_used(name, text, evidence))


def _add_rule(found: list[NumberUsed], rule: Rule, rounding: Rounding, outcome: Outcome) -> None:
    """A number, or all that a pick or a share rests on."""
    if isinstance(rule, Number):
        found += outcome.resolved[rule.name].uses
    elif isinstance(rule, Picked):
        _add(found, f"{rule.name}.by", str(rule.by), rule.by_evidence)
        at = outcome.values[f"{picked_variable(rule)}_row"] - 1
        for row in rule.rows[max(0, at - 1) : at + 1]:
            if row.edge:
                found += outcome.resolved[row.edge.name].uses
        found += outcome.resolved[rule.rows[at].then.name].uses
    else:
        _add_share(found, rule, rounding, outcome)


def _add_share(
    found: list[NumberUsed], rule: ShareOf, rounding: Rounding, outcome: Outcome
) -> None:
    _add(found, f"{rule.name}.of", str(rule.of), rule.of_evidence)
    for number in (rule.share, rule.at_least, rule.at_most):
        if number:
            found += outcome.resolved[number.name].uses
    share = _ratio(outcome, rule.share)
    of_fen = outcome.values["s_" + rule.name.replace(".", "_") + "_of"]
    if of_fen * share.units % (10**share.digits * rounding.quantum_fen):
        _add(found, rounding.name, rounding.label, rounding.evidence)


def _words(frame: Frame, outcome: Outcome, reached: Reached) -> list[NumberUsed | None]:
    """The order a deductible is taken in, what was paid already, what holds the payment, and how
    a share is rounded."""
    said, words = frame.said, []
    if said.order and reached.counted_fen > 0:
        words.append(said.order if outcome.values[f"{frame.layer.id}_deductible"] > 0 else None)
    held_fen = reached.target_fen
    if said.minus and held_fen > 0:
        words.append(said.minus)
    held_fen = max(0, held_fen - reached.minus_fen)
    if frame.not_below and reached.base_fen > 0:
        words.append(said.not_below)
        held_fen = max(held_fen, outcome.values[frame.not_below])
    if said.not_above and held_fen > 0:
        words.append(said.not_above)
    if said.rounding and _is_rounded(frame.part, outcome, reached):
        words.append(said.rounding)
    return words


def _reached(frame: Frame, outcome: Outcome, reached: Reached) -> Iterator[Rule]:
    """The rules that an amount above zero came to."""
    layer, part = frame.layer, frame.part
    if frame.has_cost_caps:
        yield from _cost_caps(layer, outcome)
    if part.takes_first and part.first_self_pay and reached.base_fen > 0:
        yield part.first_self_pay
    rule = layer.deductible
    # A trigger decides about every part, also those that do not help to pass it.
    decides = rule and (part.id in rule.taken_from or rule.kind is ThresholdKind.TRIGGER)
    if rule and decides and reached.counted_fen > 0:
        yield rule.amount
        threshold = outcome.values[f"{layer.id}_threshold"]
        if rule.limit and threshold > outcome.values[f"{layer.id}_before"]:
            yield rule.limit.amount
    if reached.eligible_fen > 0:
        if part.first_self_pay and not part.takes_first:
            yield part.first_self_pay
        if frame.bands is None:
            yield part.bands[0].rate
        else:
            yield from _bands(part, reached)
        if part.factor:
            yield part.factor
    if reached.computed_fen > 0:
        yield from frame.payment_caps


def _cost_caps(layer: Layer, outcome: Outcome) -> Iterator[Rule]:
    """Caps on cost in order, up to one that has nothing left."""
    for at, cap in enumerate(layer.caps, start=1):
        if cap.of is CapOf.COST:
            yield cap.amount
            if outcome.values[f"{layer.id}_cap_{at}_left"] == 0:
                return


def _bands(part: Part, reached: Reached) -> Iterator[Rule]:
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


def _is_rounded(part: Part, outcome: Outcome, reached: Reached) -> bool:
    """Whether the exact share, or the first self-pay, was no whole quantum."""
    if len(part.bands) == 1 and part.first_self_pay is None and part.factor is None:
        rate = rate_of(outcome, part.bands[0].rate)
        whole = int(10**rate.digits) * part.rounding.quantum_fen
        return reached.eligible_fen * rate.units % whole > 0
    keep, quantum = Ratio(1, 0), part.rounding.quantum_fen
    if part.first_self_pay:
        first = rate_of(outcome, part.first_self_pay)
        looked_at = reached.base_fen if part.takes_first else reached.eligible_fen
        if looked_at * first.units % (10**first.digits * quantum):
            return True
        keep = keep if part.takes_first else keep.minus(first)
    if part.factor:
        keep = keep.times(rate_of(outcome, part.factor))
    shares = [
        (fen, rate_of(outcome, band.rate).times(keep))
        for band, fen in zip(part.bands, reached.bands_fen, strict=True)
        if fen > 0
    ]
    digits = max((share.digits for _, share in shares), default=0)
    exact = sum(fen * share.at_digits(digits) for fen, share in shares)
    return bool(exact % (10**digits * quantum))


def rate_of(outcome: Outcome, rule: Rule) -> Ratio:
    """The ratio a rule came to, for this stay; 0 where money never reached it."""
    number = _looked_up(outcome, rule)
    return _ratio(outcome, number) if number else Ratio(0, 0)


def is_known(outcome: Outcome, rule: Rule) -> bool:
    """Whether a rule came to a limit: neither missing nor without one."""
    if isinstance(rule, ShareOf):
        return True
    number = _looked_up(outcome, rule)
    found = outcome.resolved.get(number.name) if number else None
    return found is not None and found.value is not None


def _looked_up(outcome: Outcome, rule: Rule) -> Number | None:
    """The number itself, or the one that an amount picked."""
    if isinstance(rule, Picked):
        return rule.rows[outcome.values[f"{picked_variable(rule)}_row"] - 1].then
    return rule if isinstance(rule, Number) else None


def _ratio(outcome: Outcome, number: Number) -> Ratio:
    found = outcome.resolved.get(number.name)
    return found.value if found and isinstance(found.value, Ratio) else Ratio(0, 0)
