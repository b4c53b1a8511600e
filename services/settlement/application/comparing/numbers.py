"""Where two numbers of two policies differ (比较参数): for whom, from what, to what."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from settlement.application.comparing.changes import Basis, Change, ChangeKind, plain
from settlement.application.comparing.situation_rows import rows_of
from settlement.application.comparing.worth import Worth, worth_of
from settlement.law.evidence import Evidence
from settlement.law.expressions import Expression
from settlement.law.facts import Condition, Facts
from settlement.law.numbers import Number, Picked, Rule, ShareOf
from settlement.law.policy import conditions_in
from settlement.law.situations import TooManySituations


@dataclass(frozen=True)
class Rules:
    """How numbers are compared (比较办法): whence each document's evidence is, which identities
    exclude one another, and when two expressions mean the same amount."""

    basis_before: Callable[[Evidence], Basis]
    basis_after: Callable[[Evidence], Basis]
    precedence: tuple[str, ...]
    is_same_amount: Callable[[Expression, Expression], bool]

    def differences(self, before: Rule, after: Rule) -> Iterator[Change]:
        """Every difference; `item` and `path` say where inside the rule, empty for all of it."""
        if isinstance(before, Number) and isinstance(after, Number):
            yield from self._numbers(before, after)
        elif isinstance(before, Picked) and isinstance(after, Picked):
            yield from self._picks(before, after)
        elif isinstance(before, ShareOf) and isinstance(after, ShareOf):
            yield from self._shares(before, after)
        else:
            yield _whole(before, after)

    def _numbers(self, before: Number, after: Number) -> Iterator[Change]:
        try:
            found = list(self._by_situation(before, after))
        except TooManySituations:
            if plain(before) != plain(after):
                yield _whole(before, after)
            return
        yield from found
        if not found and plain(before) != plain(after):
            yield replace(_whole(before, after), kind=ChangeKind.REWRITTEN)
        elif not found:
            yield from self._unused(before, after)

    def _unused(self, before: Number, after: Number) -> Iterator[Change]:
        """Evidence of rows, adjustments and bounds that no situation comes to."""
        one = tuple(map(self.basis_before, _evidences(before)))
        other = tuple(map(self.basis_after, _evidences(after)))
        if one != other:
            yield Change(
                ChangeKind.EVIDENCE,
                None,
                "用不到的行或上下限",
                "",
                before_bases=tuple(b for b, o in zip(one, other, strict=True) if b != o),
                after_bases=tuple(o for b, o in zip(one, other, strict=True) if b != o),
            )

    def _by_situation(self, before: Number, after: Number) -> Iterator[Change]:
        pairs: dict[Any, tuple[Worth, Worth]] = {}

        def outcome(facts: Facts) -> Any:
            one = worth_of(before, facts, self.basis_before)
            other = worth_of(after, facts, self.basis_after)
            if one.key == other.key and one.bases == other.bases:
                return None
            # Where only the evidence changed, what the number came to does not matter.
            values = None if one.key == other.key else (one.key, other.key)
            key = (values, one.bases, other.bases)
            pairs.setdefault(key, (one, other))
            return key

        asked = (*conditions_in(before), *conditions_in(after))
        for row in rows_of(asked, outcome, precedence=self.precedence):
            if row.outcome is None:
                continue
            one, other = pairs[row.outcome]
            found = Change(
                ChangeKind.EVIDENCE,
                layer=None,
                item="",
                path="",
                situation=row.condition,
                before_bases=one.bases,
                after_bases=other.bases,
            )
            if one.key != other.key:
                found = replace(found, kind=ChangeKind.CHANGED, before=one, after=other)
            yield found

    def _are_alike(self, before: Picked, after: Picked) -> bool:
        """Whether the rows of both stand beside one another."""
        edges = [(r.edge is None, r.is_inclusive) for r in before.rows]
        return self.is_same_amount(before.by, after.by) and edges == [
            (r.edge is None, r.is_inclusive) for r in after.rows
        ]

    def _picks(self, before: Picked, after: Picked) -> Iterator[Change]:
        """Row by row where the rows stand beside one another, else as a whole."""
        if not self._are_alike(before, after):
            yield _whole(before, after)
            return
        for at, (one, other) in enumerate(zip(before.rows, after.rows, strict=True), start=1):
            path = f"row_{at}"
            if one.edge and other.edge:
                edges = self._numbers(one.edge, other.edge)
                yield from _named(edges, f"第 {at} 行的界", f"{path}.edge")
            yield from _named(self._numbers(one.then, other.then), f"第 {at} 行", f"{path}.then")
        yield from self._evidence(before.by_evidence, after.by_evidence, "看的金额", "by")

    def _shares(self, before: ShareOf, after: ShareOf) -> Iterator[Change]:
        yield from _named(self._numbers(before.share, after.share), "所占比例", "share")
        if not self.is_same_amount(before.of, after.of):
            yield Change(
                ChangeKind.CHANGED, None, "看的金额", "of", before=before.of, after=after.of
            )
        yield from self._evidence(before.of_evidence, after.of_evidence, "看的金额", "of")
        for path, item in (("at_least", "下限"), ("at_most", "上限")):
            low, new = getattr(before, path), getattr(after, path)
            if low is None or new is None:
                if low is not new:
                    yield Change(ChangeKind.CHANGED, None, item, path, before=low, after=new)
            else:
                yield from _named(self._numbers(low, new), item, path)

    def _evidence(
        self, before: Evidence, after: Evidence, item: str, path: str
    ) -> Iterator[Change]:
        one, other = self.basis_before(before), self.basis_after(after)
        if one != other:
            yield Change(
                ChangeKind.EVIDENCE, None, item, path, before_bases=(one,), after_bases=(other,)
            )


def _evidences(number: Number) -> list[Evidence]:
    found = [choice.evidence for choice in number.choices]
    found += [change.evidence for change in number.adjustments]
    return found + [b.evidence for b in (number.at_least, number.at_most) if b]


APPLIES, DOES_NOT_APPLY = "适用", "不适用"


def applicability(before: Condition, after: Condition, precedence: tuple[str, ...]) -> list[Change]:
    """For whom a rule came to apply, and for whom it no longer does."""

    def outcome(facts: Facts) -> tuple[bool, bool] | None:
        held = before.holds(facts), after.holds(facts)
        return held if held[0] is not held[1] else None

    try:
        rows = rows_of((before, after), outcome, precedence=precedence)
    except TooManySituations:
        return [Change(ChangeKind.CHANGED, None, "", "", before=before, after=after)]
    return [
        Change(
            ChangeKind.CHANGED,
            None,
            "",
            "",
            situation=row.condition,
            before=APPLIES if row.outcome[0] else DOES_NOT_APPLY,
            after=APPLIES if row.outcome[1] else DOES_NOT_APPLY,
        )
        for row in rows
        if row.outcome
    ]


def _whole(before: Rule, after: Rule) -> Change:
    return Change(ChangeKind.CHANGED, None, "", "", before=before, after=after)


def _named(changes: Iterator[Change], item: str, path: str) -> Iterator[Change]:
    for change in changes:
        yield replace(change, item=item, path=path)
