"""Erase a person (删除个人信息): the key goes, the events stay and tell nobody's name."""

from uuid import UUID

from eligibility.application.certificates_of import certificates_of
from eligibility.application.find_person import require_one
from eligibility.application.ports import PersonalDataVault, StagedRosters, Store


class ErasePerson:
    """Makes a person's name, certificates and birth date unreadable for good."""

    def __init__(self, *, vault: PersonalDataVault, staged: StagedRosters, store: Store) -> None:
        self._vault = vault
        self._staged = staged
        self._store = store

    def __call__(self, person_id: UUID) -> tuple[UUID, ...]:
        """Delete keys and look-up of all records that are this person now; returns their ids.

        Rows about the person in rosters that wait for their activation go too. Identities and
        enrolments stay under the ids. Killed anywhere, it is done again from the beginning. An id
        of somebody who only stood on a list that was compared is erased alike.
        Raises `UnknownPerson`, `ErasureUnfinished`.
        """
        if self._is_only_compared(person_id):
            self._vault.erase([person_id])
            return (person_id,)
        person_ids = require_one(self._store, person_id).known().person_ids
        keys = self._vault.keys_of(person_ids)
        records = [self._store.find_person(each) for each in person_ids]
        # The rosters first: without the keys nobody could tell any more which rows are meant.
        self._staged.forget(
            [each for record in records if record for each in certificates_of(record, keys)]
        )
        self._vault.erase(person_ids)
        return person_ids

    def _is_only_compared(self, person_id: UUID) -> bool:
        """Whether the vault has a key for somebody of whom nothing was ever stated."""
        return self._store.find_person(person_id) is None and self._vault.has_keys([person_id])
