"""The library's own SQLite recorder, with what it lacks (事件存储).

Three things are added to `SQLiteApplicationRecorder`: writers take the lock at BEGIN, so that
several processes wait for each other instead of failing; the register of requests is written by
the same cursor as the events; stored events can be neither changed nor deleted.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ConnectionUnavailableError, OperationalError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from eventlog.kept_connections import KeptConnections
from eventlog.log_errors import (
    EventLogMissing,
    LogBusy,
    OutcomeUnknown,
    RequestAlreadyAccepted,
    VersionConflict,
)
from eventlog.recorder import EventLogRecorder, PlacedEvent, StoredStretch
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from eventlog.running_requests import FileRunningRequests, running_requests_of

LOCK_TIMEOUT_SECONDS = 30
SCHEMA_VERSION = 1

# `rowid` is declared, since VACUUM may renumber an undeclared one, and it is the position that
# followers keep. Columns keep the library's order and names.
_TABLES = (
    """CREATE TABLE IF NOT EXISTS stored_events (
        rowid INTEGER PRIMARY KEY AUTOINCREMENT,
        originator_id TEXT NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        UNIQUE (originator_id, originator_version))""",
    """CREATE TRIGGER IF NOT EXISTS stored_events_are_not_changed
        BEFORE UPDATE ON stored_events
        BEGIN SELECT RAISE(ABORT, 'stored events are never changed'); END""",
    """CREATE TRIGGER IF NOT EXISTS stored_events_are_not_deleted
        BEFORE DELETE ON stored_events
        BEGIN SELECT RAISE(ABORT, 'stored events are never deleted'); END""",
    """CREATE TABLE IF NOT EXISTS request_register (
        institution_id TEXT NOT NULL,
        operation TEXT NOT NULL,
        key TEXT NOT NULL,
        body_hash TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        status INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (institution_id, operation, key)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS serials (
        series TEXT PRIMARY KEY,
        last INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS snapshots (
        originator_id TEXT PRIMARY KEY,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL) WITHOUT ROWID""",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_INSERT_EVENTS = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state) VALUES (?,?,?,?)"
)

# An acceptance takes the place of a refusal; nothing takes the place of an acceptance.
_REGISTER = """INSERT INTO request_register
    (institution_id, operation, key, body_hash, accepted, status, body) VALUES (?,?,?,?,?,?,?)
    ON CONFLICT DO UPDATE SET
        body_hash = excluded.body_hash, accepted = excluded.accepted,
        status = excluded.status, body = excluded.body
    WHERE accepted = 0
    RETURNING accepted"""

_FIND_REQUEST = """SELECT body_hash, accepted, status, body FROM request_register
    WHERE institution_id = ? AND operation = ? AND key = ?"""

_POSITIONS = """SELECT rowid FROM stored_events
    WHERE originator_id = ? ORDER BY originator_version"""

# In the order of the index, so that each aggregate's events come together and in order.
_EVENTS_OF_MANY = """SELECT originator_id, originator_version, topic, state FROM stored_events
    WHERE originator_id IN ({places}) ORDER BY originator_id, originator_version"""
# SQLite takes a limited number of values in one statement.
_MOST_IDS = 500

_EVENTS_AFTER = """SELECT originator_version, topic, state FROM stored_events
    WHERE originator_id = ? AND originator_version > ? ORDER BY originator_version"""

_STRETCH = """SELECT rowid, topic, originator_id, originator_version,
    CASE WHEN topic IN ({places}) THEN state END FROM stored_events
    WHERE rowid > ? ORDER BY rowid LIMIT ?"""

_INSERT_SNAPSHOT = "INSERT OR REPLACE INTO snapshots VALUES (?,?,?,?)"
_SNAPSHOT = "SELECT originator_version, topic, state FROM snapshots WHERE originator_id = ?"
_SNAPSHOTS_FROM = """SELECT originator_id, originator_version, topic, state FROM snapshots
    WHERE originator_id > ? ORDER BY originator_id LIMIT 100"""

_CHANGED_SINCE = "SELECT DISTINCT originator_id FROM stored_events WHERE rowid > ?"

_NEXT_SERIAL = """INSERT INTO serials (series, last) VALUES (?, 1)
    ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last"""


def create_tables(path: Path) -> None:
    """Create the tables of an event log in the file `path`; harmless when they are there.

    A step of its own, not done when opening: processes that create tables while others start
    have been seen to crash. Any number of processes may run it at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, LOCK_TIMEOUT_SECONDS, isolation_level=None)) as connection:
        switch_to_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("COMMIT")


