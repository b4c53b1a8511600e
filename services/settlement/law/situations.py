"""Situations (情形组合): every combination of facts that a set of conditions can tell apart.

Codes that all conditions treat alike stand for one another, so the combinations stay few.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import combinations, product
from typing import Any

from settlement.law.facts import (
    CODES,
    FIELD_OF_FACT,
    Condition,
    FactKind,
    Facts,
    Test,
)

MOST_SITUATIONS = 20_000
"""More combinations than this are not tried; the caller says so."""

_SOMETHING_ELSE = "其他"
_LAST_DAY = date.max.toordinal()


class TooManySituations(Exception):
    """The conditions can tell apart more combinations than it is sensible to try."""


def situations(conditions: Iterable[Condition]) -> Iterator[Facts]:
    """One example of every combination. Raises TooManySituations before the first."""
    tests: dict[str, list[Test]] = defaultdict(list)
    for condition in conditions:
        for test in (*condition.when, *condition.unless):
            tests[test.fact].append(test)
    choices = {fact: _values_of(fact, asked) for fact, asked in tests.items()}
    count = 1
    for values in choices.values():
        count *= len(values)
    if count > MOST_SITUATIONS:
        raise TooManySituations(f"{count} 种情形组合")
    for chosen in product(*choices.values()):
        found = dict(zip(choices, chosen, strict=True))
        declared = {fact: v for fact, v in found.items() if tests[fact][0].ask}
        named = {FIELD_OF_FACT.get(f, f): v for f, v in found.items() if f not in declared}
        yield replace(Facts(), declared=declared, **named)


def describe(facts: Facts, conditions: Iterable[Condition]) -> str:
    """A situation in words, by the facts the conditions ask about."""
    asked = {t.fact: t for c in conditions for t in (*c.when, *c.unless)}
    return "、".join(f"{t.label}＝{in_words(t, facts)}" for t in asked.values()) or "任何情形"


def _values_of(fact: str, tests: list[Test]) -> list[Any]:
    kind = tests[0].kind
    if kind is FactKind.SET:
        return _subsets(tests)
    if kind is FactKind.YES_NO:
        return [True, False]
    if kind is FactKind.NUMBER:
        return _around_edges(1 if fact.endswith("admission_number") or fact == "part" else 0, tests)
    if kind is FactKind.DATE:
        days = _around_edges(1, tests)
        return [date.fromordinal(day) for day in days if day <= _LAST_DAY]
    mentioned = sorted({code for test in tests for code in test.values})
    ask = tests[0].ask
    known = dict.fromkeys(ask.words) if ask else CODES.get(fact, {_SOMETHING_ELSE: ""})
    unmentioned = [code for code in known if code not in mentioned]
    return _alike(mentioned, tests) + unmentioned[:1]


def _alike(codes: list[str], tests: list[Test]) -> list[str]:
    """One code of each group that every test treats alike."""
    groups: dict[tuple[bool, ...], str] = {}
    for code in codes:
        groups.setdefault(tuple(code in test.values for test in tests), code)
    return list(groups.values())


def _subsets(tests: list[Test]) -> list[frozenset[str]]:
    codes = _alike(sorted({code for test in tests for code in test.values}), tests)
    if 2 ** len(codes) > MOST_SITUATIONS:
        raise TooManySituations(f"{len(codes)} 类代码的所有组合")
    return [
        frozenset(chosen) for size in range(len(codes) + 1) for chosen in combinations(codes, size)
    ]


def _around_edges(least: int, tests: list[Test]) -> list[int]:
    points = {least}
    for test in tests:
        points |= {test.least - 1, test.least} if test.least is not None else set()
        points |= {test.most, test.most + 1} if test.most is not None else set()
    return sorted(p for p in points if p >= least)


def in_words(test: Test, facts: Facts) -> str:
    """What a situation says of the fact that a test asks, as users read it."""
    found = facts.value(test.fact)
    labels = test.codes
    if isinstance(found, bool):
        return "是" if found else "否"
    if isinstance(found, frozenset):
        return "＋".join(labels.get(code, code) for code in sorted(found)) or "都不是"
    return labels.get(str(found), str(found))
