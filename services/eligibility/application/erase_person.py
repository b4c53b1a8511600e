"""Erase a person (删除个人信息): the key goes, the events stay and tell nobody's name."""

from uuid import UUID

from eligibility.application.find_person import require_one
from eligibility.application.ports import PersonalDataVault, Store


class ErasePerson:
    """Makes a person's name, certificates and birth date unreadable for good."""

    def __init__(self, *, vault: PersonalDataVault, store: Store) -> None:
        self._vault = vault
        self._store = store

    def __call__(self, person_id: UUID) -> tuple[UUID, ...]:
        """Delete keys and look-up of all records that are this person now; returns their ids.

        Identities and enrolments stay under the ids. Raises `UnknownPerson`.
        """
        person_ids = require_one(self._store, person_id).known().person_ids
        self._vault.erase(person_ids)
        return person_ids