def require_usable(path: Path) -> None:
    """Whether the file holds a log of this version that can be read now.

    Raises `EventLogMissing`, `sqlite3.Error`.
    """
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("SELECT max(rowid) FROM stored_events").fetchone()
    if version != SCHEMA_VERSION:
        message = f"no event log of version {SCHEMA_VERSION} in {path}"
        raise EventLogMissing(message)


def switch_to_wal(connection: sqlite3.Connection) -> None:
    """Put a database in WAL mode, so that readers and the writer do not wait for each other."""
    # Changing the journal mode does not wait for the lock the way other statements do.
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "busy"
        if mode == "wal":
            return
        if time.monotonic() > deadline:
            message = f"the journal could not be switched to WAL: {mode}"
            raise LogBusy(message)
        time.sleep(0.01)


class _ImmediateTransaction(SQLiteTransaction):
    """A transaction that writes takes the write lock when it begins.

    A plain BEGIN takes it at the first write; if another process has written in between, SQLite
    fails at once instead of waiting.
    """

    def __enter__(self) -> SQLiteCursor:
        if not self.commit:
            return super().__enter__()
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise LogBusy(BUSY) from error
        return cursor

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        except BaseException:
            # After some errors (a full disk) SQLite may leave the transaction open, and its manual
            # asks to end it: the pool would lend the connection, and its lock, to the next writer.
            self.connection.rollback()
            raise


class _Connection(SQLiteConnection):
    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with _ImmediateTransaction(self, commit=commit) as cursor, cursor:
            yield cursor


class _ConnectionPool(SQLiteConnectionPool):
    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        cursor = connection.cursor()
        # An acknowledged write survives a power failure: the journal is flushed at each commit.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA user_version")
        if cursor.fetchone()[0] != SCHEMA_VERSION:
            connection.close()
            message = f"no event log of version {SCHEMA_VERSION} in {self.db_name}"
            raise EventLogMissing(message)
        return _Connection(connection._sqlite_conn, self.max_age)  # noqa: SLF001 -- the library offers no other way to replace the transaction


