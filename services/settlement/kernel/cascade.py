"""A policy made ready to compute (可执行的政策): its shape and the one function behind it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from settlement.kernel.frames import Frame, frames_of
from settlement.kernel.names import bill_amounts_of, is_bill_amount, summed_names
from settlement.kernel.resolving import NumberUnfit, ResolvedNumber, resolve_number
from settlement.kernel.shape import Shape
from settlement.kernel.writing import write_policy
from settlement.law.exact import NotExact, Ratio
from settlement.law.facts import FIELD_OF_FACT, FactNotStated, Facts
from settlement.law.numbers import Number, with_parameters
from settlement.law.people import seen_by_layer
from settlement.law.policy import (
    EPISODE,
    KEY_OF_COUNTER,
    Layer,
    LayerKind,
    Policy,
    conditions_of,
    numbers_of,
)

ARITHMETIC_VERSION = "1"
"""Version of the arithmetic; every settlement names the one it was computed with. A change that
gives another fen for any bill is a new version, and the old one stays to recompute the past."""

SettleStay = Callable[..., tuple[int, ...]]

_WHOLE = Ratio(1, 0)
_MOST_RESOLUTIONS = 4096
"""How many sets of facts one policy keeps its numbers for."""


@dataclass(frozen=True)
class Resolution:
    """A policy's numbers for one set of facts (查表结果), before any amount is looked at.

    `arguments` are the last arguments of the function: conditions as 0 or 1, then numbers.
    `counters` are the names under which the shape's counters are kept for these facts, with the
    value that counts apart; None where no layer that applies counts there. Those kept for each
    episode end with the sign before the value: `names_of` puts it there. `needed_amounts` are
    the amounts of the bill the applied layers look at, each with the name of the layer that asks;
    `needed_elsewhere` the applied layers another system decides.
    """

    applied: frozenset[str]
    numbers: Mapping[str, ResolvedNumber]
    arguments: tuple[int, ...]
    counters: tuple[str | None, ...]
    needed_amounts: tuple[tuple[str, str], ...]
    needed_elsewhere: tuple[Layer, ...]

    def names_of(self, facts: Facts) -> tuple[str | None, ...]:
        """The names of the counters for one stay; a stay that hangs together with no other counts
        nothing for its episode."""
        return tuple(
            name and (f"{name}{facts.episode}" if facts.episode else None)
            if name and name.endswith(KEY_OF_COUNTER)
            else name
            for name in self.counters
        )


@dataclass(frozen=True)
class Cascade:
    """A policy, its structure, and the function that settles a stay under it.

    `pays_outside` tells whether anything may be owed outside the bill, `frames` what the steps of
    each layer say whatever the bill.
    """

    policy: Policy
    shape: Shape
    settle_stay: SettleStay
    pays_outside: bool
    frames: tuple[tuple[Layer, tuple[Frame, ...]], ...] = field(repr=False, compare=False)
    _asked: Callable[[Facts], Any] = field(repr=False, compare=False)
    _resolutions: dict[Any, Resolution] = field(default_factory=dict, repr=False, compare=False)

    def resolve(self, facts: Facts) -> Resolution:
        """The numbers for these facts, kept for the next stay like it. Raises FactNotStated."""
        key = self._asked(facts)
        found = self._resolutions.get(key)
        if found is None:
            found = _resolve(self.policy, self.shape, facts)
            if len(self._resolutions) >= _MOST_RESOLUTIONS:
                self._resolutions.clear()
            self._resolutions[key] = found
        return found


@lru_cache(maxsize=1024)
def compile_source(source: str) -> SettleStay:
    """The function written as `source`; policies with one structure share it."""
    scope: dict[str, Any] = {}
    exec(compile(source, "<policy>", "exec"), scope)  # noqa: S102 - our own writer's text, built from checked identifiers
    function: SettleStay = scope["settle_stay"]
    return function


def compile_policy(policy: Policy) -> Cascade:
    """The policy ready to compute. Raises UnknownName when an expression names nothing."""
    shape = write_policy(policy)
    return Cascade(
        policy=policy,
        shape=shape,
        settle_stay=compile_source(shape.source),
        pays_outside=any(x.kind is LayerKind.CASH or x.surplus_to_hospital for x in policy.layers),
        frames=tuple((x, frames_of(x)) for x in policy.layers),
        _asked=_facts_asked(policy),
    )


def _facts_asked(policy: Policy) -> Callable[[Facts], Any]:
    """What a policy looks at before any amount; stays that agree in it share their numbers."""
    asked = {t.fact for c in conditions_of(policy) for t in (*c.when, *c.unless)}
    asked |= {per for layer in policy.layers for per in _counted_facts(layer)}
    # Episodes are as many as stays: what a policy looks up does not depend on which it is.
    kept = (c.key_fact for x in policy.layers for c in x.counters_kept)
    asked |= {fact for fact in kept if fact and fact != EPISODE}
    if any(policy.precedence_of(layer) for layer in policy.layers):
        asked.add("identity")
    declared = tuple(sorted(a.id for a in policy.asks if a.id in asked))
    names = sorted(FIELD_OF_FACT.get(fact, fact) for fact in asked - set(declared))
    own = attrgetter(*names) if names else _nothing
    if not declared and not policy.days_asked:
        return own
    days = tuple(day.value for day in policy.days_asked)

    def key(facts: Facts) -> tuple[Any, ...]:
        return (
            own(facts),
            *(facts.declared.get(name) for name in declared),
            *(facts.person_on.get(day) for day in days),
        )

    return key


def _nothing(_: Facts) -> None:
    return None


def _counted_facts(layer: Layer) -> Iterator[str]:
    """Facts that adjustments of a layer's numbers are multiplied by."""
    for number in numbers_of(layer):
        for each in with_parameters(number):
            yield from (change.per.fact for change in each.adjustments if change.per)


