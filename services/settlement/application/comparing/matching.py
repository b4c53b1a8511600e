"""Which members of two policies belong together (配对): layers, parts, caps, terms of a base."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from settlement.law.expressions import Expression
from settlement.law.policy import Cap


def matched(
    before: Iterable[Any], after: Iterable[Any], *, key: Callable[[Any], Any]
) -> Iterator[tuple[Any, Any]]:
    """Members of both with one key together, in the later order; what is gone comes first."""
    known = {key(one): one for one in before}
    wanted = list(after)
    kept = {key(other) for other in wanted}
    for name, one in known.items():
        if name not in kept:
            yield one, None
    for other in wanted:
        yield known.get(key(other)), other


def matched_caps(
    before: Sequence[Cap], after: Sequence[Cap]
) -> list[tuple[Cap | None, Cap | None]]:
    """Caps that limit the same over the same time together, by the same counter if they can."""
    found: list[tuple[Cap | None, Cap | None]] = []
    one_left, other_left = list(before), list(after)
    for alike in (
        lambda cap: (cap.of, cap.period, cap.counter),
        lambda cap: (cap.of, cap.period),
    ):
        for one in list(one_left):
            other = next((c for c in other_left if alike(c) == alike(one)), None)
            if other is not None:
                one_left.remove(one)
                other_left.remove(other)
                found.append((one, other))
    found += [(one, None) for one in one_left]
    return found + [(None, other) for other in other_left]


def sorted_terms(expression: Expression) -> list[tuple[str, int]]:
    """What a base adds and takes off, whatever the order it is written in."""
    return sorted((term.name, term.sign) for term in expression.terms)
