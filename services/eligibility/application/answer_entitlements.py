"""Answer who a person was on a day, and what was known of it when (待遇资格查询)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from eligibility.application.find_person import UnknownPerson
from eligibility.application.ports import PersonalDataVault, Store
from eligibility.domain.person import Enrolment, Identity, Recorded, Window


@dataclass(frozen=True)
class EntitlementsAnswer:
    """Identities and enrolments true on a day, as known at an instant (资格查询结果).

    With a `window` the identities are those true on any of its days.
    """

    person_id: UUID
    on: date
    window: Window | None
    known_at: datetime
    version: int
    birth_date: date | None
    identities: tuple[Recorded[Identity], ...]
    enrolments: tuple[Recorded[Enrolment], ...]


class AnswerEntitlements:
    """Answers for a day and an instant; asked again with the answer's version, answers alike."""

    def __init__(self, *, vault: PersonalDataVault, store: Store) -> None:
        self._vault = vault
        self._store = store

    def __call__(
        self,
        person_id: UUID,
        *,
        on: date,
        known_at: datetime,
        version: int | None = None,
        window: Window | None = None,
    ) -> EntitlementsAnswer:
        """What was true on the day `on`, as known at the instant `known_at` (UTC).

        `window` asks for the identities of all its days: rules may let an identity count for
        some time after it ended, or before it began. Enrolments are those of the day alone.
        `version` answers from the first so many events of the person: an activation that was
        under way at `known_at` then stays out, as it did the first time. Raises `UnknownPerson`.
        """
        person = self._store.find_person(person_id, version=version)
        if person is None:
            message = "没有此人员 (unknown person)"
            raise UnknownPerson(message)
        sealed = person.sealed_as_known_at(known_at)
        keys = self._vault.keys_of([person_id])
        data = keys.open(person_id, sealed) if sealed is not None else None
        return EntitlementsAnswer(
            person_id=person_id,
            on=on,
            window=window,
            known_at=known_at,
            version=person.version,
            birth_date=data.birth_date if data is not None else None,
            identities=tuple(person.identities_within(window or Window(on, on), known_at=known_at)),
            enrolments=tuple(person.enrolments_on(on, known_at=known_at)),
        )
