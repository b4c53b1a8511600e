"""What a number comes to for somebody (一个数在某种情形下是多少), and what it rests on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from settlement.application.comparing.changes import Basis, plain
from settlement.kernel.resolving import ResolvedNumber, resolve_number
from settlement.law.evidence import Evidence
from settlement.law.exact import NotExact, Ratio
from settlement.law.facts import Facts
from settlement.law.numbers import (
    Adjustment,
    Bound,
    Choice,
    Derived,
    Missing,
    Number,
    Unit,
    Unlimited,
)

Known = int | Ratio | Missing | Unlimited


@dataclass(frozen=True)
class Worth:
    """A number in one situation (一个数的结果).

    `value` is None where it goes on to depend on a fact that counts, such as the age: then
    `written` is changed by each of `open_changes`, within the bounds. `made_of` is how it is made
    from a parameter, if it is.
    """

    unit: Unit
    value: Known | None
    written: Any
    open_changes: tuple[Adjustment, ...]
    at_least: Bound | None
    at_most: Bound | None
    bases: tuple[Basis, ...] = field(compare=False)

    @property
    def made_of(self) -> Derived | None:
        """The parameter it is made from."""
        return self.written if isinstance(self.written, Derived) else None

    @property
    def key(self) -> Any:
        """Equal for what settles every bill alike, and is written from the same parameter."""
        if self.value is None:
            return plain((self.written, self.open_changes, self.at_least, self.at_most))
        derived = self.made_of
        source = (derived.parameter.name, derived.times, plain(derived.rounding)) if derived else ()
        return self.unit, plain(self.value), source


def worth_of(number: Number, facts: Facts, basis: Callable[[Evidence], Basis]) -> Worth:
    """What the number comes to for these facts."""
    choice = _row(number, facts)
    applied = [a for a in number.adjustments if a.condition.holds(facts)]
    is_known = not isinstance(choice.value, Missing | Unlimited)
    is_open = is_known and any(_is_open(a) for a in _reached(number, facts))
    evidences = [choice.evidence]
    value: Known | None = None
    if is_known:
        evidences += [a.evidence for a in applied]
        evidences += [b.evidence for b in (number.at_least, number.at_most) if b and is_open]
    if not is_open:
        try:
            resolved = resolve_number(number, facts)
            evidences = list(resolved.evidences)
            value = _value(resolved)
        except NotExact as wrong:
            value = Missing(str(wrong))
    return Worth(
        unit=number.unit,
        value=value,
        written=choice.value,
        open_changes=tuple(applied) if is_open else (),
        at_least=number.at_least if is_open else None,
        at_most=number.at_most if is_open else None,
        bases=tuple(dict.fromkeys(basis(e) for e in evidences)),
    )


def _value(resolved: ResolvedNumber) -> Known:
    if resolved.reason is not None:
        return Missing(resolved.reason)
    return Unlimited() if resolved.value is None else resolved.value


def _row(number: Number, facts: Facts) -> Choice:
    return next(c for c in number.choices if c.condition.holds(facts))


def _reached(number: Number, facts: Facts) -> Iterator[Adjustment]:
    """The adjustments that apply, also those of the parameter it is made from."""
    yield from (a for a in number.adjustments if a.condition.holds(facts))
    value = _row(number, facts).value
    if isinstance(value, Derived):
        yield from _reached(value.parameter, facts)


def _is_open(change: Adjustment) -> bool:
    return change.per is not None
