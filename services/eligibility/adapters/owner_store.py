"""What servers said, on the event log (联机应答存储)."""

from typing import Any
from uuid import UUID

from eligibility.domain.online_facts import Connector
from eligibility.domain.owner_answers import OwnerAnswers
from eligibility.domain.owner_feed import OwnerFeed
from eligibility.domain.person import Person
from eventlog.log import EventLog


class EventLogOwnerStore:
    """The port `OwnerStore`, on this service's event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def find_person(self, person_id: UUID) -> Person | None:
        """The person now, or None."""
        return self._log.find(person_id, Person)

    def find_answers(self, connector: Connector, person_id: UUID) -> OwnerAnswers | None:
        """What a server said of a person, or None."""
        return self._log.find(OwnerAnswers.id_of(connector, person_id), OwnerAnswers)

    def find_feed(self, connector: Connector) -> OwnerFeed | None:
        """How far a server's feed was followed, or None."""
        return self._log.find(OwnerFeed.id_of(connector), OwnerFeed)

    def save(self, *aggregates: Person | OwnerAnswers | OwnerFeed, receipt: Any = None) -> None:
        """Save all of them and the accepted request, or nothing."""
        self._log.save(*aggregates, accepted=receipt)
