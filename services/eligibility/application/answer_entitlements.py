"""Answer who a person was on a day, and what was known of it when (待遇资格查询)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from eligibility.application.find_person import UnknownPerson
from eligibility.application.ports import (
    PersonalDataVault,
    PersonKeys,
    PersonReads,
    ReadBy,
    Store,
)
from eligibility.domain.days import Window
from eligibility.domain.facts import (
    Death,
    Disability,
    DiseaseListing,
    Enrolment,
    Fact,
    Filing,
    Household,
    Identity,
    Mark,
)
from eligibility.domain.person import Person
from eligibility.domain.statements import Recorded


@dataclass(frozen=True)
class Question:
    """Which day is asked about, and as known at which instant (UTC, 查询条件).

    `window` asks for the identities of all its days: rules may let an identity count for some time
    after it ended, or before it began. All other facts are those of the day alone.
    """

    on: date
    known_at: datetime
    window: Window | None = None

    @property
    def day(self) -> Window:
        """The day asked about, as a window."""
        return Window(self.on, self.on)


@dataclass(frozen=True)
class EntitlementsAnswer:
    """The facts true on a day, as known at an instant (资格查询结果).

    With a `window` the identities are those true on any of its days; `continued` ended before it,
    and their benefits go on in it.
    """

    person_id: UUID
    on: date
    window: Window | None
    known_at: datetime
    version: int
    birth_date: date | None
    identities: tuple[Recorded[Identity], ...]
    continued: tuple[Recorded[Identity], ...]
    households: tuple[Recorded[Household], ...]
    enrolments: tuple[Recorded[Enrolment], ...]
    marks: tuple[Recorded[Mark], ...]
    disease_listings: tuple[Recorded[DiseaseListing], ...]
    filings: tuple[Recorded[Filing], ...]
    disabilities: tuple[Recorded[Disability], ...]
    death: Recorded[Death] | None

    @property
    def facts(self) -> tuple[Recorded[Fact], ...]:
        """All of them, kind by kind (全部事项)."""
        return (
            *self.identities,
            *self.continued,
            *self.households,
            *self.enrolments,
            *self.marks,
            *self.disease_listings,
            *self.filings,
            *self.disabilities,
            *((self.death,) if self.death is not None else ()),
        )


class AnswerEntitlements:
    """Answers for a day and an instant; asked again with the answer's version, answers alike.

    Every reading is recorded before it is answered.
    """

    def __init__(self, *, vault: PersonalDataVault, store: Store, reads: PersonReads) -> None:
        self._vault = vault
        self._store = store
        self._reads = reads

    def __call__(
        self,
        person_id: UUID,
        *,
        on: date,
        known_at: datetime,
        version: int | None = None,
        window: Window | None = None,
        by: ReadBy,
    ) -> EntitlementsAnswer:
        """What was true on the day `on`, as known at the instant `known_at` (UTC).

        `version` answers from the first so many events of the person: an activation that was
        under way at `known_at` then stays out, as it did the first time. `by` says who reads and
        when. Raises `UnknownPerson`.
        """
        person = self._store.find_person(person_id, version=version)
        if person is None:
            message = "没有此人员 (unknown person)"
            raise UnknownPerson(message)
        self._reads.record([person_id], by=by)
        keys = self._vault.keys_of([person_id])
        return _answer(person, Question(on, known_at, window), keys)

    def for_many(
        self, person_ids: Sequence[UUID], question: Question, *, by: ReadBy
    ) -> dict[UUID, EntitlementsAnswer]:
        """The same question about many people; those nobody knows are left out."""
        people = list(self._known(person_ids))
        known = [person.id for person in people]
        self._reads.record(known, by=by)
        keys = self._vault.keys_of(known)
        return {person.id: _answer(person, question, keys) for person in people}

    def _known(self, person_ids: Sequence[UUID]) -> Iterable[Person]:
        for person_id in dict.fromkeys(person_ids):
            person = self._store.find_person(person_id)
            if person is not None:
                yield person


def _answer(person: Person, question: Question, keys: PersonKeys) -> EntitlementsAnswer:
    known_at, day = question.known_at, question.day
    window = question.window or day
    sealed = person.sealed_as_known_at(known_at)
    data = keys.open(person.id, sealed) if sealed is not None else None
    deaths = person.facts_within(Death, day, known_at=known_at)
    return EntitlementsAnswer(
        person_id=person.id,
        on=question.on,
        window=question.window,
        known_at=known_at,
        version=person.version,
        birth_date=data.birth_date if data is not None else None,
        identities=tuple(person.facts_within(Identity, window, known_at=known_at)),
        continued=tuple(person.continued_within(window, known_at=known_at)),
        households=tuple(person.facts_within(Household, day, known_at=known_at)),
        enrolments=tuple(person.facts_within(Enrolment, day, known_at=known_at)),
        marks=tuple(person.facts_within(Mark, day, known_at=known_at)),
        disease_listings=tuple(person.facts_within(DiseaseListing, day, known_at=known_at)),
        filings=tuple(person.facts_within(Filing, day, known_at=known_at)),
        disabilities=tuple(person.facts_within(Disability, day, known_at=known_at)),
        death=deaths[0] if deaths else None,
    )
