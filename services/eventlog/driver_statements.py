"""Statements given to the driver itself (驱动语句), on either database: the few that every request
runs, since the engine takes several times as long to pass one on as the database takes to run it.

Values stand for `?`, whatever the driver writes for it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from eventlog.sqlite_engine import driver_connections


class DriverStatements(Protocol):
    """Statements of which each is whole by itself."""

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """What a query finds. Raises `LogBusy` where a server is out of reach."""

    def note(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row, all or none, without waiting for the disk: a power
        failure may lose what was noted at the last moment, a process that is killed loses nothing.

        Raises `LogBusy` where a server is out of reach.
        """


def driver_statements(engine: Engine) -> DriverStatements:
    """Those on an engine's database; a file is as durable as its engine was opened."""
    return _OnFile(engine) if engine.dialect.name == "sqlite" else _OnServer(engine)


def rows_within(connection: Connection, statement: str, values: Sequence[Any]) -> list[Any]:
    """What a statement finds within the transaction of a connection."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return list(driver.execute(statement, values))
    cursor = driver.execute(_for_server(statement), values)
    return list(cursor) if cursor.description else []


class _OnFile:
    def __init__(self, engine: Engine) -> None:
        self._connections = driver_connections(engine)

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with self._connections.lent() as connection:
            return connection.execute(statement, values).fetchall()

    def note(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._connections.lent() as connection:
            if len(rows) == 1:
                connection.execute(statement, rows[0])
                return
            connection.execute("BEGIN IMMEDIATE")
            # Leaving it by an error takes all of them back.
            with connection:
                connection.executemany(statement, rows)


class _OnServer:
    def __init__(self, engine: Engine) -> None:
        # Each statement by itself: nothing to begin, nothing to end.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with self._lent() as driver:
            found: list[Any] = driver.execute(_for_server(statement), values).fetchall()
            return found

    def note(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._lent() as driver, driver.pipeline(), driver.transaction():
            driver.execute("SET LOCAL synchronous_commit = off")
            driver.cursor().executemany(_for_server(statement), rows)

    @contextmanager
    def _lent(self) -> Iterator[Any]:
        # Only where a server is used: the embedded default starts without its driver.
        from eventlog.postgres_connections import told_as_busy  # noqa: PLC0415 -- see above

        with told_as_busy(), self._engine.connect() as connection:
            yield connection.connection.driver_connection


def _for_server(statement: str) -> str:
    return statement.replace("?", "%s")
