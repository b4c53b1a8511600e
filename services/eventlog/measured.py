"""What a log tells whoever measures it (事件日志的度量点): plain callables, by default nothing.

The log knows no metrics and no traces. Whoever opens it may give it a `LogMeasures`; what the
callables do must be quick and must not raise.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

LogStep = Literal["save", "load"]

_NOTHING = nullcontext()


def _around_nothing(_step: LogStep) -> AbstractContextManager[Any]:
    return _NOTHING


def _ignore(_told: Any) -> None:
    return None


@dataclass(frozen=True)
class LogMeasures:
    """What is called when something happens in a log (度量回调).

    `around` is entered while aggregates are saved or one is loaded. `saved` gets the events of
    each save once they are stored. `committed` gets the number of saves that shared one
    transaction, once it is committed: one, unless the log commits groups (合并提交).
    """

    around: Callable[[LogStep], AbstractContextManager[Any]] = _around_nothing
    saved: Callable[[Sequence[Any]], None] = _ignore
    committed: Callable[[int], None] = _ignore


UNMEASURED = LogMeasures()
"""Nobody measures."""
