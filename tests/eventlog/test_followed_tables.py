"""Tables that follow a log: made when missing, up to date when read, made again from the log."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy.exc import OperationalError

from eventlog.followed_tables import FollowedTables
from eventlog.follower import FollowerStopped
from eventlog.log import EventLog, LogBusy, LoggedEvent
from eventlog.sqlite_engine import open_engine
from tests.eventlog.savings_box import Box

_metadata = MetaData()
_coins = Table(
    "kept_coins",
    _metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("fen", Integer, nullable=False),
    Column("of", String),
    Index("kept_coins_d", "fen", "position"),
    Index("kept_coins_b", "of", "position"),
    Index("kept_coins_e", "fen"),
    Index("kept_coins_a", "of"),
    Index("kept_coins_c", "of", "fen"),
)
_books = Table("kept_books", _metadata, Column("pages", Integer, nullable=False))


class KeptCoins(FollowedTables):
    """The coins of all boxes."""

    def __init__(self, log: EventLog, engine: Engine) -> None:
        super().__init__(name="kept_coins", tables=_metadata, react=_react, log=log, engine=engine)

    def fens(self) -> list[int]:
        """Each coin in order."""
        with self.caught_up() as connection:
            return list(connection.execute(select(_coins.c.fen)).scalars())

    def rows(self) -> list[tuple[int, int, str | None]]:
        """As they stand, without looking at the log."""
        with self.reading() as connection:
            return [tuple(row) for row in connection.execute(select(_coins))]


class BookKeptCoins(KeptCoins):
    """Follows something else besides: a book that has more pages each time, beginning with one."""

    def create_missing(self, connection: Connection) -> None:
        """With the first page."""
        super().create_missing(connection)
        if connection.execute(select(_books)).first() is None:
            connection.execute(insert(_books).values(pages=1))

    def catch_up(self) -> int:
        """One page more."""
        reached = super().catch_up()
        with self._engine.begin() as connection:
            connection.execute(_books.update().values(pages=_books.c.pages + 1))
        return reached

    def pages(self) -> list[int]:
        """As they stand."""
        with self.reading() as connection:
            return list(connection.execute(select(_books.c.pages)).scalars())


def _react(connection: Connection, logged: LoggedEvent) -> None:
    """A coin of 13 fen cannot be told."""
    if isinstance(logged.event, Box.CoinAdded):
        fen, of = logged.event.fen, str(logged.event.originator_id)
        if fen == 13:
            raise ArithmeticError(fen)
        connection.execute(insert(_coins).values(position=logged.position, fen=fen, of=of))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database in a file of its own, without any table."""
    engine = open_engine(tmp_path / "read_models.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def kept(log: EventLog, engine: Engine) -> KeptCoins:
    """The read model with its tables."""
    kept = KeptCoins(log, engine)
    kept.create_tables()
    return kept


def save_coins(log: EventLog, *fens: int) -> str:
    """Li's box with these coins put in; its id."""
    box = log.find(Box.create_id("li"), Box) or Box.open("li")
    for fen in fens:
        box.add_coin(fen)
    log.save(box)
    return str(box.id)


def made(engine: Engine) -> dict[str, str]:
    """What the database was told to create, by name, in the order of creation."""
    query = text("SELECT name, sql FROM sqlite_master WHERE name LIKE 'kept%' ORDER BY rowid")
    with engine.connect() as connection:
        return {row.name: row.sql for row in connection.execute(query)}


def execute(engine: Engine, *statements: str) -> None:
    """What an older version left, or somebody else did."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_what_was_saved_is_in_the_next_answer(log: EventLog, kept: KeptCoins) -> None:
    """Reading catches up first, from where the tables are."""
    save_coins(log, 1, 2)
    first = kept.fens()
    save_coins(log, 5)

    assert (first, kept.fens(), kept.catch_up()) == ([1, 2], [1, 2, 5], 4)


def test_reading_alone_does_not_catch_up(log: EventLog, kept: KeptCoins) -> None:
    """Answers that must go together with earlier ones are read as the tables stand."""
    li = save_coins(log, 1)
    kept.catch_up()
    save_coins(log, 5)

    assert kept.rows() == [(2, 1, li)]


def test_what_is_applied_meanwhile_is_in_none_of_the_answers(
    log: EventLog, engine: Engine, kept: KeptCoins
) -> None:
    """All that is read at one time is of one moment, though somebody else moves the tables on."""
    save_coins(log, 1)
    with kept.caught_up() as connection:
        before = connection.execute(select(_coins.c.fen)).scalars().all()
        save_coins(log, 5)
        assert KeptCoins(log, engine).fens() == [1, 5]
        after = connection.execute(select(_coins.c.fen)).scalars().all()

    assert (before, after) == ([1], [1])


def test_a_position_that_is_never_seen_ends_the_looking(
    log: EventLog, kept: KeptCoins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever always finds the tables behind hears that they are busy, some looks later."""
    save_coins(log, 1)
    monkeypatch.setattr(kept, "catch_up", lambda: 10)
    with pytest.raises(LogBusy):
        kept.fens()


def test_an_event_that_cannot_be_applied_leaves_no_answer(log: EventLog, kept: KeptCoins) -> None:
    """Neither reading nor rebuilding passes it over; what came before is kept."""
    li = save_coins(log, 1, 13, 5)
    for ask in (kept.fens, kept.catch_up, kept.rebuild):
        with pytest.raises(FollowerStopped, match="'kept_coins' stopped before position 3"):
            ask()

    assert kept.rows() == [(2, 1, li)]


def test_indexes_are_made_in_one_order_everywhere(engine: Engine, kept: KeptCoins) -> None:
    """By their names, after the table: which of two SQLite takes hangs on it."""
    kept.create_tables()

    assert list(made(engine)) == [
        "kept_books",
        "kept_coins",
        "kept_coins_a",
        "kept_coins_b",
        "kept_coins_c",
        "kept_coins_d",
        "kept_coins_e",
    ]


def test_creating_again_changes_nothing(log: EventLog, engine: Engine, kept: KeptCoins) -> None:
    """Every start creates what is missing; what is there stays, rows and all."""
    li = save_coins(log, 1, 2)
    kept.catch_up()
    before = made(engine)

    KeptCoins(log, engine).create_tables()

    assert (made(engine), kept.rows()) == (before, [(2, 1, li), (3, 2, li)])


def test_who_creates_tables_keeps_others_from_writing(log: EventLog, engine: Engine) -> None:
    """Of several that start at once, each finds what the one before has made, and nobody fails."""
    refused: list[str] = []

    class Watched(KeptCoins):
        def create_missing(self, connection: Connection) -> None:
            with closing(sqlite3.connect(str(engine.url.database), timeout=0)) as other:
                try:
                    other.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    refused.append(str(error))
            super().create_missing(connection)

    for _ in range(2):
        Watched(log, engine).create_tables()

    assert refused == ["database is locked"] * 2


def test_tables_of_an_older_version_get_what_came_later(
    log: EventLog, engine: Engine, kept: KeptCoins
) -> None:
    """A table, a column and its indexes are put beside the rows, which stay as they were told; the
    column has what comes from now on, and after a rebuild everything."""
    li = save_coins(log, 1)
    kept.catch_up()
    whole = made(engine)
    execute(
        engine,
        *(f"DROP INDEX kept_coins_{each}" for each in "abc"),
        "ALTER TABLE kept_coins DROP COLUMN of",
        "DROP TABLE kept_books",
        "UPDATE kept_coins SET fen = 100",
    )

    kept.create_tables()
    save_coins(log, 5)
    kept.catch_up()

    assert kept.rows() == [(2, 100, None), (3, 5, li)]
    assert set(made(engine)) == set(whole)
    kept.rebuild()
    assert kept.rows() == [(2, 1, li), (3, 5, li)]
    assert made(engine) == whole


def test_a_later_column_that_old_rows_cannot_lack_is_refused(
    log: EventLog, engine: Engine, kept: KeptCoins
) -> None:
    """Whoever adds one learns it at once, and the tables are as they were."""
    save_coins(log, 1)
    kept.catch_up()
    execute(
        engine,
        *(f"DROP INDEX kept_coins_{each}" for each in "cde"),
        "ALTER TABLE kept_coins DROP COLUMN fen",
    )
    before = made(engine)

    with pytest.raises(OperationalError, match="NOT NULL"):
        kept.create_tables()

    assert made(engine) == before


def test_a_rebuild_makes_the_same_rows_again(
    log: EventLog, engine: Engine, kept: KeptCoins
) -> None:
    """From the first event on, whatever the tables said; then following goes on from there."""
    li = save_coins(log, 1, 2)
    kept.catch_up()
    execute(engine, "UPDATE kept_coins SET fen = 99")

    reached = kept.rebuild()

    assert (reached, kept.rows()) == (3, [(2, 1, li), (3, 2, li)])
    save_coins(log, 5)
    assert kept.fens() == [1, 2, 5]


def test_one_that_follows_something_else_too_does_so_whenever_it_is_read(
    log: EventLog, engine: Engine
) -> None:
    """Its row to begin with is there once, and again after a rebuild."""
    kept = BookKeptCoins(log, engine)
    for _ in range(2):
        kept.create_tables()
    save_coins(log, 1)

    begun = kept.pages()
    assert kept.fens() == [1]
    read = kept.pages()
    reached = kept.rebuild()

    assert (begun, read, kept.pages(), reached) == ([1], [2], [2], 2)
