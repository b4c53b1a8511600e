"""Loading ahead (预先读取): what is about to be asked for, in one round trip."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from settlement.application.ports import Kind, Ledger


class LoadedAhead:
    """Finds each of some aggregates once as it was when all were loaded, everything else as it is.

    For one use case that reads them at once and saves what it changes: a save meets whoever came
    between by the versions, as it does where they were loaded one after another. Hand it to
    nobody who looks whether something has moved since.
    """

    def __init__(self, ledger: Ledger, wanted: Mapping[UUID, type[Aggregate]]) -> None:
        """Loads what is wanted, in its order where the ledger has no better way."""
        self._ledger = ledger
        self._wanted = set(wanted)
        self._found: dict[UUID, Any] = ledger.find_together(wanted)

    def find(self, aggregate_id: UUID, kind: type[Kind]) -> Kind | None:
        """The aggregate, or None."""
        if aggregate_id not in self._wanted:
            return self._ledger.find(aggregate_id, kind)
        self._wanted.remove(aggregate_id)
        found: Kind | None = self._found.get(aggregate_id)
        return found
