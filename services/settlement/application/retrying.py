"""Trying again when somebody else was first (并发重试)."""

from collections.abc import Callable
from typing import TypeVar

from settlement.application.ports import Overtaken

_ATTEMPTS = 20

Result = TypeVar("Result")


def when_overtaken(decide: Callable[[], Result]) -> Result:
    """Run a decision that loads what it needs; run it again when it was overtaken.

    One of those who collide always gets through, so a person's settlements make progress.
    Raises Overtaken after twenty collisions.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return decide()
        except Overtaken:
            continue
    return decide()
