"""SQLAlchemy on SQLite, with transactions that begin when they say so (数据库连接).

The driver begins transactions late, and not at all before DDL, so that a rebuild would be
visible half done. Here every transaction begins with BEGIN; one opened by `begin_writing` takes
the write lock at once, since SQLite refuses, without waiting, to turn a reader whose snapshot is
old into a writer.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event

from eventlog.recorder import LOCK_TIMEOUT_SECONDS, switch_to_wal

_BEGIN = "yizhan_begin"


def open_engine(path: Path, *, durable: bool = False) -> Engine:
    """An engine on a SQLite file that several processes may share.

    `durable` is for tables that cannot be made again from a log: each commit is then flushed to
    the disk before it returns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": LOCK_TIMEOUT_SECONDS})

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


@contextmanager
def driver_connection(engine: Engine) -> Iterator[sqlite3.Connection]:
    """The driver's own connection, lent by the engine's pool: for the few statements that every
    request runs, since the engine takes several times as long to pass one on as it takes to run.

    No transaction is begun: each statement is one by itself, unless the caller begins one.
    """
    with closing(engine.raw_connection()) as lent:
        yield cast("sqlite3.Connection", lent.driver_connection)


@contextmanager
def begin_writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its beginning."""
    with engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"}).begin() as connection:
        yield connection
