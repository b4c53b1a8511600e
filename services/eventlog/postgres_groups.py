"""One transaction for a group of saves on PostgreSQL (成组写入).

The transaction holds the table's EXCLUSIVE lock (readers go on), so nobody else inserts between
looking and writing. Where nothing stands against any of the saves, as nearly always, one statement
sees that and writes all, and the lock is not kept while anything is computed here. Otherwise which
of them stand is decided here, one after another, each by itself; those that do not are told so, and
the others are written by one statement for each table.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg import Connection

from eventlog.binary_arrays import Bigints, Blobs, Flags, Integers, Texts, Uuids
from eventlog.log_errors import RequestAlreadyAccepted, VersionConflict
from eventlog.requests import Answer, RegisteredRequest, RequestKey

# Queued for; a transaction that only reads is not kept waiting by it.
LOCK = "LOCK TABLE stored_events IN EXCLUSIVE MODE"
LAST_POSITION = "SELECT max(notification_id) FROM stored_events"
# The last position stands in the row without an id.
_VERSIONS = """SELECT NULL::uuid, max(notification_id) FROM stored_events UNION ALL
    SELECT originator_id, max(originator_version) FROM stored_events
    WHERE originator_id = ANY(%b::uuid[]) GROUP BY originator_id"""
# One row at a time, by its key: a plan that was made while the table was small, and is kept, must
# not read all of it when it is large.
REGISTERED = """SELECT there.* FROM unnest(%b::text[], %b::text[], %b::text[]) AS asked (i, o, k)
    CROSS JOIN LATERAL (
        SELECT institution_id, operation, key, body_hash, accepted, status, body
        FROM request_register WHERE (institution_id, operation, key) = (i, o, k) LIMIT 1
    ) AS there"""
_STORED = """SELECT there.* FROM unnest(%b::uuid[], %b::bigint[]) AS asked (i, v)
    CROSS JOIN LATERAL (
        SELECT originator_id, originator_version, topic, state, notification_id
        FROM stored_events WHERE (originator_id, originator_version) = (i, v) LIMIT 1
    ) AS there"""
_INSERT_EVENTS = """INSERT INTO stored_events
    (originator_id, originator_version, topic, state, notification_id)
    SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bigint[])"""
_INSERT_SNAPSHOTS = """INSERT INTO snapshots (originator_id, originator_version, topic, state)
    SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])
    ON CONFLICT (originator_id) DO UPDATE SET originator_version = excluded.originator_version,
        topic = excluded.topic, state = excluded.state"""
# An acceptance takes the place of a refusal; nothing takes the place of an acceptance.
_REGISTER = """INSERT INTO request_register AS there
    (institution_id, operation, key, body_hash, accepted, status, body)
    SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::boolean[],
        %b::integer[], %b::bytea[])
    ON CONFLICT (institution_id, operation, key) DO UPDATE SET
        body_hash = excluded.body_hash, accepted = excluded.accepted,
        status = excluded.status, body = excluded.body
    WHERE NOT there.accepted"""
# Written as a whole or not at all: `fine` says which. Where each aggregate goes on from what is
# stored, no request was answered before, and the last position is known, all from one moment.
_UNDISPUTED = """WITH
    events AS (SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])
        WITH ORDINALITY AS e (id, version, topic, state, place)),
    requests AS (SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[],
        %b::boolean[], %b::integer[], %b::bytea[])
        AS r (institution_id, operation, key, body_hash, accepted, status, body)),
    standing AS (SELECT
        (SELECT coalesce(max(notification_id), 0) FROM stored_events) AS last,
        NOT EXISTS (SELECT FROM requests AS r CROSS JOIN LATERAL (
            SELECT FROM request_register AS there
            WHERE (there.institution_id, there.operation, there.key)
                = (r.institution_id, r.operation, r.key) LIMIT 1) AS known)
        AND NOT EXISTS (SELECT FROM unnest(%b::uuid[], %b::bigint[]) AS going_on (id, version)
            WHERE version <> (SELECT coalesce(max(originator_version), 0)
                FROM stored_events WHERE originator_id = id)) AS fine),
    stored AS (INSERT INTO stored_events
        (originator_id, originator_version, topic, state, notification_id)
        SELECT id, version, topic, state, last + place FROM events, standing WHERE fine),
    registered AS (INSERT INTO request_register
        (institution_id, operation, key, body_hash, accepted, status, body)
        SELECT requests.* FROM requests, standing WHERE fine),
    taken AS (INSERT INTO snapshots (originator_id, originator_version, topic, state)
        SELECT s.* FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[])
            AS s (originator_id, originator_version, topic, state), standing WHERE fine
        ON CONFLICT (originator_id) DO UPDATE SET originator_version = excluded.originator_version,
            topic = excluded.topic, state = excluded.state)
    SELECT last, fine FROM standing"""


@dataclass(frozen=True)
class Save:
    """What one writer wants stored together: events, a request's row, snapshots."""

    events: Sequence[StoredEvent] = ()
    request: RegisteredRequest | None = None
    snapshots: Sequence[StoredEvent] = ()


