"""The vault (个人信息库): a key per person, wrapped by the master key; look-up by keyed hash.

Events hold what is sealed under a person's key. Deleting the key erases the person everywhere,
in every backup of the events too, without touching an event.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects.sqlite import insert

from contracts.vocabulary import CertificateType
from eligibility.adapters.sealing import MasterKeys, keyed_hash, new_key, seal, unseal
from eligibility.adapters.vault_tables import certificates as certificate_rows
from eligibility.adapters.vault_tables import person_keys
from eligibility.application.ports import NewId
from eligibility.domain.certificate import Certificate, PersonalData
from eventlog.sqlite_engine import begin_writing


class _SealedPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate_type: CertificateType
    certificate_number: str
    name: str
    birth_date: date | None


class SqlPersonalDataVault:
    """The port `PersonalDataVault`, on the vault's database."""

    def __init__(self, *, engine: Engine, keys: MasterKeys, new_id: NewId) -> None:
        self._engine = engine
        self._keys = keys
        self._new_id = new_id

    def reserve(self, certificates: Sequence[Certificate]) -> list[UUID]:
        """The id of each certificate's person, in order; new ids with new keys where needed."""
        hashes = [self._hash(certificate) for certificate in certificates]
        known = self._known(hashes)
        missing = [hashed for hashed in dict.fromkeys(hashes) if hashed not in known]
        if missing:
            with begin_writing(self._engine) as connection:
                for hashed in missing:
                    known[hashed] = self._reserve_one(connection, hashed)
        return [known[hashed] for hashed in hashes]

    def find(self, certificate: Certificate) -> UUID | None:
        """The id reserved for a certificate, or None."""
        hashed = self._hash(certificate)
        return self._known([hashed]).get(hashed)

    def seal(self, person_id: UUID, data: PersonalData) -> bytes:
        """Encrypt personal data under the person's key. Raises `LookupError` without a key."""
        key = self._person_key(person_id)
        if key is None:
            message = f"no key for person {person_id}"
            raise LookupError(message)
        plain = _SealedPerson(
            certificate_type=data.certificate.type,
            certificate_number=data.certificate.number,
            name=data.name,
            birth_date=data.birth_date,
        )
        return seal(msgspec.json.encode(plain), key=key, about=_about(person_id))

    def open(self, person_id: UUID, sealed: bytes) -> PersonalData | None:
        """Decrypt personal data; None once the person's key is erased. Raises `SealBroken`."""
        key = self._person_key(person_id)
        if key is None:
            return None
        plain = msgspec.json.decode(
            unseal(sealed, key=key, about=_about(person_id)), type=_SealedPerson
        )
        return PersonalData(
            certificate=Certificate(plain.certificate_type, plain.certificate_number),
            name=plain.name,
            birth_date=plain.birth_date,
        )

    def erase(self, person_id: UUID) -> None:
        """Delete the person's key and look-up; the file's pages are overwritten."""
        with begin_writing(self._engine) as connection:
            connection.execute(delete(person_keys).where(person_keys.c.person_id == person_id.hex))
            connection.execute(
                delete(certificate_rows).where(certificate_rows.c.person_id == person_id.hex)
            )
        raw = self._engine.raw_connection()
        # The journal still holds the old pages until it is written back and emptied.
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raw.close()

    def _known(self, hashes: Sequence[bytes]) -> dict[bytes, UUID]:
        known = {}
        query = select(certificate_rows.c.certificate_hash, certificate_rows.c.person_id)
        with self._engine.connect() as connection:
            # SQLite takes a limited number of values at once.
            for start in range(0, len(hashes), _PORTION):
                portion = hashes[start : start + _PORTION]
                rows = connection.execute(
                    query.where(certificate_rows.c.certificate_hash.in_(portion))
                )
                known.update({hashed: UUID(person_id) for hashed, person_id in rows})
        return known

    def _reserve_one(self, connection: Connection, hashed: bytes) -> UUID:
        person_id = self._new_id()
        reserve = insert(certificate_rows).values(certificate_hash=hashed, person_id=person_id.hex)
        if connection.execute(reserve.on_conflict_do_nothing()).rowcount == 0:
            query = select(certificate_rows.c.person_id)
            found = query.where(certificate_rows.c.certificate_hash == hashed)
            return UUID(connection.execute(found).scalar_one())
        wrapped = seal(new_key(), key=self._keys.wrap, about=_about(person_id))
        connection.execute(insert(person_keys).values(person_id=person_id.hex, wrapped_key=wrapped))
        return person_id

    def _person_key(self, person_id: UUID) -> bytes | None:
        query = select(person_keys.c.wrapped_key).where(person_keys.c.person_id == person_id.hex)
        with self._engine.connect() as connection:
            wrapped = connection.execute(query).scalar_one_or_none()
        if wrapped is None:
            return None
        return unseal(wrapped, key=self._keys.wrap, about=_about(person_id))

    def _hash(self, certificate: Certificate) -> bytes:
        return keyed_hash(f"{certificate.type.value}\0{certificate.number}", key=self._keys.lookup)


_PORTION = 500


def _about(person_id: UUID) -> bytes:
    return b"person:" + person_id.bytes
