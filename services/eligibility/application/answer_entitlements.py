"""Answer who a person was on a day, and what was known of it when (待遇资格查询)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from eligibility.application.find_person import require_one
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
    Residence,
)
from eligibility.domain.known_facts import KnownFacts
from eligibility.domain.one_person import OnePerson
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

    `person_ids` are all records that were one person by then, the canonical one first.
    With a `window` the identities are those true on any of its days; `continued` ended before it,
    and their benefits go on in it.
    """

    person_id: UUID
    person_ids: tuple[UUID, ...]
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
    residences: tuple[Recorded[Residence], ...]

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
            *self.residences,
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
        one = require_one(self._store, person_id, version=version)
        known = one.known(known_at)
        self._reads.record(known.person_ids, by=by)
        keys = self._vault.keys_of(known.person_ids)
        return _answer(one, known, Question(on, known_at, window), keys)

    def for_many(
        self, person_ids: Sequence[UUID], question: Question, *, by: ReadBy
    ) -> dict[UUID, EntitlementsAnswer]:
        """The same question about many people; those nobody knows are left out."""
        people = self._store.find_ones(list(dict.fromkeys(person_ids))).values()
        all_known = [(one, one.known(question.known_at)) for one in people]
        read = list(dict.fromkeys(each for _, known in all_known for each in known.person_ids))
        self._reads.record(read, by=by)
        keys = self._vault.keys_of(read)
        return {one.id: _answer(one, known, question, keys) for one, known in all_known}


def _answer(
    one: OnePerson, known: KnownFacts, question: Question, keys: PersonKeys
) -> EntitlementsAnswer:
    day, window = question.day, question.window or question.day
    deaths = known.facts_within(Death, day)
    return EntitlementsAnswer(
        person_id=one.id,
        person_ids=known.person_ids,
        on=question.on,
        window=question.window,
        known_at=question.known_at,
        version=one.version,
        birth_date=_birth_date(one.sealed_at(question.known_at, known), keys),
        identities=tuple(known.facts_within(Identity, window)),
        continued=tuple(known.continued_within(window)),
        households=tuple(known.facts_within(Household, day)),
        enrolments=tuple(known.facts_within(Enrolment, day)),
        marks=tuple(known.facts_within(Mark, day)),
        disease_listings=tuple(known.facts_within(DiseaseListing, day)),
        filings=tuple(known.facts_within(Filing, day)),
        disabilities=tuple(known.facts_within(Disability, day)),
        death=deaths[0] if deaths else None,
        residences=tuple(known.facts_within(Residence, day)),
    )


def _birth_date(sealed: Iterable[tuple[UUID, bytes]], keys: PersonKeys) -> date | None:
    """The birth date that the canonical record knows, else the first of the others that does."""
    for person_id, each in sealed:
        data = keys.open(person_id, each)
        if data is not None and data.birth_date is not None:
            return data.birth_date
    return None
