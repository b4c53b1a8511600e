"""Stage a roster (暂存名册): read and check every row, change nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eligibility.application.ports import NewId, Receipt, RosterReader, StagedRosters, Store
from eligibility.domain.roster import ReadRoster


@dataclass(frozen=True)
class StagedRoster:
    """A roster that waits for its activation."""

    roster_id: UUID
    roster: ReadRoster


class StageRoster:
    """Reads a roster file and keeps it, encrypted, until it is activated."""

    def __init__(
        self, *, read: RosterReader, staged: StagedRosters, store: Store, new_id: NewId
    ) -> None:
        self._read = read
        self._staged = staged
        self._store = store
        self._new_id = new_id

    def check(self, content: bytes) -> ReadRoster:
        """Read a roster file without keeping it. Raises `RosterUnreadable`."""
        return self._read(content)

    def stage(
        self,
        content: bytes,
        *,
        at: datetime,
        accept: Callable[[StagedRoster], Receipt] | None = None,
    ) -> StagedRoster:
        """Read a roster file and keep it. Raises `RosterUnreadable`.

        `accept` makes the receipt of the request from the result.
        """
        result = StagedRoster(self._new_id(), self._read(content))
        self._staged.stage(result.roster_id, result.roster, at=at)
        if accept is not None:
            self._store.save(receipt=accept(result))
        return result
