"""Where the stories' logs are (日志地址): a word that can be given to another process."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from sqlalchemy import Engine

from eventlog.engines import open_postgres_engine
from eventlog.log import EventLog, create_event_log, open_event_log, open_postgres_log
from eventlog.postgres_connections import options_for
from eventlog.postgres_tables import create_log_tables
from eventlog.snapshots import NO_SNAPSHOTS, SnapshotPlan
from eventlog.sqlite_engine import open_engine
from tests.real_parts.postgres_server import database_of_this_process, fresh_schema

_BETWEEN = " schema: "


def new_address(kind: str, folder: Path) -> str:
    """A new, empty log's address: `sqlite` in a folder, `postgres` in a schema of its own."""
    if kind == "sqlite":
        path = folder / "log.sqlite"
        create_event_log(path)
        return str(path)
    url, schema = database_of_this_process(), fresh_schema()
    with psycopg.connect(url, options=options_for(url, schema)) as connection:
        create_log_tables(connection)
    return f"{url}{_BETWEEN}{schema}"


@contextmanager
def connected(address: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the driver to a log on PostgreSQL, as the log's own are."""
    url, _, schema = address.partition(_BETWEEN)
    with psycopg.connect(url, autocommit=True, options=options_for(url, schema)) as connection:
        yield connection


def behind_the_log(address: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Something done to the log's tables behind its back; values stand for `?`."""
    if _BETWEEN in address:
        written = cast("LiteralString", statement.replace("?", "%s"))
        with connected(address) as connection:
            cursor = connection.execute(written, values)
            return cursor.fetchall() if cursor.description else []
    with closing(sqlite3.connect(address)) as file, file:
        return file.execute(statement, values).fetchall()


def lift_the_guard(address: str) -> None:
    """Let stored events be changed and deleted, as somebody who owns the database could."""
    if _BETWEEN in address:
        behind_the_log(address, "ALTER TABLE stored_events DISABLE TRIGGER USER")
    else:
        behind_the_log(address, "DROP TRIGGER stored_events_are_not_changed")
        behind_the_log(address, "DROP TRIGGER stored_events_are_not_deleted")


def open_at(address: str, snapshots: SnapshotPlan = NO_SNAPSHOTS) -> EventLog:
    """The log at an address."""
    where, is_schema, schema = address.partition(_BETWEEN)
    if is_schema:
        return open_postgres_log(where, schema, snapshots)
    return open_event_log(Path(where), snapshots)


def engine_beside(address: str) -> Engine:
    """An engine for read models: a file beside the log's, or the log's own schema."""
    url, is_schema, schema = address.partition(_BETWEEN)
    if is_schema:
        return open_postgres_engine(url, schema)
    return open_engine(Path(address).with_name("read_models.sqlite"))
