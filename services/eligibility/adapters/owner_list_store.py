"""People and owners' lists on the event log (名单存储)."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from eligibility.domain.owner_list import OwnerList
from eligibility.domain.person import Person
from eventlog.log import EventLog


class EventLogListStore:
    """The port `ListStore`, on this service's event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def find_person(self, person_id: UUID) -> Person | None:
        """The person now, or None."""
        return self._log.find(person_id, Person)

    def find_list(self, list_id: UUID) -> OwnerList | None:
        """The lists of an owner for a region, or None."""
        return self._log.find(list_id, OwnerList)

    def save_portions(
        self, portions: Iterable[Sequence[Person | OwnerList]], *, receipt: Any = None
    ) -> None:
        """Save all portions as they are made and the accepted request, or nothing."""
        self._log.save_portions(portions, receipt)
