"""Eligibility is down: discharges go on as if it were not, say so, and are asked about again.

The fund pays 60%, or 90% of a low-income resident's bill of 1,000.00.
"""

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from contracts.settlement_v1 import StatementShown
from contracts.vocabulary import PersonId
from eligibility.entrypoints.publish import PeopleFeed
from kafka_edge.listener import Received, RecordRefused, Span
from settlement.application.ask_when_down import SILENCES_BEFORE_PAUSE
from settlement.bootstrap import build_parts
from settlement.entrypoints.listen import PeopleTopic
from settlement.entrypoints.statement_table import lines_beside
from settlement.read_models.people_replica import ReadElsewhere
from tests.eligibility.conftest import number
from tests.replica.town import TOPIC, Town, town_on
from tests.settlement.desk.test_revisions import Office
from tests.support.small_policies import layer_text, policy_text

BOTH_STORES = pytest.mark.parametrize("store", ["sqlite", "postgres"])


@pytest.fixture(name="store")
def _store() -> str:
    """Where most stories are kept."""
    return "sqlite"


@pytest.fixture(name="town")
def _town(store: str, tmp_path: Path) -> Iterator[Town]:
    """Three low-income residents, all told of and checked."""
    with town_on(store, tmp_path) as town:
        town.enrol(1, 2, 3, identity="低保对象")
        town.tell()
        assert town.check()
        yield town


def amounts(statement: Any) -> tuple[int, ...]:
    """What everybody pays."""
    return tuple(statement[each] for each in ("total_fen", "funds_fen", "patient_fen"))


@BOTH_STORES
def test_it_is_the_same_money_and_the_statement_says_so(town: Town) -> None:
    """Asked live and answered by the replica, of people nobody had asked about before."""
    one, two = (town.office.person_id(number(n)) for n in (1, 2))
    live = town.settled(one, "ZY-1")
    town.line.is_cut = True
    town.pass_time(minutes=10)
    replicated = town.settled(two, "ZY-2")

    assert amounts(live) == amounts(replicated) == (1_000_00, 900_00, 100_00)
    assert replicated["steps"] == live["steps"]
    assert "replica" not in live
    assert replicated["replica"]["position"] == town.parts.replica.people.checked().position
    assert replicated["replica"]["age_seconds"] == 10 * 60 + 2
    stay = replicated["stay_id"]
    assert town.desk.read(f"/v1/stays/{stay}/statement").json()["replica"] == replicated["replica"]
    history = town.desk.read(f"/v1/stays/{stay}/history").text
    assert "资格取自本地副本" in history
    assert lines_beside(StatementShown.model_validate(replicated)) == [
        (
            "资格 资格服务未应答，身份与参保取自本地副本"
            "（完整至 2023-07-01 09:00:01，距结算 11 分钟）；恢复后逐笔复核"
        )
    ]
    assert town.discrepancies() == ()


def test_asked_again_it_is_confirmed(town: Town) -> None:
    """While eligibility is down it waits; then it was known alike, and later changes are others."""
    person = town.office.person_id(number(1))
    town.line.is_cut = True
    settled = town.settled(person, "ZY-1")
    (waiting,) = town.listed(recheck="waiting")
    assert waiting["settlement_number"] == settled["settlement_number"]
    assert (waiting["recheck_label"], waiting["checked_at"]) == ("待复核", None)

    town.line.is_cut = False
    town.pass_time(minutes=1)
    done = town.recheck()
    assert (done.confirmed, done.different) == (1, ())
    assert town.recheck().confirmed == 0
    assert [each["recheck"] for each in town.listed()] == ["confirmed"]
    assert town.listed(recheck="waiting") == []


@BOTH_STORES
def test_complete_before_anybody_was_known_it_may_answer_for_whom_it_was_told_of_since(
    store: str, tmp_path: Path
) -> None:
    """The first day of a town: checked while nobody was known, eligibility stops before the next
    check. The ledger is as it should be, and the settlement is asked about again."""
    with town_on(store, tmp_path) as town:
        assert town.check()
        town.enrol(1, identity="低保对象")
        town.tell()
        town.line.is_cut = True
        settled = town.settled(town.office.person_id(number(1)), "ZY-1")
        assert amounts(settled) == (1_000_00, 900_00, 100_00)
        assert settled["replica"]["position"] == 0
        assert town.discrepancies() == ()

        town.line.is_cut = False
        town.pass_time(minutes=1)
        done = town.recheck()
        assert (done.confirmed, done.different) == (1, ())


