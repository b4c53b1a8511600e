"""Comparing two policies in terms of rules (比较政策).

Layers that came, went, moved or were renamed; numbers by the people, places and situations they
change for; bases, caps, conditions, dates, evidence. Nothing is passed over: where the texts of two
documents differ and no rule does, the comparison says so, and in which places.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from settlement.application.comparing.changes import Change, ChangeKind
from settlement.application.comparing.matching import matched
from settlement.application.comparing.walking import Place, Walk
from settlement.law.policy import Layer, Policy

__all__ = ["Change", "ChangeKind", "Comparison", "compare_policies"]

_NOTES = frozenset({"note", "missing"})


@dataclass(frozen=True)
class Comparison:
    """Two policies side by side (比较结果).

    `worded` are places of the documents where only an explanation or a title differs, `written`
    those that differ otherwise; with no `changes` the latter are other ways to write the same.
    """

    before: Policy
    after: Policy
    changes: tuple[Change, ...]
    worded: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def is_same_text(self) -> bool:
        """Whether both are one document, comments and the order of keys apart."""
        return self.before.canonical_text == self.after.canonical_text

    @property
    def is_only_worded(self) -> bool:
        """Whether explanations and titles differ, and nothing else (只有文字不同)."""
        return not self.changes and not self.written and bool(self.worded)

    @property
    def is_only_rewritten(self) -> bool:
        """Whether the documents write the same rules in another way (写法不同，规则相同)."""
        return not self.changes and bool(self.written)

    @property
    def has_other_rules(self) -> bool:
        """Whether anything a rule says or rests on differs."""
        return any(change.kind is not ChangeKind.REWRITTEN for change in self.changes)


def compare_policies(*, before: Policy, after: Policy) -> Comparison:
    """Every difference, the document's first, then layer by layer in the later order."""
    pairs = _paired(before.layers, after.layers)
    renamed = {one.id: other.id for one, other in pairs if one and other}
    walk = Walk(before, after, {old: new for old, new in renamed.items() if old != new})
    walk.documents()
    moved = _moved(before.layers, after.layers, renamed)
    for one, other in pairs:
        if one is None or other is None:
            _come_or_gone(walk, one, other)
            continue
        if other.id in moved:
            was = [x.id for x in before.layers].index(one.id) + 1
            now = [x.id for x in after.layers].index(other.id) + 1
            place = Place(layer=other.id, path=(other.id,), item="次序")
            walk.add(ChangeKind.MOVED, place, was, now)
        walk.layer(one, other)
    worded, written = _texts(before, after)
    return Comparison(before, after, tuple(walk.changes), worded, written)


def _come_or_gone(walk: Walk, one: Layer | None, other: Layer | None) -> None:
    layer = other or one
    if layer is not None:
        kind = ChangeKind.ADDED if one is None else ChangeKind.REMOVED
        walk.add(kind, Place(layer=layer.id, path=(layer.id,)), one, other)


def _paired(
    before: Sequence[Layer], after: Sequence[Layer]
) -> list[tuple[Layer | None, Layer | None]]:
    """Layers of one id; of those left over, layers of one name, or the only ones of a payer."""
    found = list(matched(before, after, key=lambda layer: layer.id))
    gone = [one for one, other in found if other is None]
    for at, (one, other) in enumerate(found):
        if one is None and other is not None:
            alike = _renamed_from(other, gone, [o for i, o in found if i is None and o])
            if alike is not None:
                gone.remove(alike)
                found[at] = (alike, other)
    left = {id(one) for one in gone}
    return [(one, other) for one, other in found if other is not None or id(one) in left]


def _renamed_from(new: Layer, gone: list[Layer], come: list[Layer]) -> Layer | None:
    named = [one for one in gone if one.name == new.name and one.payer is new.payer]
    if len(named) == 1:
        return named[0]
    same_payer = [one for one in gone if one.payer is new.payer]
    is_only = sum(other.payer is new.payer for other in come) == 1
    return same_payer[0] if len(same_payer) == 1 and is_only else None


def _moved(before: Sequence[Layer], after: Sequence[Layer], renamed: dict[str, str]) -> set[str]:
    """The fewest layers whose moving explains the new order."""
    kept = set(renamed.values())
    old = [renamed[x.id] for x in before if x.id in renamed]
    new = [x.id for x in after if x.id in kept]
    return set(new) - set(_longest_common(old, new))


def _longest_common(one: list[str], other: list[str]) -> list[str]:
    """The longest list that is part of both in order."""
    best: dict[tuple[int, int], list[str]] = {}
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if not i or not j:
                best[i, j] = []
            elif one[i - 1] == other[j - 1]:
                best[i, j] = [*best[i - 1, j - 1], one[i - 1]]
            else:
                best[i, j] = max(best[i, j - 1], best[i - 1, j], key=len)
    return best[len(one), len(other)]


def _texts(before: Policy, after: Policy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    worded: list[str] = []
    written: list[str] = []
    one, other = json.loads(before.canonical_text), json.loads(after.canonical_text)
    for path in _differing(one, other, ()):
        is_word = path == ("title",) or (bool(path) and path[-1] in _NOTES)
        (worded if is_word else written).append(".".join(path))
    return tuple(worded), tuple(written)


def _differing(one: Any, other: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The places where two trees differ, as deep as they can be named."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differing(one.get(key), other.get(key), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(left, right, (*path, str(at)))
    elif one != other:
        yield path
