"""Which identities count (身份认定): those of the day, those kept after they end, those that
reach back, and which one counts when somebody has several.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from settlement.law.evidence import Evidence
from settlement.law.facts import FactNotStated, Facts, PersonOn


@dataclass(frozen=True)
class HeldIdentity:
    """An identity with the days it is true (身份及起止), both inclusive; `valid_to` None: open."""

    identity: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Keeping:
    """Identities that still count after they end (延续享受): `until` a day, or for `months`."""

    identities: frozenset[str]
    until: date | None
    months: int | None


@dataclass(frozen=True)
class ReachingBack:
    """Identities that count up to `months` before they begin (追溯享受)."""

    identities: frozenset[str]
    months: int


@dataclass(frozen=True)
class People:
    """How a document counts identities (身份认定规则); nothing in it: those of the day, all."""

    precedence: tuple[str, ...] = ()
    keeps: tuple[Keeping, ...] = ()
    reaches_back: tuple[ReachingBack, ...] = ()
    evidence: Evidence | None = field(default=None, compare=False)


def window(people: People, on: date) -> tuple[date, date]:
    """The first and the last day whose identities must be known to decide about a day."""
    first, last = on, on
    for keeping in people.keeps:
        if keeping.until is not None and on <= keeping.until:
            first = date.min
        elif keeping.months is not None:
            first = min(first, _months_later(on, -keeping.months))
    for reaching in people.reaches_back:
        last = max(last, _months_later(on, reaching.months))
    return first, last


def identities_counted(people: People, held: Iterable[HeldIdentity], *, on: date) -> frozenset[str]:
    """The identities that count on a day, precedence apart."""
    return frozenset(h.identity for h in held if _counts(people, h, on))


def _counts(people: People, held: HeldIdentity, on: date) -> bool:
    if held.valid_from > on:
        return any(
            held.identity in r.identities and held.valid_from <= _months_later(on, r.months)
            for r in people.reaches_back
        )
    if held.valid_to is None or on <= held.valid_to:
        return True
    return any(
        held.identity in k.identities
        and (
            (k.until is not None and on <= k.until)
            or (k.months is not None and on <= _months_later(held.valid_to, k.months))
        )
        for k in people.keeps
    )


def seen_by_layer(facts: Facts, *, asked_as_of: str | None, precedence: tuple[str, ...]) -> Facts:
    """The facts as one layer sees them: the person of its own day, one identity of several.

    Identities outside `precedence` are untouched. Raises FactNotStated when nobody said who the
    person was on the layer's own day.
    """
    if asked_as_of:
        person: PersonOn | None = facts.person_on.get(asked_as_of)
        if person is None:
            raise FactNotStated("identity")
        facts = replace(facts, identities=person.identities, age=person.age)
    if precedence:
        first = next((i for i in precedence if i in facts.identities), None)
        dropped = {i for i in precedence if i != first}
        if dropped & facts.identities:
            facts = replace(facts, identities=facts.identities - dropped)
    return facts


def _months_later(day: date, months: int) -> date:
    """The same day of another month, or its last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.min if months < 0 else date.max
    _, last = monthrange(year, month + 1)
    return date(year, month + 1, min(day.day, last))