Outcome = Sequence[int] | Exception
"""The positions of a save's events, or why it was not stored."""


@dataclass
class _Standing:
    """What the tables hold of what a group is about, as its saves are decided one by one."""

    last_position: int
    versions: dict[UUID, int]
    register: dict[RequestKey, RegisteredRequest]
    stored: dict[tuple[UUID, int], tuple[str, bytes, int]]
    again: bool
    events: list[tuple[StoredEvent, int]] = field(default_factory=list)
    rows: dict[RequestKey, RegisteredRequest] = field(default_factory=dict)
    snapshots: dict[UUID, StoredEvent] = field(default_factory=dict)

    def decide(self, save: Save) -> Outcome:
        """Take a save in, or say why not."""
        there = self._stored_before(save)
        if there is not None:
            return there
        # The register first: whoever repeats a request must hear that it was accepted, not
        # that the aggregate has moved on (which it did, by that very request).
        if save.request is not None and save.request.accepted and self._is_accepted(save.request):
            return RequestAlreadyAccepted(save.request.key)
        versions = dict[UUID, int]()
        for event in save.events:
            of = _id(event)
            if event.originator_version != versions.get(of, self.versions.get(of, 0)) + 1:
                return VersionConflict("another writer saved one of these aggregates first")
            versions[of] = event.originator_version
        self.versions |= versions
        self._register(save.request)
        self.snapshots |= {_id(each): each for each in save.snapshots}
        return [self._append(event) for event in save.events]

    def _stored_before(self, save: Save) -> Outcome | None:
        """Its positions, if an earlier try stored this very save and its answer was lost."""
        if not self.again:
            return None
        if not save.events:
            return [] if save.request and save.request == self._known(save.request) else None
        first = save.events[0]
        there = self.stored.get((_id(first), first.originator_version))
        if there is None or there[:2] != (first.topic, first.state):
            return None
        return range(there[2], there[2] + len(save.events))

    def _known(self, request: RegisteredRequest) -> RegisteredRequest | None:
        return self.rows.get(request.key) or self.register.get(request.key)

    def _is_accepted(self, request: RegisteredRequest) -> bool:
        known = self._known(request)
        return known is not None and known.accepted

    def _register(self, request: RegisteredRequest | None) -> None:
        if request is not None and not self._is_accepted(request):
            self.rows[request.key] = request

    def _append(self, event: StoredEvent) -> int:
        self.last_position += 1
        self.events.append((event, self.last_position))
        return self.last_position


def write_group(
    connection: Connection[Any], saves: Sequence[Save], *, again: bool = False
) -> list[Outcome]:
    """Store those of the saves that stand, in their order, and say of each what became of it.

    `again` looks first whether an earlier try has stored them, which nobody was told of. Raises
    what the driver raises; then nothing was stored, unless the connection broke at the end.
    """
    if not again:
        going_on = _going_on(saves)
        positions = None if going_on is None else _write_undisputed(connection, saves, going_on)
        if positions is not None:
            return positions
    with connection.pipeline(), connection.transaction():
        standing = _look(connection, saves, again=again)
        outcomes = [standing.decide(save) for save in saves]
        insert_events(connection, standing.events)
        insert_requests(connection, list(standing.rows.values()))
        _insert_snapshots(connection, list(standing.snapshots.values()))
    return outcomes


def _going_on(saves: Sequence[Save]) -> dict[UUID, int] | None:
    """The version that each aggregate goes on from, or None where the saves are not apart: where
    two are about one aggregate or one request, or an aggregate's events do not follow each other.
    """
    before: dict[UUID, int] = {}
    for save in saves:
        versions: dict[UUID, int] = {}
        for event in save.events:
            of = _id(event)
            if of in before:
                return None
            if event.originator_version != versions.setdefault(of, event.originator_version):
                return None
            versions[of] += 1
        before |= {_id(each): each.originator_version - 1 for each in reversed(save.events)}
    keys = [save.request.key for save in saves if save.request]
    return before if len(keys) == len(set(keys)) else None


