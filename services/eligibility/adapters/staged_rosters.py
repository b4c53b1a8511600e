"""Staged rosters (暂存名册), encrypted: they hold names and certificate numbers of everyone."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Engine, delete, insert, select

from contracts.vocabulary import CertificateType
from eligibility.adapters.sealing import MasterKeys, seal, unseal
from eligibility.adapters.vault_tables import staged_rosters
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.person import Enrolment, Identity
from eligibility.domain.roster import ReadRoster, RosterRow, RowError
from eventlog.sqlite_engine import begin_writing


class _Row(msgspec.Struct, frozen=True, array_like=True):
    row: int
    certificate_type: CertificateType
    certificate_number: str
    name: str
    birth_date: date | None
    identity: Identity | None
    enrolment: Enrolment | None


class _Roster(msgspec.Struct, frozen=True):
    rows: tuple[_Row, ...]
    errors: tuple[RowError, ...]


class SqlStagedRosters:
    """The port `StagedRosters`, in the vault's database; a restart forgets none."""

    def __init__(self, *, engine: Engine, keys: MasterKeys) -> None:
        self._engine = engine
        self._keys = keys

    def stage(self, roster_id: UUID, roster: ReadRoster, *, at: datetime) -> None:
        """Keep a roster, encrypted, until it is activated."""
        plain = _Roster(tuple(_to_row(row) for row in roster.rows), roster.errors)
        sealed = seal(
            msgspec.msgpack.encode(plain), key=self._keys.staging, about=_about(roster_id)
        )
        with begin_writing(self._engine) as connection:
            connection.execute(
                insert(staged_rosters).values(
                    roster_id=roster_id.hex, staged_at=at.isoformat(), sealed=sealed
                )
            )

    def find(self, roster_id: UUID) -> ReadRoster | None:
        """A staged roster, or None once it was discarded. Raises `SealBroken`."""
        query = select(staged_rosters.c.sealed).where(staged_rosters.c.roster_id == roster_id.hex)
        with self._engine.connect() as connection:
            sealed = connection.execute(query).scalar_one_or_none()
        if sealed is None:
            return None
        plain = msgspec.msgpack.decode(
            unseal(sealed, key=self._keys.staging, about=_about(roster_id)), type=_Roster
        )
        return ReadRoster(tuple(_from_row(row) for row in plain.rows), plain.errors)

    def discard(self, roster_id: UUID) -> None:
        """Delete a roster's content."""
        with begin_writing(self._engine) as connection:
            connection.execute(
                delete(staged_rosters).where(staged_rosters.c.roster_id == roster_id.hex)
            )


def _about(roster_id: UUID) -> bytes:
    return b"roster:" + roster_id.bytes


def _to_row(row: RosterRow) -> _Row:
    return _Row(
        row=row.row,
        certificate_type=row.person.certificate.type,
        certificate_number=row.person.certificate.number,
        name=row.person.name,
        birth_date=row.person.birth_date,
        identity=row.identity,
        enrolment=row.enrolment,
    )


def _from_row(row: _Row) -> RosterRow:
    certificate = Certificate(row.certificate_type, row.certificate_number)
    return RosterRow(
        row=row.row,
        person=PersonalData(certificate, row.name, row.birth_date),
        identity=row.identity,
        enrolment=row.enrolment,
    )
