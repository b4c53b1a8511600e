"""Clients that ask until they have an outcome, and ask again (客户端): what they heard must stand.

Two of them send the requests of every command side by side; something happens to the system in
the middle.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import httpx2 as httpx

from eligibility.domain.resident_id import check_character
from standalone.demo import INSTITUTIONS
from standalone.hospital import Hospital
from standalone.serving import Addresses
from tests.end_to_end.every_command import Sent, lives
from tests.end_to_end.forked_server import Store
from tests.support.signed import signed_in
from tests.support.small_policies import REGION

CLIENTS = 2
PEOPLE_A_ROUND = 1 + CLIENTS
_TRY_AGAIN = 503
_TRIES = 200
_PAUSE_SECONDS = 0.02
_ROSTER = (
    "证件类型,证件号码,姓名,出生日期,身份,身份开始日期,身份结束日期,"
    "参保区划,险种,档次,参保开始日期,参保结束日期"
)


@dataclass
class Heard:
    """The answers that reached the clients, by request key; after enough of them it strikes."""

    strike_after: int
    pause_seconds: float
    strike: Callable[[], object]
    store: Store
    bodies: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, key: str, body: bytes) -> None:
        """Remember an answer; after so many, strike while the others are under way."""
        with self._lock:
            self.bodies[key] = body
            is_enough = len(self.bodies) == self.strike_after
        if is_enough:
            time.sleep(self.pause_seconds)
            self.strike()


def clients(people: list[str], number: int, chance: Random) -> list[list[Sent]]:
    """What each sends in a round, about three people of its own."""
    common, *own = people[PEOPLE_A_ROUND * number :][:PEOPLE_A_ROUND]
    return [
        lives(f"r{number}c{n}", own=own[n], common=common, chance=chance) for n in range(CLIENTS)
    ]


Send = Callable[[list[Sent], Addresses, Heard], None]


def side_by_side(send: Send, sent: list[list[Sent]], addresses: Addresses, heard: Heard) -> None:
    """Every client in a thread; raises what went wrong with any."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(send, each, addresses, heard) for each in sent]:
            done.result()


def send_again(sent: list[Sent], addresses: Addresses, heard: Heard) -> None:
    """Everything from the beginning: what was answered is answered so again, the rest is done."""
    with connected(addresses, heard.store) as client:
        for each in sent:
            answer = ask(client, each)
            if each.key in heard.bodies:
                assert answer.headers["Idempotency-Replayed"] == "true", f"{each.key} was lost"
                assert answer.content == heard.bodies[each.key], f"{each.key}: another answer"


def connected(addresses: Addresses, store: Store) -> httpx.Client:
    """A connection to settlement, signed as whom its headers name."""
    tokens = signed_in(store.settings.data)
    return httpx.Client(base_url=addresses.settlement, timeout=60, auth=tokens)


def ask(client: httpx.Client, sent: Sent) -> httpx.Response:
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
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError(f"{sent.key} {sent.path}: no outcome after {_TRIES} tries")


def people_imported(addresses: Addresses, store: Store, *, rounds: int) -> list[str]:
    """Institutions and made-up people, over HTTP; the people's opaque ids."""
    numbers = [_certificate(n) for n in range(PEOPLE_A_ROUND * rounds)]
    rows = "".join(
        f"居民身份证,{number},样例,1968-03-15,低保对象,2015-01-01,,"
        f"{REGION},城乡居民基本医疗保险,一档,2015-01-01,\n"
        for number in numbers
    )
    with connected(addresses, store) as client:
        office = Hospital(addresses, "YIZHAN", client)
        url = f"{addresses.settlement}/v1/institutions?name=i.csv"
        office.upload(url, INSTITUTIONS.read_bytes())
        url = f"{addresses.eligibility}/v1/rosters"
        office.activate_roster(office.upload(url, f"{_ROSTER}\n{rows}".encode())["roster_id"])
        return [office.person_id(number) for number in numbers]


def _certificate(number: int) -> str:
    body = f"99000119680315{number:03d}"
    return body + check_character(body)


def require_what_was_sent(store: Store, sent: Counter[str]) -> None:
    """The ledger holds the events of each request once, and verifies."""
    kept = Counter(store.topics())
    assert {topic: kept[topic] for topic in sent} == sent
    assert store.discrepancies() == ()


def leaves(sent: list[list[Sent]]) -> Counter[str]:
    """The topics of the events that a round leaves once."""
    return Counter(topic for each in sent for one in each for topic in one.leaves)
