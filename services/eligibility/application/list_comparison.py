"""Hold a list against everybody it touches (名单比对): tried first, then stated, by one code."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from eligibility.application.list_ports import ListMembers, ListStore, ListVault, ListWorkspace
from eligibility.application.ports import PersonKeys
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.impossible_facts import FactImpossible
from eligibility.domain.list_statements import ListStatements
from eligibility.domain.owner_list import ListFigures, ListMovedOn, ListOrder, NothingToEnd
from eligibility.domain.person import Person
from eligibility.domain.roster import RosterRow, RowError, kind_of

_PORTION_PEOPLE = 500
_EVERY_KIND = "*"
# A trial states after everything that is known; what it states is thrown away.
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
_NOBODY_YET = UUID(int=0)

Progress = Callable[[str, int], None]
"""Hears which step is under way (读取、比对、生效) and how many rows or people are done."""


@dataclass(frozen=True)
class ListParts:
    """What a pass over a list works with."""

    order: ListOrder
    roster_id: UUID
    workspace: ListWorkspace
    vault: ListVault
    members: ListMembers
    store: ListStore


class ListPass(ABC):
    """One pass of a list over its people; `figures` are complete when it is through."""

    def __init__(self, parts: ListParts, *, at: datetime) -> None:
        self.figures = ListFigures()
        self.latest: datetime | None = None
        """The latest instant at which anything was recorded of these people."""
        self.endings_withheld = False
        self._parts = parts
        self._at = at
        self._statements = ListStatements(parts.order, parts.roster_id, at)

    def people(self, heard: Progress, *, step: str) -> Iterator[list[Person]]:
        """The people with what the list states of them, portion by portion.

        Raises `RecordedBackwards` if somebody was changed after the instant of this pass.
        """
        if self._parts.order.kinds:
            self._note_rejected()
        done = 0
        for portion in self._parts.workspace.people(_PORTION_PEOPLE):
            yield self._state_portion(portion)
            done += len(portion)
            heard(step, done)
        if self._parts.order.kinds:
            yield from self._end_unlisted()

    def _state_portion(self, portion: Sequence[Sequence[RosterRow]]) -> list[Person]:
        ids = self._identify([rows[0].person.certificate for rows in portion])
        keys = self._parts.vault.keys_of(each for each in ids if each is not None)
        known = [each for each in ids if each is not None]
        listed = self._parts.workspace.listed_kinds(known) if self._parts.order.kinds else {}
        stated = []
        for person_id, rows in zip(ids, portion, strict=True):
            person = self._find(person_id) if person_id is not None else None
            if person is None or person_id is None:
                stated += self._state_new(person_id, rows, keys)
            else:
                self._state_known(person, rows, keys, listed.get(person_id, set()))
                stated.append(person)
        return stated

    def _state_new(
        self, person_id: UUID | None, rows: Sequence[RosterRow], keys: PersonKeys
    ) -> list[Person]:
        person = self._register(person_id, rows[0].person, keys)
        accepted = [row for row in rows if self._state_row(person, row)]
        self.figures += ListFigures(persons_new=1 if accepted else 0)
        return [person] if accepted else []

    def _state_known(
        self, person: Person, rows: Sequence[RosterRow], keys: PersonKeys, listed: set[str]
    ) -> None:
        before = self._statements.stood_before(person)
        accepted = [row for row in rows if self._state_row(person, row)]
        self._restate_name(person, accepted, keys)
        kinds = _kinds(accepted)
        # In a full list a rejected row ends nobody: its person counts as listed with every kind.
        doubtful = _EVERY_KIND in listed or len(accepted) < len(rows)
        if accepted:
            self.figures += before
            if not (doubtful or self.endings_withheld):
                absent = frozenset(self._parts.order.kinds) - kinds
                self.figures += self._statements.end_absent(person, absent)
        if self._parts.order.kinds:
            noted = kinds | ({_EVERY_KIND} if doubtful else set())
            self._parts.workspace.note_listed((person.id, kind) for kind in noted)

    def _state_row(self, person: Person, row: RosterRow) -> bool:
        try:
            self.figures += self._statements.state(person, row)
        except (NothingToEnd, FactImpossible) as error:
            self._refuse(row, error)
            return False
        return True

    def _restate_name(self, person: Person, rows: Iterable[RosterRow], keys: PersonKeys) -> None:
        known = keys.open(person.id, person.sealed[-1][1])
        if known is None:
            return
        stated = known
        for row in rows:
            # A row without a birth date does not take away the one already known.
            birth_date = row.person.birth_date or stated.birth_date
            # Nor does one with another certificate of the person change the one they are named by.
            stated = replace(row.person, certificate=known.certificate, birth_date=birth_date)
        if stated != known:
            person.state_personal_data(keys.seal(person.id, stated), at=self._at)
            self.figures += ListFigures(persons_renamed=1)

    def _note_rejected(self) -> None:
        """Whoever a rejected row may be about counts as listed with every kind."""
        workspace = self._parts.workspace
        self.endings_withheld = workspace.has_rejects_of_nobody()
        for certificates in workspace.rejected_people(_PORTION_PEOPLE):
            ids = self._parts.vault.find_many(certificates)
            workspace.note_listed((each, _EVERY_KIND) for each in ids if each is not None)

    def _end_unlisted(self) -> Iterator[list[Person]]:
        """End whoever is not on the list at all; who is was dealt with there."""
        parts = self._parts
        for person_ids in parts.members.members(parts.order, _PORTION_PEOPLE):
            listed = parts.workspace.listed_kinds(person_ids)
            ended = []
            for person_id in person_ids:
                kinds = listed.get(person_id, set())
                person = self._find(person_id) if kinds <= {_EVERY_KIND} else None
                if person is None:
                    continue
                self.figures += self._statements.stood_before(person)
                if not (kinds or self.endings_withheld):
                    absent = frozenset(parts.order.kinds)
                    self.figures += self._statements.end_absent(person, absent)
                    ended.append(person)
            yield ended

    def _find(self, person_id: UUID) -> Person | None:
        person = self._parts.store.find_person(person_id)
        if person is not None:
            self.latest = max(self.latest or person.modified_on, person.modified_on)
        return person

    @abstractmethod
    def _identify(self, certificates: Sequence[Certificate]) -> Sequence[UUID | None]:
        """The id of each certificate's person, None where nobody has one."""

    @abstractmethod
    def _register(self, person_id: UUID | None, data: PersonalData, keys: PersonKeys) -> Person:
        """A person who was not known."""

    @abstractmethod
    def _refuse(self, row: RosterRow, error: Exception) -> None:
        """A row that cannot be stated of its person."""


