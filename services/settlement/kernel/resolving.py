"""Resolving a policy's numbers for one set of facts (查表), before any arithmetic.

A resolved number is a plain integer: fen for an amount, a numerator over ten to the power of the
slot's digits for a ratio; MISSING when nobody knows it, NO_LIMIT when there is none.
"""

from dataclasses import dataclass
from functools import cached_property

from settlement.law.evidence import Evidence
from settlement.law.exact import NotExact, Ratio
from settlement.law.facts import Facts
from settlement.law.policy import Adjustment, Choice, Missing, Number, Unlimited

MISSING = -1
NO_LIMIT = 4_000_000_000_000_000_000
"""Larger than anything a year's counters can reach, and twice it still fits 64 bits."""


@dataclass(frozen=True)
class NumberUsed:
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

    It is shared by every stay with the same facts, so its texts are made once.
    """

    number: Number
    value: int | Ratio | None
    reason: str | None
    evidences: tuple[Evidence, ...]

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
        return tuple(number_used(self.number.name, self.text, e) for e in self.evidences)

    @cached_property
    def text(self) -> str:
        """As users read it: yuan, a percentage, or why it is not known."""
        if self.is_missing:
            return f"缺失（{self.reason}）"
        if self.value is None:
            return "不设限"
        if isinstance(self.value, Ratio):
            return str(self.value)
        return f"{self.value // 100}.{self.value % 100:02d}"

    def __str__(self) -> str:
        """The same text."""
        return self.text


def resolve_number(number: Number, facts: Facts) -> ResolvedNumber:
    """The first row that applies, with every adjustment that applies. Raises FactNotStated."""
    choice = next(c for c in number.choices if c.condition.holds(facts))
    if isinstance(choice.value, Missing):
        return ResolvedNumber(number, None, choice.value.reason, (choice.evidence,))
    if isinstance(choice.value, Unlimited):
        return ResolvedNumber(number, None, None, (choice.evidence,))
    applied = [a for a in number.adjustments if a.condition.holds(facts)]
    value = choice.value
    for adjustment in applied:
        value = adjust(value, adjustment)
    evidences = [choice.evidence, *(a.evidence for a in applied)]
    if number.at_most and isinstance(value, Ratio) and value.is_above(number.at_most):
        value = number.at_most
        evidences += [number.at_most_evidence] if number.at_most_evidence else []
    return ResolvedNumber(number, value, None, tuple(dict.fromkeys(evidences)))


def adjust(value: int | Ratio, adjustment: Adjustment) -> int | Ratio:
    """The value after one adjustment. Raises NotExact when an amount is no longer whole fen."""
    if isinstance(value, Ratio):
        if adjustment.plus:
            return value.plus(adjustment.plus)
        if adjustment.minus:
            return value.minus(adjustment.minus)
        return value.times(adjustment.times) if adjustment.times else value
    if adjustment.times is None:
        raise NotExact("金额只能用 times 调整")
    fen, rest = divmod(value * adjustment.times.units, int(10**adjustment.times.digits))
    if rest:
        raise NotExact(f"{value} 分乘以 {adjustment.times} 不是整分；请直接写出金额")
    return fen


def most_digits(number: Number) -> int:
    """How many decimal digits any value of a ratio may need, over all rows and adjustments."""
    written = [c.value.digits for c in number.choices if isinstance(c.value, Ratio)]
    written += [r.digits for a in number.adjustments for r in (a.plus, a.minus) if r]
    written += [number.at_most.digits] if number.at_most else []
    factors = sum(a.times.digits for a in number.adjustments if a.times)
    return max(written, default=0) + factors


def can_be_missing(number: Number) -> bool:
    """Whether some row of the number is unknown."""
    return any(isinstance(c.value, Missing) for c in number.choices)


def can_be_unlimited(number: Number) -> bool:
    """Whether some row of the number has no limit."""
    return any(isinstance(c.value, Unlimited) for c in number.choices)


def largest_ratio(number: Number) -> Ratio:
    """An upper bound of a ratio over all rows and adjustments."""
    top = Ratio(0, 0)
    for choice in number.choices:
        if isinstance(choice.value, Ratio) and choice.value.is_above(top):
            top = choice.value
    for change in number.adjustments:
        if change.plus:
            top = top.plus(change.plus)
        if change.times and change.times.is_above(Ratio(1, 0)):
            top = top.times(change.times)
    if number.at_most and top.is_above(number.at_most):
        return number.at_most
    return top


def choice_values(number: Number) -> list[Choice]:
    """The rows that carry a known value."""
    return [c for c in number.choices if isinstance(c.value, int | Ratio)]
