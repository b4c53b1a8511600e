"""Activate a roster (名册生效): all its rows become known at one instant, or none does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from eligibility.application.ports import (
    ActsFor,
    PersonalDataVault,
    PersonKeys,
    Receipt,
    StagedRosters,
    Store,
)
from eligibility.domain.person import Person
from eligibility.domain.roster import (
    ActivatedRoster,
    ActivationCounts,
    ReadRoster,
    RosterAlreadyActivated,
    RosterHasRejectedRows,
    RosterRow,
    UnknownRoster,
)


@dataclass(frozen=True)
class Activation:
    """What became true, and at which instant (生效结果)."""

    roster_id: UUID
    recorded_at: datetime
    counts: ActivationCounts


class ActivateRoster:
    """Makes a staged roster true, in one transaction."""

    def __init__(self, *, staged: StagedRosters, vault: PersonalDataVault, store: Store) -> None:
        self._staged = staged
        self._vault = vault
        self._store = store

    def __call__(
        self,
        roster_id: UUID,
        *,
        accept_rejected_rows: bool,
        acting: ActsFor,
        at: datetime,
        accept: Callable[[Activation], Receipt] | None = None,
    ) -> Activation:
        """Activate a roster at the instant `at`; `accept` makes the receipt of the request.

        Raises `UnknownRoster`, `RosterAlreadyActivated`, `RosterHasRejectedRows`; a version
        conflict if another activation changed one of these persons meanwhile.
        """
        roster = self._require_staged(roster_id)
        if roster.rejected and not accept_rejected_rows:
            message = (
                f"名册有 {roster.rejected} 行错误；请更正后重新导入，"
                "或确认略过错误行 (accept_rejected_rows)"
            )
            raise RosterHasRejectedRows(message)
        ids = self._vault.reserve([row.person.certificate for row in roster.rows])
        ones = self._store.find_ones(list(dict.fromkeys(ids)))
        # All rows become known at one instant, and nothing is recorded before what is known.
        recorded_at = max([at, *(one.modified_on for one in ones.values())])
        people = {person_id: one.record for person_id, one in ones.items()}
        counts = self._state(
            list(zip(ids, roster.rows, strict=True)),
            people,
            source=f"roster:{roster_id}",
            at=recorded_at,
        )
        activation = Activation(roster_id=roster_id, recorded_at=recorded_at, counts=counts)
        record = ActivatedRoster.record(
            roster_id=roster_id,
            roster=roster,
            counts=counts,
            institution_id=acting.institution_id,
            operator=acting.operator,
            at=recorded_at,
        )
        receipt = accept(activation) if accept is not None else None
        self._store.save(*people.values(), record, receipt=receipt)
        self._staged.discard(roster_id)
        return activation

    def _require_staged(self, roster_id: UUID) -> ReadRoster:
        activated = self._store.find_activation(roster_id)
        if activated is not None:
            message = f"名册已于 {activated.created_on.isoformat()} 生效 (already activated)"
            raise RosterAlreadyActivated(message)
        roster = self._staged.find(roster_id)
        if roster is None:
            message = "没有此名册 (unknown roster)"
            raise UnknownRoster(message)
        return roster

    def _state(
        self,
        rows: Sequence[tuple[UUID, RosterRow]],
        people: dict[UUID, Person],
        *,
        source: str,
        at: datetime,
    ) -> ActivationCounts:
        known_before = len(people)
        news: list[bool] = []
        keys = self._vault.keys_of(person_id for person_id, _ in rows)
        for person_id, row in rows:
            person = people.get(person_id)
            if person is None:
                sealed = keys.seal(person_id, row.person)
                person = Person.register(person_id=person_id, sealed=sealed, at=at)
                people[person_id] = person
            else:
                _restate_personal_data(keys, person, row, at=at)
            if row.identity is not None:
                news.append(person.state_identity(row.identity, source=source, at=at))
            if row.enrolment is not None:
                news.append(person.state_enrolment(row.enrolment, source=source, at=at))
        return ActivationCounts(
            persons_new=len(people) - known_before,
            facts_new=news.count(True),
            facts_unchanged=news.count(False),
        )


def _restate_personal_data(
    keys: PersonKeys, person: Person, row: RosterRow, *, at: datetime
) -> None:
    known = keys.open(person.id, person.sealed[-1][1])
    if known is None:
        return
    # A row without a birth date does not take away the one already known.
    # Nor does one with another certificate of the person take away the one they are named by.
    stated = replace(
        row.person,
        certificate=known.certificate,
        birth_date=row.person.birth_date or known.birth_date,
    )
    if stated != known:
        person.state_personal_data(keys.seal(person.id, stated), at=at)
