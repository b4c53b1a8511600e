"""Tables that follow a log (读模型的表): created, brought up to date, and made again from it.

A read model is its tables, its reaction to events and its queries; what all of them do alike is
here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, Engine, MetaData, Table, inspect
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from eventlog.engines import BUSY, begin_writing, lock_tables, told_as_busy, written_apart
from eventlog.follower import Follower, React, ReadsInOrder, create_follower_tables
from eventlog.log_errors import EventLogMissing, LogBusy

# More than rebuilds can come between, and an end where a position is never seen.
_LOOKS = 100


class ReadModelMissing(EventLogMissing):
    """A read model's table, or a column of it, is not there: run the create step."""

    def __init__(self, table: str) -> None:
        super().__init__(f"读模型的表 {table} 缺失或不是本版本的；先运行 yizhan migrate")


class FollowedTables:
    """Tables derived from a log, and disposable: `rebuild` makes all rows again.

    `name` is that of the follower, under which its position is kept; `tables` have their indexes
    with them. A read model that follows something else besides extends `catch_up`, which reading
    and rebuilding go through, and `create_missing`, where it needs a row to begin with.
    """

    def __init__(
        self, *, name: str, tables: MetaData, react: React, log: ReadsInOrder, engine: Engine
    ) -> None:
        self._tables = tables
        self._engine = written_apart(engine, name)
        self._follower = Follower(name=name, log=log, engine=self._engine, react=react)

    @property
    def name(self) -> str:
        """The follower's name."""
        return self._follower.name

    @property
    def is_stopped(self) -> bool:
        """Whether the last attempt to catch up ended before an event it could not apply."""
        return self._follower.stopped_before is not None

    def position(self) -> int:
        """The position of the last event applied."""
        return self._follower.position()

    def create_tables(self) -> None:
        """Create what is missing: tables, columns that came later, indexes; harmless when all of
        it is there.

        Rows that are there stay, and have nothing in a column that came later (so it must allow
        that) until a `rebuild`: what follows ten million events is not made again at a start, and
        goes on bearing witness of what it was told at the time.
        """
        create_follower_tables(self._engine)
        with begin_writing(self._engine) as connection:
            self.create_missing(connection)

    def create_missing(self, connection: Connection) -> None:
        """The same within a transaction, which holds the write lock."""
        for table in self._tables.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
            add_missing_columns(connection, table)
            # Where two indexes seem to serve a query alike, SQLite takes the one that was created
            # last: in the order of their names it takes the same one everywhere.
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                connection.execute(CreateIndex(index, if_not_exists=True))

    def require_tables(self) -> None:
        """That all of it is there, as a migration made it. Raises `ReadModelMissing`."""
        require_tables(self._engine, self._tables)

    def catch_up(self) -> int:
        """Apply everything new; returns the position reached. Raises FollowerStopped."""
        return self._follower.catch_up()

    def rebuild(self) -> int:
        """Throw all rows away and make them again from the log; returns the position reached.

        Raises FollowerStopped.
        """
        self._follower.rebuild(self._recreate)
        return self.catch_up()

    @contextmanager
    def caught_up(self) -> Iterator[Connection]:
        """As `reading`, with everything that was logged before. Raises FollowerStopped, LogBusy."""
        for _ in range(_LOOKS):
            reached = self.catch_up()
            with self.reading() as connection:
                if self._follower.position_seen_by(connection) >= reached:
                    yield connection
                    return
            # Somebody makes the rows again, and had not come so far when this looked.
        raise LogBusy(BUSY)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction: what is applied meanwhile shows in all of its answers or in none.

        Raises LogBusy where the database is away.
        """
        with told_as_busy(), self._engine.begin() as connection:
            # What is seen is what stands once the tables are had: whoever waited for a rebuild
            # sees the new ones.
            lock_tables(connection, self._names(), alone=False)
            yield connection

    def _recreate(self, connection: Connection) -> None:
        there = set(inspect(connection).get_table_names())
        lock_tables(connection, [name for name in self._names() if name in there], alone=True)
        self._tables.drop_all(connection)
        self.create_missing(connection)

    def _names(self) -> list[str]:
        """All who lock them do so in this order, so that no two wait for each other."""
        return sorted(self._tables.tables)


Prepare = Callable[[FollowedTables], None]
"""Makes tables ready to be read: created among files, required on a server."""


def require_tables(engine: Engine, tables: MetaData) -> None:
    """That tables are there with all their columns. Raises `ReadModelMissing`."""
    with told_as_busy(), engine.connect() as connection:
        for table in tables.tables.values():
            if not inspect(connection).has_table(table.name) or _missing(connection, table):
                raise ReadModelMissing(table.name)


def add_missing_columns(connection: Connection, table: Table) -> None:
    """Columns that came later; rows that are there have nothing in them, or their default."""
    for column in _missing(connection, table):
        own = connection.dialect.identifier_preparer.format_table(table)
        definition = CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {own} ADD COLUMN {definition}")


def _missing(connection: Connection, table: Table) -> list[Column[Any]]:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    return [column for column in table.columns if column.name not in there]
