"""The event log in a schema of PostgreSQL (事件存储): safe for several writers, in groups.

Writers hold the table's EXCLUSIVE lock until they commit, so that positions are handed out in the
order of the commits and no reader passes one by that comes later. The library's recorder does the
same for one save at a time; here all saves of a moment share a transaction.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from eventsourcing.persistence import Notification, StoredEvent
from psycopg import Connection, Cursor

from eventlog.binary_arrays import Bigints, Texts, Uuids
from eventlog.company import Company
from eventlog.group_writer import GroupWriter
from eventlog.log_errors import (
    EventLogMissing,
    LogSealed,
    OutcomeUnknown,
    RequestAlreadyAccepted,
    VersionConflict,
)
from eventlog.postgres_connections import (
    LOST,
    REFUSALS,
    is_out_of_reach,
    open_pool,
    options_for,
    told_as_busy,
    with_patience,
)
from eventlog.postgres_groups import (
    LAST_POSITION,
    LOCK,
    REGISTERED,
    Outcome,
    Save,
    insert_events,
    insert_requests,
    keys_asked,
    last_position,
    request_of_row,
    write_group,
)
from eventlog.postgres_running import AdvisoryRunningRequests
from eventlog.postgres_tables import LOG_VERSION
from eventlog.recorder import EventLogRecorder, PlacedEvent, StoredAggregate, StoredStretch
from eventlog.requests import RegisteredRequest, RequestKey
from eventlog.sealing import seal_of_comment
from eventlog.turns import read_aside

Found = TypeVar("Found")

_EVENTS = "SELECT originator_id, originator_version, topic, state FROM stored_events"
_EVENTS_AFTER = f"{_EVENTS} WHERE originator_id = %b AND originator_version > %b"
_EVENTS_OF_MANY = f"""{_EVENTS} WHERE originator_id = ANY(%b::uuid[])
    ORDER BY originator_id, originator_version"""
# One aggregate at a time, by its id: see `REGISTERED`.
_TOGETHER = """SELECT true, originator_id, originator_version, topic, state
        FROM snapshots WHERE originator_id = ANY(%b::uuid[])
    UNION ALL
    SELECT false, e.originator_id, e.originator_version, e.topic, e.state
        FROM unnest(%b::uuid[]) AS asked (id)
        LEFT JOIN LATERAL (
            SELECT originator_version AS reached FROM snapshots WHERE originator_id = id LIMIT 1
        ) AS taken ON true
        CROSS JOIN LATERAL (
            SELECT originator_id, originator_version, topic, state FROM stored_events
            WHERE originator_id = id AND originator_version > coalesce(reached, 0) OFFSET 0
        ) AS e
    ORDER BY 1 DESC, 2, 3"""
_STRETCH = """SELECT notification_id, topic, originator_id, originator_version,
    CASE WHEN topic = ANY(%b::text[]) THEN state END FROM stored_events
    WHERE notification_id > %b ORDER BY notification_id LIMIT %b"""
_SNAPSHOTS = "SELECT originator_id, originator_version, topic, state FROM snapshots"
_REQUEST = """SELECT institution_id, operation, key, body_hash, accepted, status, body
    FROM request_register WHERE institution_id = %b AND operation = %b AND key = %b"""
_NEXT_SERIALS = """INSERT INTO serials AS there (series, last)
    SELECT * FROM unnest(%b::text[], %b::bigint[]) AS asked (series, wanted) ORDER BY series
    ON CONFLICT (series) DO UPDATE SET last = there.last + excluded.last
    RETURNING series, last"""
VERSION = "SELECT obj_description(to_regclass('stored_events'), 'pg_class')"
_MOST_IDS = 1000


class PostgresLogPlace:
    """A schema in which a migration created the log's tables."""

    def __init__(self, url: str, schema: str) -> None:
        """`url` is a connection string of PostgreSQL."""
        self.schema = schema
        self._url = url
        self._pool = open_pool(url, schema)
        self._company = Company()
        self._running = AdvisoryRunningRequests(url, schema, self._company)

    def open_recorder(self) -> "PostgresRecorder":
        """The recorder. Raises `EventLogMissing`, `LogBusy`."""
        recorder = PostgresRecorder(self._pool, self._company)
        try:
            self._require_version(recorder.version())
        except BaseException:
            self.close()
            raise
        return recorder

    def require_usable(self) -> None:
        """Whether a new process could open it now. Raises `EventLogMissing`, `psycopg.Error`."""
        options = options_for(self._url, self.schema)
        with psycopg.connect(self._url, options=options, connect_timeout=2) as connection:
            row = connection.execute(VERSION).fetchone()
            self._require_version(row[0] if row else None)

    def _require_version(self, found: str | None) -> None:
        seal = seal_of_comment(found)
        if seal is not None:
            message = (
                f"数据库模式 {self.schema} 里的账本已封存，迁往 {seal.moved_to}；不要在这里打开它："
                "按 docs/moving-a-shard.md 在新的数据库里接管 (sealed: it was moved)"
            )
            raise LogSealed(message)
        if found != LOG_VERSION:
            message = (
                f"数据库模式 {self.schema} 里没有本版本的事件日志；"
                f"先运行 yizhan migrate (no {LOG_VERSION} here: migrate first)"
            )
            raise EventLogMissing(message)

    def running_requests(self) -> AdvisoryRunningRequests:
        """The requests that run on this log, in whichever process on whichever machine."""
        return self._running

    def close(self) -> None:
        """Let go of connections."""
        self._running.close()
        self._pool.close()


