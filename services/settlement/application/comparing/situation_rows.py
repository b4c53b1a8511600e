"""Where two rules differ, in rows people can read (按情形比较): each row a condition of its own.

Every combination of facts that the conditions can tell apart is tried; combinations with one
outcome are merged into few rows, which never overlap.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any, Generic, TypeVar

from settlement.application.comparing.merging import Block, merged
from settlement.law.facts import CODES, Condition, FactKind, Facts, Test
from settlement.law.situations import TooManySituations, situations

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Row(Generic[Outcome]):
    """One row (一行): everyone the condition holds for meets this outcome."""

    condition: Condition
    outcome: Outcome


def rows_of(
    conditions: Iterable[Condition],
    outcome: Callable[[Facts], Outcome],
    *,
    precedence: Sequence[str] = (),
) -> list[Row[Outcome]]:
    """The outcome of every situation, merged.

    Situations in which a person counts with two identities of `precedence` do not happen.
    Raises TooManySituations, also where two conditions take one fact for different kinds of things.
    """
    asked = tuple(conditions)
    _require_one_kind(asked)
    found = list(situations(asked))
    axes = _axes(asked, found)
    ranked = frozenset(precedence)
    cells = {
        tuple(axis.index_of(facts) for axis in axes): outcome(facts)
        for facts in found
        if len(ranked & facts.identities) <= 1
    }
    return [
        Row(condition, block.outcome)
        for block in merged(cells)
        for condition in _conditions(axes, block)
    ]


def _require_one_kind(asked: Iterable[Condition]) -> None:
    kinds: dict[str, FactKind] = {}
    for condition in asked:
        for test in (*condition.when, *condition.unless):
            if kinds.setdefault(test.fact, test.kind) is not test.kind:
                raise TooManySituations(f"“{test.label}”有两种类型")


@dataclass(frozen=True)
class _Axis:
    """One fact, or one member of a set, with the values it can have (一项情形)."""

    values: tuple[Any, ...]
    index_of: Callable[[Facts], int]
    conditions: Callable[[frozenset[int]], list[Condition]]


def _axes(asked: Iterable[Condition], found: Sequence[Facts]) -> list[_Axis]:
    tests: dict[str, list[Test]] = {}
    for condition in asked:
        for test in (*condition.when, *condition.unless):
            tests.setdefault(test.fact, []).append(test)
    return [axis for about in tests.values() for axis in _axes_of(about, found)]


def _axes_of(tests: list[Test], found: Sequence[Facts]) -> Iterator[_Axis]:
    """The axes of one fact: one for each member of a set, else one."""
    kind, fact = tests[0].kind, tests[0].fact
    values = tuple(dict.fromkeys(facts.value(fact) for facts in found))
    if kind is FactKind.SET:
        for code in sorted({code for value in values for code in value}):
            yield _member_axis(tests, code)
    elif kind is FactKind.YES_NO:
        yield _yes_no_axis(tests[0])
    elif kind in (FactKind.NUMBER, FactKind.DATE):
        yield _range_axis(tests[0], sorted(values))
    else:
        yield _word_axis(tests, values)


def _member_axis(tests: list[Test], code: str) -> _Axis:
    """Whether somebody is one of the codes that every test treats like this one."""
    fact = tests[0].fact
    alike = Test(fact, values=_alike(tests, code), ask=tests[0].ask)

    def conditions(chosen: frozenset[int]) -> list[Condition]:
        return [Condition(when=(alike,)) if 1 in chosen else Condition(unless=(alike,))]

    return _Axis((False, True), lambda facts: int(code in facts.value(fact)), conditions)


def _alike(tests: list[Test], code: str) -> frozenset[str]:
    """The codes that no test tells apart from this one."""
    signature = [code in test.values for test in tests]
    known = {c for test in tests for c in test.values}
    return frozenset(c for c in known if [c in test.values for test in tests] == signature)


def _yes_no_axis(asked: Test) -> _Axis:
    def conditions(chosen: frozenset[int]) -> list[Condition]:
        word = "yes" if 1 in chosen else "no"
        return [Condition(when=(Test(asked.fact, values=frozenset({word}), ask=asked.ask),))]

    return _Axis((False, True), lambda facts: int(facts.value(asked.fact)), conditions)


def _range_axis(asked: Test, points: list[Any]) -> _Axis:
    """Each point stands for everything up to the next one."""

    def conditions(chosen: frozenset[int]) -> list[Condition]:
        found = []
        for first, last in _runs(sorted(chosen)):
            is_last = last == len(points) - 1
            least = None if first == 0 else _ordinal(points[first])
            most = None if is_last else _ordinal(points[last + 1]) - 1
            inside = Test(asked.fact, least=least, most=most, ask=asked.ask)
            found.append(Condition(when=(inside,)))
        return found

    return _Axis(tuple(points), lambda facts: points.index(facts.value(asked.fact)), conditions)


def _ordinal(point: int | date) -> int:
    return point.toordinal() if isinstance(point, date) else point


def _runs(indices: list[int]) -> Iterator[tuple[int, int]]:
    """Neighbours together, from the first to the last of each run."""
    first = previous = indices[0]
    for index in indices[1:]:
        if index != previous + 1:
            yield first, previous
            first = index
        previous = index
    yield first, previous


def _word_axis(tests: list[Test], values: tuple[Any, ...]) -> _Axis:
    """Codes or words; the one that no test mentions stands for all others."""
    asked = tests[0]
    mentioned = {code for test in tests for code in test.values}
    known = (
        frozenset(CODES.get(asked.fact, {})) if asked.ask is None else frozenset(asked.ask.words)
    )
    meant = [
        _alike(tests, value) if value in mentioned else known - mentioned or None
        for value in values
    ]

    def conditions(chosen: frozenset[int]) -> list[Condition]:
        if asked.fact == "diagnosis" and _has_nested(mentioned):
            return [_diagnosis(asked, meant, one) for one in sorted(chosen)]
        named = [meant[at] for at in sorted(chosen)]
        if all(codes is not None for codes in named):
            inside = frozenset(code for codes in named if codes for code in codes)
            return [Condition(when=(Test(asked.fact, values=inside, ask=asked.ask),))]
        others = frozenset(
            code for at, codes in enumerate(meant) if at not in chosen and codes for code in codes
        )
        return [Condition(unless=(Test(asked.fact, values=others, ask=asked.ask),))]

    return _Axis(values, lambda facts: values.index(facts.value(asked.fact)), conditions)


def _has_nested(codes: set[str]) -> bool:
    return any(one != other and one.startswith(other) for one, other in product(codes, codes))


def _diagnosis(asked: Test, meant: list[frozenset[str] | None], one: int) -> Condition:
    """A category without those of its sub-categories that stand apart."""
    own = meant[one]
    apart = frozenset(
        code
        for at, codes in enumerate(meant)
        if at != one
        for code in codes or ()
        if own is None or any(code.startswith(category) for category in own)
    )
    return Condition(
        when=(Test(asked.fact, values=own),) if own is not None else (),
        unless=(Test(asked.fact, values=apart),) if apart else (),
    )


def _conditions(axes: Sequence[_Axis], block: Block[Any]) -> Iterator[Condition]:
    limits = [axes[at].conditions(values) for at, values in sorted(block.limits.items())]
    for chosen in product(*limits):
        yield Condition(
            when=tuple(test for condition in chosen for test in condition.when),
            unless=tuple(test for condition in chosen for test in condition.unless),
        )
