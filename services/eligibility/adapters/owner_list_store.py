"""People and owners' lists on the event log (名单存储)."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from eligibility.adapters.event_store import EventLogStore
from eligibility.domain.one_person import OnePerson
from eligibility.domain.owner_list import OwnerList
from eligibility.domain.person import Person
from eventlog.log import EventLog


class EventLogListStore:
    """The port `ListStore`, on this service's event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._people = EventLogStore(log)

    def find_people(self, person_ids: Sequence[UUID]) -> dict[UUID, Person]:
        """The people now, by id; whoever is not there is left out."""
        return self._log.find_many(person_ids, Person)

    def find_one(self, person_id: UUID) -> OnePerson | None:
        """The person with all records that were ever merged, or None."""
        return self._people.find_one(person_id)

    def last_position(self) -> int:
        """The position of the last event there is."""
        return self._log.last_position()

    def changed_since(self, position: int) -> Sequence[UUID]:
        """Whoever has an event after a position."""
        return self._log.changed_since(position)

    def find_list(self, list_id: UUID) -> OwnerList | None:
        """The lists of an owner for a region, or None."""
        return self._log.find(list_id, OwnerList)

    def save_portions(
        self, portions: Iterable[Sequence[Person | OwnerList]], *, receipt: Any = None
    ) -> None:
        """Save all portions as they are made and the accepted request, or nothing."""
        self._log.save_portions(portions, receipt)
