"""The vault (个人信息库): a key per person, wrapped by the master key; look-up by keyed hash.

Events hold what is sealed under a person's key. Deleting the key erases the person everywhere,
in every backup of the events too, without touching an event.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select

from contracts.vocabulary import CertificateType
from eligibility.adapters.sealing import (
    MasterKeys,
    SealBroken,
    Sealer,
    keyed_hash,
    new_key,
    seal,
    unseal,
)
from eligibility.adapters.vault_journal import empty_journal, require_cleaner
from eligibility.adapters.vault_tables import certificates as certificate_rows
from eligibility.adapters.vault_tables import (
    certificates_next,
    has_key_of,
    person_keys,
    person_keys_next,
    require_key,
    unfound_ids,
)
from eligibility.application.find_person import PersonErased
from eligibility.application.ports import NewId
from eligibility.domain.certificate import Certificate, PersonalData
from eventlog.driver_statements import driver_statements, rows_within
from eventlog.engines import begin_writing

Rows = Callable[[str, Sequence[Any]], list[Any]]
"""Runs a query: where `?` stands, the values come."""

_PORTION = 500
_KEYS = "SELECT person_id, wrapped_key FROM person_keys WHERE person_id IN"
_IDS = "SELECT certificate_hash, person_id FROM certificates WHERE certificate_hash IN"


class _SealedPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate_type: CertificateType
    certificate_number: str
    name: str
    birth_date: date | None


class _SealedCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate_type: CertificateType
    certificate_number: str


_decoder = msgspec.json.Decoder(_SealedPerson)
_certificate_decoder = msgspec.json.Decoder(_SealedCertificate)


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
        plain = _decoder.decode(unseal(sealed, key=key, about=about_person(person_id)))
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
        plain = _certificate_decoder.decode(unseal(sealed, key=key, about=_about_more(person_id)))
        return Certificate(plain.certificate_type, plain.certificate_number)

    def fingerprint(self, person_id: UUID, content: bytes) -> bytes:
        """A hash under the person's key, that tells nothing without it; of nobody, nothing."""
        key = self._keys.get(person_id)
        return b"" if key is None else keyed_hash(content.hex(), key=key)


class SqlPersonalDataVault:
    """The port `PersonalDataVault`, on the vault's database."""

    def __init__(self, *, engine: Engine, keys: MasterKeys, new_id: NewId) -> None:
        self._engine = engine
        self._statements = driver_statements(engine)
        self._keys = keys
        self._wrap = Sealer(keys.wrap)
        self._new_id = new_id

    def reserve(self, certificates: Sequence[Certificate]) -> list[UUID]:
        """The id of each certificate's person, in order; new ids with new keys where needed."""
        hashes = [self._hash(certificate) for certificate in certificates]
        known = self._look_up(hashes)
        missing = [hashed for hashed in dict.fromkeys(hashes) if hashed not in known]
        if missing:
            with begin_writing(self._engine) as connection:
                known |= self._reserve_new(connection, missing)
        return [known[hashed] for hashed in hashes]

    def find(self, certificate: Certificate) -> UUID | None:
        """The id reserved for a certificate, or None."""
        hashed = self._hash(certificate)
        found = self._look_up([hashed]).get(hashed)
        if found is None:
            self._require_key()
        return found

    def claim(self, certificate: Certificate, person_id: UUID) -> UUID:
        """Let a certificate find a person; returns whom it finds, which may be somebody else.

        Raises `PersonErased` if another process erased the person meanwhile.
        """
        hashed = self._hash(certificate)
        with begin_writing(self._engine) as connection:
            found = _reserved(partial(rows_within, connection), [hashed]).get(hashed)
            if found is not None:
                return found
            require_key(connection, self._keys)
            if not has_key_of(connection, person_id):
                message = "该人员的个人信息已删除，不能再按证件查到 (erased)"
                raise PersonErased(message)
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
        known = self._look_up(hashes)
        # Under a key that was replaced nobody would be found.
        if len(known) < len(set(hashes)):
            self._require_key()
        return [known.get(hashed) for hashed in hashes]

    def keys_of(self, person_ids: Iterable[UUID]) -> UnwrappedKeys:
        """The keys of these people; erased ones are left out."""
        ids = {person_id.hex: person_id for person_id in person_ids}
        keys = {}
        try:
            for row_id, wrapped in _found(self._statements.rows, _KEYS, list(ids)):
                about = about_person(ids[row_id])
                keys[ids[row_id]] = self._wrap.unseal(wrapped, about=about)
        except SealBroken:
            self._require_key()
            raise
        return UnwrappedKeys(keys)

    def has_keys(self, person_ids: Sequence[UUID]) -> bool:
        """Whether none of these people is erased."""
        ids = {person_id.hex for person_id in person_ids}
        query = select(person_keys.c.person_id).where(person_keys.c.person_id.in_(ids))
        with self._engine.connect() as connection:
            return len(connection.execute(query).all()) == len(ids)

    def erase(self, person_ids: Sequence[UUID]) -> None:
        """Delete keys and look-up of all of them; what is left of them where they stood goes too.

        Raises `ErasureUnfinished` if the journal, which may hold the old pages, stays in use; or if
        this account may not clean the tables: then nothing is deleted.
        """
        require_cleaner(self._engine)
        ids = [person_id.hex for person_id in person_ids]
        tables = (
            person_keys,
            certificate_rows,
            person_keys_next,
            certificates_next,
            unfound_ids,
        )
        with begin_writing(self._engine) as connection:
            require_key(connection, self._keys)
            for table in tables:
                connection.execute(delete(table).where(table.c.person_id.in_(ids)))
        empty_journal(self._engine)

    def _reserve_new(self, connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
        # Another process may have reserved some of these since they were looked for.
        known = _reserved(partial(rows_within, connection), hashes)
        require_key(connection, self._keys)
        ids = {hashed: self._new_id() for hashed in hashes if hashed not in known}
        if not ids:
            return known
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
        return known | ids

    def _look_up(self, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
        return _reserved(self._statements.rows, hashes)

    def _require_key(self) -> None:
        with self._engine.connect() as connection:
            require_key(connection, self._keys)

    def _wrapped_new_key(self, person_id: UUID) -> bytes:
        return self._wrap.seal(new_key(), about=about_person(person_id))

    def _hash(self, certificate: Certificate) -> bytes:
        return certificate_hash(certificate, self._keys)


def certificate_hash(certificate: Certificate, keys: MasterKeys) -> bytes:
    """What a certificate is looked up by (证件检索散列)."""
    return keyed_hash(f"{certificate.type.value}\0{certificate.number}", key=keys.lookup)


def _reserved(rows: Rows, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
    return {hashed: UUID(row_id) for hashed, row_id in _found(rows, _IDS, hashes)}


def _found(rows: Rows, query: str, values: Sequence[str] | Sequence[bytes]) -> Iterator[Any]:
    """The rows of a query for these values."""
    # A database takes a limited number of values in one statement.
    for start in range(0, len(values), _PORTION):
        portion = tuple(values[start : start + _PORTION])
        yield from rows(f"{query} ({','.join('?' * len(portion))})", portion)


def about_person(person_id: UUID) -> bytes:
    """The place that a person's key and data are bound to."""
    return b"person:" + person_id.bytes


def _about_more(person_id: UUID) -> bytes:
    return b"certificate:" + person_id.bytes
