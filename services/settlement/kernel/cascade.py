"""A policy made ready to compute (可执行的政策): its shape and the one function behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from settlement.kernel.writing import Shape, write_policy
from settlement.law.policy import Policy

SettleStay = Callable[..., tuple[int, ...]]


@dataclass(frozen=True)
class Cascade:
    """A policy, its structure, and the function that settles a stay under it."""

    policy: Policy
    shape: Shape
    settle_stay: SettleStay


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
    return Cascade(policy=policy, shape=shape, settle_stay=compile_source(shape.source))