class PostgresRecorder(EventLogRecorder):
    """Writes in groups; reads by statements of one round trip, tried again if the server was away.

    A save whose connection broke is looked for and stored if it is not there: it raises
    `OutcomeUnknown` only where the server does not come back in time.
    """

    def __init__(self, pool: Any, company: Company) -> None:
        """`pool` lends connections of one schema that begin no transactions; `company` counts
        those who work on requests."""
        self._pool = pool
        self._groups: GroupWriter[Save, Sequence[int]] = GroupWriter(
            self._write_together, company=company, refusals=REFUSALS, is_writing=True
        )
        self._serials: GroupWriter[str, int] = GroupWriter(
            self._draw_serials, company=company, refusals=REFUSALS, is_writing=True
        )
        self._readers: GroupWriter[Uuids, list[StoredAggregate]] = GroupWriter(
            self._read_together, company=company, refusals=REFUSALS
        )
        self._requests: GroupWriter[RequestKey, list[RegisteredRequest]] = GroupWriter(
            self._read_requests, company=company, refusals=REFUSALS
        )

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """As `EventLogRecorder`."""
        save = Save(
            tuple(stored_events), kwargs.get("accepted"), tuple(kwargs.get("snapshots", ()))
        )
        return self._groups.write(save)

    def record_refusal(self, request: RegisteredRequest) -> None:
        """As `EventLogRecorder`."""
        self._groups.write(Save(request=request))

    def _write_together(self, saves: Sequence[Save]) -> list[Outcome]:
        may_be_stored = False

        def attempt(number: int) -> list[Outcome]:
            nonlocal may_be_stored
            with self._pool.connection() as connection:
                try:
                    return write_group(connection, saves, again=number > 0)
                except psycopg.Error as error:
                    # It broke, and not because the server refused a statement: nobody knows how
                    # far it came.
                    may_be_stored = may_be_stored or is_out_of_reach(error)
                    raise

        try:
            outcomes = with_patience(attempt)
        except Exception as error:
            # Whatever ended the last try, an earlier one may have been stored.
            if may_be_stored:
                raise OutcomeUnknown(UNKNOWN) from error
            with told_as_busy():
                raise
        stored = sum(not isinstance(outcome, Exception) for outcome in outcomes)
        if stored:
            self.on_commit(stored)
        return outcomes

    def insert_portions(
        self,
        portions: Iterable[Sequence[StoredEvent]],
        accepted: RegisteredRequest | None = None,
    ) -> None:
        """As `EventLogRecorder`."""
        with self._writing() as connection:
            connection.execute(LOCK)
            if accepted is not None:
                _refuse_if_accepted(connection, accepted)
                insert_requests(connection, [accepted])
            position = last_position(connection)
            for portion in portions:
                placed = list(zip(portion, itertools.count(position + 1), strict=False))
                try:
                    insert_events(connection, placed)
                except psycopg.errors.UniqueViolation as error:
                    message = "another writer saved one of these aggregates first"
                    raise VersionConflict(message) from error
                position += len(portion)

    @contextmanager
    def _writing(self) -> Iterator[Connection[Any]]:
        """One transaction by itself; what its block raises takes it back."""
        done = False
        try:
            with self._pool.connection() as connection, connection.transaction():
                yield connection
                done = True
        except LOST as error:
            if done and is_out_of_reach(error):
                raise OutcomeUnknown(UNKNOWN) from error
            with told_as_busy():
                raise

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """An aggregate's events, in order, from and up to a version."""
        statement = f"""{_EVENTS} WHERE originator_id = %b
            AND originator_version > %b AND originator_version <= %b
            ORDER BY originator_version {"DESC" if desc else "ASC"} LIMIT %b"""
        values = (originator_id, gt or 0, _LARGEST if lte is None else lte, limit)
        return _stored_events(self._all(statement, values))

    def select_events_of_many(self, originator_ids: Sequence[UUID]) -> Iterator[StoredEvent]:
        """As `EventLogRecorder`."""
        for start in range(0, len(originator_ids), _MOST_IDS):
            ids = Uuids(originator_ids[start : start + _MOST_IDS])
            yield from _stored_events(self._all(_EVENTS_OF_MANY, (ids,)))

    def select_events_after(self, originator_id: UUID, version: int) -> list[StoredEvent]:
        """As `EventLogRecorder`."""
        statement = f"{_EVENTS_AFTER} ORDER BY originator_version"
        return _stored_events(self._all(statement, (originator_id, version)))

    def select_together(self, originator_ids: Sequence[UUID]) -> list[StoredAggregate]:
        """As `EventLogRecorder`, in one round trip and as of one moment."""
        return self._readers.write(Uuids(originator_ids))

    def _read_together(self, asked: Sequence[Uuids]) -> list[list[StoredAggregate]]:
        """What each asks for, by one statement for all."""
        ids = Uuids({each for some in asked for each in some})
        snapshots: dict[UUID, StoredEvent] = {}
        events: dict[UUID, list[StoredEvent]] = {each: [] for each in ids}
        for is_snapshot, *row in self._all(_TOGETHER, (ids, ids)):
            (stored,) = _stored_events([tuple(row)])
            if is_snapshot:
                snapshots[row[0]] = stored
            else:
                events[row[0]].append(stored)
        return [
            [StoredAggregate(each, snapshots.get(each), events[each]) for each in some]
            for some in asked
        ]

    def select_snapshot(self, originator_id: UUID) -> StoredEvent | None:
        """As `EventLogRecorder`."""
        rows = self._all(f"{_SNAPSHOTS} WHERE originator_id = %b", (originator_id,))
        return next(iter(_stored_events(rows)), None)

    def select_snapshots(self) -> Iterator[StoredEvent]:
        """As `EventLogRecorder`."""
        statement = f"{_SNAPSHOTS} WHERE originator_id > %b ORDER BY originator_id LIMIT 100"
        found = _stored_events(self._all(f"{_SNAPSHOTS} ORDER BY originator_id LIMIT 100"))
        while found:
            yield from found
            found = _stored_events(self._all(statement, (found[-1].originator_id,)))

    def delete_snapshot(self, originator_id: UUID) -> None:
        """As `EventLogRecorder`."""
        with self._writing() as connection:
            connection.execute("DELETE FROM snapshots WHERE originator_id = %b", (originator_id,))

    def select_changed_since(self, position: int) -> list[UUID]:
        """As `EventLogRecorder`."""
        statement = "SELECT DISTINCT originator_id FROM stored_events WHERE notification_id > %b"
        return [row[0] for row in self._all(statement, (position,))]

    def select_positions(self, originator_id: UUID) -> list[int]:
        """As `EventLogRecorder`."""
        statement = """SELECT notification_id FROM stored_events WHERE originator_id = %b
            ORDER BY originator_version"""
        return [row[0] for row in self._all(statement, (originator_id,))]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events in the order of their positions; `topics` is not offered."""
        if topics:
            raise NotImplementedError
        first = (start or 0) + (0 if inclusive_of_start else 1)
        statement = """SELECT notification_id, originator_id, originator_version, topic, state
            FROM stored_events WHERE notification_id >= %b AND notification_id <= %b
            ORDER BY notification_id LIMIT %b"""
        rows = self._all(statement, (first, _LARGEST if stop is None else stop, limit))
        return [
            Notification(
                id=position,
                originator_id=of,
                originator_version=version,
                topic=topic,
                state=bytes(state),
            )
            for position, of, version, topic, state in rows
        ]

    def select_stretch(self, after: int, limit: int, topics: Sequence[str]) -> StoredStretch:
        """As `EventLogRecorder`."""
        rows = self._all(_STRETCH, (Texts(topics), after, limit))
        return StoredStretch(
            [
                PlacedEvent(at, topic, of, v, state)
                for at, topic, of, v, state in rows
                if state is not None
            ],
            {topic for _, topic, _, _, _ in rows},
            rows[-1][0] if rows else after,
        )

    def max_notification_id(self) -> int | None:
        """The last position, or None."""
        found: int | None = self._one(LAST_POSITION)
        return found

    def find_request(self, key: RequestKey) -> RegisteredRequest | None:
        """As `EventLogRecorder`."""
        return next(iter(self._requests.write(key)), None)

    def _read_requests(self, asked: Sequence[RequestKey]) -> list[list[RegisteredRequest]]:
        found = {
            row.key: [row] for row in map(request_of_row, self._all(REGISTERED, keys_asked(asked)))
        }
        return [found.get(each, []) for each in asked]

    def next_serial(self, series: str) -> int:
        """As `EventLogRecorder`; those who ask at once are answered by one statement.

        On the disk before it is told: a server that stops between may forget what is not, while
        who has the number saves with it once the server is there again.
        """
        return self._serials.write(series)

    def _draw_serials(self, asked: Sequence[str]) -> list[int]:
        wanted = Counter(asked)

        def draw(connection: Connection[Any]) -> dict[str, int]:
            columns = (Texts(wanted), Bigints(wanted.values()))
            return dict(connection.execute(_NEXT_SERIALS, columns, binary=True).fetchall())

        with told_as_busy():
            last = self._patiently(draw)
        free = {series: itertools.count(last[series] - wanted[series] + 1) for series in wanted}
        return [next(free[series]) for series in asked]

    def select_series(self) -> list[str]:
        """As `EventLogRecorder`."""
        return [row[0] for row in self._all("SELECT series FROM serials")]

    def version(self) -> str | None:
        """What the tables say they are. Raises `LogBusy`."""
        found: str | None = self._one(VERSION)
        return found

    def _one(self, statement: str) -> Any:
        return self._all(statement)[0][0]

    def _all(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        def read(connection: Connection[Any]) -> list[tuple[Any, ...]]:
            cursor: Cursor[Any] = connection.execute(statement, values or None, binary=True)
            return cursor.fetchall()

        with told_as_busy():
            return self._patiently(read)

    def _patiently(self, work: Callable[[Connection[Any]], Found]) -> Found:
        """What may be done twice without harm."""

        def attempt(_number: int) -> Found:
            with self._pool.connection() as connection:
                return work(connection)

        return read_aside(lambda: with_patience(attempt))


_LARGEST = 2**62
UNKNOWN = (
    "数据库在写入的最后一刻断开，结果未知；请用同一请求键重发，或查询该请求的结果 "
    "(outcome unknown: send the same request again)"
)


def _refuse_if_accepted(connection: Connection[Any], request: RegisteredRequest) -> None:
    key = request.key
    row = connection.execute(
        _REQUEST, (key.institution_id, key.operation, key.key), binary=True
    ).fetchone()
    if row is not None and request_of_row(row).accepted:
        raise RequestAlreadyAccepted(key)


def _stored_events(rows: Iterable[tuple[Any, ...]]) -> list[StoredEvent]:
    return [
        StoredEvent(originator_id=of, originator_version=version, topic=topic, state=bytes(state))
        for of, version, topic, state in rows
    ]
