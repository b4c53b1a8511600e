"""What servers said, on the event log (联机应答存储)."""

from typing import Any
from uuid import UUID

from eligibility.adapters.event_store import EventLogStore
from eligibility.domain.one_person import OnePerson
from eligibility.domain.online_facts import Connector
from eligibility.domain.owner_answers import OwnerAnswers
from eligibility.domain.owner_feed import OwnerFeed
from eligibility.domain.person import Person
from eventlog.log import EventLog


class EventLogOwnerStore:
    """The port `OwnerStore`, on this service's event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._people = EventLogStore(log)

    def find_one(self, person_id: UUID, *, version: int | None = None) -> OnePerson | None:
        """The person with all records that were ever merged, now or as of a version, or None."""
        return self._people.find_one(person_id, version=version)

    def find_answers(self, connector: Connector, person_id: UUID) -> OwnerAnswers | None:
        """What a server said of a person, or None."""
        return self._log.find(OwnerAnswers.id_of(connector, person_id), OwnerAnswers)

    def find_feed(self, connector: Connector) -> OwnerFeed | None:
        """How far a server's feed was followed, or None."""
        return self._log.find(OwnerFeed.id_of(connector), OwnerFeed)

    def save(self, *aggregates: Person | OwnerAnswers | OwnerFeed, receipt: Any = None) -> None:
        """Save all of them and the accepted request, or nothing."""
        self._log.save(*aggregates, accepted=receipt)
