"""Settlements by whom and which days they asked eligibility about, and what changed there since.

Two logs meet here: settlements come from the ledger, changes from eligibility. Derived and
disposable: `rebuild` makes all rows again.

A settlement is saved a moment after it asked. A change recorded in between may be read here before
the settlement is, so changes of the last days are kept and held against settlements that come
later; no settlement takes that long between asking and being saved, and no replica that answers
for eligibility (`settings.py`) was complete as long ago as that.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Engine,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from contracts.vocabulary import FactKind, InstitutionId, RecordsChange
from eventlog.engines import begin_writing
from eventlog.followed_tables import FollowedTables
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent
from settlement.application.list_touched import Candidate, ChangeSeen
from settlement.application.ports import (
    Corrections,
    EligibilityUnreachable,
    PersonChange,
    RecordsJoined,
)
from settlement.domain.record import SettlementInputs
from settlement.domain.stay import Stay

CHANGES_A_PAGE = 1_000
_KEPT = timedelta(days=4)
_FOREVER = date.max
_ANOTHER_LOG = (
    "资格服务的日志不是原来的，可能恢复自旧的备份；请运行 yizhan rebuild touched_settlements"
)
_NOT_KNOWN_BEFORE = 2**62
_OF_RECORDS = tuple(kind.value for kind in RecordsChange)

_metadata = MetaData()

_settled = Table(
    "touched_settled",
    _metadata,
    Column("number", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("stay_id", String, nullable=False),
    Column("institution_id", String),
    Column("person_id", String, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("touched_settled_by_person", "person_id"),
    Index("touched_settled_by_position", "position"),
)
_asked = Table(
    "touched_asked",
    _metadata,
    Column("number", String, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
)
_changes = Table(
    "touched_recent_changes",
    _metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("person_id", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("recorded_at", String, nullable=False),
    Index("touched_recent_changes_by_person", "person_id"),
    Index("touched_recent_changes_by_instant", "recorded_at"),
)
_touches = Table(
    "touched_by_changes",
    _metadata,
    Column("number", String, primary_key=True),
    Column("change_position", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("recorded_at", String, nullable=False),
)
# What is said of one id of a person is said of all of them.
_joined = Table(
    "touched_joined",
    _metadata,
    Column("person_id", String, primary_key=True),
    Column("other_id", String, primary_key=True),
)
# How far the changes were taken, and what tells the event there: one row, from the beginning on.
_cursor = Table(
    "touched_cursor",
    _metadata,
    Column("reached", BigInteger, nullable=False),
    Column("mark", String),
)


class SqlTouchedSettlements(FollowedTables):
    """Implements the port `TouchedSettlements`."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine, corrections: Corrections) -> None:
        super().__init__(
            name="touched_settlements", tables=_metadata, react=_react, log=log, engine=engine
        )
        self._corrections = corrections

    def create_missing(self, connection: Connection) -> None:
        """The tables, and where the taking of changes begins."""
        super().create_missing(connection)
        if connection.execute(select(_cursor.c.reached)).first() is None:
            connection.execute(insert(_cursor).values(reached=0))

    def catch_up(self) -> int:
        """Take in what both logs have; returns the position of the ledger reached.

        Raises FollowerStopped, EligibilityUnreachable.
        """
        # The ledger first: what is settled by now is here before any change is held against it.
        reached = super().catch_up()
        while self._take_changes():
            pass
        return reached

    def candidates(
        self, *, after: int, limit: int, institution_id: InstitutionId | None
    ) -> tuple[Candidate, ...]:
        """Up to `limit` of them behind a position of the ledger, in its order, up to date."""
        touched = select(_touches.c.number)
        query = (
            select(_settled)
            .where(_settled.c.position > after, _settled.c.number.in_(touched))
            .order_by(_settled.c.position)
            .limit(limit)
        )
        if institution_id is not None:
            query = query.where(_settled.c.institution_id == institution_id)
        with self.caught_up() as connection:
            rows = connection.execute(query).all()
            changes = _changes_seen(connection, [row.number for row in rows])
        return tuple(
            Candidate(row.position, row.number, UUID(row.stay_id), changes[row.number])
            for row in rows
        )

    def _take_changes(self) -> bool:
        """Take a page of changes; whether there is more."""
        with self.reading() as connection:
            cursor = connection.execute(select(_cursor)).one()
        reached: int = cursor.reached
        page = self._corrections.changes(after=reached, limit=CHANGES_A_PAGE)
        is_shorter = page.last is not None and page.last < reached
        if is_shorter or (cursor.mark and page.after_mark and cursor.mark != page.after_mark):
            # What was taken came from a log that eligibility no longer has.
            raise EligibilityUnreachable(_ANOTHER_LOG)
        if page.next_after == reached:
            return False
        with begin_writing(self._engine) as connection:
            # Another process may have taken this page; then it is not taken again.
            move = update(_cursor).where(_cursor.c.reached == reached)
            further = move.values(reached=page.next_after, mark=page.next_mark)
            if connection.execute(further).rowcount == 1 and page.changes:
                _take(connection, page.changes)
        return page.has_more


