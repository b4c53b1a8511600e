"""Eligibility restored from a backup has another log: the replica of what was lost says so."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from settlement.application.check_replica import ReplicaState, check_replica
from settlement.application.ports import EligibilityUnreachable, PersonChanges
from tests.eligibility.conftest import Desk as Office
from tests.eligibility.conftest import number
from tests.replica.town import REGION, Town, town_on

BOTH_STORES = pytest.mark.parametrize("store", ["sqlite", "postgres"])


@pytest.fixture(name="town")
def _town(store: str, tmp_path: Path) -> Iterator[Town]:
    """Three low-income residents, all told of and checked."""
    with town_on(store, tmp_path) as town:
        town.enrol(1, 2, 3, identity="低保对象")
        town.tell()
        assert town.check()
        yield town


def enrol(office: Office, people: range) -> None:
    """They are enrolled there."""
    for n in people:
        office.bring(f"居民身份证,{number(n)},样例,1970-01-01,,,,{REGION},居民,一档,2015-01-01,")


@BOTH_STORES
@pytest.mark.parametrize("people", [range(2, 3), range(1, 6)], ids=["shorter", "went on"])
def test_a_log_that_was_restored_is_told_from_the_one_that_was_checked(
    town: Town, people: range, tmp_path: Path
) -> None:
    """Shorter than what was told of, or with another event there: not complete, an alarm, and so it
    stays, however long that log grows, until the replica is made again."""
    replica, restored = town.parts.replica.people, Office(tmp_path / "restored")
    enrol(restored, people)
    touched = town.parts.touched
    person = town.office.person_id(number(1))
    with restored.client:
        touched.catch_up()
        town.line.client = restored.client
        with pytest.raises(EligibilityUnreachable, match="rebuild touched_settlements"):
            touched.catch_up()
        touched.rebuild()
        touched.catch_up()
        assert town.state() is ReplicaState.ANOTHER_LOG
        assert replica.completeness() is None
        (why,) = replica.refusals().values()
        assert "日志可能是旧的备份" in why
        text = town.desk.http.get("/metrics").text
        assert 'yizhan_dead_letters{queue="replica",service="settlement"} 1.0' in text
        enrol(restored, range(6, 12))
        assert town.state() is ReplicaState.ANOTHER_LOG
    town.line.is_cut = True
    assert town.whole_stay(person, "ZY-1").status_code == 503

    town.line.is_cut, town.line.client = False, town.office.client
    with pytest.raises(EligibilityUnreachable, match="rebuild touched_settlements"):
        touched.catch_up()
    replica.forget()
    assert not replica.refusals()
    assert town.state() is ReplicaState.BEHIND
    town.sent, town.offset = 0, 0
    town.tell()
    assert town.check()


@BOTH_STORES
def test_a_log_that_lost_what_was_told_of_and_not_checked_yet(town: Town) -> None:
    """The replica holds what came after the last check, and eligibility lost it."""
    ended = town.office.eligibility.log.last_position()
    town.enrol(4)
    town.tell()

    class Lost:
        """Eligibility as it was before."""

        def changes(self, *, after: int, limit: int) -> PersonChanges:
            """Nothing is new."""
            assert (after, limit) == (ended, 1_000)
            return PersonChanges((), after, has_more=False, last=ended)

    replica = town.parts.replica.people
    assert check_replica(replica, Lost(), at=town.office.now) is ReplicaState.ANOTHER_LOG
    assert town.state() is ReplicaState.ANOTHER_LOG


@BOTH_STORES
def test_a_check_in_flight_does_not_outlive_what_it_checked(town: Town) -> None:
    """Everything is forgotten, and read up to somewhere, between the question and the answer; or
    another has checked further meanwhile."""
    replica, asked = town.parts.replica.people, town.parts.eligibility

    class Beside:
        """While eligibility is asked, somebody reads from the beginning."""

        def changes(self, **which: Any) -> PersonChanges:
            """Its answer."""
            page: PersonChanges = asked.changes(**which)  # type: ignore[attr-defined]  # both ports
            replica.forget()
            return page

    assert check_replica(replica, Beside(), at=town.office.now) is ReplicaState.BEHIND
    assert replica.completeness() is None
    assert replica.checked().position == 0

    was = replica.checked()
    at = datetime(2023, 7, 1, tzinfo=UTC)
    assert replica.note_checked(was, 7, mark="a", complete_at=None)
    assert replica.note_checked(was, 5, mark="b", complete_at=at) is None
    assert (replica.checked().position, replica.completeness()) == (7, None)


def test_the_check_ends_after_some_pages_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading the topic does not wait for a long log; and no change is passed over, whatever place
    the topic's records say they have."""
    monkeypatch.setattr("settlement.application.check_replica.CHANGES_A_PAGE", 1)
    monkeypatch.setattr("settlement.application.check_replica.PAGES_AT_ONCE", 2)
    with town_on("sqlite", tmp_path) as town:
        town.enrol(1, 2, 3, identity="低保对象")
        town.tell()
        states = [town.state() for _ in range(town.office.eligibility.log.last_position())]
    assert states[0] is ReplicaState.UNFINISHED
    assert states[-1] is ReplicaState.COMPLETE