@BOTH_STORES
def test_what_the_replica_had_not_heard_of_is_found_and_put_right(town: Town) -> None:
    """An identity ended after the replica was complete and before the settlement: 90% were paid,
    and it should have been 60%. Listed, proposed, approved by another, issued."""
    person = town.office.person_id(number(1))
    end = {
        "identity": "subsistence_allowance",
        "valid_from": "2023-01-01",
        "valid_to": "2023-03-31",
    }
    said = town.office.client.post(
        f"/v1/persons/{person}/statements",
        json={"owner": "civil_affairs", "identities": [end]},
        headers=town.office.headers(),
    )
    assert said.status_code == 200, said.text
    town.line.is_cut = True
    settled = town.settled(person, "ZY-1")
    assert settled["funds_fen"] == 900_00

    town.line.is_cut = False
    town.pass_time(minutes=1)
    assert not town.check()
    assert town.recheck().different == (settled["settlement_number"],)
    assert [each["recheck_label"] for each in town.listed(recheck="different")] == ["复核不同"]
    office, other = Office(town.parts), Office(town.parts, "officer-2")
    (touched,) = office.read("/v1/touched-settlements").json()["touched"]
    assert [each["kind"] for each in touched["differences"]] == ["identity"]

    proposed = office.propose("identity")
    assert proposed.status_code == 201, proposed.text
    revision = proposed.json()["number"]
    assert other.decide(revision, "approval").status_code == 200
    assert office.decide(revision, "issue").status_code == 200

    now = town.desk.read(f"/v1/stays/{settled['stay_id']}/statement").json()
    assert now["steps"][0]["paid_fen"] == 600_00
    assert "replica" not in now
    assert town.listed() == []
    assert town.discrepancies() == ()


def test_what_the_replica_cannot_answer_is_refused_by_name(town: Town) -> None:
    """Never told of, too long ago, or moving on just then; and nothing is stored by it."""
    known = town.office.person_id(number(1))
    town.enrol(4)
    untold = town.office.person_id(number(4))
    town.line.is_cut = True
    stored = town.parts.register.last_position()

    def refusal(person_id: str) -> tuple[int, str, str]:
        answer = town.whole_stay(person_id, "ZY-1")
        told = answer.json()
        return answer.status_code, told["type"].rpartition(":")[2], told["detail"]

    status, kind, detail = refusal(untold)
    assert (status, kind) == (503, "replica-unfit")
    assert "副本里没有这位参保人" in detail
    town.pass_time(hours=24)
    status, kind, detail = refusal(known)
    assert (status, kind) == (503, "replica-unfit")
    assert "超过所限的 24 小时" in detail
    assert town.parts.register.last_position() == stored

    town.line.is_cut = False
    town.pass_time(seconds=11)
    town.tell()
    assert town.check()
    town.line.is_cut = True
    assert town.settled(untold, "ZY-1")["funds_fen"] == 600_00


def test_an_age_is_not_known_and_not_guessed(tmp_path: Path) -> None:
    """A rule by age: live it is known, and by the replica refused, naming what is missing."""
    law = policy_text(
        layer_text("base: total\nrate: {choose: [{when: {age: {to: 60}}, value: 60%}]}\n")
    )
    with town_on("sqlite", tmp_path, law=law) as town:
        town.enrol(1)
        town.tell()
        assert town.check()
        person = town.office.person_id(number(1))
        assert town.settled(person, "ZY-1")["funds_fen"] == 600_00
        town.line.is_cut = True
        refused = town.whole_stay(person, "ZY-2")
        assert (refused.status_code, refused.json()["type"]) == (
            503,
            "urn:yizhan:problem:replica-unfit",
        )
        assert "没有出生日期" in refused.json()["detail"]