# --- the ledger -------------------------------------------------------------------------------


def _react(connection: Connection, logged: LoggedEvent) -> None:
    event = logged.event
    if isinstance(event, Stay.SettlementOpened):
        _add(connection, logged.position, event)
    elif isinstance(event, Stay.SettlementCompleted):
        own = update(_settled).where(_settled.c.number == event.number)
        connection.execute(own.values(institution_id=event.institution_id))
    elif isinstance(event, Stay.SettlementAdjusted):
        _ask_more(connection, event)
    elif isinstance(event, Stay.SettlementReversed):
        for table in (_settled, _asked, _touches):
            connection.execute(delete(table).where(table.c.number == event.number))


def _add(connection: Connection, position: int, event: Stay.SettlementOpened) -> None:
    used = event.inputs.eligibility
    connection.execute(
        insert(_settled).values(
            number=event.number,
            position=position,
            stay_id=str(event.originator_id),
            person_id=used.person_id,
            version=used.version,
        )
    )
    lines = [
        {"number": event.number, "line": line, "kind": kind, "first_day": first, "last_day": last}
        for line, (kind, first, last) in enumerate(_days_asked(event.inputs))
    ]
    connection.execute(insert(_asked), lines)
    _meet(connection, _settled.c.number == event.number)


def _ask_more(connection: Connection, event: Stay.SettlementAdjusted) -> None:
    """A revision may rest on days that nobody had asked about."""
    of_number = select(_asked).where(_asked.c.number == event.number)
    known = {(row.kind, row.first_day, row.last_day) for row in connection.execute(of_number)}
    more = [each for each in _days_asked(event.inputs) if each not in known]
    if more:
        lines = [
            {"number": event.number, "line": n, "kind": kind, "first_day": first, "last_day": last}
            for n, (kind, first, last) in enumerate(dict.fromkeys(more), start=len(known))
        ]
        connection.execute(insert(_asked), lines)
        _meet(connection, _settled.c.number == event.number)


def _days_asked(inputs: SettlementInputs) -> Iterable[tuple[str, date, date]]:
    used = inputs.eligibility
    yield FactKind.ENROLMENT.value, used.enrolment_on, used.enrolment_on
    for person in (used.person, *used.other_days):
        yield FactKind.IDENTITY.value, *person.window


# --- changes ----------------------------------------------------------------------------------


def _take(connection: Connection, changes: Sequence[PersonChange | RecordsJoined]) -> None:
    rows = [row for change in changes for row in _rows(connection, change)]
    connection.execute(insert(_changes), rows)
    _meet(connection, _changes.c.position.between(rows[0]["position"], rows[-1]["position"]))
    newest = max(change.recorded_at for change in changes)
    connection.execute(delete(_changes).where(_changes.c.recorded_at < _instant(newest - _KEPT)))