def _write_undisputed(
    connection: Connection[Any], saves: Sequence[Save], going_on: dict[UUID, int]
) -> list[Outcome] | None:
    """Store all of them by one round trip, or none where something stands against one: None."""
    events = [event for save in saves for event in save.events]
    snapshots = {_id(each): each for save in saves for each in save.snapshots}
    values = (
        *_columns(events),
        *_request_columns([save.request for save in saves if save.request]),
        Uuids(going_on),
        Bigints(going_on.values()),
        *_columns(list(snapshots.values())),
    )
    with connection.pipeline():
        with connection.transaction():
            connection.execute(LOCK)
            told = connection.execute(_UNDISPUTED, values, binary=True)
        # Behind the commit: to ask before would be a way there and back with the lock held.
        last, is_fine = cast("tuple[int, bool]", told.fetchone())
    if not is_fine:
        return None
    ends = list(itertools.accumulate((len(save.events) for save in saves), initial=last))
    return [list(range(start + 1, end + 1)) for start, end in itertools.pairwise(ends)]


def _look(connection: Connection[Any], saves: Sequence[Save], *, again: bool) -> _Standing:
    events = [event for save in saves for event in save.events]
    keys = list({save.request.key for save in saves if save.request})
    connection.execute(LOCK)
    ids = Uuids({_id(event) for event in events})
    versions = connection.execute(_VERSIONS, (ids,), binary=True)
    known = connection.execute(REGISTERED, keys_asked(keys), binary=True)
    stored: dict[tuple[UUID, int], tuple[str, bytes, int]] = {}
    if again:
        firsts = [save.events[0] for save in saves if save.events]
        places = (Uuids(map(_id, firsts)), Bigints(e.originator_version for e in firsts))
        for of, version, *rest in connection.execute(_STORED, places, binary=True):
            stored[of, version] = (rest[0], rest[1], rest[2])
    found: dict[UUID | None, int | None] = dict(versions.fetchall())
    last = found.pop(None)
    return _Standing(
        last_position=last or 0,
        versions=cast("dict[UUID, int]", found),
        register={row.key: row for row in map(request_of_row, known.fetchall())},
        stored=stored,
        again=again,
    )


def _only(cursor: Any) -> int | None:
    found: int | None = cursor.fetchone()[0]
    return found


def keys_asked(keys: Iterable[RequestKey]) -> tuple[Texts, Texts, Texts]:
    """Request keys as `REGISTERED` asks for them."""
    each = list(keys)
    return (
        Texts(k.institution_id for k in each),
        Texts(k.operation for k in each),
        Texts(k.key for k in each),
    )


def request_of_row(row: Sequence[Any]) -> RegisteredRequest:
    """A row of the register: institution, operation, key, hash, accepted, status, body."""
    institution_id, operation, key, body_hash, accepted, status, body = row
    return RegisteredRequest(
        key=RequestKey(institution_id, operation, key),
        body_hash=body_hash,
        accepted=accepted,
        answer=Answer(status, bytes(body)),
    )


def last_position(connection: Connection[Any]) -> int:
    """The last position, 0 in an empty log; the next one's, where the table is locked."""
    return _only(connection.execute(LAST_POSITION)) or 0


def insert_events(connection: Connection[Any], placed: Iterable[tuple[StoredEvent, int]]) -> None:
    """Insert events at their positions, by one statement; the table is locked."""
    rows = list(placed)
    if rows:
        columns = _columns([event for event, _ in rows])
        connection.execute(_INSERT_EVENTS, (*columns, Bigints(at for _, at in rows)))


def insert_requests(connection: Connection[Any], requests: Sequence[RegisteredRequest]) -> None:
    """Write rows of the register, where no acceptance stands."""
    if requests:
        connection.execute(_REGISTER, _request_columns(requests))


def _request_columns(requests: Sequence[RegisteredRequest]) -> tuple[list[Any], ...]:
    return (
        Texts(each.key.institution_id for each in requests),
        Texts(each.key.operation for each in requests),
        Texts(each.key.key for each in requests),
        Texts(each.body_hash for each in requests),
        Flags(each.accepted for each in requests),
        Integers(each.answer.status for each in requests),
        Blobs(each.answer.body for each in requests),
    )


def _insert_snapshots(connection: Connection[Any], snapshots: Sequence[StoredEvent]) -> None:
    if snapshots:
        connection.execute(_INSERT_SNAPSHOTS, _columns(snapshots))


def _columns(events: Sequence[StoredEvent]) -> tuple[Uuids, Bigints, Texts, Blobs]:
    return (
        Uuids(map(_id, events)),
        Bigints(event.originator_version for event in events),
        Texts(event.topic for event in events),
        Blobs(event.state for event in events),
    )


def _id(event: StoredEvent) -> UUID:
    found = event.originator_id
    if not isinstance(found, UUID):
        raise TypeError(type(found))
    return found
