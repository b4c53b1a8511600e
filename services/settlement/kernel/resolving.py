"""Resolving a policy's numbers for one set of facts (查表), before any arithmetic.

A resolved number is a plain integer: fen for an amount, a numerator over ten to the power of the
slot's digits for a ratio; MISSING when nobody knows it, NO_LIMIT when there is none.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from settlement.law.evidence import Evidence
from settlement.law.exact import NotExact, Ratio, format_yuan
from settlement.law.facts import Facts
from settlement.law.numbers import (
    Adjustment,
    Derived,
    Missing,
    Number,
    PerFact,
    Stated,
    Unit,
    Unlimited,
    with_parameters,
)
from settlement.law.rounding import Rounding

MISSING = -1
NO_LIMIT = 4_000_000_000_000_000_000
"""Larger than anything a year's counters can reach, and twice it still fits 64 bits."""

MOST_COUNTED = 1_000_000
"""More than any fact counts that an adjustment may be multiplied by."""

_WHOLE = Ratio(1, 0)


class NumberUnfit(Exception):
    """A number comes to something the arithmetic cannot take, for these facts (参数不可用)."""

    def __init__(self, number: Number, why: str):
        """Name the number and what is wrong with it."""
        self.name = number.name
        super().__init__(f"参数 {number.name} 不可用：{why}；请改正政策后再结算")


class NumberUsed(NamedTuple):
    """One number a step used (所用参数), as users read it, with its evidence."""

    name: str
    value: str
    status: str
    source: str
    place: str | None
    note: str | None


def number_used(name: str, value: str, evidence: Evidence) -> NumberUsed:
    """A number as users read it, with its evidence."""
    return NumberUsed(
        name, value, evidence.status.value, evidence.source, evidence.place, evidence.note
    )


