"""SQLAlchemy on SQLite, with transactions that begin when they say so (数据库连接).

The driver begins transactions late, and not at all before DDL, so that a rebuild would be
visible half done. Here every transaction begins with BEGIN; one opened by `begin_writing` takes
the write lock at once, since SQLite refuses, without waiting, to turn a reader whose snapshot is
old into a writer.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event

from eventlog.kept_connections import KeptConnections
from eventlog.sqlite_recorder import LOCK_TIMEOUT_SECONDS, switch_to_wal

_BEGIN = "yizhan_begin"


def open_engine(path: Path, *, durable: bool = False) -> Engine:
    """An engine on a SQLite file that several processes may share.

    `durable` is for tables that cannot be made again from a log: each commit is then flushed to
    the disk before it returns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": LOCK_TIMEOUT_SECONDS},
        # What was written is in no error's text.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        switch_to_wal(connection)
        # Position and rows move together, and read models can be made again from the log: what
        # matters there is that no half of a transaction survives, and NORMAL keeps that.
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        # What is deleted is overwritten with zeros.
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    return engine


def driver_connections(engine: Engine) -> KeptConnections:
    """The driver's own connections, set up as the engine's are: for the few statements that every
    request runs, since the engine takes several times as long to pass one on as it takes to run.
    """

    def open_one() -> sqlite3.Connection:
        pooled = engine.raw_connection()
        connection = cast("sqlite3.Connection", pooled.driver_connection)
        # The pool would roll back and check whatever it is given back, each time.
        pooled.detach()
        return connection

    return KeptConnections(open_one)


@contextmanager
def begin_writing_sqlite(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its beginning."""
    with engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}).begin() as connection:
        yield connection
