"""Sums and differences of named amounts (口径), such as `in_scope - basic - critical`."""

import re
from dataclasses import dataclass
from functools import cached_property

YEAR = "year."
"""Before a name: its total over the benefit year before this stay (本年累计)."""

OWN_BASE = "this.base"
"""What the layer itself looks at, for numbers picked by amount (本层口径)."""


@dataclass(frozen=True)
class Term:
    """One signed name in a base: `- basic` is Term(-1, "basic")."""

    sign: int
    name: str


@dataclass(frozen=True)
class Expression:
    """A sum and difference of named amounts."""

    terms: tuple[Term, ...]

    @cached_property
    def text(self) -> str:
        """As written in the policy."""
        text = " ".join(f"{'-' if t.sign < 0 else '+'} {t.name}" for t in self.terms)
        return text.removeprefix("+ ")

    def __str__(self) -> str:
        """The same text."""
        return self.text


NOWHERE = Expression(())
"""No amount at all: where an expression could not be read, or a fixed amount stands instead."""

_TERM = re.compile(r"\s*([+-]?)\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)\s*")


def parse_expression(text: str) -> Expression:
    """Read `in_scope - basic`; a name stands in it once. Raises ValueError with what is wrong."""
    terms: list[Term] = []
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or (terms and not match[1]):
            raise ValueError(f"口径“{text}”应写成名称的加减，如 in_scope - basic")
        if any(term.name == match[2] for term in terms):
            raise ValueError(f"口径“{text}”里“{match[2]}”出现了两次")
        terms.append(Term(-1 if match[1] == "-" else 1, match[2]))
        at = match.end()
    if not terms:
        raise ValueError("口径不能为空")
    return Expression(tuple(terms))
