"""Whether what a decision rests on still stands (读后未变).

Aggregates are loaded one after another, so somebody may change them in between. A save meets that
by their versions; a refusal or a preview saves nothing, and would tell of a state that never was.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.domain import Aggregate

from settlement.application.ports import Ledger, Overtaken


def require_as_loaded(ledger: Ledger, *aggregates: Aggregate) -> None:
    """Nobody saved one of these since it was loaded, or begun. Raises Overtaken."""
    for each in aggregates:
        now = ledger.find(each.id, type(each))
        if (now.version if now else 0) != each.version - len(each.pending_events):
            raise Overtaken


@contextmanager
def unless_overtaken(ledger: Ledger, *aggregates: Aggregate) -> Iterator[None]:
    """Around a decision on these: where it is refused and one of them moved meanwhile, it is to be
    taken again. Raises Overtaken, and the refusal where none moved."""
    try:
        yield
    except Overtaken:
        raise
    except Exception as refusal:
        try:
            require_as_loaded(ledger, *aggregates)
        except Overtaken as overtaken:
            raise overtaken from refusal
        raise
