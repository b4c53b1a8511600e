"""Persons and activations on the event log (事件存储)."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from eventsourcing.domain import Aggregate

from eligibility.application.ports import PublicEvents, RecordedOf, RosterImported
from eligibility.domain.known_facts import EVENTS_THAT_SAY, RecordEvent, record_event
from eligibility.domain.one_person import OnePerson, events_of, history_of
from eligibility.domain.owner_list import OwnerList
from eligibility.domain.person import Person
from eligibility.domain.roster import ActivatedRoster
from eligibility.domain.statement_record import StatementRecord
from eventlog.log import EventLog, LoggedEvent, OutcomeUnknown

_PUBLIC = (*EVENTS_THAT_SAY, ActivatedRoster.Created, OwnerList.ListActivated)
_OF_PEOPLE = tuple(
    each
    for each in vars(Person).values()
    if isinstance(each, type) and issubclass(each, Person.Event) and each is not Person.Event
)


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

    def find_one(self, person_id: UUID, *, version: int | None = None) -> OnePerson | None:
        """The person with all records that were ever merged, now or as of a version."""
        record = self.find_person(person_id, version=version)
        if record is not None and not record.merge_steps:
            return OnePerson(person_id, {person_id: record})
        return self._find_merged(person_id, version)

    def _find_merged(self, person_id: UUID, version: int | None) -> OnePerson | None:
        # Up to here all is read, whatever is committed while it is.
        reached = self._log.last_position()
        records = self._records_joined_to(person_id)
        events = [
            event
            for record in records.values()
            for event in events_of(record, self._log.positions_of(record.id))
            if event.position <= reached
        ]
        history = history_of(person_id, events)
        if not history or (version is not None and len(history) < version):
            return None
        history = history[:version]
        lengths = Counter(event.person_id for event in history)
        found = {each: self.find_person(each, version=n) for each, n in lengths.items()}
        known = {each: record for each, record in found.items() if record is not None}
        return OnePerson(person_id, known, history)

    def _records_joined_to(self, person_id: UUID) -> dict[UUID, Person]:
        found: dict[UUID, Person] = {}
        missing = {person_id}
        while missing:
            record = self.find_person(missing.pop())
            if record is not None:
                found[record.id] = record
                steps = record.merge_steps
                missing |= {each for s in steps for each in (s.canonical_id, s.other_id)}
                missing -= found.keys()
        return found

    def find_ones(self, person_ids: Sequence[UUID]) -> dict[UUID, OnePerson]:
        """Many of them as of now, by the id they were asked for."""
        found: dict[UUID, OnePerson] = {}
        for person_id, record in self._log.find_many(person_ids, Person).items():
            one = (
                self._find_merged(person_id, None)
                if record.merge_steps
                else OnePerson(person_id, {person_id: record})
            )
            if one is not None:
                found[person_id] = one
        return found

    def public_events(self, after: int, limit: int) -> PublicEvents:
        """What concerns everybody among the `limit` events after a position, in order."""
        stretch = self._log.read_kinds(after, limit, _PUBLIC)
        found = (self._public(each) for each in stretch.events)
        return PublicEvents(
            events=[event for event in found if event is not None],
            reached=stretch.reached,
            last=self._log.last_position(),
        )

    def _public(self, logged: LoggedEvent) -> RecordEvent | RosterImported | None:
        event = logged.event
        if isinstance(event, ActivatedRoster.Created):
            return _roster_imported(logged.position, event)
        if isinstance(event, OwnerList.ListActivated):
            lists = self._log.find(event.originator_id, OwnerList)
            return None if lists is None else _list_imported(logged.position, event, lists)
        return record_event(logged.position, event)

    def recorded_of(self, after: int, limit: int) -> RecordedOf:
        """Of whom the `limit` events after a position are, whatever they say, in order."""
        found, reached = self._log.read_whose(after, limit, _OF_PEOPLE)
        people: dict[UUID, int] = {}
        for position, person_id in found:
            people.setdefault(person_id, position)
        return RecordedOf(people, reached, self._log.last_position())

    def find_activation(self, roster_id: UUID) -> ActivatedRoster | None:
        """The record of a roster's activation, or None."""
        return self._log.find(roster_id, ActivatedRoster)

    def save(
        self, *aggregates: Person | ActivatedRoster | StatementRecord, receipt: Any = None
    ) -> None:
        """Save all of them and the accepted request, or nothing."""
        self._log.save(*aggregates, accepted=receipt)


def _roster_imported(position: int, event: ActivatedRoster.Created) -> RosterImported:
    return RosterImported(
        position=position,
        roster_id=event.originator_id,
        owner=None,
        region=None,
        mode=None,
        accepted=event.accepted,
        rejected=event.rejected,
        persons_new=event.counts.persons_new,
        facts_changed=event.counts.facts_new,
        persons_ended=0,
        recorded_at=event.timestamp,
    )


def _list_imported(
    position: int, event: OwnerList.ListActivated, lists: OwnerList
) -> RosterImported:
    figures = event.figures
    return RosterImported(
        position=position,
        roster_id=event.roster_id,
        owner=lists.owner,
        region=lists.region,
        mode=event.mode,
        accepted=event.rows.accepted,
        rejected=event.rows.rejected,
        persons_new=figures.persons_new,
        facts_changed=figures.facts_added + figures.facts_changed + figures.facts_ended,
        persons_ended=figures.persons_ended,
        recorded_at=event.timestamp,
    )


def while_nobody_writes(log: EventLog, do: Callable[[], bool]) -> bool:
    """Do something while the log's write lock is held: no list is being stated meanwhile."""
    done: list[bool] = []

    def portions() -> Iterator[list[Person]]:
        done.append(do())
        yield []

    try:
        log.save_portions(portions())
    except OutcomeUnknown:
        # Nothing was to be stored: what was done is done, though the lock was lost before its end.
        if not done:
            raise
    return done[0]