def _resolve(policy: Policy, shape: Shape, facts: Facts) -> Resolution:
    seen = {x.id: facts_seen(policy, x, facts) for x in policy.layers}
    applied = [x for x in policy.layers if x.condition.holds(seen[x.id])]
    numbers = {n.name: _fit(n, seen[x.id]) for x in applied for n in numbers_of(x)}
    keyed = dict(shape.keyed)
    keys = {n: _key(seen[x.id], keyed[n]) for x in applied for n in x.counters if n in keyed}
    ids = frozenset(x.id for x in applied)
    values = (
        numbers[s.number.name].at_digits(s.digits) if s.number.name in numbers else 0
        for s in shape.numbers
    )
    return Resolution(
        applied=ids,
        numbers=numbers,
        arguments=(*(int(name in ids) for name in shape.conditions), *values),
        counters=tuple(
            f"{name}{KEY_OF_COUNTER}{keys[name]}"
            if name in keys
            else (None if name in keyed else name)
            for name in shape.counters
        ),
        needed_amounts=(
            *((name, x.name) for x in applied for name in bill_amounts_of(x)),
            *((name, "本年累计") for name in summed_names(policy) if is_bill_amount(name)),
        ),
        needed_elsewhere=tuple(x for x in applied if x.elsewhere),
    )


def _fit(number: Number, facts: Facts) -> ResolvedNumber:
    """The number, refused by name where it is no whole fen or more than the whole."""
    try:
        found = resolve_number(number, facts)
    except NotExact as wrong:
        raise NumberUnfit(number, str(wrong)) from wrong
    if isinstance(found.value, Ratio) and found.value.is_above(_WHOLE):
        raise NumberUnfit(number, f"为 {found.text}，超过 100%")
    return found


def facts_seen(policy: Policy, layer: Layer, facts: Facts) -> Facts:
    """The facts as one layer sees them: the person of its own day, one identity of several."""
    as_of = layer.person_asked_as_of
    return seen_by_layer(
        facts,
        asked_as_of=as_of.value if as_of and as_of is not policy.person_asked_as_of else None,
        precedence=policy.precedence_of(layer),
    )


def _key(facts: Facts, fact: str) -> str:
    if fact == EPISODE:
        return ""
    found = facts.value(fact)
    if found is None:
        raise FactNotStated(fact)
    return str(found)