@dataclass(frozen=True)
class ResolvedNumber:
    """One number for one stay: what it came to, and everything it was made of.

    `parameters` are those it was made from. It is shared by every stay with the same facts, so
    its texts are made once.
    """

    number: Number
    value: int | Ratio | None
    reason: str | None
    evidences: tuple[Evidence, ...]
    parameters: tuple["ResolvedNumber", ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether nobody knows it."""
        return self.reason is not None

    def at_digits(self, digits: int) -> int:
        """As the integer the arithmetic takes."""
        if self.is_missing:
            return MISSING
        if self.value is None:
            return NO_LIMIT
        return self.value.at_digits(digits) if isinstance(self.value, Ratio) else self.value

    @cached_property
    def uses(self) -> tuple[NumberUsed, ...]:
        """The number as users read it, once for each thing it was made of."""
        own = tuple(number_used(self.number.name, self.text, e) for e in self.evidences)
        return (*own, *(used for made_of in self.parameters for used in made_of.uses))

    @cached_property
    def text(self) -> str:
        """As users read it: yuan, a percentage, or why it is not known."""
        if self.is_missing:
            return f"缺失（{self.reason}）"
        if self.value is None:
            return "不设限"
        if isinstance(self.value, Ratio):
            return str(self.value)
        if self.number.unit is Unit.COUNT:
            return f"{self.value} 次"
        return format_yuan(self.value)

    def __str__(self) -> str:
        """The same text."""
        return self.text


def resolve_number(number: Number, facts: Facts) -> ResolvedNumber:
    """The first row that applies, with every adjustment that applies, held to its bounds.

    Raises FactNotStated, and NotExact when an amount is no longer whole fen.
    """
    choice = next(c for c in number.choices if c.condition.holds(facts))
    stated = choice.value
    evidences = [choice.evidence]
    if isinstance(stated, Derived):
        made_of = resolve_number(stated.parameter, facts)
        if made_of.value is None:
            return ResolvedNumber(number, None, made_of.reason, tuple(evidences), (made_of,))
        value = derive(made_of.value, stated)
        sources: tuple[ResolvedNumber, ...] = (made_of,)
        if stated.rounding and _was_rounded(made_of.value, stated):
            evidences.append(stated.rounding.evidence)
    elif isinstance(stated, Missing):
        return ResolvedNumber(number, None, stated.reason, tuple(evidences))
    elif isinstance(stated, Unlimited):
        return ResolvedNumber(number, None, None, tuple(evidences))
    else:
        value, sources = stated, ()
    for change in number.adjustments:
        if change.condition.holds(facts):
            value = adjust(value, change, facts)
            evidences.append(change.evidence)
    if number.at_least and is_below(value, number.at_least.value):
        value = number.at_least.value
        evidences.append(number.at_least.evidence)
    if number.at_most and is_below(number.at_most.value, value):
        value = number.at_most.value
        evidences.append(number.at_most.evidence)
    return ResolvedNumber(number, value, None, tuple(dict.fromkeys(evidences)), sources)


def derive(value: int | Ratio, derived: Derived) -> int | Ratio:
    """A parameter's value times a ratio, rounded. Raises NotExact when it must be whole fen."""
    return value if derived.times is None else _times(value, derived.times, derived.rounding)


def _was_rounded(value: int | Ratio, derived: Derived) -> bool:
    """Whether the product was no whole quantum."""
    if not isinstance(value, int) or derived.rounding is None:
        return False
    times = derived.times or _WHOLE
    return bool(value * times.units % (10**times.digits * derived.rounding.quantum_fen))


def _times(value: int | Ratio, times: Ratio, rounding: Rounding | None) -> int | Ratio:
    if isinstance(value, Ratio):
        return value.times(times)
    numerator, denominator = value * times.units, int(10**times.digits)
    if rounding:
        return rounding.rounded(numerator, denominator)
    fen, rest = divmod(numerator, denominator)
    if rest:
        raise NotExact(f"{format_yuan(value)} 元的 {times} 不是整分；直接写出金额，或写明取整")
    return fen


def adjust(value: int | Ratio, adjustment: Adjustment, facts: Facts) -> int | Ratio:
    """The value after one adjustment, not below zero.

    Raises FactNotStated, and NotExact when an amount is no longer whole fen.
    """
    if adjustment.times is not None:
        return _times(value, adjustment.times, None)
    if adjustment.on_rest is not None and isinstance(value, Ratio):
        return value.plus(_WHOLE.minus(value).times(adjustment.on_rest))
    count = how_often(adjustment.per, facts) if adjustment.per else 1
    step = adjustment.plus if adjustment.plus is not None else adjustment.minus
    if isinstance(value, Ratio) and isinstance(step, Ratio):
        each = Ratio(step.units * count, step.digits)
        return value.plus(each) if adjustment.plus is not None else value.minus(each)
    if isinstance(value, int) and isinstance(step, int):
        sign = 1 if adjustment.plus is not None else -1
        return max(0, value + sign * step * count)
    raise NotExact("金额加减金额，比例加减百分点")


def how_often(per: PerFact, facts: Facts) -> int:
    """How many times an adjustment counts. Raises FactNotStated."""
    count = max(0, facts.number(per.fact, per.label) - per.beyond)
    return count if per.at_most is None else min(per.at_most, count)


def is_below(value: int | Ratio, other: int | Ratio) -> bool:
    """Whether a value is less than another of its unit."""
    if isinstance(value, Ratio) and isinstance(other, Ratio):
        return other.is_above(value)
    return isinstance(value, int) and isinstance(other, int) and value < other


def most_digits(number: Number) -> int:
    """How many decimal digits any value of a ratio may need, over all rows and adjustments."""
    digits = max(_digits_of(c.value) for c in number.choices)
    for change in number.adjustments:
        for step in (change.plus, change.minus):
            digits = max(digits, step.digits if isinstance(step, Ratio) else 0)
        for factor in (change.times, change.on_rest):
            digits += factor.digits if factor else 0
    bounds = [b.value for b in (number.at_least, number.at_most) if b]
    return max([digits, *(b.digits for b in bounds if isinstance(b, Ratio))])


def _digits_of(value: Stated) -> int:
    if isinstance(value, Derived):
        return most_digits(value.parameter) + (value.times.digits if value.times else 0)
    return value.digits if isinstance(value, Ratio) else 0


def can_be_missing(number: Number) -> bool:
    """Whether some row of the number is unknown, or made from a parameter that is."""
    return any(isinstance(c.value, Missing) for n in with_parameters(number) for c in n.choices)


def can_be_unlimited(number: Number) -> bool:
    """Whether some row of the number has no limit."""
    return any(isinstance(c.value, Unlimited) for n in with_parameters(number) for c in n.choices)


def largest(number: Number) -> int | Ratio:
    """An upper bound of a number's known values, over all rows and adjustments."""
    top: int | Ratio = Ratio(0, 0) if number.unit is Unit.RATIO else 0
    for choice in number.choices:
        found = _largest_of(choice.value)
        if found is not None and is_below(top, found):
            top = found
    for change in number.adjustments:
        top = _raised(top, change)
    for bound in (number.at_least, number.at_most):
        if bound and (bound is number.at_least) == is_below(top, bound.value):
            top = bound.value
    return top


def _largest_of(value: Stated) -> int | Ratio | None:
    if isinstance(value, Derived):
        top = largest(value.parameter)
        return _times_up(top, value.times, value.rounding) if value.times else top
    return value if isinstance(value, int | Ratio) else None


def _times_up(top: int | Ratio, times: Ratio, rounding: Rounding | None = None) -> int | Ratio:
    """The product; an amount that is no whole fen only ever comes to less than the next."""
    if isinstance(top, Ratio):
        return top.times(times)
    numerator, denominator = top * times.units, int(10**times.digits)
    return rounding.rounded(numerator, denominator) if rounding else -(-numerator // denominator)


def _raised(top: int | Ratio, change: Adjustment) -> int | Ratio:
    """At least what an adjustment can make of a value not above `top`."""
    if change.times is not None:
        raised = _times_up(top, change.times)
        return raised if is_below(top, raised) else top
    if change.on_rest is not None and isinstance(top, Ratio):
        return top if top.is_above(_WHOLE) else _WHOLE
    count = 1
    if change.per:
        count = MOST_COUNTED if change.per.at_most is None else change.per.at_most
    if isinstance(top, Ratio) and isinstance(change.plus, Ratio):
        return top.plus(Ratio(change.plus.units * count, change.plus.digits))
    if isinstance(top, int) and isinstance(change.plus, int):
        return top + change.plus * count
    return top
