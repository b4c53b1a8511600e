"""The server is killed again and again under load of every command; everybody asks again.

Nothing that was acknowledged is lost, nothing is done twice, and the ledger verifies.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx2 as httpx
import pytest

from eligibility.domain.resident_id import check_character
from standalone.demo import INSTITUTIONS
from standalone.hospital import Hospital
from standalone.serving import Addresses
from tests.end_to_end.every_command import Sent, lives
from tests.end_to_end.forked_server import ForkedServer, Store
from tests.settlement.whole_life.two_regions import NORTH_TEXT
from tests.support.signed import signed_in
from tests.support.small_policies import REGION, write_book
from tests.support.storages import settings_on

CLIENTS = 2
ROUNDS = 20
SESSIONS_OF_A_NIGHT = 25
PEOPLE = 3 * ROUNDS
LEFT = 16
"""More requests than anybody answers in the moment before the server is killed."""

_TRY_AGAIN = 503
_TRIES = 200
_ROSTER = (
    "证件类型,证件号码,姓名,出生日期,身份,身份开始日期,身份结束日期,"
    "参保区划,险种,档次,参保开始日期,参保结束日期"
)


@dataclass
class Heard:
    """The answers that reached the clients, by request key; enough of them end the server."""

    kill_after: int
    pause_seconds: float
    server: ForkedServer
    bodies: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: str, body: bytes) -> None:
        """Remember an answer; after so many, kill while the others are under way."""
        with self._lock:
            self.bodies[key] = body
            is_enough = len(self.bodies) == self.kill_after
        if is_enough:
            time.sleep(self.pause_seconds)
            self.server.kill()


def crash(folder: Path, *, seed: int, kept_on: str = "sqlite", rounds: int = ROUNDS) -> None:
    """So many rounds on one store; a failure names its seed and round."""
    chance = Random(seed)  # noqa: S311 -- moments and bodies, not secrets
    store = Store(settings_on(kept_on, folder / "data"))
    server = ForkedServer(store, write_book(folder / "policies", NORTH_TEXT))
    expected: Counter[str] = Counter()
    try:
        addresses = server.start()
        people = _people_imported(addresses, store)
        for number in range(rounds):
            try:
                sent = _clients(people, number, chance)
                addresses = _crash_once(server, addresses, sent, chance)
                expected.update(topic for each in sent for one in each for topic in one.leaves)
            except Exception as wrong:
                notes = " ".join([repr(wrong), *getattr(wrong, "__notes__", ())])
                state = "there" if server.is_there else "gone"
                told = f"seed {seed}, round {number}, server {state}: {notes}"
                raise AssertionError(told) from wrong
    finally:
        server.kill()
    kept = Counter(store.topics())
    assert {topic: kept[topic] for topic in expected} == expected, f"seed {seed}"
    assert store.discrepancies() == (), f"seed {seed}"


def _clients(people: list[str], number: int, chance: Random) -> list[list[Sent]]:
    common, *own = people[3 * number : 3 * number + 3]
    return [
        lives(f"r{number}c{n}", own=own[n], common=common, chance=chance) for n in range(CLIENTS)
    ]


def _crash_once(
    server: ForkedServer, addresses: Addresses, sent: list[list[Sent]], chance: Random
) -> Addresses:
    """Kill the server in the middle, start it again, ask again; where it answers afterwards."""
    every = sum(len(each) for each in sent)
    heard = Heard(chance.randint(1, every - LEFT), chance.uniform(0, 0.02), server)
    _side_by_side(_send_until_killed, sent, addresses, heard)
    assert heard.kill_after <= len(heard.bodies) < every
    restarted = server.start()
    _side_by_side(_send_again, sent, restarted, heard)
    return restarted


Send = Callable[[list[Sent], Addresses, Heard], None]


def _side_by_side(send: Send, sent: list[list[Sent]], addresses: Addresses, heard: Heard) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(send, each, addresses, heard) for each in sent]:
            done.result()


def _send_until_killed(sent: list[Sent], addresses: Addresses, heard: Heard) -> None:
    """Each request in its turn; whoever gets no answer stops."""
    with _client(addresses, heard.server.store) as client:
        for each in sent:
            try:
                answer = _ask(client, each)
            except httpx.HTTPError:
                return
            heard.note(each.key, answer.content)


def _send_again(sent: list[Sent], addresses: Addresses, heard: Heard) -> None:
    """Everything from the beginning: what was answered is answered so again, the rest is done."""
    with _client(addresses, heard.server.store) as client:
        for each in sent:
            answer = _ask(client, each)
            if each.key in heard.bodies:
                assert answer.headers["Idempotency-Replayed"] == "true", f"{each.key} was lost"
                assert answer.content == heard.bodies[each.key], f"{each.key}: another answer"


def _client(addresses: Addresses, store: Store) -> httpx.Client:
    tokens = signed_in(store.settings.data)
    return httpx.Client(base_url=addresses.settlement, timeout=60, auth=tokens)


def _ask(client: httpx.Client, sent: Sent) -> httpx.Response:
    """Until there is an outcome: "try again" is none (overtaken by the same person's other)."""
    for _ in range(_TRIES):
        try:
            answer = client.post(sent.path, json=sent.body, headers=sent.headers)
        except httpx.HTTPError as wrong:
            wrong.add_note(f"{sent.key} {sent.path}")
            raise
        if answer.status_code != _TRY_AGAIN:
            assert answer.is_success, f"{sent.key} {sent.path}: {answer.text}"
            return answer
    raise AssertionError(f"{sent.key} {sent.path}: no outcome after {_TRIES} tries")


def _people_imported(addresses: Addresses, store: Store) -> list[str]:
    """Institutions and made-up people, over HTTP; the people's opaque ids."""
    numbers = [_certificate(n) for n in range(PEOPLE)]
    rows = "".join(
        f"居民身份证,{number},样例,1968-03-15,低保对象,2015-01-01,,"
        f"{REGION},城乡居民基本医疗保险,一档,2015-01-01,\n"
        for number in numbers
    )
    with _client(addresses, store) as client:
        office = Hospital(addresses, "YIZHAN", client)
        url = f"{addresses.settlement}/v1/institutions?name=i.csv"
        office.upload(url, INSTITUTIONS.read_bytes())
        url = f"{addresses.eligibility}/v1/rosters"
        office.activate_roster(office.upload(url, f"{_ROSTER}\n{rows}".encode())["roster_id"])
        return [office.person_id(number) for number in numbers]


def _certificate(number: int) -> str:
    body = f"99000119680315{number:03d}"
    return body + check_character(body)


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