class _Datastore(SQLiteDatastore):
    def __init__(self, path: Path) -> None:
        self.readers = KeptConnections(partial(_open_reader, path))
        super().__init__(str(path))
        self.pool = _ConnectionPool(
            db_name=str(path),
            lock_timeout=LOCK_TIMEOUT_SECONDS,
            # More than the threads a server has: a pool that runs dry while it holds the
            # library's writer lock never gives that lock back.
            pool_size=8,
            max_overflow=248,
            pool_timeout=LOCK_TIMEOUT_SECONDS,
        )

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Writers go through the pool, one after another; readers have connections of their own.

        In the pool a reader stands in line behind the writers, and would wait as long as they do
        for another process's lock.
        """
        if commit:
            with super().transaction(commit=True) as cursor:
                yield cursor
            return
        with self.readers.lent() as connection, closing(connection.cursor()) as reading:
            reading.row_factory = sqlite3.Row
            yield SQLiteCursor(reading)

    def close(self) -> None:
        self.readers.close()
        super().close()


def _open_reader(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA query_only=ON")
    if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        connection.close()
        message = f"no event log of version {SCHEMA_VERSION} in {path}"
        raise EventLogMissing(message)
    return connection


class SqliteRecorder(SQLiteApplicationRecorder, EventLogRecorder):
    """Writes events and the register of requests in one transaction."""

    def __init__(self, datastore: _Datastore) -> None:
        super().__init__(datastore)
        self._readers = datastore.readers
        self.insert_events_statement = _INSERT_EVENTS

    def construct_create_table_statements(self) -> list[str]:
        """None: tables are created by `create_tables`, never on the way."""
        return []

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Insert events, and the row of the request that is `accepted` with them, or nothing."""
        with self._writing() as cursor:
            # The register first: whoever repeats a request must hear that it was accepted, not
            # that the aggregate has moved on (which it did, by that very request).
            accepted = kwargs.get("accepted")
            if accepted is not None and not _register(cursor, accepted):
                raise RequestAlreadyAccepted(accepted.key)
            try:
                positions = super()._insert_events(cursor, stored_events) or []
            except sqlite3.IntegrityError as error:
                message = "another writer saved one of these aggregates first"
                raise VersionConflict(message) from error
            cursor.executemany(_INSERT_SNAPSHOT, map(_event_row, kwargs.get("snapshots", ())))
        self.on_commit(1)
        return positions

    def insert_portions(
        self,
        portions: Iterable[Sequence[StoredEvent]],
        accepted: RegisteredRequest | None = None,
    ) -> None:
        """Insert portions as they are made, and the accepted request, at once or not at all.

        The write lock is held until the last one; readers go on. Whatever a portion's making
        raises takes back what was inserted before it.
        """
        with self._writing() as cursor:
            if accepted is not None and not _register(cursor, accepted):
                raise RequestAlreadyAccepted(accepted.key)
            for portion in portions:
                try:
                    cursor.executemany(_INSERT_EVENTS, map(_event_row, portion))
                except sqlite3.IntegrityError as error:
                    message = "another writer saved one of these aggregates first"
                    raise VersionConflict(message) from error

    def select_events_of_many(self, originator_ids: Sequence[UUID]) -> Iterator[StoredEvent]:
        """The events of several aggregates: those of each together, in order."""
        for start in range(0, len(originator_ids), _MOST_IDS):
            ids = {each.hex: each for each in originator_ids[start : start + _MOST_IDS]}
            statement = _EVENTS_OF_MANY.format(places=",".join("?" * len(ids)))
            with self._readers.lent() as connection:
                rows = connection.execute(statement, tuple(ids)).fetchall()
            for hex_id, version, topic, state in rows:
                yield StoredEvent(ids[hex_id], version, topic, state)

    def select_events_after(self, originator_id: UUID, version: int) -> list[StoredEvent]:
        """The events of an aggregate after a version, in order."""
        with self._readers.lent() as connection:
            rows = connection.execute(_EVENTS_AFTER, (originator_id.hex, version)).fetchall()
        return [StoredEvent(originator_id, *row) for row in rows]

    def select_stretch(self, after: int, limit: int, topics: Sequence[str]) -> StoredStretch:
        """As `EventLogRecorder`."""
        statement = _STRETCH.format(places=",".join("?" * len(topics)))
        with self._readers.lent() as connection:
            rows = connection.execute(statement, (*topics, after, limit)).fetchall()
        return StoredStretch(
            [
                PlacedEvent(at, topic, UUID(of), v, state)
                for at, topic, of, v, state in rows
                if state is not None
            ],
            {topic for _, topic, _, _, _ in rows},
            rows[-1][0] if rows else after,
        )

    def select_snapshot(self, originator_id: UUID) -> StoredEvent | None:
        """The snapshot of an aggregate, as it is stored."""
        with self._readers.lent() as connection:
            row = connection.execute(_SNAPSHOT, (originator_id.hex,)).fetchone()
        return None if row is None else StoredEvent(originator_id, *row)

    def select_snapshots(self) -> Iterator[StoredEvent]:
        """Every snapshot, as it is stored."""
        reached = ""
        while True:
            with self._readers.lent() as connection:
                rows = connection.execute(_SNAPSHOTS_FROM, (reached,)).fetchall()
            for hex_id, version, topic, state in rows:
                yield StoredEvent(UUID(hex_id), version, topic, state)
            if not rows:
                return
            reached = rows[-1][0]

    def delete_snapshot(self, originator_id: UUID) -> None:
        """Forget the snapshot of an aggregate. Raises `LogBusy`."""
        with self._writing() as cursor:
            cursor.execute("DELETE FROM snapshots WHERE originator_id = ?", (originator_id.hex,))

    def select_changed_since(self, position: int) -> list[UUID]:
        """The aggregates that have an event after a position, each once."""
        with self._readers.lent() as connection:
            return [UUID(row[0]) for row in connection.execute(_CHANGED_SINCE, (position,))]

    def record_refusal(self, request: RegisteredRequest) -> None:
        """Keep a refusal; it replaces an earlier refusal, never an acceptance."""
        with self._writing() as cursor:
            _register(cursor, request)

    def find_request(self, key: RequestKey) -> RegisteredRequest | None:
        """The register's row for a key, or None."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(_FIND_REQUEST, (key.institution_id, key.operation, key.key))
            row = cursor.fetchone()
        if row is None:
            return None
        return RegisteredRequest(
            key=key,
            body_hash=row["body_hash"],
            accepted=bool(row["accepted"]),
            answer=Answer(status=row["status"], body=row["body"]),
        )

    def select_positions(self, originator_id: UUID) -> list[int]:
        """The positions of an originator's events, by version."""
        with self._readers.lent() as connection:
            return [row[0] for row in connection.execute(_POSITIONS, (originator_id.hex,))]

    def next_serial(self, series: str) -> int:
        """Hand out the next number of a series, committed before it is returned."""
        with self._writing() as cursor:
            cursor.execute(_NEXT_SERIAL, (series,))
            return int(cursor.fetchone()[0])

    def select_series(self) -> list[str]:
        """As `EventLogRecorder`."""
        with self._readers.lent() as connection:
            return [row[0] for row in connection.execute("SELECT series FROM serials")]

    @contextmanager
    def _writing(self) -> Iterator[SQLiteCursor]:
        try:
            with self.datastore.transaction(commit=True) as cursor:
                yield cursor
        except ConnectionUnavailableError as error:
            raise LogBusy(BUSY) from error
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlite_errorcode", 0)
            if code == sqlite3.SQLITE_IOERR_FSYNC:
                raise OutcomeUnknown(UNKNOWN) from error
            if code & 0xFF in NO_ROOM:
                raise LogBusy(FULL) from error
            raise


