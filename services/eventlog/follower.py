"""Followers (跟随者): read models brought up to date from the log, each event exactly once.

A follower keeps its position in the same database as its rows and moves it in the same
transaction, by an update that names the position it read. Two processes may run the same
follower: one moves, the other finds the position moved, and no event is applied twice.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from eventlog.engines import begin_writing, passes_by_itself, told_as_busy
from eventlog.log import EventNotReadable, LoggedEvent
from eventlog.sqlite_engine import open_engine

BATCH_EVENTS = 500

_metadata = MetaData()
_positions = Table(
    "follower_positions",
    _metadata,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
)

React = Callable[[Connection, LoggedEvent], None]


class ReadsInOrder(Protocol):
    """A log that can be read from a position on."""

    def read(self, after: int, limit: int = ...) -> list[LoggedEvent]:
        """Up to `limit` events after a position, in order."""


class FollowerStopped(Exception):
    """A follower could not apply an event. It stays before that event: nothing is skipped."""


class _PositionMoved(Exception):
    """Another process has applied these events."""


def open_read_models(path: Path) -> Engine:
    """An engine on a SQLite file for read models, which several processes may share."""
    return open_engine(path)


def create_follower_tables(engine: Engine) -> None:
    """Create the table of positions; harmless when it is there."""
    with begin_writing(engine) as connection:
        connection.execute(CreateTable(_positions, if_not_exists=True))


class Follower:
    """Applies `react` to every event of a log, in order, exactly once."""

    def __init__(self, *, name: str, log: ReadsInOrder, engine: Engine, react: React) -> None:
        self.name = name
        self._log = log
        self._engine = engine
        self._react = react
        self._lock = threading.Lock()
        self._stopped_before: int | None = None

    @property
    def stopped_before(self) -> int | None:
        """The position it could not pass at its last attempt, None when it got to the end."""
        return self._stopped_before

    def position(self) -> int:
        """The position of the last event applied, 0 before the first."""
        with self._engine.connect() as connection:
            return self._position(connection) or 0

    def position_seen_by(self, connection: Connection) -> int:
        """The same within a transaction of a reader."""
        return self._position(connection) or 0

    def catch_up(self) -> int:
        """Apply everything new; returns the position reached.

        Raises `FollowerStopped`, naming follower, position and event; what came before that
        event is applied and kept. Raises `LogBusy` where the database is away or out of room:
        that says nothing of any event.
        """
        with self._lock, told_as_busy():
            return self._catch_up()

    def rebuild(self, recreate_tables: Callable[[Connection], None]) -> int:
        """Drop and create this follower's tables, then apply everything from the beginning.

        The empty tables and position 0 become visible together. Raises `FollowerStopped`,
        `LogBusy`.
        """
        with self._lock, told_as_busy():
            self._ensure_position()
            with begin_writing(self._engine) as connection:
                connection.execute(self._move_statement(to=0))
                recreate_tables(connection)
            return self._catch_up()

    def _catch_up(self) -> int:
        try:
            position = self._catch_up_to_end()
        except FollowerStopped as stopped:
            self._stopped_before = stopped.args[1]
            raise
        except EventNotReadable:
            # Which one of the events to come it is, only reading them one by one would tell.
            self._stopped_before = self.position() + 1
            raise
        self._stopped_before = None
        return position

    def _catch_up_to_end(self) -> int:
        position = self._ensure_position()
        while batch := self._log.read(position, BATCH_EVENTS):
            try:
                self._apply(batch, after=position)
            except _PositionMoved:
                position = self.position()
            except FollowerStopped as stopped:
                self._apply_before(stopped, batch, after=position)
                raise
            else:
                position = batch[-1].position
        return position

    def _apply(self, batch: Sequence[LoggedEvent], *, after: int) -> None:
        with begin_writing(self._engine) as connection:
            # It misses if another process was here first.
            move = self._move_statement(to=batch[-1].position).where(_positions.c.position == after)
            if connection.execute(move).rowcount != 1:
                raise _PositionMoved
            for logged in batch:
                self._apply_one(connection, logged)

    def _apply_one(self, connection: Connection, logged: LoggedEvent) -> None:
        try:
            self._react(connection, logged)
        except Exception as error:
            if passes_by_itself(error):
                raise
            topic = getattr(type(logged.event), "TOPIC", type(logged.event).__qualname__)
            message = (
                f"follower {self.name!r} stopped before position {logged.position} ({topic} of "
                f"{logged.event.originator_id}): {type(error).__name__}"
            )
            raise FollowerStopped(message, logged.position) from error

    def _apply_before(
        self, stopped: FollowerStopped, batch: Sequence[LoggedEvent], *, after: int
    ) -> None:
        good = [logged for logged in batch if logged.position < stopped.args[1]]
        if good:
            # If another process was here first, it has applied them.
            with suppress(_PositionMoved):
                self._apply(good, after=after)

    def _move_statement(self, *, to: int) -> Any:
        return update(_positions).where(_positions.c.name == self.name).values(position=to)

    def _position(self, connection: Connection) -> int | None:
        query = select(_positions.c.position).where(_positions.c.name == self.name)
        return connection.execute(query).scalar_one_or_none()

    def _ensure_position(self) -> int:
        with self._engine.connect() as connection:
            position = self._position(connection)
        if position is None:
            try:
                with begin_writing(self._engine) as connection:
                    connection.execute(insert(_positions).values(name=self.name, position=0))
            except IntegrityError:
                return self.position()
        return position or 0
