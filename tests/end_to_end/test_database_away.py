"""The database is cut off and stopped under load of every command, and nobody lends a hand.

Requests wait, or hear that they may be sent again; what was acknowledged stands, nothing is done
twice, and the ledger verifies.
"""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from settlement.settings import Settings
from settlement.storage import make_tables
from standalone.serving import Addresses
from tests.end_to_end.asking_again import (
    Heard,
    ask,
    clients,
    connected,
    leaves,
    people_imported,
    require_what_was_sent,
    send_again,
    side_by_side,
)
from tests.end_to_end.every_command import Sent
from tests.end_to_end.forked_server import ForkedServer, Store
from tests.real_parts.postgres_server import StoppableServer
from tests.settlement.whole_life.two_regions import NORTH_TEXT
from tests.support.small_policies import write_book
from tests.support.storages import NOBODY

ROUNDS = 3
ROUNDS_OF_A_NIGHT = 100

Strike = Callable[[StoppableServer, Random], None]


def cut_off(database: StoppableServer, chance: Random) -> None:
    """Every session ended, five times within a moment."""
    ended = 0
    for _ in range(5):
        ended += database.cut()
        time.sleep(chance.uniform(0, 0.05))
    assert ended


def stopped(database: StoppableServer, chance: Random) -> None:
    """Gone as if killed, and back after up to a second."""
    database.stop()
    time.sleep(chance.uniform(0, 1))
    database.start()


def strike_under_load(folder: Path, strike: Strike, *, seed: int, rounds: int) -> None:
    """So many rounds on one store; a failure names its seed and round."""
    chance = Random(seed)  # noqa: S311 -- moments and bodies, not secrets
    database = StoppableServer()
    settings = Settings(folder / "data", None, NOBODY, database=database.url)
    make_tables(settings)
    store = Store(settings)
    server = ForkedServer(store, write_book(folder / "policies", NORTH_TEXT))
    expected: Counter[str] = Counter()
    try:
        addresses = server.start()
        people = people_imported(addresses, store, rounds=rounds)
        for number in range(rounds):
            sent = clients(people, number, chance)
            after = chance.randint(1, sum(map(len, sent)) // 2)
            heard = Heard(
                after, chance.uniform(0, 0.02), lambda: strike(database, chance), server.store
            )
            side_by_side(_send_all, sent, addresses, heard)
            side_by_side(send_again, sent, addresses, heard)
            expected += leaves(sent)
        require_what_was_sent(store, expected)
    except Exception as wrong:
        wrong.add_note(f"seed {seed}, server {'there' if server.is_there else 'gone'}")
        raise
    finally:
        server.kill()
        database.remove()


def _send_all(sent: list[Sent], addresses: Addresses, heard: Heard) -> None:
    """Each request in its turn, until it has an outcome."""
    with connected(addresses, heard.store) as asking:
        for each in sent:
            heard.note(each.key, ask(asking, each).content)


@pytest.mark.parametrize("strike", [cut_off, stopped])
def test_a_database_that_goes_away_loses_and_doubles_nothing(
    tmp_path: Path, strike: Strike
) -> None:
    """Three times, at a random moment; the server goes on by itself."""
    strike_under_load(tmp_path, strike, seed=20230714, rounds=ROUNDS)


@pytest.mark.soak
@pytest.mark.parametrize("strike", [cut_off, stopped])
def test_a_hundred_times_away_loses_and_doubles_nothing(tmp_path: Path, strike: Strike) -> None:
    """The same for a night."""
    strike_under_load(tmp_path, strike, seed=1, rounds=ROUNDS_OF_A_NIGHT)
