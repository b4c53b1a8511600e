"""The vault (个人信息库): a key per person, wrapped by the master key; look-up by keyed hash.

Events hold what is sealed under a person's key. Deleting the key erases the person everywhere,
in every backup of the events too, without touching an event.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select

from contracts.vocabulary import CertificateType
from eligibility.adapters.sealing import MasterKeys, SealBroken, keyed_hash, new_key, seal, unseal
from eligibility.adapters.vault_journal import empty_journal
from eligibility.adapters.vault_tables import certificates as certificate_rows
from eligibility.adapters.vault_tables import (
    certificates_next,
    person_keys,
    person_keys_next,
    require_key,
)
from eligibility.application.ports import NewId
from eligibility.domain.certificate import Certificate, PersonalData
from eventlog.sqlite_engine import begin_writing

Value = TypeVar("Value")

_PORTION = 500


class _SealedPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate_type: CertificateType
    certificate_number: str
    name: str
    birth_date: date | None


class _SealedCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate_type: CertificateType
    certificate_number: str


class UnwrappedKeys:
    """The port `PersonKeys`: the keys of some people, for as long as one use case needs them."""

    def __init__(self, keys: Mapping[UUID, bytes]) -> None:
        self._keys = keys

    def seal(self, person_id: UUID, data: PersonalData) -> bytes:
        """Encrypt personal data under the person's key. Raises `LookupError` without a key."""
        plain = _SealedPerson(
            certificate_type=data.certificate.type,
            certificate_number=data.certificate.number,
            name=data.name,
            birth_date=data.birth_date,
        )
        return seal(
            msgspec.json.encode(plain), key=self._keys[person_id], about=about_person(person_id)
        )

    def open(self, person_id: UUID, sealed: bytes) -> PersonalData | None:
        """Decrypt personal data; None once the person's key is erased. Raises `SealBroken`."""
        key = self._keys.get(person_id)
        if key is None:
            return None
        plain = msgspec.json.decode(
            unseal(sealed, key=key, about=about_person(person_id)), type=_SealedPerson
        )
        return PersonalData(
            certificate=Certificate(plain.certificate_type, plain.certificate_number),
            name=plain.name,
            birth_date=plain.birth_date,
        )

    def seal_bytes(self, person_id: UUID, plain: bytes, *, place: bytes) -> bytes | None:
        """Encrypt anything else about a person, bound to its place; None without a key."""
        key = self._keys.get(person_id)
        return None if key is None else seal(plain, key=key, about=about_person(person_id) + place)

    def open_bytes(self, person_id: UUID, sealed: bytes, *, place: bytes) -> bytes | None:
        """Decrypt what `seal_bytes` made; None once the key is erased. Raises `SealBroken`."""
        key = self._keys.get(person_id)
        return (
            None if key is None else unseal(sealed, key=key, about=about_person(person_id) + place)
        )

    def seal_certificate(self, person_id: UUID, certificate: Certificate) -> bytes:
        """Encrypt a certificate under the person's key. Raises `LookupError` without a key."""
        plain = _SealedCertificate(certificate.type, certificate.number)
        return seal(
            msgspec.json.encode(plain), key=self._keys[person_id], about=_about_more(person_id)
        )

    def open_certificate(self, person_id: UUID, sealed: bytes) -> Certificate | None:
        """Decrypt a certificate; None once the person's key is erased. Raises `SealBroken`."""
        key = self._keys.get(person_id)
        if key is None:
            return None
        plain = msgspec.json.decode(
            unseal(sealed, key=key, about=_about_more(person_id)), type=_SealedCertificate
        )
        return Certificate(plain.certificate_type, plain.certificate_number)

    def fingerprint(self, person_id: UUID, content: bytes) -> bytes:
        """A hash under the person's key, that tells nothing without it; of nobody, nothing."""
        key = self._keys.get(person_id)
        return b"" if key is None else keyed_hash(content.hex(), key=key)


