"""Writing what stands for a number of a layer (写规则数): looked up, picked, or a share."""

from collections.abc import Callable
from dataclasses import dataclass

from settlement.kernel.resolving import most_digits
from settlement.kernel.shape import NumberSlot
from settlement.kernel.writing_text import Text
from settlement.law.expressions import Expression
from settlement.law.numbers import Number, Picked, Rule, ShareOf, Unit
from settlement.law.rounding import Rounding

LEAST_DIGITS = 4
"""Ratios have at least four digits, so that policies with finer numbers share functions."""

FEWEST_DIGITS = 2
"""Where many ratios are multiplied they have no more than they need, to stay within 64 bits."""


@dataclass(frozen=True)
class Value:
    """The variable that holds a rule's value; a ratio is over ten to the power of `digits`."""

    variable: str
    digits: int = 0


@dataclass(frozen=True)
class RuleWriter:
    """Writes rules of one layer; `expression` gives the text of an expression there."""

    text: Text
    rounding: Rounding
    expression: Callable[[Expression], str]

    def write(self, rule: Rule, *, reached: str, least_digits: int = LEAST_DIGITS) -> Value:
        """The rule's value; a number nobody knows refuses where `reached` holds."""
        if isinstance(rule, Picked):
            return self._picked(rule, reached=reached, least_digits=least_digits)
        if isinstance(rule, ShareOf):
            return self._share(rule, reached=reached)
        slot = self.text.slot(rule, least_digits=least_digits, reached=reached)
        return Value(slot.argument, slot.digits)

    def _picked(self, rule: Picked, *, reached: str, least_digits: int) -> Value:
        """Edges are compared one after another, and only the picked row's number is reached."""
        text, found = self.text, picked_variable(rule)
        digits = 0
        if rule.unit is Unit.RATIO:
            digits = max(least_digits, *(most_digits(row.then) for row in rule.rows))
        text.line(f"{found}_by = max(0, {self.expression(rule.by)})")
        text.line(f"{found} = 0")
        text.line(f"{found}_row = 0")
        for at, row in enumerate(rule.rows, start=1):
            with text.block(f"if {found}_row == 0:"):
                if row.edge is None:
                    self._take(found, at, row.then, reached, least_digits, digits)
                    continue
                edge = text.slot(row.edge, least_digits=0, reached=reached)
                sign = "<=" if row.is_inclusive else "<"
                with text.block(f"if {found}_by {sign} {edge.argument}:"):
                    self._take(found, at, row.then, reached, least_digits, digits)
        text.outputs += [f"{found}_by", f"{found}_row"]
        return Value(found, digits)

    def _take(
        self, found: str, at: int, then: Number, reached: str, least_digits: int, digits: int
    ) -> None:
        slot = self.text.slot(then, least_digits=least_digits, reached=reached)
        self.text.line(f"{found} = {scaled(slot, digits)}")
        self.text.line(f"{found}_row = {at}")

    def _share(self, rule: ShareOf, *, reached: str) -> Value:
        text, found = self.text, "s_" + rule.name.replace(".", "_")
        text.line(f"{found}_of = max(0, {self.expression(rule.of)})")
        share = text.slot(rule.share, least_digits=LEAST_DIGITS, reached=reached)
        numerator = f"{found}_of * {share.argument}"
        text.rounded(found, numerator, digits=share.digits, rounding=self.rounding)
        for bound, held in ((rule.at_least, "max"), (rule.at_most, "min")):
            if bound:
                slot = text.slot(bound, least_digits=0, reached=reached)
                text.line(f"{found} = {held}({found}, {slot.argument})")
        text.outputs += [f"{found}_of", found]
        return Value(found)


def picked_variable(rule: Picked) -> str:
    """The variable of a number picked by amount; `_by` and `_row` after it tell how."""
    return "p_" + rule.name.replace(".", "_")


def scaled(slot: NumberSlot, digits: int) -> str:
    """A ratio's argument over ten to the power of `digits`."""
    factor = 10 ** (digits - slot.digits)
    return slot.argument if factor == 1 else f"{slot.argument} * {factor}"
