"""The structure of a policy as one function (结构): its text, and what goes in and comes out."""

import re
from dataclasses import dataclass
from functools import cached_property

from settlement.kernel.names import UnknownName, amount_argument
from settlement.law.numbers import Number

ELSEWHERE_REFUSED = 1_000_000
"""`refused` from here on: the layer decided elsewhere, by index, whose amount is too large."""

_COUNTER = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True)
class NumberSlot:
    """A number's place among the arguments: `digits` of a ratio, 0 for an amount in fen."""

    number: Number
    argument: str
    digits: int


@dataclass(frozen=True)
class Shape:
    """The structure of a policy as a function: its text, and what goes in and comes out.

    Arguments in order: `amounts` of the bill, `counters` before the stay, amounts decided
    `elsewhere` (by layer id), 1 or 0 for each layer of `conditions`, then `numbers`. The result is
    a tuple in the order of `outputs`, which ends with the counters after the stay, the
    patient's share `patient`, and `refused` (-1, or the index of the number that is missing;
    from ELSEWHERE_REFUSED on, the index of the layer decided elsewhere that paid too much).
    `keyed` are the counters that count each value of a fact apart, and the fact.
    """

    source: str
    amounts: tuple[str, ...]
    counters: tuple[str, ...]
    elsewhere: tuple[str, ...]
    conditions: tuple[str, ...]
    numbers: tuple[NumberSlot, ...]
    outputs: tuple[str, ...]
    keyed: tuple[tuple[str, str], ...] = ()

    @cached_property
    def first_counter(self) -> int:
        """Where in the result the counters after the stay begin."""
        first = counter_variable(self.counters[0]) if self.counters else self.outputs[-1]
        return self.outputs.index(first)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the arguments, in order."""
        return (
            *(amount_argument(a) for a in self.amounts),
            *(counter_variable(c) for c in self.counters),
            *(f"{layer}_elsewhere" for layer in self.elsewhere),
            *(f"{layer}_applies" for layer in self.conditions),
            *(slot.argument for slot in self.numbers),
        )


def counter_variable(counter: str) -> str:
    """The variable of a counter. Raises UnknownName: the name becomes part of a program."""
    if not _COUNTER.fullmatch(counter):
        raise UnknownName(f"计数器“{counter}”应以小写字母开头，只用小写字母、数字、下划线和点")
    return "year_" + counter.replace(".", "_")