class SqlPersonalDataVault:
    """The port `PersonalDataVault`, on the vault's database."""

    def __init__(self, *, engine: Engine, keys: MasterKeys, new_id: NewId) -> None:
        self._engine = engine
        self._keys = keys
        self._new_id = new_id

    def reserve(self, certificates: Sequence[Certificate]) -> list[UUID]:
        """The id of each certificate's person, in order; new ids with new keys where needed."""
        hashes = [self._hash(certificate) for certificate in certificates]
        with self._engine.connect() as connection:
            known = _reserved(connection, hashes)
        missing = [hashed for hashed in dict.fromkeys(hashes) if hashed not in known]
        if missing:
            with begin_writing(self._engine) as connection:
                self._reserve_new(connection, missing)
                known |= _reserved(connection, missing)
        return [known[hashed] for hashed in hashes]

    def find(self, certificate: Certificate) -> UUID | None:
        """The id reserved for a certificate, or None."""
        hashed = self._hash(certificate)
        with self._engine.connect() as connection:
            found = _reserved(connection, [hashed]).get(hashed)
            if found is None:
                require_key(connection, self._keys)
        return found

    def claim(self, certificate: Certificate, person_id: UUID) -> UUID:
        """Let a certificate find a person; returns whom it finds, which may be somebody else."""
        hashed = self._hash(certificate)
        with begin_writing(self._engine) as connection:
            found = _reserved(connection, [hashed]).get(hashed)
            if found is not None:
                return found
            require_key(connection, self._keys)
            # A replacement of the master key under way makes this person's rows once more.
            connection.execute(
                delete(person_keys_next).where(person_keys_next.c.person_id == person_id.hex)
            )
            row = insert(certificate_rows)
            connection.execute(row.values(certificate_hash=hashed, person_id=person_id.hex))
        return person_id

    def find_many(self, certificates: Sequence[Certificate]) -> list[UUID | None]:
        """The id reserved for each certificate, in order, or None."""
        hashes = [self._hash(certificate) for certificate in certificates]
        with self._engine.connect() as connection:
            require_key(connection, self._keys)
            known = _reserved(connection, hashes)
        return [known.get(hashed) for hashed in hashes]

    def keys_of(self, person_ids: Iterable[UUID]) -> UnwrappedKeys:
        """The keys of these people; erased ones are left out."""
        ids = {person_id.hex for person_id in person_ids}
        query = select(person_keys.c.person_id, person_keys.c.wrapped_key)
        keys = {}
        with self._engine.connect() as connection:
            for portion in _portions(sorted(ids)):
                rows = connection.execute(query.where(person_keys.c.person_id.in_(portion)))
                for row_id, wrapped in rows:
                    person_id = UUID(row_id)
                    about = about_person(person_id)
                    try:
                        keys[person_id] = unseal(wrapped, key=self._keys.wrap, about=about)
                    except SealBroken:
                        require_key(connection, self._keys)
                        raise
        return UnwrappedKeys(keys)

    def has_keys(self, person_ids: Sequence[UUID]) -> bool:
        """Whether none of these people is erased."""
        ids = {person_id.hex for person_id in person_ids}
        query = select(person_keys.c.person_id).where(person_keys.c.person_id.in_(ids))
        with self._engine.connect() as connection:
            return len(connection.execute(query).all()) == len(ids)

    def erase(self, person_ids: Sequence[UUID]) -> None:
        """Delete keys and look-up of all of them; the file's pages are overwritten.

        Raises `ErasureUnfinished` if the journal, which may hold the old pages, stays in use.
        """
        ids = [person_id.hex for person_id in person_ids]
        tables = (person_keys, certificate_rows, person_keys_next, certificates_next)
        with begin_writing(self._engine) as connection:
            require_key(connection, self._keys)
            for table in tables:
                connection.execute(delete(table).where(table.c.person_id.in_(ids)))
        empty_journal(self._engine)

    def _reserve_new(self, connection: Connection, hashes: Sequence[bytes]) -> None:
        # Another process may have reserved some of these since they were looked for.
        known = _reserved(connection, hashes)
        require_key(connection, self._keys)
        ids = {hashed: self._new_id() for hashed in hashes if hashed not in known}
        if not ids:
            return
        connection.execute(
            insert(certificate_rows),
            [
                {"certificate_hash": hashed, "person_id": person_id.hex}
                for hashed, person_id in ids.items()
            ],
        )
        connection.execute(
            insert(person_keys),
            [
                {"person_id": person_id.hex, "wrapped_key": self._wrapped_new_key(person_id)}
                for person_id in ids.values()
            ],
        )

    def _wrapped_new_key(self, person_id: UUID) -> bytes:
        return seal(new_key(), key=self._keys.wrap, about=about_person(person_id))

    def _hash(self, certificate: Certificate) -> bytes:
        return certificate_hash(certificate, self._keys)


def certificate_hash(certificate: Certificate, keys: MasterKeys) -> bytes:
    """What a certificate is looked up by (证件检索散列)."""
    return keyed_hash(f"{certificate.type.value}\0{certificate.number}", key=keys.lookup)


def _reserved(connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
    columns = certificate_rows.c
    query = select(columns.certificate_hash, columns.person_id)
    found = {}
    for portion in _portions(hashes):
        rows = connection.execute(query.where(columns.certificate_hash.in_(portion)))
        found.update({hashed: UUID(person_id) for hashed, person_id in rows})
    return found


def _portions(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    # SQLite takes a limited number of values in one statement.
    for start in range(0, len(values), _PORTION):
        yield values[start : start + _PORTION]


def about_person(person_id: UUID) -> bytes:
    """The place that a person's key and data are bound to."""
    return b"person:" + person_id.bytes


def _about_more(person_id: UUID) -> bytes:
    return b"certificate:" + person_id.bytes
