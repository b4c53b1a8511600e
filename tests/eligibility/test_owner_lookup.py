"""One person asked of the offices on-line: what they answer becomes facts with their source."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from contracts.vocabulary import DataOwner, FactKind
from standalone.owner_stand_in import Mode
from tests.eligibility.conftest import number
from tests.eligibility.owner_office import LOW_INCOME, MARGIN, OnlineDesk, online_desk

FARMER = f"居民身份证,{number(2)},样例乙,,,,,421022,居民,,2015-01-01,"
LISTED = f"居民身份证,{number(2)},样例乙,,孤儿,2020-01-01,,421022,居民,,2015-01-01,"
ELSEWHERE = f"居民身份证,{number(3)},样例丙,,,,,500112,居民,,2015-01-01,"


@pytest.fixture
def desk(data_dir: Path) -> Iterator[OnlineDesk]:
    """A desk with one office on-line: the civil affairs of 421022."""
    with online_desk(data_dir, minzheng=DataOwner.CIVIL_AFFAIRS) as made:
        made.bring(FARMER)
        yield made


def test_what_an_office_answers_is_recorded_with_its_source(desk: OnlineDesk) -> None:
    """Recognised since the last list: known after the look-up, by office, server and instant."""
    desk.tell(identities=[LOW_INCOME])

    heard = desk.heard()

    assert (heard["outcome"], heard["found"], heard["stated"], heard["age_seconds"]) == (
        "changed",
        True,
        1,
        0,
    )
    (known,) = desk.entitlements(number(2), "2023-07-01")["identities"]
    assert known["owner"] == "civil_affairs"
    assert known["source"].startswith("civil_affairs/online:minzheng:")
    assert known["recorded_at"] == heard["answered_at"] == "2023-07-01T01:00:03Z"


def test_the_same_answer_again_changes_nothing(desk: OnlineDesk) -> None:
    """Asked twice: unchanged, and the person's version stays."""
    desk.tell(identities=[LOW_INCOME])
    first = desk.refresh().json()

    again = desk.refresh().json()

    assert [each["outcome"] for each in again["owners"]] == ["unchanged"]
    assert again["version"] == first["version"]


def test_a_request_sent_again_gets_its_first_answer_and_asks_nobody(desk: OnlineDesk) -> None:
    """The key answers, though the office says something else by now."""
    desk.tell(identities=[LOW_INCOME])
    first = desk.refresh(key="refresh-1")
    desk.tell(identities=[MARGIN])

    again = desk.refresh(key="refresh-1")

    assert again.content == first.content
    assert desk.identities() == [("subsistence_allowance", None)]


def test_what_a_complete_answer_no_longer_says_ends_on_its_day(desk: OnlineDesk) -> None:
    """Said before and left out now: it ends, what is not begun is withdrawn, a list's stands."""
    later = {"identity": "extreme_hardship", "valid_from": "2023-12-01"}
    desk.bring(LISTED)
    desk.tell(identities=[LOW_INCOME, later])
    desk.refresh()
    desk.tell(
        withdrawn={"reason": "entered_by_mistake", "identities": [LOW_INCOME, later]},
    )

    heard = desk.heard()

    assert (heard["outcome"], heard["stated"], heard["withdrawn"]) == ("changed", 1, 1)
    assert desk.identities() == [("orphan", None), ("subsistence_allowance", "2023-07-01")]
    assert desk.identities(on="2023-12-02") == [("orphan", None)]
    # It has ended on the first day that it was left out, and stays so.
    desk.now += timedelta(days=3)
    assert desk.heard()["outcome"] == "unchanged"
    assert desk.identities() == [("orphan", None), ("subsistence_allowance", "2023-07-01")]


def test_silence_about_other_kinds_tells_nothing(desk: OnlineDesk) -> None:
    """An answer that is complete for no kind ends nothing."""
    desk.tell(identities=[LOW_INCOME])
    desk.refresh()
    desk.offices["minzheng"].complete_kinds = (FactKind.MARK,)
    desk.tell(withdrawn={"reason": "entered_by_mistake", "identities": [LOW_INCOME]})

    assert desk.heard()["outcome"] == "unchanged"
    assert desk.identities() == [("subsistence_allowance", None)]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (Mode.DOWN, "server_fault"),
        (Mode.GARBAGE, "unreadable"),
        (Mode.SLOW, "timed_out"),
        (Mode.DRIPPING, "timed_out"),
    ],
)
def test_without_an_answer_the_last_one_stands_with_its_age(
    desk: OnlineDesk, mode: Mode, reason: str
) -> None:
    """Down, slow, or nonsense: no fact changes, and the age of what we know is told."""
    desk.tell(identities=[LOW_INCOME])
    desk.refresh()
    position = desk.now
    desk.switch(mode)
    desk.now = position.replace(hour=3)

    heard = desk.heard()

    assert (heard["outcome"], heard["reason"], heard["found"]) == ("no_answer", reason, None)
    assert (heard["answered_at"], heard["age_seconds"]) == ("2023-07-01T01:00:03Z", 7201)
    assert desk.identities() == [("subsistence_allowance", None)]


def test_a_server_that_is_not_there_is_told_so(desk: OnlineDesk) -> None:
    """Nobody listens on the port: unreachable, never answered, no age."""
    desk.owners_file = "\n".join(
        "  地址: http://127.0.0.1:1" if "地址" in line else line
        for line in desk.owners_file.splitlines()
    )
    desk.start()

    heard = desk.heard()

    assert (heard["reason"], heard["answered_at"], heard["age_seconds"]) == (
        "unreachable",
        None,
        None,
    )


