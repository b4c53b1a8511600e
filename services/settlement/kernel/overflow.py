"""Proof of 64 bits (64 位证明): no step of a policy's function can leave a signed 64-bit integer.

Compiled code does not say when a product wraps around, so the function's own text is walked with
the range of every value, for bills up to ¥100 million and years of a thousand such bills.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.vocabulary import LARGEST_BILL_FEN
from settlement.kernel.names import amount_argument
from settlement.kernel.resolving import (
    MISSING,
    NO_LIMIT,
    can_be_missing,
    can_be_unlimited,
    largest,
)
from settlement.kernel.shape import NumberSlot, Shape, counter_variable
from settlement.law.exact import Ratio
from settlement.law.policy import SUM_COUNTER

LARGEST_COUNTER_FEN = LARGEST_BILL_FEN * 1000
"""The most a year's counter is proven for: a thousand of the largest bills."""

_LARGEST = 2**63 - 1
_BAND = re.compile(r"(?P<stem>.+)_band_\d+")
_NEVER_NEGATIVE = re.compile(
    r"left|.+_(deductible|eligible|paid|room|to_deduct|first_self_pay|computed|counted|surplus"
    r"|cost_room_\d+)"
)


@dataclass(frozen=True)
class Range:
    """The smallest and the largest value something can have."""

    least: int
    most: int

    @property
    def fits(self) -> bool:
        """Whether all of it is a signed 64-bit integer."""
        return self.least >= -_LARGEST and self.most <= _LARGEST


@dataclass(frozen=True)
class Overflow:
    """A step that may leave 64 bits (溢出): its text, the arguments in it, the largest value."""

    step: str
    arguments: tuple[str, ...]
    most: int


def find_overflows(shape: Shape) -> list[Overflow]:
    """Every step of the function that is not proven to stay within 64 bits."""
    walker = _Walker({name: argument_range(shape, name) for name in shape.arguments})
    function = ast.parse(shape.source).body[0]
    assert isinstance(function, ast.FunctionDef)  # noqa: S101 - our own writer's text
    walker.run(function.body)
    return [*walker.found, *_beyond_a_bill(shape, walker.known)]


def _beyond_a_bill(shape: Shape, known: dict[str, Range]) -> Iterator[Overflow]:
    """Amounts summed over the year that may be more than a bill: the sum is proven for a thousand
    bills only."""
    for name in shape.counters:
        amount = f"{name.removeprefix(SUM_COUNTER)}_paid"
        if name.startswith(SUM_COUNTER) and amount in known:
            most = known[amount].most
            if most > LARGEST_BILL_FEN:
                yield Overflow(f"{counter_variable(name)} += {amount}", (), most * 1000)


def argument_range(shape: Shape, name: str) -> Range:
    """The smallest and the largest value an argument is proven for."""
    slots = {slot.argument: slot for slot in shape.numbers}
    if name in slots:
        return _number(slots[name])
    elsewhere = {f"{layer}_elsewhere" for layer in shape.elsewhere}
    if name in {amount_argument(a) for a in shape.amounts} | elsewhere:
        return Range(0, LARGEST_BILL_FEN)
    if name in {counter_variable(c) for c in shape.counters}:
        return Range(0, LARGEST_COUNTER_FEN)
    return Range(0, 1)


def _number(slot: NumberSlot) -> Range:
    number = slot.number
    least = MISSING if can_be_missing(number) else 0
    top = largest(number)
    most = top.at_digits(slot.digits) if isinstance(top, Ratio) else top
    return Range(least, max(most, NO_LIMIT) if can_be_unlimited(number) else most)


class _Walker:
    """Follows the function's text with ranges in place of values."""

    def __init__(self, known: dict[str, Range]):
        self.known = known
        self.found: list[Overflow] = []
        self.inputs = frozenset(known)

    def run(self, body: list[ast.stmt]) -> None:
        for step in body:
            self.step(step)

    def step(self, step: ast.stmt) -> None:
        match step:
            case ast.Assign(targets=[ast.Name(id=name)]):
                self.assign(name, self.value(step.value, step))
            case ast.AugAssign(target=ast.Name(id=name)):
                joined = ast.BinOp(left=ast.Name(id=name), op=step.op, right=step.value)
                self.assign(name, self.value(joined, step))
            case ast.If(orelse=[]):
                self.value(step.test, step)
                before = dict(self.known)
                self.run(step.body)
                for name, earlier in before.items():
                    later = self.known[name]
                    self.known[name] = Range(
                        min(earlier.least, later.least), max(earlier.most, later.most)
                    )
            case ast.Return():
                pass
            case _:
                raise NotImplementedError(ast.unparse(step))

    def assign(self, name: str, found: Range) -> None:
        # What the writer guarantees and ranges alone cannot see: differences of a value and a
        # minimum with itself are not negative, and a band is a piece of what is eligible.
        least = max(0, found.least) if _NEVER_NEGATIVE.fullmatch(name) else found.least
        most = max(least, found.most)
        band = _BAND.fullmatch(name)
        if band:
            most = min(most, self.known[f"{band['stem']}_eligible"].most)
        self.known[name] = Range(min(least, most), most)

    def value(self, node: ast.expr, step: ast.stmt) -> Range:
        found = self.reckon(node, step)
        if not found.fits:
            names = {n.id for n in ast.walk(step) if isinstance(n, ast.Name)}
            arguments = tuple(sorted(names & self.inputs))
            most = max(abs(found.least), abs(found.most))
            self.found.append(Overflow(ast.unparse(step), arguments, most))
            if not isinstance(node, ast.Constant):  # a divisor stays above zero
                return Range(-_LARGEST, _LARGEST)  # told once, not again wherever it is used
        return found

    def reckon(self, node: ast.expr, step: ast.stmt) -> Range:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return Range(node.value, node.value)
        if isinstance(node, ast.Name):
            return self.known[node.id]
        inner = [
            self.value(n, step)
            for n in ast.iter_child_nodes(node)
            if isinstance(n, ast.expr) and not _is_function(n)
        ]
        return _join(node, inner)


def _is_function(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"min", "max"}


def _join(node: ast.expr, inner: list[Range]) -> Range:
    """The range of an expression from the ranges of what it is made of."""
    least, most = [r.least for r in inner], [r.most for r in inner]
    match node:
        case ast.BinOp(op=op):
            return _combine(inner[0], op, inner[1])
        case ast.UnaryOp(op=ast.USub()):
            return Range(-inner[0].most, -inner[0].least)
        case ast.Call(func=ast.Name(id="min")):
            return Range(min(least), min(most))
        case ast.Call(func=ast.Name(id="max")):
            return Range(max(least), max(most))
        case ast.IfExp():  # the first is the test
            return Range(min(least[1:]), max(most[1:]))
        case ast.Compare() | ast.BoolOp():
            return Range(0, 1)
    raise NotImplementedError(ast.unparse(node))


def _combine(left: Range, op: ast.operator, right: Range) -> Range:
    match op:
        case ast.Add():
            return Range(left.least + right.least, left.most + right.most)
        case ast.Sub():
            return Range(left.least - right.most, left.most - right.least)
        case ast.Mult():
            corners = [a * b for a in (left.least, left.most) for b in (right.least, right.most)]
            return Range(min(corners), max(corners))
        case ast.FloorDiv() if right.least > 0:
            corners = [a // b for a in (left.least, left.most) for b in (right.least, right.most)]
            return Range(min(corners), max(corners))
        case ast.Mod() if right.least > 0:
            return Range(0, right.most - 1)
    raise NotImplementedError(ast.dump(op))
