"""The numbers of a policy (参数): looked up by facts, picked by an amount, or a share of one.

A number is an amount in fen, a ratio or a count; every value carries its evidence. `name` is its
path in the document, such as `basic.deductible`; users see it when it is missing or assumed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from settlement.law.evidence import Evidence
from settlement.law.exact import Ratio
from settlement.law.expressions import Expression
from settlement.law.facts import Condition
from settlement.law.rounding import Rounding


class Unit(StrEnum):
    """What a number measures."""

    AMOUNT = "amount"
    RATIO = "ratio"
    COUNT = "count"


@dataclass(frozen=True)
class Missing:
    """A number nobody knows (缺失): stops the settlements that reach it, by name."""

    reason: str


@dataclass(frozen=True)
class Unlimited:
    """No limit (不设限)."""


@dataclass(frozen=True)
class Derived:
    """A value made from a parameter (由参数推算): itself, or times a ratio and rounded.

    Without `rounding` an amount must come out in whole fen.
    """

    parameter: "Number"
    times: Ratio | None
    rounding: Rounding | None


Stated = int | Ratio | Missing | Unlimited | Derived
"""An amount in fen, a count, a ratio, a number nobody knows, no limit, or one made of another."""


@dataclass(frozen=True)
class PerFact:
    """How often an adjustment counts (逐个累加): a fact above `beyond`, at most `at_most`."""

    fact: str
    label: str
    beyond: int
    at_most: int | None


@dataclass(frozen=True)
class Adjustment:
    """A change to a number for some people or places (调整), applied before any arithmetic.

    Exactly one of the four is given: `plus` and `minus` in the number's own unit, `times` a
    factor, `on_rest` a share of what the number leaves of the whole.
    """

    condition: Condition
    plus: int | Ratio | None
    minus: int | Ratio | None
    times: Ratio | None
    on_rest: Ratio | None
    per: PerFact | None
    evidence: Evidence


@dataclass(frozen=True)
class Choice:
    """One row of a look-up (一行标准): the first row whose condition holds gives the number."""

    condition: Condition
    value: Stated
    evidence: Evidence


@dataclass(frozen=True)
class Bound:
    """A floor or a ceiling that a number is held to (上限、下限)."""

    value: int | Ratio
    evidence: Evidence


@dataclass(frozen=True)
class Number:
    """A number looked up by facts, with its rows, adjustments, floor and ceiling."""

    name: str
    unit: Unit
    choices: tuple[Choice, ...]
    adjustments: tuple[Adjustment, ...] = ()
    at_least: Bound | None = None
    at_most: Bound | None = None


@dataclass(frozen=True)
class PickedRow:
    """One row of a number picked by amount: up to its edge, inclusive or not; None: the rest."""

    edge: Number | None
    is_inclusive: bool
    then: Number


@dataclass(frozen=True)
class Picked:
    """A number picked by the size of an amount (按金额选)."""

    name: str
    unit: Unit
    by: Expression
    by_evidence: Evidence
    rows: tuple[PickedRow, ...]


@dataclass(frozen=True)
class ShareOf:
    """An amount that is a share of another (按金额的比例), between a floor and a ceiling."""

    name: str
    share: Number
    of: Expression
    of_evidence: Evidence
    at_least: Number | None
    at_most: Number | None


Rule: TypeAlias = Number | Picked | ShareOf
"""What may stand where a layer needs a number."""


def numbers_in(rule: Rule) -> Iterator[Number]:
    """Every looked-up number of a rule, in the order the arithmetic meets them."""
    if isinstance(rule, Number):
        yield rule
    elif isinstance(rule, Picked):
        for row in rule.rows:
            if row.edge:
                yield row.edge
            yield row.then
    else:
        yield rule.share
        yield from (n for n in (rule.at_least, rule.at_most) if n)


def with_parameters(number: Number) -> Iterator[Number]:
    """The number, and the parameters it is made from."""
    yield number
    for choice in number.choices:
        if isinstance(choice.value, Derived):
            yield from with_parameters(choice.value.parameter)
