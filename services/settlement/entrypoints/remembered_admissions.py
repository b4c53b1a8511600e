"""Who lies under a stay number (住院人员), remembered while a ledger is followed in order.

Telling of a discharge asks for the stay's history, from the ledger a dozen times as long as all
the rest takes. Whoever follows from the beginning of a stay has met what matters of it already.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from settlement.adapters.event_ledger import EventLedger
from settlement.domain.stay import Stay

MOST_STAYS = 50_000
_MATTERS = (Stay.Created, Stay.AdmittedAgain, Stay.PartBegun)
_KEPT = ("originator_id", "originator_version", "person_id", "institution_id")


class RememberedAdmissions:
    """Stays' admissions out of memory where their beginning was met, otherwise whole histories.

    It must meet every event behind the first, in order; events met again change nothing.
    """

    def __init__(self, ledger: EventLedger, most: int = MOST_STAYS) -> None:
        self._ledger, self._most = ledger, most
        self._met: OrderedDict[UUID, list[Any]] = OrderedDict()

    def meet(self, event: Any) -> None:
        """The next event of the ledger, of whatever kind."""
        if not isinstance(event, _MATTERS):
            return
        known = self._met.get(event.originator_id)
        if known is not None and event.originator_version > known[-1].originator_version:
            known.append(_what_matters_of(event))
        elif known is None and event.originator_version == 1:
            self._met[event.originator_id] = [_what_matters_of(event)]
            if len(self._met) > self._most:
                self._met.popitem(last=False)

    def history(self, stay_id: UUID) -> Iterator[Any]:
        """Of a stay whose beginning was met, the admissions up to now; of another, everything."""
        known = self._met.get(stay_id)
        return iter(known) if known is not None else self._ledger.history(stay_id)


def _what_matters_of(event: Any) -> Any:
    """The event without its circumstances: fifty thousand are kept, and looked through for garbage
    again and again."""
    kept = object.__new__(type(event))
    content = event.__dict__
    kept.__dict__.update({name: content[name] for name in _KEPT if name in content})
    return kept