def _rows(connection: Connection, change: PersonChange | RecordsJoined) -> list[dict[str, object]]:
    """A change as said of every id of the person."""
    if isinstance(change, RecordsJoined):
        whose = _join_or_split(connection, change)
        own, first, last = None, date.min, _FOREVER
    else:
        own, whose = change.person_id, _records(connection, change.person_id)
        first, last = change.first_day, change.last_day or _FOREVER
    return [
        {
            "position": change.position,
            "person_id": person_id,
            # Histories of different ids have different lengths: only for the id that it stands
            # under does a change's version say whether an answer knew it. Asking again tells.
            "version": change.version if person_id == own else _NOT_KNOWN_BEFORE,
            "kind": change.kind.value,
            "first_day": first,
            "last_day": last,
            "recorded_at": _instant(change.recorded_at),
        }
        for person_id in sorted(whose)
    ]


def _join_or_split(connection: Connection, change: RecordsJoined) -> set[str]:
    """All ids of the person that two records became, or were."""
    if change.kind is RecordsChange.MERGED:
        pair = {"person_id": change.person_id, "other_id": change.other_id}
        connection.execute(insert(_joined), pair)
        return _records(connection, change.person_id)
    were = _records(connection, change.person_id)
    is_pair = and_(_joined.c.person_id == change.person_id, _joined.c.other_id == change.other_id)
    connection.execute(delete(_joined).where(is_pair))
    return were


def _records(connection: Connection, person_id: str) -> set[str]:
    """All ids of the person, this one among them."""
    found, news = {person_id}, {person_id}
    while news:
        near = select(_joined).where(
            or_(_joined.c.person_id.in_(news), _joined.c.other_id.in_(news))
        )
        news = {each for row in connection.execute(near) for each in row} - found
        found |= news
    return found


def _meet(connection: Connection, which: Any) -> None:
    """Note what touches what, among these settlements or these changes."""
    names = [column.name for column in _touches.columns]
    connection.execute(insert(_touches).from_select(names, _meeting(which)))


def _meeting(which: Any) -> Select[Any]:
    is_noted = exists().where(
        _touches.c.number == _settled.c.number,
        _touches.c.change_position == _changes.c.position,
    )
    return (
        select(
            _settled.c.number,
            _changes.c.position,
            _changes.c.kind,
            _changes.c.first_day,
            _changes.c.last_day,
            _changes.c.recorded_at,
        )
        .distinct()
        .join_from(_changes, _settled, _settled.c.person_id == _changes.c.person_id)
        .join(
            _asked,
            and_(
                _asked.c.number == _settled.c.number,
                or_(_asked.c.kind == _changes.c.kind, _changes.c.kind.in_(_OF_RECORDS)),
                _asked.c.first_day <= _changes.c.last_day,
                _changes.c.first_day <= _asked.c.last_day,
            ),
        )
        .where(which, _changes.c.version > _settled.c.version, ~is_noted)
    )


def _changes_seen(
    connection: Connection, numbers: Sequence[str]
) -> dict[str, tuple[ChangeSeen, ...]]:
    query = select(_touches).where(_touches.c.number.in_(numbers))
    found: dict[str, tuple[ChangeSeen, ...]] = dict.fromkeys(numbers, ())
    for row in connection.execute(query.order_by(_touches.c.change_position)):
        seen = ChangeSeen(
            kind=RecordsChange(row.kind) if row.kind in _OF_RECORDS else FactKind(row.kind),
            first_day=row.first_day,
            last_day=None if row.last_day == _FOREVER else row.last_day,
            recorded_at=datetime.fromisoformat(row.recorded_at),
        )
        found[row.number] += (seen,)
    return found


def _instant(at: datetime) -> str:
    """An instant as text whose order is that of time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
