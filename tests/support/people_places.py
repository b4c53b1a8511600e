"""Where a story's people are kept (资格服务存储): in files, or in a schema of a PostgreSQL server.

A data folder stands for either: it says so itself where a server keeps its people, so that another
process finds them by the folder alone.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from eligibility.settings import Settings
from eligibility.storage import make_tables
from eventlog.postgres_connections import options_for
from tests.real_parts.postgres_server import database_of_this_process, fresh_schema

KINDS = ("sqlite", "postgres")
ON_BOTH = pytest.mark.parametrize("kept_on", KINDS)
"""For a story that is told on both."""

_SERVER = "server.json"


def new_people_place(kind: str, folder: Path) -> Path:
    """The folder, from now on one of an empty store: `sqlite`, or `postgres` in a new schema."""
    if kind == "postgres":
        keep_people_in(folder, database_of_this_process(), fresh_schema())
        make_tables(people_settings(folder))
    return folder


def keep_people_in(folder: Path, database: str, schema: str = "eligibility") -> None:
    """Have the folder stand for the people in a schema, whatever tables are there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _SERVER).write_text(json.dumps({"database": database, "schema": schema}))


def people_settings(folder: Path, **more: Any) -> Settings:
    """The settings of the store that a folder stands for."""
    return Settings(folder, **more, **_where(folder))


def people_environment(folder: Path) -> dict[str, str]:
    """The same for a command."""
    where = _where(folder)
    if not where:
        return {"YIZHAN_DATA": str(folder)}
    return {
        "YIZHAN_DATA": str(folder),
        "YIZHAN_DATABASE_URL": where["database"],
        "YIZHAN_ELIGIBILITY_SCHEMA": where["schema"],
    }


def behind_the_people(
    folder: Path, file: str, statement: str, *values: object
) -> list[tuple[Any, ...]]:
    """Something done to the tables behind the service's back: those of a file of the folder, or
    those on the server; values stand for `?`.
    """
    if not is_on_server(folder):
        with closing(sqlite3.connect(folder / f"{file}.sqlite")) as connection, connection:
            return connection.execute(statement, values).fetchall()
    where = _where(folder)
    options = options_for(where["database"], where["schema"])
    with psycopg.connect(where["database"], autocommit=True, options=options) as server:
        cursor = server.execute(statement.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def account_of_a_worker(folder: Path) -> Iterator[Settings]:
    """The settings of a process whose account may read and write, and owns no table."""
    settings, role = people_settings(folder), f"worker_{uuid4().hex}"
    schema, database = f'"{settings.schema}"', str(settings.database)
    owned = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"
    with psycopg.connect(database, autocommit=True) as server:
        for statement in (
            f"CREATE ROLE {role}",
            f"GRANT USAGE ON SCHEMA {schema} TO {role}",
            f"GRANT {owned} IN SCHEMA {schema} TO {role}",
        ):
            server.execute(statement.encode())
    yield replace(settings, database=make_conninfo(database, options=f"-c role={role}"))
    with psycopg.connect(database, autocommit=True) as server:
        server.execute(f"DROP OWNED BY {role}".encode())
        server.execute(f"DROP ROLE {role}".encode())


def is_on_server(folder: Path) -> bool:
    """Whether a server keeps the folder's people."""
    return (folder / _SERVER).exists()


def _where(folder: Path) -> dict[str, str]:
    file = folder / _SERVER
    return dict(json.loads(file.read_text())) if file.exists() else {}
