"""Find a person by certificate (按证件查人)."""

from uuid import UUID

from eligibility.application.ports import PersonalDataVault, Store
from eligibility.domain.certificate import Certificate


class UnknownPerson(Exception):
    """Nobody is known under this id or certificate (查无此人)."""


class FindPerson:
    """Looks a person's opaque id up."""

    def __init__(self, *, vault: PersonalDataVault, store: Store) -> None:
        self._vault = vault
        self._store = store

    def __call__(self, certificate: Certificate) -> UUID:
        """The id of the person with this certificate. Raises `UnknownPerson`."""
        person_id = self._vault.find(certificate)
        # An id may be reserved by an activation that never came about.
        if person_id is None or self._store.find_person(person_id) is None:
            message = "没有登记此证件的人员 (unknown person)"
            raise UnknownPerson(message)
        return person_id
