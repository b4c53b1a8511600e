"""A follower applies every event once, in order, and never skips one."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from eventlog.follower import FollowerStopped
from eventlog.log import EventLog
from tests.eventlog import coin_totals
from tests.eventlog.log_addresses import engine_beside
from tests.eventlog.savings_box import Box
from tests.eventlog.test_processes import ROOT, start


@pytest.fixture
def engine(address: str) -> Iterator[Engine]:
    """Read models beside the log."""
    engine = engine_beside(address)
    coin_totals.create(engine)
    yield engine
    engine.dispose()


def coins(engine: Engine) -> list[tuple[int, int]]:
    """The rows told so far: (position, fen)."""
    with engine.connect() as connection:
        told = coin_totals.rows.c
        found = connection.execute(select(told.position, told.fen).order_by(told.told))
        return [tuple(row) for row in found]


def save_coins(log: EventLog, owner: str, *fens: int) -> None:
    """A box with these coins."""
    box = log.find(Box.create_id(owner), Box) or Box.open(owner)
    for fen in fens:
        box.add_coin(fen)
    log.save(box)


def test_a_follower_goes_on_from_where_it_was(log: EventLog, engine: Engine) -> None:
    """Each catch-up applies what is new; a new follower object goes on at the stored position."""
    save_coins(log, "li", 1, 2)
    assert coin_totals.follower(log, engine).catch_up() == 3
    save_coins(log, "li", 3)

    following = coin_totals.follower(log, engine)

    assert (following.position(), following.catch_up(), following.catch_up()) == (3, 4, 4)
    assert coins(engine) == [(1, 0), (2, 1), (3, 2), (4, 3)]


def test_an_event_that_cannot_be_applied_stops_the_follower_before_it(
    log: EventLog, engine: Engine
) -> None:
    """The error names follower, position and event; what came before is kept, nothing skipped."""
    save_coins(log, "li", 1, 2, 13, 4)
    following = coin_totals.follower(log, engine)

    for _ in range(2):
        with pytest.raises(FollowerStopped, match=r"'coin_rows'.* 4 \(test\.coin-added\.v1"):
            following.catch_up()

    assert following.position() == 3
    assert coins(engine) == [(1, 0), (2, 1), (3, 2)]


def test_a_rebuild_gives_the_same_rows_from_nothing(log: EventLog, engine: Engine) -> None:
    """Dropped and made again, the read model holds what it held."""
    save_coins(log, "li", *range(1_000, 2_200))
    following = coin_totals.follower(log, engine)
    following.catch_up()
    before = coins(engine)

    reached = following.rebuild(coin_totals.recreate)

    assert reached == 1_201
    assert len(before) == 1_201
    assert coins(engine) == before


def test_a_rebuild_that_fails_leaves_the_read_model_as_it_was(
    log: EventLog, engine: Engine
) -> None:
    """Dropping the tables and going back to position 0 are one transaction."""
    save_coins(log, "li", 1)
    following = coin_totals.follower(log, engine)
    following.catch_up()

    def drop_and_fail(connection: object) -> None:
        coin_totals.recreate(connection)  # type: ignore[arg-type]  # a Connection
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 -- raised just above
        following.rebuild(drop_and_fail)

    assert (following.position(), coins(engine)) == (2, [(1, 0), (2, 1)])


def test_threads_of_one_follower_apply_each_event_once(log: EventLog, engine: Engine) -> None:
    """Six requests that all bring the read model up to date do not tell an event twice."""
    save_coins(log, "li", *range(100, 700))
    following = coin_totals.follower(log, engine)
    threads = [threading.Thread(target=following.catch_up) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [position for position, _ in coins(engine)] == list(range(1, 602))


def test_processes_of_one_follower_apply_each_event_once_while_others_write(
    address: str, engine: Engine
) -> None:
    """Three processes run one follower while two write 800 events: each is told once, in order."""
    command = [sys.executable, "-m", "tests.eventlog.coin_totals", address]
    followers = [subprocess.Popen([*command, "800"], cwd=ROOT) for _ in range(3)]
    writers = [start("own", address, f"w{number}", 100) for number in range(2)]
    for writer in writers:
        writer.communicate(timeout=120)

    assert [following.wait(timeout=120) for following in followers] == [0, 0, 0]
    assert [position for position, _ in coins(engine)] == list(range(1, 801))


def test_mixed_batches_of_four_processes_reach_two_racing_followers_once(
    address: str, engine: Engine
) -> None:
    """51,200 events, from one to forty at a time by 32 threads: none missed, none told twice."""
    _follow_while_written(address, engine, events=51_200)


@pytest.mark.soak
def test_a_million_events_reach_two_racing_followers_once(address: str, engine: Engine) -> None:
    """The same for twenty times as many."""
    _follow_while_written(address, engine, events=1_024_000)


def _follow_while_written(address: str, engine: Engine, *, events: int) -> None:
    command = [sys.executable, "-m", "tests.eventlog.coin_totals", address, str(events)]
    followers = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    try:
        writers = [start("mixed", address, f"w{number}", events // 4) for number in range(4)]
        assert sum(int(writer.communicate()[0]) for writer in writers) == events
        assert [following.wait(timeout=600) for following in followers] == [0, 0]
    finally:
        for following in followers:
            following.kill()
    with engine.connect() as connection:
        told = connection.execute(select(coin_totals.rows.c.position)).scalars().all()
    assert sorted(told) == list(range(1, events + 1))