BUSY = "事件日志正忙，未写入任何内容，请重试 (event log busy, nothing stored)"
FULL = "磁盘已满或不可写，未写入任何内容；腾出空间后重试 (disk full, nothing stored)"
UNKNOWN = (
    "磁盘没有确认最后的写入，结果未知；请用同一请求键重发，或查询该请求的结果 "
    "(outcome unknown: send the same request again)"
)
# The disk has no room, or does not take what is written (the lowest byte is the kind).
NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def _register(cursor: SQLiteCursor, request: RegisteredRequest) -> bool:
    """Write a row; False when the key was accepted before and the row stays as it is."""
    key, answer = request.key, request.answer
    identity = (key.institution_id, key.operation, key.key)
    cursor.execute(
        _REGISTER,
        (*identity, request.body_hash, int(request.accepted), answer.status, answer.body),
    )
    return cursor.fetchone() is not None


def _event_row(event: StoredEvent) -> tuple[str, int, str, bytes]:
    at, version = event.originator_id, event.originator_version
    return (at.hex if isinstance(at, UUID) else at, version, event.topic, event.state)


class SqliteLogPlace:
    """A file in which `create_tables` created the log's tables."""

    def __init__(self, path: Path) -> None:
        """Raises `EventLogMissing`."""
        if not path.is_file():
            message = f"no event log at {path}"
            raise EventLogMissing(message)
        self.path = path.resolve()
        self._datastore = _Datastore(path)

    def open_recorder(self) -> SqliteRecorder:
        """The recorder. Raises `EventLogMissing`."""
        recorder = SqliteRecorder(self._datastore)
        recorder.max_notification_id()
        return recorder

    def require_usable(self) -> None:
        """Whether a new process could open it now. Raises `EventLogMissing`, `sqlite3.Error`."""
        require_usable(self.path)

    def running_requests(self) -> FileRunningRequests:
        """The requests that run on this log, in whichever process of this machine."""
        return running_requests_of(self.path)

    def close(self) -> None:
        """Let go of connections."""
        self._datastore.close()
