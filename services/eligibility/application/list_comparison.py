"""Hold a list against everybody it touches (名单比对): tried first, then stated, by one code."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from eligibility.application.list_ports import (
    ListedRows,
    ListMembers,
    ListStore,
    ListVault,
    ListWorkspace,
    UnchangedPerson,
)
from eligibility.application.ports import PersonKeys
from eligibility.domain.certificate import PersonalData
from eligibility.domain.impossible_facts import FactImpossible
from eligibility.domain.list_statements import ListStatements
from eligibility.domain.listed_records import ListedRecords
from eligibility.domain.owner_list import ListFigures, ListMovedOn, ListOrder, NothingToEnd
from eligibility.domain.person import Person
from eligibility.domain.roster import RosterRow, kind_of

_PORTION_PEOPLE = 500
_EVERY_KIND = "*"
_NO_KIND: frozenset[str] = frozenset()
_DOUBTFUL = frozenset({_EVERY_KIND})
_NEW, _RENAMED = ListFigures(persons_new=1), ListFigures(persons_renamed=1)
MOVED_ON: Final = "比对之后有人员被更新，未改变任何人；请重新导入 (moved on)"

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
        self.latest: datetime | None = None
        """The latest instant at which anything was recorded of these people."""
        self.endings_withheld = False
        self._parts = parts
        self._at = at
        self._counted: Counter[ListFigures] = Counter()
        self._unchanged: list[UnchangedPerson] = []
        # Records that stand for one person with others and were dealt with: few, so held here.
        self._merged: set[UUID] = set()
        self._kinds = frozenset(parts.order.kinds)
        self._statements = ListStatements(parts.order, parts.roster_id, at)

    @property
    def figures(self) -> ListFigures:
        """What the list changes."""
        counted = (each.times(count) for each, count in self._counted.items())
        return sum(counted, self._parts.workspace.unchanged())

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

    def _state_portion(self, portion: Sequence[ListedRows]) -> list[Person]:
        parts = self._parts
        ids = [each.person_id for each in portion if each.person_id is not None]
        keys, people = parts.vault.keys_of(ids), self._find(ids)
        listed = parts.workspace.listed_kinds(list(people)) if parts.order.kinds else {}
        stated = []
        for each in portion:
            person = people.get(each.person_id) if each.person_id is not None else None
            if person is None:
                stated += self._state_new(each.person_id, each.rows, keys)
            elif person.merge_steps:
                stated += self._state_merged(person, listed.setdefault(person.id, set()))
            else:
                kinds = listed.setdefault(person.id, set())
                self._state_known(ListedRecords([person]), [each], keys, kinds)
                stated.append(person)
        if parts.order.kinds:
            parts.workspace.note_listed(
                (of, kind) for of, kinds in listed.items() for kind in kinds
            )
        parts.workspace.note_unchanged(self._unchanged)
        self._unchanged = []
        return stated

    def _state_new(
        self, person_id: UUID | None, rows: Sequence[RosterRow], keys: PersonKeys
    ) -> list[Person]:
        person = self._register(person_id, rows[0].person, keys)
        done = self._state_rows(ListedRecords([person]), [(person, row) for row in rows])
        self._counted.update(done.values())
        if not done:
            return []
        self._counted[_NEW] += 1
        return [person]

    def _state_merged(self, person: Person, listed: set[str]) -> Sequence[Person]:
        """State the rows of all records that are this person now, at the first that comes."""
        if person.id in self._merged:
            return ()
        one, parts = self._one(person), self._parts
        ids = [record.id for record in one.records]
        listed |= self._listed_kinds(ids)
        said, keys = parts.workspace.rows_of(ids), parts.vault.keys_of(ids)
        if self._state_known(one, said, keys, listed):
            self._merged.update(ids)
        return one.records

    def _state_known(
        self,
        one: ListedRecords,
        said: Sequence[ListedRows],
        keys: PersonKeys,
        listed: set[str],
    ) -> bool:
        """State the rows, and tell whether any could be.

        `listed` are the kinds with which the person is on the list.
        """
        before = self._statements.stood_before(one)
        records = {record.id: record for record in one.records}
        rows = [
            (records[each.person_id], row) for each in said if each.person_id for row in each.rows
        ]
        done = self._state_rows(one, sorted(rows, key=lambda each: each[1].row))
        accepted = [row for _, row in rows if row.row in done]
        for record in one.records:
            of_record = [row for each, row in rows if each is record and row.row in done]
            if of_record:
                self._restate_name(record, of_record, keys)
        kinds = _kinds(accepted)
        # In a full list a rejected row ends nobody: its person counts as listed with every kind.
        doubtful = _EVERY_KIND in listed or len(accepted) < len(rows)
        listed |= kinds | ({_EVERY_KIND} if doubtful else set())
        if accepted and not (doubtful or self.endings_withheld):
            self._counted[self._statements.end_absent(one, self._kinds - kinds)] += 1
        # What merged records say may change by another's event: they are always looked at again.
        if one.is_merged or one.is_changed or len(accepted) < len(rows):
            self._counted.update([*done.values(), before] if accepted else [])
        else:
            stated = sum(len(row.facts) + len(row.endings) for row in accepted)
            person_id = one.records[0].id
            self._unchanged.append(UnchangedPerson(person_id, stated, bool(before.persons_before)))
        return bool(accepted)

    def _state_rows(
        self, one: ListedRecords, rows: Iterable[tuple[Person, RosterRow]]
    ) -> dict[int, ListFigures]:
        """What each row changed, by its number; a refused row is left out."""
        done = {}
        for record, row in rows:
            try:
                done[row.row] = self._statements.state(one, record, row)
            except (NothingToEnd, FactImpossible) as error:
                self._refuse(row, error)
        return done

    def _restate_name(self, person: Person, rows: Iterable[RosterRow], keys: PersonKeys) -> None:
        known = keys.open(person.id, person.sealed[-1][1])
        if known is None:
            # Erased since the file was read: who is on the list is now somebody new.
            raise ListMovedOn(MOVED_ON)
        stated = known
        for row in rows:
            said = row.person
            # A row without a birth date does not take away the one already known.
            # Nor does one with another certificate of the person change the one they are named by.
            stated = replace(
                said,
                certificate=known.certificate,
                birth_date=said.birth_date or stated.birth_date,
            )
        if stated != known:
            person.state_personal_data(keys.seal(person.id, stated), at=self._at)
            self._counted[_RENAMED] += 1

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
            unlisted = [each for each in person_ids if listed.get(each, _NO_KIND) <= _DOUBTFUL]
            ended: list[Person] = []
            for person in self._find(unlisted).values():
                if person.id in self._merged:
                    continue
                one = self._one(person)
                ids = [record.id for record in one.records]
                if one.is_merged:
                    self._merged.update(ids)
                    listed[person.id] = self._listed_kinds(ids)
                self._counted[self._statements.stood_before(one)] += 1
                if not (listed.get(person.id) or self.endings_withheld):
                    self._counted[self._statements.end_absent(one, self._kinds)] += 1
                    ended += one.records
            yield ended

    def _listed_kinds(self, person_ids: Sequence[UUID]) -> set[str]:
        """With which kinds any of these records is on the list."""
        return set().union(*self._parts.workspace.listed_kinds(person_ids).values())

    def _one(self, person: Person) -> ListedRecords:
        """The person with the records that are the same person now."""
        if not person.merge_steps:
            return ListedRecords([person])
        one = self._parts.store.find_one(person.id)
        if one is None:
            message = f"person {person.id} was there and is gone"
            raise AssertionError(message)
        self._hear_of(one.members)
        return ListedRecords.of_merged(one)

    def _find(self, person_ids: Sequence[UUID]) -> dict[UUID, Person]:
        people = self._parts.store.find_people(person_ids)
        self._hear_of(people.values())
        return people

    def _hear_of(self, people: Iterable[Person]) -> None:
        known = [self.latest] if self.latest is not None else []
        self.latest = max([*known, *(each.modified_on for each in people)], default=None)

    @abstractmethod
    def _register(self, person_id: UUID | None, data: PersonalData, keys: PersonKeys) -> Person:
        """A person who was not known."""

    @abstractmethod
    def _refuse(self, row: RosterRow, error: Exception) -> None:
        """A row that cannot be stated of its person."""


def _kinds(rows: Iterable[RosterRow]) -> set[str]:
    stated = {kind_of(fact) for row in rows for fact in row.facts}
    return stated | {ending.kind for row in rows for ending in row.endings}
