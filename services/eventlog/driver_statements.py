"""Statements given to the driver itself (驱动语句), on either database: the few that every request
runs, since the engine takes several times as long to pass one on as the database takes to run it.

Values stand for `?`, whatever the driver writes for it.
"""

from collections.abc import Callable, Sequence
from threading import BoundedSemaphore
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, event

from eventlog.kept_connections import KeptConnections
from eventlog.sqlite_engine import driver_connections

Found = TypeVar("Found")

_MOST_CONNECTIONS = 8


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
    """One that was cut meanwhile is replaced, and the statement run again: it is asked nothing
    beforehand, which would cost as much as the statement.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connections = KeptConnections(self._open)
        self._places = BoundedSemaphore(_MOST_CONNECTIONS)
        event.listen(engine, "engine_disposed", lambda _engine: self._connections.close())

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        def find(driver: Any) -> list[Any]:
            found: list[Any] = driver.execute(_for_server(statement), values).fetchall()
            return found

        return self._run(find)

    def note(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        def keep(driver: Any) -> None:
            with driver.pipeline(), driver.transaction():
                driver.execute("SET LOCAL synchronous_commit = off")
                driver.cursor().executemany(_for_server(statement), rows)

        self._run(keep)

    def _run(self, work: Callable[[Any], Found]) -> Found:
        # Only where a server is used: the embedded default starts without its driver.
        from eventlog.postgres_connections import (  # noqa: PLC0415 -- see above
            is_out_of_reach,
            told_as_busy,
        )

        with told_as_busy(), self._places:
            try:
                with self._connections.lent() as driver:
                    return work(driver)
            except Exception as error:
                if not is_out_of_reach(error):
                    raise
            # Whatever cut this one cut the others as well.
            self._connections.close()
            with self._connections.lent() as driver:
                return work(driver)

    def _open(self) -> Any:
        pooled = self._engine.raw_connection()
        driver: Any = pooled.driver_connection
        # The pool would ask whether it is there, and take back what was done, each time.
        pooled.detach()
        driver.autocommit = True
        return driver


def _for_server(statement: str) -> str:
    return statement.replace("?", "%s")