class TrialPass(ListPass):
    """A pass that changes nobody and reserves no id; it rejects rows that end nothing."""

    def __init__(self, parts: ListParts) -> None:
        super().__init__(parts, at=_END_OF_TIME)

    def _identify(self, certificates: Sequence[Certificate]) -> Sequence[UUID | None]:
        return self._parts.vault.find_many(certificates)

    def _register(self, person_id: UUID | None, data: PersonalData, keys: PersonKeys) -> Person:
        del person_id, data, keys
        return Person.register(person_id=_NOBODY_YET, sealed=b"", at=_END_OF_TIME)

    def _refuse(self, row: RosterRow, error: Exception) -> None:
        self._parts.workspace.reject(RowError(row.row, None, str(error)))


class StatingPass(ListPass):
    """The pass whose people are saved."""

    def _identify(self, certificates: Sequence[Certificate]) -> Sequence[UUID | None]:
        return self._parts.vault.reserve(certificates)

    def _register(self, person_id: UUID | None, data: PersonalData, keys: PersonKeys) -> Person:
        if person_id is None:
            message = "a reserved certificate always has an id"
            raise AssertionError(message)
        return Person.register(person_id=person_id, sealed=keys.seal(person_id, data), at=self._at)

    def _refuse(self, row: RosterRow, error: Exception) -> None:
        # The trial has let this row through: the person was changed in between.
        message = f"第 {row.row} 行在比对之后被另一次导入更新，未改变任何人；请重新导入"
        raise ListMovedOn(message) from error


def _kinds(rows: Iterable[RosterRow]) -> set[str]:
    stated = {kind_of(fact) for row in rows for fact in row.facts}
    return stated | {ending.kind for row in rows for ending in row.endings}
