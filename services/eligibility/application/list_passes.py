"""The passes of a list (名单两遍): the trial, which changes nobody, and the one that is saved."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from eligibility.application.list_comparison import MOVED_ON, ListParts, ListPass
from eligibility.application.ports import PersonKeys
from eligibility.domain.certificate import PersonalData
from eligibility.domain.owner_list import ListMovedOn
from eligibility.domain.person import Person
from eligibility.domain.roster import RosterRow, RowError

_RESERVED_PEOPLE = 20_000
_KEPT_PEOPLE = 5_000
# A trial states after everything that is known; what it states is thrown away.
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_NOBODY_YET = UUID(int=0)


class TrialPass(ListPass):
    """A pass that changes nobody and reserves no id; it rejects rows that end nothing."""

    def __init__(self, parts: ListParts) -> None:
        super().__init__(parts, at=_END_OF_TIME)

    def _register(self, person_id: UUID | None, data: PersonalData, keys: PersonKeys) -> Person:
        del person_id, data, keys
        return Person.register(person_id=_NOBODY_YET, sealed=b"", at=_END_OF_TIME)

    def _refuse(self, row: RosterRow, error: Exception) -> None:
        self._parts.workspace.reject(RowError(row.row, None, str(error)))


class StatingPass(ListPass):
    """The pass whose people are saved: those of whom the trial found something to state."""

    def prepare(self) -> None:
        """Give ids to those who have none: before the log is locked, and many at a time, since
        each time waits for the disk."""
        workspace, vault = self._parts.workspace, self._parts.vault
        for certificates in workspace.unidentified(_RESERVED_PEOPLE):
            workspace.identify(zip(certificates, vault.reserve(certificates), strict=True))

    def look_again_at(self, person_ids: Iterable[UUID]) -> None:
        """These were changed after the trial: what it found of them counts no longer.

        Erasing somebody leaves no event. Raises `ListMovedOn` if it was somebody found unchanged.
        """
        workspace, vault = self._parts.workspace, self._parts.vault
        workspace.forget_unchanged(person_ids)
        for unchanged in workspace.unchanged_people(_KEPT_PEOPLE):
            if not vault.has_keys(unchanged):
                raise ListMovedOn(MOVED_ON)

    def _register(self, person_id: UUID | None, data: PersonalData, keys: PersonKeys) -> Person:
        if person_id is None:
            message = "a reserved certificate always has an id"
            raise AssertionError(message)
        try:
            sealed = keys.seal(person_id, data)
        except LookupError:
            # The id was reserved before and is erased since: there is nobody to register under it.
            raise ListMovedOn(MOVED_ON) from None
        return Person.register(person_id=person_id, sealed=sealed, at=self._at)

    def _refuse(self, row: RosterRow, error: Exception) -> None:
        # The trial has let this row through: the person was changed in between.
        message = f"第 {row.row} 行在比对之后被另一次导入更新，未改变任何人；请重新导入"
        raise ListMovedOn(message) from error