def test_another_name_or_an_unknown_identity_records_nothing(desk: OnlineDesk) -> None:
    """The answer is about somebody else, or says what nobody registered: refused as a whole."""
    desk.tell(name="样例别人", identities=[LOW_INCOME])
    assert desk.heard()["reason"] == "another_person"

    desk.tell(identities=[MARGIN | {"identity": "no_such_identity"}])
    heard = desk.heard()

    assert (heard["reason"], heard["answered_at"]) == ("unknown_identity", None)
    assert desk.identities() == []


def test_a_server_of_another_office_or_with_a_clock_ahead_is_not_believed(
    desk: OnlineDesk,
) -> None:
    """The token leads to the wrong office; an instant that has not come yet."""
    office = desk.offices["minzheng"]
    desk.tell(identities=[LOW_INCOME])
    office.owner = DataOwner.HEALTH
    assert desk.heard()["reason"] == "another_owner"
    office.owner = DataOwner.CIVIL_AFFAIRS
    ahead = desk.now.replace(hour=2)
    office._clock = lambda: ahead

    assert desk.heard()["reason"] == "from_the_future"
    assert desk.identities() == []


def test_only_offices_of_the_persons_region_are_asked(desk: OnlineDesk) -> None:
    """Enrolled elsewhere: no office is asked about the number, and nothing is recorded."""
    desk.bring(ELSEWHERE)
    position = desk.eligibility.log.last_position()

    asked = desk.refresh(3).json()

    assert asked["owners"] == []
    assert desk.eligibility.log.last_position() == position


def test_one_slow_office_does_not_cost_the_others_answer(tmp_path: Path) -> None:
    """Both are asked at once: the quick one's answer is recorded, the slow one's absence told."""
    owners = {"minzheng": DataOwner.CIVIL_AFFAIRS, "canlian": DataOwner.DISABLED_FEDERATION}
    with online_desk(tmp_path / "data", **owners) as desk:
        desk.bring(FARMER)
        desk.switch(Mode.SLOW, "canlian")
        desk.tell(identities=[LOW_INCOME])

        heard = {each["connector"]: each["outcome"] for each in desk.refresh().json()["owners"]}

    assert heard == {"minzheng": "changed", "canlian": "no_answer"}
    assert desk.identities() == [("subsistence_allowance", None)]


def test_after_three_silences_nobody_waits_until_the_pause_is_over(desk: OnlineDesk) -> None:
    """The fourth in the queue hears `paused` and nobody is asked; half a minute later one tries."""
    desk.switch(Mode.SLOW)
    reasons = [desk.heard()["reason"] for _ in range(3)]
    reasons += [desk.heard()["reason"] for _ in range(5)]

    assert reasons == ["timed_out"] * 3 + ["paused"] * 5
    assert desk.offices["minzheng"].requests == 3
    desk.switch(Mode.ANSWERING)
    desk.now = desk.now.replace(second=59)
    assert [desk.heard()["outcome"] for _ in range(2)] == ["unchanged", "unchanged"]


def test_form_3_tells_how_old_each_answer_was_as_known_then(desk: OnlineDesk) -> None:
    """Answered, then silent: form 3 says both; for an earlier instant what was so then."""
    url = f"/v1/persons/{desk.person_id(number(2))}/entitlements"
    asked = {"on": "2023-07-01", "form": "3"}
    before = desk.now
    never = desk.client.get(url, params=asked).json()
    desk.tell(identities=[LOW_INCOME])
    desk.refresh()
    desk.switch(Mode.DOWN)
    desk.refresh()
    desk.now = desk.now.replace(hour=2)

    now = desk.client.get(url, params=asked).json()

    assert never["form"] == now["form"] == 3
    (known,) = now["owners"]
    assert known == {
        "connector": "minzheng",
        "owner": "civil_affairs",
        "answered_at": "2023-07-01T01:00:03Z",
        "as_of": "2023-07-01T01:00:03Z",
        "age_seconds": 3602,
        "unanswered_at": "2023-07-01T01:00:04Z",
        "reason": "server_fault",
    }
    told = asked | {"known_at": before.isoformat(), "version": str(never["version"])}
    assert desk.client.get(url, params=told).json() == never
    assert never["owners"][0]["answered_at"] is None


def test_form_2_is_to_the_byte_what_it_was(desk: OnlineDesk) -> None:
    """Without asking for form 3 nothing of this is in the answer, one person or many."""
    desk.tell(identities=[LOW_INCOME])
    url = f"/v1/persons/{desk.person_id(number(2))}/entitlements"
    before = desk.client.get(url, params={"on": "2023-07-01"})
    told = {"on": "2023-07-01", "known_at": before.json()["known_at"], "version": "2"}
    desk.refresh()

    assert desk.client.get(url, params=told).content == before.content
    many = desk.client.post(
        "/v1/persons/entitlements",
        json={"person_ids": [desk.person_id(number(2))], "on": "2023-07-01"},
    )
    for content in (before.content, many.content):
        assert b'"form":2' in content
        assert b'"owners"' not in content


def test_an_erased_person_cannot_be_asked_about(desk: OnlineDesk) -> None:
    """Without a certificate there is nothing to ask with: refused by name."""
    url = f"/v1/persons/{desk.person_id(number(2))}/refresh"
    desk.eligibility.erase_person(UUID(desk.person_id(number(2))))

    refused = desk.client.post(url, headers=desk.headers())

    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:yizhan:problem:person-erased",
    )


def test_who_asked_is_among_the_readings(desk: OnlineDesk) -> None:
    """Asking an office about somebody is a reading of that person."""
    desk.refresh()
    url = f"/v1/persons/{desk.person_id(number(2))}/reads"

    reads = desk.client.get(url, headers=desk.headers()).json()["reads"]

    named = [(each["call"], each["operator"]) for each in reads if each["call"] != "lookup"]
    assert named == [("refresh", "张")]
