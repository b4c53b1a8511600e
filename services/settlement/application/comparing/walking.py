"""Walking through two policies at once (逐项比较): whatever differs becomes a change.

Structures that this file does not know are compared field by field, so that a construct added to
the language later is never passed over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from settlement.application.comparing import numbers
from settlement.application.comparing.changes import Basis, Change, ChangeKind, plain
from settlement.application.comparing.matching import matched, matched_caps, sorted_terms
from settlement.application.comparing.naming import (
    DEDUCTIBLE_ITEMS,
    DOCUMENT_ITEMS,
    INNER_ITEMS,
    LAYER_ITEMS,
    cap_item,
    deductible_item,
)
from settlement.law.evidence import Evidence
from settlement.law.expressions import Expression, Term
from settlement.law.facts import ALWAYS, Condition
from settlement.law.numbers import Number, Picked, ShareOf
from settlement.law.policy import (
    BenefitYear,
    Cap,
    ClaimBy,
    Counter,
    Deductible,
    Layer,
    Part,
    Policy,
)
from settlement.law.rounding import Rounding

_WORDS = frozenset({"title"})
_TOLD_ELSEWHERE = frozenset({"layers", "fingerprint", "canonical_text"})


@dataclass(frozen=True)
class Place:
    """Where in the documents we are (位置)."""

    layer: str | None = None
    path: tuple[str, ...] = ()
    item: str = ""

    def inside(self, step: str, item: str) -> "Place":
        """One step further in; what it is called joins what its surroundings are called."""
        joined = f"{self.item}·{item}" if self.item and item else self.item or item
        return replace(self, path=(*self.path, step), item=joined)


@dataclass
class Walk:
    """Two policies, and the changes found so far.

    `renamed` are ids of layers of the earlier document and what they are called in the later.
    """

    before: Policy
    after: Policy
    renamed: dict[str, str]
    changes: list[Change] = field(default_factory=list)
    precedence: tuple[str, ...] = ()

    def documents(self) -> None:
        """Everything but the layers."""
        for each in fields(Policy):
            if each.name in _WORDS | _TOLD_ELSEWHERE:
                continue
            item = DOCUMENT_ITEMS.get(each.name, each.name)
            place = Place(path=(each.name,), item=item)
            self.compare(place, getattr(self.before, each.name), getattr(self.after, each.name))
        place = Place(path=("people",), item=DOCUMENT_ITEMS["people"])
        self._evidence(place, self.before.people.evidence, self.after.people.evidence)

    def layer(self, before: Layer, after: Layer) -> None:
        """Everything inside one layer that both documents have."""
        ranked = self.before.precedence_of(before), self.after.precedence_of(after)
        self.precedence = ranked[0] if ranked[0] == ranked[1] else ()
        whole = Place(layer=after.id, path=(after.id,))
        if before.id != after.id:
            self.add(ChangeKind.RENAMED, whole.inside("id", "id"), before.id, after.id)
        if before.name != after.name:
            self.add(ChangeKind.RENAMED, whole.inside("name", "名称"), before.name, after.name)
        for each in fields(Layer):
            if each.name in _LATER_OR_NEVER:
                continue
            place = whole.inside(each.name, LAYER_ITEMS.get(each.name, ""))
            if not _evidence_of_nothing(each.name, before, after):
                self.compare(place, getattr(before, each.name), getattr(after, each.name))
        own = before.benefit_year, after.benefit_year
        if own != (self.before.benefit_year, self.after.benefit_year):
            self.compare(whole.inside("benefit_year", LAYER_ITEMS["benefit_year"]), *own)
        self._parts(whole, before.parts, after.parts)
        self.compare(whole.inside("caps", ""), before.caps, after.caps)
        self.precedence = ()

    def compare(self, place: Place, before: Any, after: Any) -> None:
        """Whatever differs between two values that stand in one place."""
        if isinstance(before, Evidence) or isinstance(after, Evidence):
            self._evidence(place, before, after)
        elif before is None or after is None or type(before) is not type(after):
            if plain(before) != plain(after):
                self.add(ChangeKind.CHANGED, place, before, after)
        elif (special := self._special(before)) is not None:
            special(place, before, after)
        elif is_dataclass(before):
            self._fields(place, before, after)
        elif isinstance(before, tuple):
            self._members(place, before, after)
        elif before != after:
            self.add(ChangeKind.CHANGED, place, before, after)

    def _special(self, value: Any) -> Callable[[Place, Any, Any], None] | None:
        for kinds, how in (
            ((Number, Picked, ShareOf), self._rules),
            ((Expression,), self._expressions),
            ((Condition,), self._conditions),
            ((BenefitYear, ClaimBy, Counter), self._whole),
            ((Rounding,), self._roundings),
            ((Deductible,), self._deductibles),
        ):
            if isinstance(value, kinds):
                return how
        return None

    def _fields(self, place: Place, before: Any, after: Any) -> None:
        for each in fields(before):
            if each.name == "id" or not each.compare:
                continue
            item = INNER_ITEMS.get(each.name, "" if each.name in _NAMELESS else each.name)
            inner = place.inside(each.name, item)
            self.compare(inner, getattr(before, each.name), getattr(after, each.name))

    def _whole(self, place: Place, before: Any, after: Any) -> None:
        if plain(before) != plain(after) or _name_of(before) != _name_of(after):
            self.add(ChangeKind.CHANGED, place, before, after)

    def _conditions(self, place: Place, before: Condition, after: Condition) -> None:
        """Whom a layer is for: those it came to be for, and those it no longer is."""
        if plain(before) == plain(after):
            return
        found = [
            replace(change, layer=place.layer, item=place.item, path=".".join(place.path))
            for change in numbers.applicability(before, after, self.precedence)
        ]
        self.changes += found
        if not found:
            self.add(ChangeKind.REWRITTEN, place, before, after)

    def _expressions(self, place: Place, before: Expression, after: Expression) -> None:
        if sorted_terms(self._under_new_names(before)) != sorted_terms(after):
            self.add(ChangeKind.CHANGED, place, before, after)

    def _under_new_names(self, expression: Expression) -> Expression:
        return Expression(tuple(Term(t.sign, self._new_name(t.name)) for t in expression.terms))

    def _new_name(self, name: str) -> str:
        head, *rest = name.split(".")
        if head == "year" and rest:
            return ".".join([head, self.renamed.get(rest[0], rest[0]), *rest[1:]])
        return ".".join([self.renamed.get(head, head), *rest])

    def _roundings(self, place: Place, before: Rounding, after: Rounding) -> None:
        """The rounding of the whole document is told once, whatever layer it is met in."""
        if "rounding" in (before.name, after.name) and before.name == after.name:
            place = Place(path=("rounding",), item="取整")
        if before.code != after.code:
            self.add(ChangeKind.CHANGED, place, before, after)
        self._evidence(place, before.evidence, after.evidence)

    def _deductibles(self, place: Place, before: Deductible, after: Deductible) -> None:
        names = deductible_item(before), deductible_item(after)
        place = replace(place, item=names[1])
        if names[0] != names[1]:
            self.add(ChangeKind.CHANGED, place.inside("kind", ""), *names)
        for each in fields(Deductible):
            if each.name == "order_evidence" and len(after.taken_from) == 1:
                continue
            if each.name not in {"period", "kind"}:
                inner = place.inside(each.name, DEDUCTIBLE_ITEMS.get(each.name, each.name))
                one, other = getattr(before, each.name), getattr(after, each.name)
                if each.name == "taken_from":
                    one = tuple(map(self._new_name, one))
                self.compare(inner, one, other)

    def _parts(self, place: Place, before: Sequence[Part], after: Sequence[Part]) -> None:
        if len(before) == len(after) == 1:
            self._part(place, before[0], after[0])
            return
        for one, other in matched(before, after, key=lambda part: part.id):
            name = (other or one).name if (other or one) else ""
            inner = place.inside((other or one).id, name) if (other or one) else place
            if one is None or other is None:
                kind = ChangeKind.ADDED if one is None else ChangeKind.REMOVED
                self.add(kind, inner, one, other)
            else:
                if one.name != other.name:
                    self.add(ChangeKind.RENAMED, inner.inside("name", "名称"), one.name, other.name)
                self._part(inner, one, other)

    def _part(self, place: Place, before: Part, after: Part) -> None:
        for each in fields(Part):
            if each.name in {"id", "name"}:
                continue
            one, other = getattr(before, each.name), getattr(after, each.name)
            if each.name == "bands":
                self._bands(place, before, after)
                continue
            if _evidence_of_nothing(each.name, before, after):
                continue
            self.compare(place.inside(each.name, INNER_ITEMS.get(each.name, each.name)), one, other)

    def _bands(self, place: Place, before: Part, after: Part) -> None:
        if len(before.bands) != len(after.bands):
            inner = place.inside("bands", INNER_ITEMS["bands"])
            self.add(ChangeKind.CHANGED, inner, before.bands, after.bands)
            return
        is_one = len(after.bands) == 1
        for at, (one, other) in enumerate(zip(before.bands, after.bands, strict=True), start=1):
            name = "比例" if is_one else f"第 {at} 段"
            inner = place if is_one else place.inside(f"band_{at}", name)
            self.compare(inner.inside("up_to", "至"), one.up_to, other.up_to)
            self.compare(inner.inside("rate", "比例"), one.rate, other.rate)

    def _members(self, place: Place, before: Sequence[Any], after: Sequence[Any]) -> None:
        members = [*before, *after]
        if all(isinstance(one, Cap) for one in members) and members:
            self._caps(place, before, after)
        elif all(hasattr(one, "id") for one in members):
            self._keyed(place, before, after)
        elif all(isinstance(one, str) for one in members) and place.path[-1] == "not_entered":
            for gone in before:
                if gone not in after:
                    self.add(ChangeKind.REMOVED, place, gone, None)
            for new in after:
                if new not in before:
                    self.add(ChangeKind.ADDED, place, None, new)
        elif [plain(one) for one in before] != [plain(one) for one in after]:
            self.add(ChangeKind.CHANGED, place, before, after)

    def _keyed(self, place: Place, before: Sequence[Any], after: Sequence[Any]) -> None:
        for one, other in matched(before, after, key=lambda member: member.id):
            known = other or one
            inner = place.inside(known.id, getattr(known, "label", "") or known.id)
            if one is None or other is None:
                kind = ChangeKind.ADDED if one is None else ChangeKind.REMOVED
                self.add(kind, inner, one, other)
            else:
                self._fields(inner, one, other)

    def _caps(self, place: Place, before: Sequence[Cap], after: Sequence[Cap]) -> None:
        """Caps are the same where they limit the same over the same time, else they are others."""
        for one, other in matched_caps(before, after):
            known = other or one
            assert known is not None  # noqa: S101 - one of the two
            inner = replace(place.inside(cap_item(known), ""), item=cap_item(known))
            if one is None or other is None:
                kind = ChangeKind.ADDED if one is None else ChangeKind.REMOVED
                self.add(kind, inner, one, other)
                continue
            self._fields(inner, one, other)

    def _rules(self, place: Place, before: Any, after: Any) -> None:
        comparison = numbers.Rules(
            basis_before=self.basis_of(self.before),
            basis_after=self.basis_of(self.after),
            precedence=self.precedence,
            is_same_amount=lambda one, other: (
                sorted_terms(self._under_new_names(one)) == sorted_terms(other)
            ),
        )
        for found in comparison.differences(before, after):
            item = f"{place.item}·{found.item}" if found.item else place.item
            path = ".".join([*place.path, *([found.path] if found.path else [])])
            self.changes.append(replace(found, layer=place.layer, item=item, path=path))

    def _evidence(self, place: Place, before: Evidence | None, after: Evidence | None) -> None:
        one = self.basis_of(self.before)(before) if before else None
        other = self.basis_of(self.after)(after) if after else None
        if one != other:
            found = Change(
                ChangeKind.EVIDENCE,
                place.layer,
                place.item,
                ".".join(place.path),
                before_bases=(one,) if one else (),
                after_bases=(other,) if other else (),
            )
            if found not in self.changes:
                self.changes.append(found)

    def basis_of(self, policy: Policy) -> Callable[[Evidence], Basis]:
        """Reads evidence with the title of its document.

        A document that both list under one id is the same; that its title was changed is told
        once, among the sources.
        """
        titles = {source.id: source.title for source in policy.sources}
        titles |= {s.id: s.title for s in self.after.sources if s.id in titles}
        return lambda e: Basis(e.status, titles.get(e.source, e.source), e.place)

    def add(self, kind: ChangeKind, place: Place, before: Any, after: Any) -> None:
        """Note a change, once."""
        found = Change(kind, place.layer, place.item, ".".join(place.path), ALWAYS, before, after)
        if found not in self.changes:
            self.changes.append(found)


_LATER_OR_NEVER = frozenset({"id", "name", "parts", "caps", "benefit_year"})
_WITH_EVIDENCE = {
    "condition_evidence": "condition",
    "pool_evidence": "pool",
    "minus_evidence": "minus",
}


def _evidence_of_nothing(name: str, before: Any, after: Any) -> bool:
    """Whether a field is the evidence of something that neither document has."""
    of = _WITH_EVIDENCE.get(name)
    found = [getattr(one, of) for one in (before, after)] if of else []
    return bool(found) and all(
        one is None or (isinstance(one, Condition) and one.is_always) for one in found
    )


_NAMELESS = frozenset({"amount", "evidence", "number", "says"})


def _name_of(value: Any) -> Any:
    """A counter is its name; nothing else that is compared as a whole has one."""
    return getattr(value, "name", None)
