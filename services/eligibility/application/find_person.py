"""Find a person by certificate (按证件查人)."""

from typing import Protocol
from uuid import UUID

from eligibility.application.ports import PersonalDataVault, PersonReads, ReadBy, Store
from eligibility.domain.certificate import Certificate
from eligibility.domain.known_facts import KnownFacts
from eligibility.domain.one_person import OnePerson


class UnknownPerson(Exception):
    """Nobody is known under this id or certificate (查无此人)."""


class PersonErased(Exception):
    """The personal data of this person is erased: nobody can tell who it was (个人信息已删除)."""


class FindsOne(Protocol):
    """What knows people with all their records: any of the stores."""

    def find_one(self, person_id: UUID, *, version: int | None = None) -> OnePerson | None:
        """The person with all records that were ever merged, now or as of a version, or None."""


def require_one(store: FindsOne, person_id: UUID, *, version: int | None = None) -> OnePerson:
    """The person with all their records, now or as of a version. Raises `UnknownPerson`."""
    found = store.find_one(person_id, version=version)
    if found is None:
        message = "没有此人员 (unknown person)"
        raise UnknownPerson(message)
    return found


class FindPerson:
    """Looks a person's opaque id up: of merged records, the one that answers for all."""

    def __init__(self, *, vault: PersonalDataVault, store: Store, reads: PersonReads) -> None:
        self._vault = vault
        self._store = store
        self._reads = reads

    def __call__(self, certificate: Certificate) -> UUID:
        """The id of the person with this certificate. Raises `UnknownPerson`."""
        return self._known(certificate).canonical_id

    def for_reader(self, certificate: Certificate, *, by: ReadBy) -> UUID:
        """The same for somebody outside, who is recorded with the person before they are told.

        Of whom nobody knows, there is nothing to keep a record with. Raises `UnknownPerson`.
        """
        known = self._known(certificate)
        self._reads.record(known.person_ids, by=by)
        return known.canonical_id

    def _known(self, certificate: Certificate) -> KnownFacts:
        person_id = self._vault.find(certificate)
        found = self._store.find_one(person_id) if person_id is not None else None
        # An id may be reserved by an activation that never came about.
        if found is None:
            message = "没有登记此证件的人员 (unknown person)"
            raise UnknownPerson(message)
        return found.known()
