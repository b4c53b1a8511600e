"""SQLAlchemy on either database (数据库引擎): what tables beside a log need, said in one way.

On SQLite a file has one writer at a time. On PostgreSQL the tables that go by one name have one as
well, by a lock: whoever decides by what it reads and then writes is as right there as here.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, text
from sqlalchemy.dialects import postgresql, sqlite

from eventlog.sqlite_engine import begin_writing_sqlite

_WRITERS = "yizhan_writers"
_LOCK = text("SELECT pg_advisory_xact_lock(:writers)")


def open_postgres_engine(url: str, schema: str) -> Engine:
    """An engine on a schema of PostgreSQL. A transaction sees one state in all its statements."""
    # Only where a server is used: the embedded default starts without its driver.
    import psycopg  # noqa: PLC0415 -- see above

    from eventlog.postgres_connections import connection_parameters  # noqa: PLC0415 -- as above

    parameters = connection_parameters(url, schema)
    return create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, **parameters),
        isolation_level="REPEATABLE READ",
        # A connection that the server closed meanwhile is replaced instead of told of.
        pool_pre_ping=True,
    ).execution_options(**{_WRITERS: _number(schema)})


def written_apart(engine: Engine, name: str) -> Engine:
    """The same connections; whoever writes under this name waits for nobody of another name."""
    if engine.dialect.name == "sqlite":
        return engine
    schema = engine.get_execution_options()[_WRITERS]
    return engine.execution_options(**{_WRITERS: _number(f"{schema}\0{name}")})


@contextmanager
def begin_writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its beginning."""
    if engine.dialect.name == "sqlite":
        with begin_writing_sqlite(engine) as connection:
            yield connection
        return
    # What is read after the lock was waited for is what stands then.
    writing = engine.execution_options(isolation_level="READ COMMITTED")
    with writing.begin() as connection:
        connection.execute(_LOCK, {"writers": engine.get_execution_options()[_WRITERS]})
        yield connection


def insert_or(connection: Connection | Engine, table: Table) -> Any:
    """An insert that may say what happens where the row is there: `on_conflict_…`."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def _number(named: str) -> int:
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:8], signed=True)
