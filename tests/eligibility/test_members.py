"""Who belongs to a household, village or township on a day, as known at an instant."""

from datetime import timedelta
from typing import Any

import pytest

from tests.eligibility.conftest import Desk, number

TOLD_ON_BOTH = True

TOWN, VILLAGE, OTHER_VILLAGE = "990001101", "990001101201", "990001101202"


def farmer(sequence: int) -> str:
    """A roster row of somebody enrolled."""
    return f"居民身份证,{number(sequence)},样例{sequence},,,,,990001,居民,,2015-01-01,"


def lives(village: str | None, first: str, last: str | None = None) -> dict[str, Any]:
    """A residence in the town."""
    return {"township": TOWN, "village": village, "valid_from": first, "valid_to": last}


def state(desk: Desk, sequence: int, path: str = "statements", **facts: Any) -> None:
    """An office says these facts of somebody; a second passes."""
    url = f"/v1/persons/{desk.person_id(number(sequence))}/{path}"
    body = {"owner": "poverty_office", **facts}
    assert desk.client.post(url, json=body, headers=desk.headers()).status_code == 200
    desk.now += timedelta(seconds=1)


def members(desk: Desk, **asked: Any) -> dict[str, Any]:
    """The answer of the query."""
    body = {"on": "2023-06-01", **asked}
    answer = desk.client.post("/v1/members", json=body, headers=desk.headers())
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(desk: Desk, **asked: Any) -> list[list[str]]:
    """All ids of each who belongs."""
    return [each["person_ids"] for each in members(desk, **asked)["members"]]


def one(desk: Desk, sequence: int) -> list[str]:
    """The ids of somebody with one record."""
    return [desk.person_id(number(sequence))]


@pytest.fixture(name="town")
def _town(desk: Desk) -> Desk:
    """1 and 2 in the village, 2 moved within the town in July; 3 of household H-7 elsewhere."""
    desk.bring(farmer(1), farmer(2), farmer(3))
    state(desk, 1, residences=[lives(VILLAGE, "2020-01-01")])
    state(desk, 2, residences=[lives(VILLAGE, "2020-01-01"), lives(OTHER_VILLAGE, "2023-07-01")])
    household = {"register_owner": "poverty_office", "number": "H-7", "valid_from": "2018-01-01"}
    state(desk, 3, households=[{**household, "valid_to": "2023-06-30"}])
    return desk


def test_where_a_person_lives_goes_by_the_day(town: Desk) -> None:
    """Of two places the one that began last counts; both are of the town."""
    both = sorted([one(town, 1), one(town, 2)])

    assert ids(town, village=VILLAGE) == both
    assert ids(town, village=VILLAGE, on="2023-07-01") == [one(town, 1)]
    assert ids(town, village=OTHER_VILLAGE, on="2023-07-01") == [one(town, 2)]
    assert ids(town, township=TOWN, on="2023-07-01") == both
    assert ids(town, township=TOWN, on="2019-12-31") == []


def test_a_household_is_one_of_an_owners_register(town: Desk) -> None:
    """By its number in that register, on its days."""
    assert ids(town, household="H-7") == [one(town, 3)]
    assert ids(town, household="H-7", on="2023-07-01") == []
    assert ids(town, household="H-7", register_owner="civil_affairs") == []


def test_what_was_known_earlier_answers_as_then(town: Desk) -> None:
    """Withdrawn, nobody lives there any more; asked as of before, they did."""
    before = members(town, village=VILLAGE)["known_at"]
    town.now += timedelta(seconds=1)
    taken_back = [lives(VILLAGE, "2020-01-01")]
    state(town, 1, "withdrawals", reason="entered_by_mistake", residences=taken_back)

    assert ids(town, village=VILLAGE) == [one(town, 2)]
    assert len(ids(town, village=VILLAGE, known_at=before)) == 2


def test_two_records_of_one_person_belong_once(town: Desk) -> None:
    """Merged, both ids come together, whichever record said where they live."""
    first, other = one(town, 1)[0], one(town, 2)[0]
    path = f"/v1/persons/{first}/merges"
    body = {"other_id": other, "reason": "registered_twice"}
    assert town.client.post(path, json=body, headers=town.headers()).status_code == 200

    assert ids(town, township=TOWN) == [[first, other]]


def test_pages_follow_each_other_and_every_reading_is_kept(town: Desk) -> None:
    """One a page; both people show who asked."""
    first = members(town, township=TOWN, limit=1)
    second = members(town, township=TOWN, limit=1, after=first["next_after"])

    found = [page["members"][0]["person_ids"] for page in (first, second)]
    assert found == sorted([one(town, 1), one(town, 2)])
    assert (first["has_more"], second["has_more"]) == (True, False)
    reads = town.client.get(f"/v1/persons/{one(town, 1)[0]}/reads", headers=town.headers())
    calls = [each["call"] for each in reads.json()["reads"]]
    assert [each for each in calls if each != "lookup"] == ["members"]


def test_a_question_about_two_groups_or_none_is_refused(town: Desk) -> None:
    """Exactly one is asked for; a village of another town is no residence."""
    for asked in ({}, {"village": VILLAGE, "township": TOWN}):
        body = {"on": "2023-06-01", **asked}
        answer = town.client.post("/v1/members", json=body, headers=town.headers())
        assert answer.status_code == 422
    url = f"/v1/persons/{one(town, 1)[0]}/statements"
    wrong = {"owner": "poverty_office", "residences": [lives("990002101201", "2023-01-01")]}
    answer = town.client.post(url, json=wrong, headers=town.headers())
    assert answer.json()["type"] == "urn:yizhan:problem:fact-impossible"
