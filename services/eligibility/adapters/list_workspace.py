"""The workspace of one list (名单工作区): a SQLite file of its own, encrypted, gone afterwards.

It keeps memory flat however long the list is, and it is where the database finds contradictions
and brings the rows of one person together. Its key lives in this process alone: what a killed
process leaves behind opens for nobody.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from hashlib import blake2b
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from contracts.vocabulary import CertificateType
from eligibility.adapters.roster_rows import INCONSISTENT
from eligibility.adapters.sealing import Sealer, new_key
from eligibility.application.list_ports import Identify, ListedRows, UnchangedPerson
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.owner_list import ListFigures, ListRows
from eligibility.domain.person import Enrolment, Identity
from eligibility.domain.roster import (
    Ending,
    ReadRow,
    RejectedRow,
    RosterRow,
    RowError,
)

_CONTRADICTED = "与本名单另一行矛盾：同一事项同一开始日期，其余内容不同；请核对后只留一行"

_TABLES = """
CREATE TABLE rows (
    row INTEGER PRIMARY KEY, person BLOB, person_id BLOB, name BLOB, birth BLOB,
    accepted INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE TABLE people (person BLOB PRIMARY KEY, person_id BLOB) WITHOUT ROWID;
CREATE TABLE unchanged (person_id BLOB PRIMARY KEY, facts INTEGER NOT NULL,
    was_before INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE facts (place BLOB NOT NULL, said BLOB NOT NULL, row INTEGER NOT NULL);
CREATE TABLE errors (row INTEGER NOT NULL, column_name TEXT, message TEXT NOT NULL);
CREATE TABLE listed (person_id BLOB NOT NULL, kind TEXT NOT NULL,
    PRIMARY KEY (person_id, kind)) WITHOUT ROWID;
"""
# All rows of a person have one id, even if it was given while they were read. Whoever is listed
# with two certificates comes once: their rows go by one of the two, which their facts' places
# begin with.
_INDEXES = """
CREATE INDEX rows_by_person ON rows (person, row);
INSERT INTO people SELECT person, MAX(person_id) FROM rows
    WHERE person IS NOT NULL GROUP BY person;
CREATE INDEX people_by_id ON people (person_id, person);
CREATE TABLE same_people AS SELECT people.person AS person, firsts.person AS one
    FROM people JOIN (
        SELECT person_id, MIN(person) AS person FROM people
        WHERE person_id IS NOT NULL GROUP BY person_id HAVING COUNT(*) > 1
    ) AS firsts ON people.person_id = firsts.person_id WHERE people.person <> firsts.person;
UPDATE facts SET place = CAST((
        SELECT one FROM same_people JOIN rows ON rows.person = same_people.person
        WHERE rows.row = facts.row) || substr(place, 33) AS BLOB)
    WHERE row IN (SELECT row FROM rows WHERE person IN (SELECT person FROM same_people));
UPDATE rows SET person = (SELECT one FROM same_people WHERE same_people.person = rows.person)
    WHERE person IN (SELECT person FROM same_people);
DELETE FROM people WHERE person IN (SELECT person FROM same_people);
CREATE INDEX facts_by_place ON facts (place, said);
CREATE INDEX errors_by_row ON errors (row);
"""
# The first row of a certificate says who it is; the first that states a birth date, when born.
_OTHER_NAMES = """
    SELECT rows.row FROM rows JOIN (
        SELECT person, name AS first_name, MIN(row) FROM rows WHERE accepted GROUP BY person
    ) AS firsts ON rows.person = firsts.person
    LEFT JOIN (
        SELECT person, birth AS first_birth, MIN(row) FROM rows
        WHERE accepted AND birth IS NOT NULL GROUP BY person
    ) AS births ON rows.person = births.person
    WHERE rows.accepted AND (rows.name <> first_name OR rows.birth <> first_birth)"""
_CONTRADICTIONS = """
    SELECT DISTINCT facts.row FROM facts JOIN rows ON rows.row = facts.row
    WHERE accepted AND place IN (
        SELECT place FROM facts JOIN rows ON rows.row = facts.row WHERE accepted
        GROUP BY place HAVING COUNT(DISTINCT said) > 1)"""

_LISTED = "SELECT person_id, kind FROM listed WHERE person_id IN ({places})"
_INSERT_ROW = "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)"
_PEOPLE = """
    SELECT people.person, people.person_id, rows.row, rows.sealed
    FROM people INDEXED BY people_by_id JOIN rows ON rows.person = people.person
    WHERE rows.accepted AND NOT EXISTS (
        SELECT 1 FROM unchanged WHERE unchanged.person_id = people.person_id)
    ORDER BY people.person_id, people.person, rows.row"""
_ROWS_OF = """
    SELECT people.person_id, people.person_id, rows.row, rows.sealed
    FROM people JOIN rows ON rows.person = people.person
    WHERE rows.accepted AND people.person_id IN ({places})
    ORDER BY people.person_id, rows.row"""
_UNIDENTIFIED = """
    SELECT people.person, rows.row, rows.sealed
    FROM people JOIN rows ON rows.person = people.person
    WHERE people.person > ? AND people.person_id IS NULL AND rows.accepted
    GROUP BY people.person ORDER BY people.person LIMIT ?"""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    cells: tuple[str, ...]
    certificate_type: CertificateType | None = None
    certificate_number: str | None = None
    name: str = ""
    birth_date: date | None = None
    identity: Identity | None = None
    enrolment: Enrolment | None = None
    endings: tuple[Ending, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


def _nobody_known(certificates: Sequence[Certificate]) -> Sequence[UUID | None]:
    return [None] * len(certificates)


class SqliteListWorkspace:
    """The port `ListWorkspace`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._key = new_key()
        self._sealer = Sealer(self._key)
        self._passed_over = 0
        _execute_all(connection, _TABLES)

    def add(self, rows: Sequence[ReadRow], *, identify: Identify = _nobody_known) -> None:
        """Keep some rows, with the ids that their people have already."""
        accepted = [row for row in rows if isinstance(row, RosterRow)]
        rejected = [row for row in rows if isinstance(row, RejectedRow)]
        self._passed_over += len(rows) - len(accepted) - len(rejected)
        self._add_accepted(accepted, identify([row.person.certificate for row in accepted]))
        for row in rejected:
            self._add_rejected(row)

    def reject_contradictions(self) -> None:
        """Reject rows that name one person differently or say two things of one fact."""
        _execute_all(self._connection, _INDEXES)
        for query, column, message in (
            (_OTHER_NAMES, "姓名", INCONSISTENT),
            (_CONTRADICTIONS, None, _CONTRADICTED),
        ):
            for (row,) in self._connection.execute(query).fetchall():
                self.reject(RowError(row, column, message))

    def reject(self, error: RowError) -> None:
        """Reject an accepted row."""
        self._connection.execute("UPDATE rows SET accepted = 0 WHERE row = ?", (error.row,))
        self._add_error(error)

    def people(self, size: int) -> Iterator[Sequence[ListedRows]]:
        """The accepted rows by person, so many people at a time; a person comes once.

        Who has an id comes in the order of the ids (the event log is then read and written from
        its one end to the other); who is noted as unchanged is left out.
        """
        listed = self._listed()
        while portion := list(islice(listed, size)):
            yield portion

    def rows_of(self, person_ids: Sequence[UUID]) -> Sequence[ListedRows]:
        """The accepted rows of these people, even of who is noted as unchanged."""
        query = _ROWS_OF.format(places=",".join("?" * len(person_ids)))
        found = self._connection.execute(query, [each.bytes for each in person_ids])
        return list(self._by_person(found))

    def unidentified(self, size: int) -> Iterator[Sequence[Certificate]]:
        """Who has accepted rows and no id yet; a person comes once."""
        after = b""
        while found := self._connection.execute(_UNIDENTIFIED, (after, size)).fetchall():
            after = found[-1][0]
            yield [_certificate_in(self._open(row, sealed), row) for _, row, sealed in found]

    def identify(self, identified: Iterable[tuple[Certificate, UUID]]) -> None:
        """Note the ids that people have been given."""
        self._connection.executemany(
            "UPDATE people SET person_id = ? WHERE person = ?",
            [
                (person_id.bytes, self._hash(_id_text(certificate)))
                for certificate, person_id in identified
            ],
        )

    def note_unchanged(self, people: Iterable[UnchangedPerson]) -> None:
        """Note of whom the list states nothing new."""
        self._connection.executemany(
            "INSERT INTO unchanged VALUES (?, ?, ?)",
            [(each.person_id.bytes, each.facts_unchanged, each.was_before) for each in people],
        )

    def forget_unchanged(self, person_ids: Iterable[UUID]) -> None:
        """These are to be looked at again."""
        self._connection.executemany(
            "DELETE FROM unchanged WHERE person_id = ?", [(each.bytes,) for each in person_ids]
        )

    def unchanged_people(self, size: int) -> Iterator[Sequence[UUID]]:
        """Of whom the list states nothing new, so many people at a time."""
        cursor = self._connection.execute("SELECT person_id FROM unchanged")
        while found := cursor.fetchmany(size):
            yield [UUID(bytes=person_id) for (person_id,) in found]

    def unchanged(self) -> ListFigures:
        """What everybody who is noted as unchanged adds to the figures."""
        facts, before = self._connection.execute(
            "SELECT COALESCE(SUM(facts), 0), COALESCE(SUM(was_before), 0) FROM unchanged"
        ).fetchone()
        return ListFigures(facts_unchanged=facts, persons_before=before)

    def note_listed(self, listed: Iterable[tuple[UUID, str]]) -> None:
        """Note which people are on the list with which kinds."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO listed VALUES (?, ?)",
            [(person_id.bytes, kind) for person_id, kind in listed],
        )

    def listed_kinds(self, person_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
        """With which kinds these people are on the list; who is not is left out."""
        kinds: dict[UUID, set[str]] = {}
        by_bytes = {person_id.bytes: person_id for person_id in person_ids}
        places = ",".join("?" * len(by_bytes))
        found = self._connection.execute(_LISTED.format(places=places), list(by_bytes))
        for person_id, kind in found:
            kinds.setdefault(by_bytes[person_id], set()).add(kind)
        return kinds

    def rejected_people(self, size: int) -> Iterator[Sequence[Certificate]]:
        """Whose the rejected rows are, where that is clear."""
        cursor = self._connection.execute(
            "SELECT row, sealed FROM rows WHERE NOT accepted AND person IS NOT NULL"
        )
        while found := cursor.fetchmany(size):
            kept = [self._open(row, sealed) for row, sealed in found]
            yield [each for each in map(_certificate, kept) if each is not None]

    def has_rejects_of_nobody(self) -> bool:
        """Whether a rejected row might be anybody's."""
        query = "SELECT EXISTS (SELECT 1 FROM rows WHERE NOT accepted AND person IS NULL)"
        return bool(self._connection.execute(query).fetchone()[0])

    def rejected(self) -> Iterator[RejectedRow]:
        """The rejected rows as they were typed, by row."""
        cursor = self._connection.execute(
            "SELECT row, sealed FROM rows WHERE NOT accepted ORDER BY row"
        )
        for row, sealed in cursor:
            kept = self._open(row, sealed)
            errors = self._connection.execute(
                "SELECT row, column_name, message FROM errors WHERE row = ? ORDER BY rowid", (row,)
            )
            told = tuple(RowError(*error) for error in errors)
            yield RejectedRow(row, told, kept.cells, _certificate(kept))

    def rows(self) -> ListRows:
        """How many rows are accepted, rejected and passed over."""
        accepted, all_rows = self._connection.execute(
            "SELECT COALESCE(SUM(accepted), 0), COUNT(*) FROM rows"
        ).fetchone()
        return ListRows(accepted, all_rows - accepted, self._passed_over)

    def _add_accepted(self, rows: Sequence[RosterRow], ids: Sequence[UUID | None]) -> None:
        kept, facts = [], []
        for row, person_id in zip(rows, ids, strict=True):
            person = row.person
            hashed = self._hash(_id_text(person.certificate))
            birth = self._hash(person.birth_date.isoformat()) if person.birth_date else None
            at = person_id.bytes if person_id is not None else None
            name, sealed = self._hash(person.name), self._seal(row.row, _kept(row))
            kept.append((row.row, hashed, at, name, birth, 1, sealed))
            facts += [
                (hashed + self._hash(place), self._hash(said), row.row)
                for place, said in _said(row)
            ]
        self._connection.executemany(_INSERT_ROW, kept)
        self._connection.executemany("INSERT INTO facts VALUES (?, ?, ?)", facts)

    def _add_rejected(self, row: RejectedRow) -> None:
        certificate = row.certificate
        kept = _Kept(
            cells=row.cells,
            certificate_type=certificate.type if certificate else None,
            certificate_number=certificate.number if certificate else None,
        )
        hashed = self._hash(_id_text(certificate)) if certificate else None
        sealed = self._seal(row.row, kept)
        self._connection.execute(_INSERT_ROW, (row.row, hashed, None, None, None, 0, sealed))
        for error in row.errors:
            self._add_error(error)

    def _listed(self) -> Iterator[ListedRows]:
        return self._by_person(self._connection.execute(_PEOPLE))

    def _by_person(self, found: Iterable[Any]) -> Iterator[ListedRows]:
        for (_, person_id), rows in groupby(found, key=itemgetter(0, 1)):
            yield ListedRows(
                UUID(bytes=person_id) if person_id is not None else None,
                [self._open_accepted(row, sealed) for _, _, row, sealed in rows],
            )

    def _add_error(self, error: RowError) -> None:
        self._connection.execute(
            "INSERT INTO errors VALUES (?, ?, ?)", (error.row, error.column, error.message)
        )

    def _seal(self, row: int, kept: _Kept) -> bytes:
        return self._sealer.seal(_encoder.encode(kept), about=_about(row))

    def _open(self, row: int, sealed: bytes) -> _Kept:
        return _decoder.decode(self._sealer.unseal(sealed, about=_about(row)))

    def _open_accepted(self, row: int, sealed: bytes) -> RosterRow:
        kept = self._open(row, sealed)
        person = PersonalData(_certificate_in(kept, row), kept.name, kept.birth_date)
        return RosterRow(row, person, kept.identity, kept.enrolment, kept.endings, cells=kept.cells)

    def _hash(self, text: str) -> bytes:
        # Five of these for each row; BLAKE2 takes a key by itself and a third of the time.
        return blake2b(text.encode(), key=self._key, digest_size=32).digest()


@contextmanager
def open_list_workspace() -> Iterator[SqliteListWorkspace]:
    """An empty workspace in a folder that nobody else may read; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="yizhan-list-") as folder:
        file = Path(folder) / "list.sqlite"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            # Nothing here outlives the process, so nothing is flushed and nothing is undone: all of
            # it is one transaction that is never committed.
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN")
            yield SqliteListWorkspace(connection)


def _execute_all(connection: sqlite3.Connection, statements: str) -> None:
    # Not `executescript`: that commits first.
    for statement in statements.split(";"):
        connection.execute(statement)


def _kept(row: RosterRow) -> _Kept:
    person = row.person
    return _Kept(
        cells=row.cells,
        certificate_type=person.certificate.type,
        certificate_number=person.certificate.number,
        name=person.name,
        birth_date=person.birth_date,
        identity=row.identity,
        enrolment=row.enrolment,
        endings=row.endings,
    )


def _said(row: RosterRow) -> Iterator[tuple[str, str]]:
    """What a row says of which place: a fact's own place, and how a kind ends."""
    for fact in row.facts:
        yield f"{fact.KIND.value}\0{fact.place!r}", repr(fact)
    for ending in row.endings:
        yield f"end\0{ending.kind}", ending.last_day.isoformat()


def _certificate_in(kept: _Kept, row: int) -> Certificate:
    certificate = _certificate(kept)
    if certificate is None:
        message = f"row {row} was accepted without a certificate"
        raise AssertionError(message)
    return certificate


def _certificate(kept: _Kept) -> Certificate | None:
    if kept.certificate_type is None or kept.certificate_number is None:
        return None
    return Certificate(kept.certificate_type, kept.certificate_number)


def _id_text(certificate: Certificate) -> str:
    return f"{certificate.type.value}\0{certificate.number}"


def _about(row: int) -> bytes:
    return b"row:" + row.to_bytes(8, "big")
