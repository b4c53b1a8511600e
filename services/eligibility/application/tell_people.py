"""Tell what is known of people, in the order of the log (人员现况): for who keeps a replica."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eligibility.application.ports import Store
from eligibility.domain.facts import Enrolment, Identity
from eligibility.domain.one_person import OnePerson
from eligibility.domain.statements import Recorded


@dataclass(frozen=True)
class RecordTold:
    """What is known of a person asked for under one id, as of a version (现况)."""

    person_id: UUID
    version: int
    learned_at: datetime
    person_ids: tuple[UUID, ...]
    identities: tuple[Recorded[Identity], ...]
    enrolments: tuple[Recorded[Enrolment], ...]


@dataclass(frozen=True)
class PersonTold:
    """What is known since the event of a person at a position, under every id it may touch."""

    position: int
    person_id: UUID
    records: tuple[RecordTold, ...]

    @property
    def learned_at(self) -> datetime:
        """The latest instant at which anything of it was recorded (UTC)."""
        return max(each.learned_at for each in self.records)


@dataclass(frozen=True)
class PeoplePage:
    """Some people in order, how far the log was read, and its end (分页)."""

    people: tuple[PersonTold, ...]
    reached: int
    last: int


class TellPeople:
    """Tells of everybody about whom anything was recorded, whatever it was: versions grow by it."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def __call__(self, *, after: int, limit: int) -> PeoplePage:
        """Those of the `limit` events after a position, each once, at the first of their events.

        What is told is what is known now, so it holds their later events, too. At the first: who
        has read up to a position then misses nothing up to there.
        """
        page = self._store.recorded_of(after, limit)
        ones = dict(self._store.find_ones(list(page.people)))
        ids = {each: _ids_of(one) for each, one in ones.items()}
        missing = {each for several in ids.values() for each in several} - ones.keys()
        ones |= self._store.find_ones(sorted(missing))
        return PeoplePage(
            people=tuple(
                PersonTold(position, person_id, tuple(_told(ids[person_id], ones)))
                for person_id, position in page.people.items()
                if person_id in ones
            ),
            reached=page.reached,
            last=page.last,
        )


def _ids_of(one: OnePerson) -> list[UUID]:
    """The id itself, then all that were ever the same person's, as far as its history tells."""
    return [one.id, *sorted({person_id for person_id, _ in one.told()} - {one.id})]


def _told(person_ids: Iterable[UUID], ones: Mapping[UUID, OnePerson]) -> Iterable[RecordTold]:
    for person_id in person_ids:
        one = ones[person_id]
        known = one.known()
        yield RecordTold(
            person_id=person_id,
            version=one.version,
            learned_at=one.modified_on,
            person_ids=known.person_ids,
            identities=tuple(known.facts_of(Identity)),
            enrolments=tuple(known.facts_of(Enrolment)),
        )
