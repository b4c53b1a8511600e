"""SQLAlchemy on either database (数据库引擎): what tables beside a log need, said in one way.

On SQLite a file has one writer at a time. On PostgreSQL the tables that go by one name have one as
well, by a lock: whoever decides by what it reads and then writes is as right there as here.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from eventlog.log_errors import LogBusy
from eventlog.sqlite_engine import begin_writing_sqlite

_WRITERS = "yizhan_writers"
_LOCK = text("SELECT pg_advisory_xact_lock(:writers)")


def open_postgres_engine(url: str, schema: str) -> Engine:
    """An engine on a schema of PostgreSQL. A transaction sees one state in all its statements.

    What passes by itself is told as `LogBusy`.
    """
    # Only where a server is used: the embedded default starts without its driver.
    import psycopg  # noqa: PLC0415 -- see above

    from eventlog.postgres_connections import connection_parameters  # noqa: PLC0415 -- as above

    parameters = connection_parameters(url, schema)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, **parameters),
        isolation_level="REPEATABLE READ",
        # A connection that the server closed meanwhile is replaced instead of told of.
        pool_pre_ping=True,
        # What was written is in no error's text.
        hide_parameters=True,
    )
    event.listen(engine, "handle_error", _tell_as_busy)
    return engine.execution_options(**{_WRITERS: _number(schema)})


def _tell_as_busy(context: ExceptionContext) -> None:
    told = context.sqlalchemy_exception
    # A connection that does not answer a ping is replaced, and nobody need hear of it.
    if told is not None and passes_by_itself(told) and not context.is_pre_ping:
        raise LogBusy(BUSY) from context.original_exception


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


def lock_tables(connection: Connection, names: Iterable[str], *, alone: bool) -> None:
    """Have these tables for a transaction that has read nothing yet, in the order they are named:
    `alone`, or beside others who read and write.

    On SQLite there is nothing to do: a reader keeps its state of the file, and nobody waits.
    """
    if connection.dialect.name == "sqlite":
        return
    quoted = ", ".join(map(connection.dialect.identifier_preparer.quote, names))
    if quoted:
        mode = "ACCESS EXCLUSIVE" if alone else "ACCESS SHARE"
        connection.exec_driver_sql(f"LOCK TABLE {quoted} IN {mode} MODE")


# The file is locked, memory or the disk is full, the disk does not answer.
_SQLITE_PASSES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}


def passes_by_itself(error: BaseException) -> bool:
    """Whether a database's error tells of its state (away, locked, full) and not of what it was
    asked: the same may succeed later.
    """
    if isinstance(error, LogBusy | NoConnectionFree):
        return True
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        # The lowest byte is the kind of the error, the others say more of it.
        return (getattr(original, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_PASSES
    # A server that was lost, a lock that was not had, two who waited for each other, no room: the
    # engine calls by these names whatever the driver does.
    return isinstance(error, OperationalError | InterfaceError)


@contextmanager
def told_as_busy() -> Iterator[None]:
    """What passes by itself is told as the database being busy. Raises `LogBusy`."""
    try:
        yield
    except (DBAPIError, NoConnectionFree) as error:
        if passes_by_itself(error):
            raise LogBusy(BUSY) from error
        raise


def refuses_content(error: BaseException) -> bool:
    """Whether a database's error tells of the values it was given: it never will keep them."""
    # A driver refuses some of them by itself, and the engine passes its error on as it is.
    return isinstance(error, DataError | IntegrityError | OverflowError | ValueError)


BUSY = "数据库正忙或暂时连不上，请稍后重试 (database busy or out of reach, try again)"


def insert_or(connection: Connection | Engine, table: Table) -> Any:
    """An insert that may say what happens where the row is there: `on_conflict_…`."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def _number(named: str) -> int:
    return int.from_bytes(hashlib.sha256(named.encode()).digest()[:8], signed=True)
