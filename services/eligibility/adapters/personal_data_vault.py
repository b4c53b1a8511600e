"""The vault (个人信息库): a key per person, wrapped by the master key; look-up by keyed hash.

Events hold what is sealed under a person's key. Deleting the key erases the person everywhere,
in every backup of the events too, without touching an event.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, delete, insert

from contracts.vocabulary import CertificateType
from eligibility.adapters.sealing import MasterKeys, Sealer, keyed_hash, new_key, seal, unseal
from eligibility.adapters.vault_tables import certificates as certificate_rows
from eligibility.adapters.vault_tables import person_keys
from eligibility.application.ports import NewId
from eligibility.domain.certificate import Certificate, PersonalData
from eventlog.sqlite_engine import begin_writing, driver_connection

_PORTION = 500
_KEYS = "SELECT person_id, wrapped_key FROM person_keys WHERE person_id IN"
_IDS = "SELECT certificate_hash, person_id FROM certificates WHERE certificate_hash IN"


class _SealedPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate_type: CertificateType
    certificate_number: str
    name: str
    birth_date: date | None


_decoder = msgspec.json.Decoder(_SealedPerson)


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
        return seal(msgspec.json.encode(plain), key=self._keys[person_id], about=_about(person_id))

    def open(self, person_id: UUID, sealed: bytes) -> PersonalData | None:
        """Decrypt personal data; None once the person's key is erased. Raises `SealBroken`."""
        key = self._keys.get(person_id)
        if key is None:
            return None
        plain = _decoder.decode(unseal(sealed, key=key, about=_about(person_id)))
        return PersonalData(
            certificate=Certificate(plain.certificate_type, plain.certificate_number),
            name=plain.name,
            birth_date=plain.birth_date,
        )


class SqlPersonalDataVault:
    """The port `PersonalDataVault`, on the vault's database."""

    def __init__(self, *, engine: Engine, keys: MasterKeys, new_id: NewId) -> None:
        self._engine = engine
        self._keys = keys
        self._wrap = Sealer(keys.wrap)
        self._new_id = new_id

    def reserve(self, certificates: Sequence[Certificate]) -> list[UUID]:
        """The id of each certificate's person, in order; new ids with new keys where needed."""
        hashes = [self._hash(certificate) for certificate in certificates]
        with driver_connection(self._engine) as connection:
            known = _reserved(connection, hashes)
        missing = [hashed for hashed in dict.fromkeys(hashes) if hashed not in known]
        if missing:
            with begin_writing(self._engine) as connection:
                known |= self._reserve_new(connection, missing)
        return [known[hashed] for hashed in hashes]

    def find(self, certificate: Certificate) -> UUID | None:
        """The id reserved for a certificate, or None."""
        return self.find_many([certificate])[0]

    def find_many(self, certificates: Sequence[Certificate]) -> list[UUID | None]:
        """The id reserved for each certificate, in order, or None."""
        hashes = [self._hash(certificate) for certificate in certificates]
        with driver_connection(self._engine) as connection:
            known = _reserved(connection, hashes)
        return [known.get(hashed) for hashed in hashes]

    def keys_of(self, person_ids: Iterable[UUID]) -> UnwrappedKeys:
        """The keys of these people; erased ones are left out."""
        ids = {person_id.hex: person_id for person_id in person_ids}
        keys = {}
        with driver_connection(self._engine) as connection:
            for row_id, wrapped in _found(connection, _KEYS, list(ids)):
                person_id = ids[row_id]
                about = _about(person_id)
                keys[person_id] = self._wrap.unseal(wrapped, about=about)
        return UnwrappedKeys(keys)

    def erase(self, person_id: UUID) -> None:
        """Delete the person's key and look-up; the file's pages are overwritten."""
        with begin_writing(self._engine) as connection:
            for table in (person_keys, certificate_rows):
                connection.execute(delete(table).where(table.c.person_id == person_id.hex))
        raw = self._engine.raw_connection()
        # The journal still holds the old pages until it is written back and emptied.
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()

    def _reserve_new(self, connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
        # Another process may have reserved some of these since they were looked for.
        known = _reserved(cast("Any", connection.connection.driver_connection), hashes)
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

    def _wrapped_new_key(self, person_id: UUID) -> bytes:
        return self._wrap.seal(new_key(), about=_about(person_id))

    def _hash(self, certificate: Certificate) -> bytes:
        return keyed_hash(f"{certificate.type.value}\0{certificate.number}", key=self._keys.lookup)


def _reserved(connection: sqlite3.Connection, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
    return {hashed: UUID(row_id) for hashed, row_id in _found(connection, _IDS, hashes)}


def _found(
    connection: sqlite3.Connection, query: str, values: Sequence[str] | Sequence[bytes]
) -> Iterator[Any]:
    """The rows of a query for these values."""
    # SQLite takes a limited number of values in one statement.
    for start in range(0, len(values), _PORTION):
        portion = tuple(values[start : start + _PORTION])
        yield from connection.execute(f"{query} ({','.join('?' * len(portion))})", portion)


def _about(person_id: UUID) -> bytes:
    return b"person:" + person_id.bytes
