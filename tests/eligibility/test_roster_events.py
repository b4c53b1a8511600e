"""Everybody is told that a list or a roster became true: counts, and nobody's name."""

from datetime import date
from io import BytesIO
from typing import Any

from eligibility.application.import_list import ListDecisions
from eligibility.application.ports import ActsFor
from tests.eligibility.conftest import Desk, number
from tests.eligibility.list_office import full
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file

ROW = "低保对象,2023-01-01,,,,,,"


def rosters_told(desk: Desk, **query: bool) -> list[dict[str, Any]]:
    """The public events of rosters, without what differs from run to run."""
    changes = desk.client.get("/v1/changes", params=query).json()["changes"]
    own = [each for each in changes if each["event"] == "eligibility.roster-imported.v1"]
    return [{k: v for k, v in each.items() if k not in ("position", "roster_id")} for each in own]


def import_list(desk: Desk, *sequences: int, until: date) -> str:
    """A full list of civil affairs; its id."""
    report = desk.eligibility.import_list(
        BytesIO(csv_file(CIVIL_HEADER, *map(civil_row, sequences))),
        full(until=until),
        decisions=ListDecisions(confirmed_endings=1),
        acting=ActsFor("O500112", "张"),
        at=desk.now,
    )
    return str(report.roster_id)


def test_a_general_roster_is_told_with_its_counts(desk: Desk) -> None:
    """Two people, one of them unknown so far; its rows are told as changes of their own."""
    desk.bring(f"居民身份证,{number(1)},样例甲,,{ROW}")

    desk.bring(
        f"居民身份证,{number(1)},样例甲,,{ROW}",
        f"居民身份证,{number(2)},样例乙,,{ROW}",
    )

    assert rosters_told(desk)[1] == {
        "event": "eligibility.roster-imported.v1",
        "owner": None,
        "region": None,
        "mode": None,
        "accepted": 2,
        "rejected": 0,
        "persons_new": 1,
        "facts_changed": 1,
        "persons_ended": 0,
        "recorded_at": "2023-07-01T01:00:01Z",
    }
    assert rosters_told(desk, reaching_back=True) == []


def test_a_list_of_an_office_is_told_with_owner_region_and_who_was_left_out(desk: Desk) -> None:
    """Three people, then two: everything the second list changed has its instant."""
    import_list(desk, 1, 2, 3, until=date(2023, 5, 31))
    second = import_list(desk.at("2023-08-01T01:00:00+00:00"), 1, 2, until=date(2023, 6, 30))

    told = rosters_told(desk)[1]
    changes = desk.client.get("/v1/changes").json()["changes"]

    assert told == {
        "event": "eligibility.roster-imported.v1",
        "owner": "civil_affairs",
        "region": "500112",
        "mode": "full",
        "accepted": 2,
        "rejected": 0,
        "persons_new": 0,
        "facts_changed": 1,
        "persons_ended": 1,
        "recorded_at": "2023-08-01T01:00:00Z",
    }
    at_once = [each for each in changes if each["recorded_at"] == told["recorded_at"]]
    assert [each["event"] for each in at_once] == [
        "eligibility.roster-imported.v1",
        "eligibility.person-status-changed.v1",
    ]
    assert at_once[0]["roster_id"] == second
    assert "样例" not in str(changes)
