"""Staged rosters (暂存名册), encrypted: they hold names and certificate numbers of everyone."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Engine, delete, insert, select, update

from contracts.vocabulary import CertificateType
from eligibility.adapters.sealing import MasterKeys, seal, unseal
from eligibility.adapters.vault_tables import require_key, staged_rosters
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.person import Enrolment, Identity
from eligibility.domain.roster import ReadRoster, RosterRow, RowError
from eventlog.engines import begin_writing


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


_decoder = msgspec.msgpack.Decoder(_Roster)


class SqlStagedRosters:
    """The port `StagedRosters`, in the vault's database; a restart forgets none."""

    def __init__(self, *, engine: Engine, keys: MasterKeys) -> None:
        self._engine = engine
        self._keys = keys

    def stage(self, roster_id: UUID, roster: ReadRoster, *, at: datetime) -> None:
        """Keep a roster, encrypted, until it is activated."""
        plain = _Roster(tuple(_to_row(row) for row in roster.rows), roster.errors)
        sealed = self._seal(roster_id, plain)
        with begin_writing(self._engine) as connection:
            require_key(connection, self._keys)
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
        plain = self._open(roster_id, sealed)
        return ReadRoster(tuple(_from_row(row) for row in plain.rows), plain.errors)

    def forget(self, certificates: Sequence[Certificate]) -> None:
        """Leave the rows of these certificates out of every staged roster."""
        gone = {(each.type, each.number) for each in certificates}
        with begin_writing(self._engine) as connection:
            query = select(staged_rosters.c.roster_id, staged_rosters.c.sealed)
            for text, sealed in connection.execute(query).all():
                roster_id = UUID(text)
                roster = self._open(roster_id, sealed)
                rows = tuple(
                    row
                    for row in roster.rows
                    if (row.certificate_type, row.certificate_number) not in gone
                )
                if len(rows) < len(roster.rows):
                    again = _Roster(rows, roster.errors)
                    connection.execute(
                        update(staged_rosters)
                        .where(staged_rosters.c.roster_id == text)
                        .values(sealed=self._seal(roster_id, again))
                    )

    def _seal(self, roster_id: UUID, roster: _Roster) -> bytes:
        plain = msgspec.msgpack.encode(roster)
        return seal(plain, key=self._keys.staging, about=about_roster(roster_id))

    def _open(self, roster_id: UUID, sealed: bytes) -> _Roster:
        plain = unseal(sealed, key=self._keys.staging, about=about_roster(roster_id))
        return _decoder.decode(plain)

    def discard(self, roster_id: UUID) -> None:
        """Delete a roster's content."""
        with begin_writing(self._engine) as connection:
            connection.execute(
                delete(staged_rosters).where(staged_rosters.c.roster_id == roster_id.hex)
            )


def about_roster(roster_id: UUID) -> bytes:
    """The place that a staged roster is bound to."""
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
