"""Persons and activations on the event log (事件存储)."""

from typing import Any
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from eventsourcing.domain import Aggregate

from eligibility.application.ports import PersonEvent, PersonEvents
from eligibility.domain.person import Person
from eligibility.domain.roster import ActivatedRoster
from eligibility.domain.statement_record import StatementRecord
from eventlog.log import EventLog


class EventLogStore:
    """The port `Store`, on this service's event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def find_person(self, person_id: UUID, *, version: int | None = None) -> Person | None:
        """The person now, or as of a version that exists; None otherwise."""
        if version is None:
            return self._log.find(person_id, Person)
        try:
            person: Aggregate = self._log.repository.get(person_id, version=version)
        except AggregateNotFoundError:
            return None
        return person if isinstance(person, Person) and person.version == version else None

    def person_events(self, after: int, limit: int) -> PersonEvents:
        """The persons' events among the `limit` events after a position, in order."""
        logged = self._log.read(after, limit)
        return PersonEvents(
            events=[
                PersonEvent(each.position, each.event.originator_id, each.event.originator_version)
                for each in logged
                if isinstance(each.event, Person.Event)
            ],
            reached=logged[-1].position if logged else after,
            last=self._log.last_position(),
        )

    def find_activation(self, roster_id: UUID) -> ActivatedRoster | None:
        """The record of a roster's activation, or None."""
        return self._log.find(roster_id, ActivatedRoster)

    def save(
        self, *aggregates: Person | ActivatedRoster | StatementRecord, receipt: Any = None
    ) -> None:
        """Save all of them and the accepted request, or nothing."""
        self._log.save(*aggregates, accepted=receipt)
