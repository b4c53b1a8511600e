"""The books of differences as rows (台账读模型): filtered and paged without loading a book.

Derived and disposable. Each book is followed by itself, from its own events: a county's people,
who have a thousand times as many, are never read for it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.schema import CreateTable

from contracts.vocabulary import DifferenceAnswer, DifferenceKind, DifferenceState
from eligibility.application.difference_ports import (
    DifferenceCount,
    DifferenceRow,
    WantedDifferences,
)
from eligibility.domain.booked_difference import BookedDifference, ChangedPlace, FoundDifference
from eligibility.domain.difference_book import DifferenceBook
from eventlog.engines import begin_writing, insert_or, written_apart
from eventlog.followed_tables import require_tables

_metadata = MetaData()
_books = Table(
    "difference_books",
    _metadata,
    Column("book_id", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
)
_rows = Table(
    "difference_rows",
    _metadata,
    Column("book_id", String(32), primary_key=True),
    # In the order in which differences came into the book: the same when it is made again.
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("difference_id", String(32), nullable=False, unique=True),
    Column("what", String, nullable=False),
    Column("township", String),
    Column("village", String),
    Column("disease", String),
    Column("state", String, nullable=False),
    Column("notice", Integer),
    Column("answer", String),
    Column("sealed_note", LargeBinary),
)
_PORTION = 400


def create_difference_rows(engine: Engine) -> None:
    """Create the tables; harmless when they are there."""
    with begin_writing(engine) as connection:
        for table in (_books, _rows):
            connection.execute(CreateTable(table, if_not_exists=True))


def require_difference_rows(engine: Engine) -> None:
    """That the tables are there, as a migration made them. Raises `ReadModelMissing`."""
    require_tables(engine, _metadata)


class BookEvents(Protocol):
    """The events of one book behind a version."""

    def __call__(self, book_id: UUID, after: int) -> Iterable[Any]:
        """In order."""


class SqlDifferenceRows:
    """The port `DifferenceRows`; among files, its own comes into being with the first question."""

    def __init__(self, *, events: BookEvents, open_engine: Callable[[], Engine]) -> None:
        self._events = events
        self._open_engine = open_engine

    def page(
        self, book_id: UUID, wanted: WantedDifferences, *, after: int, limit: int
    ) -> Sequence[DifferenceRow]:
        """Up to `limit` rows behind a place, in order."""
        query = _wanted(select(_rows), book_id, wanted)
        query = query.where(_rows.c.place > after).order_by(_rows.c.place).limit(limit)
        with self._caught_up(book_id) as connection:
            return [_row(each) for each in connection.execute(query)]

    def ids(self, book_id: UUID, wanted: WantedDifferences) -> Sequence[UUID]:
        """All that are asked for, by township, village and place."""
        columns = _rows.c
        query = _wanted(select(columns.difference_id), book_id, wanted)
        query = query.order_by(
            columns.township.nulls_first(),
            columns.village.nulls_first(),
            columns.what,
            columns.place,
        )
        with self._caught_up(book_id) as connection:
            return [UUID(each) for each in connection.execute(query).scalars()]

    def counts(self, book_id: UUID) -> Sequence[DifferenceCount]:
        """How many of each kind, place and state."""
        kinds = (_rows.c.township, _rows.c.village, _rows.c.what, _rows.c.state)
        query = select(*kinds, func.count()).where(_rows.c.book_id == book_id.hex)
        query = query.group_by(*kinds).order_by(*(each.nulls_first() for each in kinds))
        with self._caught_up(book_id) as connection:
            return [
                DifferenceCount(
                    township, village, DifferenceKind(what), DifferenceState(state), count
                )
                for township, village, what, state, count in connection.execute(query)
            ]

    def forget(self) -> None:
        """Throw all rows away; the next question about a book makes its own again."""
        with begin_writing(self._engine) as connection:
            for table in (_rows, _books):
                connection.execute(delete(table))

    @cached_property
    def _engine(self) -> Engine:
        engine = written_apart(self._open_engine(), "difference_rows")
        if engine.dialect.name == "sqlite":
            create_difference_rows(engine)
        return engine

    def _caught_up(self, book_id: UUID) -> Connection:
        """A connection that reads the book as it stands."""
        version_of = select(_books.c.version).where(_books.c.book_id == book_id.hex)
        with self._engine.connect() as connection:
            version = connection.execute(version_of).scalar_one_or_none() or 0
        if any(True for _ in self._events(book_id, version)):
            with begin_writing(self._engine) as connection:
                # Another process may have been here meanwhile: the version counts, under the lock.
                version = connection.execute(version_of).scalar_one_or_none() or 0
                for event in self._events(book_id, version):
                    _react(connection, event)
                    version = event.originator_version
                noted = insert_or(connection, _books).values(book_id=book_id.hex, version=version)
                connection.execute(
                    noted.on_conflict_do_update(
                        index_elements=["book_id"], set_={"version": version}
                    )
                )
        return self._engine.connect()


def _react(connection: Connection, event: Any) -> None:
    if isinstance(event, DifferenceBook.DifferencesFound):
        last = select(func.max(_rows.c.place)).where(_rows.c.book_id == event.originator_id.hex)
        first = (connection.execute(last).scalar_one() or 0) + 1
        rows = [
            {**_new_row(event.originator_id, each), "place": place}
            for place, each in enumerate(event.found, start=first)
        ]
        connection.execute(insert(_rows), rows)
    elif isinstance(event, DifferenceBook.DifferencesReopened):
        ids, state = event.difference_ids, DifferenceState.FOUND
        _move(connection, ids, state, notice=None, answer=None, sealed_note=None)
    elif isinstance(event, DifferenceBook.DifferencePlacesChanged):
        _put(connection, event.places)
    elif isinstance(event, DifferenceBook.DifferencesResolved):
        _move(connection, event.difference_ids, DifferenceState.RESOLVED)
    elif isinstance(event, DifferenceBook.NoticeSent):
        ids, state = event.difference_ids, DifferenceState.SENT
        _move(connection, ids, state, notice=event.number, answer=None, sealed_note=None)
    elif isinstance(event, DifferenceBook.DifferencesAnswered):
        for each in event.answers:
            said = {"answer": each.answer.value, "sealed_note": each.sealed_note}
            _move(connection, (each.difference_id,), DifferenceState.ANSWERED, **said)


def _move(
    connection: Connection, ids: Sequence[UUID], state: DifferenceState, **values: Any
) -> None:
    for start in range(0, len(ids), _PORTION):
        portion = [each.hex for each in ids[start : start + _PORTION]]
        moved = update(_rows).where(_rows.c.difference_id.in_(portion))
        connection.execute(moved.values(state=state.value, **values))


def _put(connection: Connection, places: Sequence[ChangedPlace]) -> None:
    put = update(_rows).where(_rows.c.difference_id == bindparam("of"))
    said = [
        {"of": each.difference_id.hex, "township": each.township, "village": each.village}
        for each in places
    ]
    connection.execute(put, said)


def _new_row(book_id: UUID, found: FoundDifference) -> dict[str, Any]:
    return {
        "book_id": book_id.hex,
        "difference_id": found.difference_id.hex,
        "what": found.what.value,
        "township": found.township,
        "village": found.village,
        "disease": found.disease,
        "state": DifferenceState.FOUND.value,
    }


def _wanted(query: Select[Any], book_id: UUID, wanted: WantedDifferences) -> Select[Any]:
    query = query.where(_rows.c.book_id == book_id.hex)
    if wanted.what:
        query = query.where(_rows.c.what.in_([each.value for each in wanted.what]))
    if wanted.states:
        query = query.where(_rows.c.state.in_([each.value for each in wanted.states]))
    if wanted.notice is not None:
        query = query.where(_rows.c.notice == wanted.notice)
    if wanted.township is not None:
        query = query.where(_rows.c.township == wanted.township)
    if wanted.village is not None:
        query = query.where(_rows.c.village == wanted.village)
    return query


def _row(row: Any) -> DifferenceRow:
    found = FoundDifference(
        UUID(row.difference_id), DifferenceKind(row.what), row.township, row.village, row.disease
    )
    answer = DifferenceAnswer(row.answer) if row.answer else None
    booked = BookedDifference(
        found, DifferenceState(row.state), row.notice, answer, row.sealed_note
    )
    return DifferenceRow(row.place, booked)