def test_a_live_refusal_is_not_being_down(town: Town) -> None:
    """Nobody by that id: 422, however well the replica knows others; a server fault is down."""
    nobody = "00000000-0000-4000-8000-000000000000"
    assert town.whole_stay(nobody, "ZY-1").status_code == 422
    person = town.office.person_id(number(1))

    town.line.fault = httpx.Response(500)
    assert town.settled(person, "ZY-1")["replica"]


def test_nobody_waits_in_vain_and_recovery_needs_no_hands(town: Town) -> None:
    """After three silences nobody asks; ten seconds later one does, and all is live again."""
    people = [town.office.person_id(number(n)) for n in (1, 2, 3)]
    town.line.is_cut = True
    for n, person in enumerate(people):
        town.settled(person, f"ZY-{n}")
    asked = town.line.asked
    town.settled(people[0], "ZY-3")
    assert town.line.asked == asked >= SILENCES_BEFORE_PAUSE
    town.line.is_cut = False
    assert "replica" in town.settled(people[0], "ZY-4")
    town.pass_time(seconds=10)
    assert "replica" not in town.settled(people[0], "ZY-5")
    assert "replica" not in town.settled(people[1], "ZY-6")


def test_what_was_told_earlier_never_takes_the_place_of_what_was_told_later(town: Town) -> None:
    """Told of by two partitions, as ids of one person are: the later version stands, and an offset
    that was taken already changes nothing."""
    replica, person = town.parts.replica.people, PersonId(town.office.person_id(number(1)))
    before = PeopleFeed(town.office.eligibility).page(0).messages
    (earlier,) = [each.value for each in before if each.key.decode() == person]
    town.enrol(1, identity="特困人员")
    (later,) = [
        each.value
        for each in PeopleFeed(town.office.eligibility).page(town.sent).messages
        if each.key.decode() == person
    ]
    topic = PeopleTopic(replica)
    topic.take(TOPIC, 1, [Received(0, later)], Span(0, 1))
    kept = replica.find(person)
    assert kept is not None
    assert [each.identity for each in kept.identities] == [
        "extreme_hardship",
        "subsistence_allowance",
    ]
    topic.take(TOPIC, 2, [Received(0, earlier)], Span(0, 1))
    assert replica.find(person) == kept
    topic.take(TOPIC, 1, [Received(0, earlier)], Span(0, 1))
    assert replica.find(person) == kept
    with pytest.raises(ReadElsewhere):
        topic.take(TOPIC, 1, [Received(5, later)], Span(5, 6))


def test_a_record_that_cannot_be_read_stops_and_alarms(town: Town) -> None:
    """Everything before it is taken, nothing after it; then it goes on from there."""
    replica = town.parts.replica.people
    topic, first = PeopleTopic(replica), town.offset
    faulty = [
        Received(first, b'{"type": "eligibility.person-known.v9"}'),
        Received(first + 1, b"{}"),
    ]
    with pytest.raises(RecordRefused) as refused:
        topic.take(TOPIC, 0, faulty, Span(first, first + 2))
    assert refused.value.offset == topic.next_offset(TOPIC, 0) == first
    assert list(replica.refusals()) == [(0, first)]
    text = town.desk.http.get("/metrics").text
    assert 'yizhan_dead_letters{queue="replica",service="settlement"} 1.0' in text
    town.enrol(5)
    town.tell()
    assert not replica.refusals()


def test_eligibility_that_is_slow_holds_nobody_up(tmp_path: Path) -> None:
    """It takes the call and says nothing for ten seconds: each desk waits as long as it is set to,
    the fourth not at all."""
    with town_on("sqlite", tmp_path) as town, socket.socket() as silent:
        town.enrol(1, 2, identity="低保对象")
        town.tell()
        assert town.check()
        person = town.office.person_id(number(1))
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        settings = replace(
            town.settings,
            eligibility_url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            eligibility_seconds=0.3,
        )
        parts = build_parts(settings, lambda: town.office.now)
        slow = Town(town.office, parts, town.line, settings)
        seconds = []
        for n in range(6):
            began = time.monotonic()
            assert slow.settled(person, f"ZY-{n}")["replica"]
            seconds.append(time.monotonic() - began)
        assert sum(seconds) < 5
        assert max(seconds[3:]) < 0.3
