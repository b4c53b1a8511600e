"""The server is killed again and again under load of every command; everybody asks again.

Nothing that was acknowledged is lost, nothing is done twice, and the ledger verifies.
"""

from collections import Counter
from pathlib import Path
from random import Random

import httpx2 as httpx
import pytest

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
from tests.settlement.whole_life.two_regions import NORTH_TEXT
from tests.support.small_policies import write_book
from tests.support.storages import settings_on

ROUNDS = 20
SESSIONS_OF_A_NIGHT = 25
LEFT = 16
"""More requests than anybody answers in the moment before the server is killed."""


def crash(folder: Path, *, seed: int, kept_on: str = "sqlite", rounds: int = ROUNDS) -> None:
    """So many rounds on one store; a failure names its seed and round."""
    chance = Random(seed)  # noqa: S311 -- moments and bodies, not secrets
    store = Store(settings_on(kept_on, folder / "data"))
    server = ForkedServer(store, write_book(folder / "policies", NORTH_TEXT))
    expected: Counter[str] = Counter()
    try:
        addresses = server.start()
        people = people_imported(addresses, store, rounds=rounds)
        for number in range(rounds):
            try:
                sent = clients(people, number, chance)
                addresses = _crash_once(server, addresses, sent, chance)
                expected += leaves(sent)
            except Exception as wrong:
                notes = " ".join([repr(wrong), *getattr(wrong, "__notes__", ())])
                state = "there" if server.is_there else "gone"
                told = f"seed {seed}, round {number}, server {state}: {notes}"
                raise AssertionError(told) from wrong
    finally:
        server.kill()
    require_what_was_sent(store, expected)


def _crash_once(
    server: ForkedServer, addresses: Addresses, sent: list[list[Sent]], chance: Random
) -> Addresses:
    """Kill the server in the middle, start it again, ask again; where it answers afterwards."""
    every = sum(len(each) for each in sent)
    after, pause_seconds = chance.randint(1, every - LEFT), chance.uniform(0, 0.02)
    heard = Heard(after, pause_seconds, server.kill, server.store)
    side_by_side(_send_until_killed, sent, addresses, heard)
    assert heard.strike_after <= len(heard.bodies) < every
    restarted = server.start()
    side_by_side(send_again, sent, restarted, heard)
    return restarted


def _send_until_killed(sent: list[Sent], addresses: Addresses, heard: Heard) -> None:
    """Each request in its turn; whoever gets no answer stops."""
    with connected(addresses, heard.store) as client:
        for each in sent:
            try:
                answer = ask(client, each)
            except httpx.HTTPError:
                return
            heard.note(each.key, answer.content)


def test_twenty_crashes_lose_and_double_nothing(tmp_path: Path) -> None:
    """Twenty times killed at a random moment under load of every command."""
    crash(tmp_path, seed=20230714)


def test_on_a_server_crashes_lose_and_double_nothing_either(tmp_path: Path) -> None:
    """Half as many with the ledger on PostgreSQL, which goes on while who asked it is killed."""
    crash(tmp_path, seed=20230714, kept_on="postgres", rounds=ROUNDS // 2)


@pytest.mark.soak
@pytest.mark.parametrize("kept_on", ["sqlite", "postgres"])
@pytest.mark.parametrize("seed", range(SESSIONS_OF_A_NIGHT))
def test_five_hundred_crashes_lose_and_double_nothing(
    tmp_path: Path, seed: int, kept_on: str
) -> None:
    """The same for 25 stores of each kind, twenty times each."""
    crash(tmp_path, seed=seed, kept_on=kept_on)
