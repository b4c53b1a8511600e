"""Who read whose facts (查阅记录): rows that are only ever added.

Among files, one of its own: readings are many, and would wait for rosters in the vault's. It holds
opaque ids, institutions and operators, never what was read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, Column, Engine, Index, Integer, MetaData, String, Table, select
from sqlalchemy.schema import CreateIndex, CreateTable

from eligibility.application.ports import ActsFor, ReadBy
from eventlog.driver_statements import driver_statements
from eventlog.engines import begin_writing

LISTED_READS: Final = 1_000

metadata = MetaData()
_reads = Table(
    "person_reads",
    metadata,
    # SQLite numbers rows by itself where the type is called so.
    Column("row", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("person_id", String(32), nullable=False),
    Column("read_at", String, nullable=False),
    Column("institution_id", String, nullable=True),
    Column("operator", String, nullable=True),
    Column("call", String, nullable=False),
)
_by_person = Index("person_reads_person_id", _reads.c.person_id, _reads.c.row)

_KEEP = (
    "INSERT INTO person_reads (person_id, read_at, institution_id, operator, call) "
    "VALUES (?, ?, ?, ?, ?)"
)


def create_person_reads(engine: Engine) -> None:
    """Create the table in a file; harmless when it is there."""
    with begin_writing(engine) as connection:
        connection.execute(CreateTable(_reads, if_not_exists=True))
        connection.execute(CreateIndex(_by_person, if_not_exists=True))
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER IF NOT EXISTS person_reads_no_{verb.lower()} "
                f"BEFORE {verb} ON person_reads "
                "BEGIN SELECT RAISE(ABORT, 'readings are never changed'); END"
            )


class SqlPersonReads:
    """The port `PersonReads`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._statements = driver_statements(engine)

    def record(self, person_ids: Sequence[UUID], *, by: ReadBy) -> None:
        """Keep one row a person."""
        if not person_ids:
            return
        read_at = by.read_at.astimezone(UTC).isoformat()
        acting = (by.acting.institution_id, by.acting.operator) if by.acting else (None, None)
        rows = [(person_id.hex, read_at, *acting, by.call) for person_id in person_ids]
        self._statements.note(_KEEP, rows)

    def latest(self, person_id: UUID) -> list[ReadBy]:
        """The latest readings, the latest first."""
        columns = _reads.c
        query = (
            select(columns.read_at, columns.call, columns.institution_id, columns.operator)
            .where(columns.person_id == person_id.hex)
            .order_by(columns.row.desc())
            .limit(LISTED_READS)
        )
        with self._engine.connect() as connection:
            return [
                ReadBy(
                    datetime.fromisoformat(read_at),
                    call,
                    ActsFor(institution_id, operator) if institution_id is not None else None,
                )
                for read_at, call, institution_id, operator in connection.execute(query)
            ]
