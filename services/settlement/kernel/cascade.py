"""A policy made ready to compute (可执行的政策): its shape and the one function behind it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

from settlement.kernel.names import bill_amounts_of
from settlement.kernel.resolving import ResolvedNumber, resolve_number
from settlement.kernel.writing import Shape, write_policy
from settlement.law.facts import Condition, Facts
from settlement.law.policy import Layer, Policy, numbers_of

ARITHMETIC_VERSION = "1"
"""Version of the arithmetic; every settlement names the one it was computed with. A change that
gives another fen for any bill is a new version, and the old one stays to recompute the past."""

SettleStay = Callable[..., tuple[int, ...]]

_FIELD_OF_SET = {"identity": "identities", "designation": "designations"}
_MOST_RESOLUTIONS = 4096
"""How many sets of facts one policy keeps its numbers for."""


@dataclass(frozen=True)
class Resolution:
    """A policy's numbers for one set of facts (查表结果), before any amount is looked at.

    `arguments` are the last arguments of the function: conditions as 0 or 1, then numbers.
    `needed_amounts` are the amounts of the bill the applied layers look at, each with the name of
    the layer that asks; `needed_elsewhere` the applied layers another system decides.
    """

    applied: frozenset[str]
    numbers: Mapping[str, ResolvedNumber]
    arguments: tuple[int, ...]
    needed_amounts: tuple[tuple[str, str], ...]
    needed_elsewhere: tuple[Layer, ...]


@dataclass(frozen=True)
class Cascade:
    """A policy, its structure, and the function that settles a stay under it."""

    policy: Policy
    shape: Shape
    settle_stay: SettleStay
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
        _asked=_facts_asked(policy),
    )


def _facts_asked(policy: Policy) -> Callable[[Facts], Any]:
    """What a policy's conditions look at; stays that agree in it share their numbers."""
    tests = [t for c in _conditions_of(policy.layers) for t in (*c.when, *c.unless)]
    names = sorted({_FIELD_OF_SET.get(t.fact, t.fact) for t in tests})
    return attrgetter(*names) if names else lambda _: None


def _conditions_of(layers: Iterable[Layer]) -> Iterator[Condition]:
    for layer in layers:
        yield layer.condition
        for number in numbers_of(layer):
            yield from (choice.condition for choice in number.choices)
            yield from (change.condition for change in number.adjustments)


def _resolve(policy: Policy, shape: Shape, facts: Facts) -> Resolution:
    applied = [x for x in policy.layers if x.condition.holds(facts)]
    ids = frozenset(x.id for x in applied)
    numbers = {n.name: resolve_number(n, facts) for x in applied for n in numbers_of(x)}
    values = (
        numbers[s.number.name].at_digits(s.digits) if s.number.name in numbers else 0
        for s in shape.numbers
    )
    return Resolution(
        applied=ids,
        numbers=numbers,
        arguments=(*(int(name in ids) for name in shape.conditions), *values),
        needed_amounts=tuple((name, x.name) for x in applied for name in bill_amounts_of(x)),
        needed_elsewhere=tuple(x for x in applied if x.elsewhere),
    )
