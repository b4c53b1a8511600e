"""Read what changed about people, in order (变更清单): how corrections reach settled stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import NamedTuple
from uuid import UUID

from eligibility.application.ports import RosterImported, Store
from eligibility.domain.known_facts import RecordEvent
from eligibility.domain.one_person import MergeChange
from eligibility.domain.statements import Change, Standing, change_by, say

# China has kept one time without summer time since 1992.
_BEIJING = timezone(timedelta(hours=8))
# The first event of a record makes the person known and says nothing of them.
_FIRST_THAT_SAYS = 2


class PersonChanged(NamedTuple):
    """What changed about one person, with its place in the order of everything (变更)."""

    position: int
    person_id: UUID
    change: Change

    @property
    def reaches_back(self) -> bool:
        """Whether days before the business day of the recording are touched."""
        return self.change.days.first < self.change.recorded_at.astimezone(_BEIJING).date()


@dataclass(frozen=True)
class PersonsJoined:
    """That two records became one person, or two again (归并、拆分): any day may be touched."""

    position: int
    change: MergeChange
    reaches_back: bool = True


@dataclass(frozen=True)
class ChangesPage:
    """Some changes in order, the cursor to go on from, and the log's last position (变更分页)."""

    changes: tuple[PersonChanged | PersonsJoined | RosterImported, ...]
    next_after: int
    last: int

    @property
    def has_more(self) -> bool:
        """Whether the log goes on behind it."""
        return self.next_after < self.last


class ReadChanges:
    """Tells changes from the events themselves: nothing is kept twice, nothing can be missed."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def __call__(self, *, after: int, limit: int, reaching_back: bool = False) -> ChangesPage:
        """The changes among the `limit` events after the position `after`.

        `reaching_back` leaves out those that touch no day before they were recorded.
        """
        page = self._store.public_events(after, limit)
        said = [each for each in page.events if isinstance(each, RecordEvent)]
        new = _standing_of_new(said)
        earlier = {each.person_id for each in said if each.person_id not in new}
        people = self._store.find_ones(sorted(earlier))
        changes: list[PersonChanged | PersonsJoined | RosterImported] = []
        for event in page.events:
            if isinstance(event, RosterImported):
                changes.append(event)
                continue
            known = new.get(event.person_id)
            change: Change | MergeChange | None
            if known is not None and event.statement is not None:
                change = change_by(event.statement, known, version=event.version)
                say(known, event.statement)
            else:
                person = people.get(event.person_id)
                change = person.change_at(event.version) if person is not None else None
            if isinstance(change, MergeChange):
                changes.append(PersonsJoined(event.position, change))
            elif change is not None:
                changes.append(PersonChanged(event.position, event.person_id, change))
        return ChangesPage(
            changes=tuple(each for each in changes if not reaching_back or _reaches_back(each)),
            next_after=page.reached,
            last=page.last,
        )


def _standing_of_new(events: Sequence[RecordEvent]) -> dict[UUID, Standing]:
    """Nothing stands yet, of each of whom nothing was said before these events.

    What they changed is told from them alone, without loading anybody: whatever was said, or
    merged, later takes nothing back from a person's history. Whoever is merged here is loaded.
    """
    joined = {each.person_id for each in events if each.step is not None}
    return {
        each.person_id: {}
        for each in events
        if each.version == _FIRST_THAT_SAYS and each.person_id not in joined
    }


def _reaches_back(change: PersonChanged | PersonsJoined | RosterImported) -> bool:
    return not isinstance(change, RosterImported) and change.reaches_back
