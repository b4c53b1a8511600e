"""Whoever reads while a read model is made again sees all of it, and waits for nobody for ever."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, insert, select, text

from eventlog.followed_tables import FollowedTables
from eventlog.log import EventLog, LogBusy, LoggedEvent
from tests.eventlog.log_addresses import engine_beside
from tests.eventlog.savings_box import Box

_metadata = MetaData()
_EVERY = [
    Table(f"twice_{name}", _metadata, Column("fen", Integer, nullable=False)) for name in "ab"
]
COINS = list(range(1, 601))


class Twice(FollowedTables):
    """Each coin in two tables; reading them in either order gives the same."""

    def __init__(self, log: EventLog, engine: Engine) -> None:
        super().__init__(name="twice", tables=_metadata, react=_react, log=log, engine=engine)

    def fens(self, *, backwards: bool) -> list[list[int]]:
        """What each table holds."""
        tables = reversed(_EVERY) if backwards else _EVERY
        with self.caught_up() as connection:
            return [sorted(connection.execute(select(each.c.fen)).scalars()) for each in tables]


def _react(connection: Connection, logged: LoggedEvent) -> None:
    if isinstance(logged.event, Box.CoinAdded):
        for each in _EVERY:
            connection.execute(insert(each).values(fen=logged.event.fen))
        if logged.event.fen == CUTS:
            cut(connection)


CUTS = 10_000


def cut(connection: Connection) -> None:
    """The server ends this very session."""
    connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@pytest.fixture(name="engine")
def _engine(address: str) -> Iterator[Engine]:
    engine = engine_beside(address)
    yield engine
    engine.dispose()


@pytest.fixture(name="twice")
def _twice(log: EventLog, engine: Engine) -> Twice:
    twice = Twice(log, engine)
    twice.create_tables()
    return twice


def put_in(log: EventLog, *fens: int) -> None:
    """Coins into Li's box."""
    box = log.find(Box.create_id("li"), Box) or Box.open("li")
    for fen in fens:
        box.add_coin(fen)
    log.save(box)


def test_readers_beside_a_rebuild_see_everything(
    log: EventLog, engine: Engine, twice: Twice
) -> None:
    """Made again six times, with 600 coins: three readers never see fewer."""
    put_in(log, *COINS)
    is_over = threading.Event()
    seen: list[list[list[int]]] = []
    failed: list[Exception] = []

    def read(number: int) -> None:
        mine = Twice(log, engine)
        while not is_over.is_set():
            try:
                found = mine.fens(backwards=number % 2 == 0)
            except Exception as error:
                failed.append(error)
                return
            if found != [COINS, COINS]:
                seen.append(found)

    readers = [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(6):
            twice.rebuild()
    finally:
        is_over.set()
        for reader in readers:
            reader.join(60)

    assert ([repr(each.__cause__) for each in failed], seen) == ([], [])
    assert twice.fens(backwards=False) == [COINS, COINS]


@pytest.mark.parametrize("address", ["postgres"], indirect=True)
def test_a_server_that_is_lost_is_no_event_that_cannot_be_applied(
    log: EventLog, twice: Twice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends in the middle of a batch: try again, says the follower, and has not
    stopped; then everything is there once.
    """
    put_in(log, 1, CUTS, 2)

    with pytest.raises(LogBusy, match="稍后重试"):
        twice.catch_up()

    assert not twice.is_stopped
    monkeypatch.setattr(f"{__name__}.cut", lambda _connection: None)
    assert twice.fens(backwards=False) == [[1, 2, CUTS]] * 2
