"""A comparison of the wrong files is refused, or can be put right."""

from datetime import date
from pathlib import Path

import pytest

from eligibility.bootstrap import Eligibility, build
from eligibility.domain.resolving_guard import ResolvingGuard, WouldResolveTooMany
from eligibility.settings import Settings
from tests.eligibility.conftest import Desk
from tests.eligibility.difference_lists import CIVIL, civil, insurer, keep
from tests.eligibility.owner_files import csv_file
from tests.eligibility.test_comparisons_http import URL, asked

JANUARY, DAY_AFTER = date(2025, 1, 1), date(2025, 1, 2)


@pytest.fixture
def office(tmp_path: Path) -> Eligibility:
    """An empty service."""
    return build(Settings(tmp_path / "data", master_key=bytes(32)))


@pytest.mark.parametrize("cut_off", [csv_file(CIVIL), civil(1, 2, 3, 4, 5, 6)])
def test_a_list_that_is_cut_off_resolves_nothing(office: Eligibility, cut_off: bytes) -> None:
    """A header alone, or a part of the file: refused with the figures, and nothing is changed."""
    keep(office, civil(*range(1, 9)), insurer(1))
    position = office.log.last_position()

    with pytest.raises(WouldResolveTooMany, match=r"未销号 7 条，本次比对将销号 [27] 条，超过 20%"):
        keep(office, cut_off, insurer(1), DAY_AFTER)

    assert office.log.last_position() == position


def test_so_many_are_resolved_by_naming_their_number(office: Eligibility) -> None:
    """The very number, and no other."""
    keep(office, civil(1, 2, 3, 4), insurer(1))
    with pytest.raises(WouldResolveTooMany, match="请确认销号条数 2 再存入"):
        keep(office, civil(1, 2, 3, 4), insurer(1, 2, 3), DAY_AFTER, confirmed_resolutions=3)

    kept = keep(office, civil(1, 2, 3, 4), insurer(1, 2, 3), DAY_AFTER, confirmed_resolutions=2)

    assert (kept.comparison.figures.resolved, kept.comparison.figures.still_open) == (2, 1)


def test_the_limit_itself_is_allowed() -> None:
    """A fifth passes, one more does not; of none open none are resolved."""
    ResolvingGuard(20).require(1, of=5, confirmed=None)
    ResolvingGuard(20).require(0, of=0, confirmed=None)
    with pytest.raises(WouldResolveTooMany):
        ResolvingGuard(20).require(2, of=9, confirmed=None)


def test_the_right_files_put_a_mistake_of_the_same_day_right(office: Eligibility) -> None:
    """Compared anew, not answered as if nothing had happened since."""
    right = keep(office, civil(1, 2, 3), insurer(1))
    keep(office, civil(1, 2), insurer(1), confirmed_resolutions=1)

    again = keep(office, civil(1, 2, 3), insurer(1))

    assert not again.is_repeated
    assert (right.comparison.figures.found, again.comparison.figures.reopened) == (2, 1)
    assert keep(office, civil(1, 2, 3), insurer(1)).is_repeated


def test_a_day_that_has_not_come_is_refused(desk: Desk) -> None:
    """Every later comparison would be one of an earlier day."""
    body = asked(civil(1, 2), insurer(1), "2052-01-01")

    refused = desk.client.post(URL, json=body, headers=desk.headers())

    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:yizhan:problem:compared-ahead",
    )


def test_too_many_are_resolved_over_http_by_naming_their_number(desk: Desk) -> None:
    """Refused first, with the number to confirm."""
    poor = civil(1, 2)
    desk.client.post(URL, json=asked(poor, insurer(9)), headers=desk.headers())
    body = asked(poor, insurer(1), "2023-01-02")

    refused = desk.client.post(URL, json=body, headers=desk.headers())
    body["confirmed_resolutions"] = 1
    kept = desk.client.post(URL, json=body, headers=desk.headers())

    assert refused.json()["type"] == "urn:yizhan:problem:would-resolve-too-many"
    assert (kept.status_code, kept.json()["resolved"]) == (200, 1)


def test_each_year_of_enrolment_has_its_own_book(desk: Desk) -> None:
    """December's two lists, of this year and the next, do not resolve each other."""
    poor, kept = civil(1, 2, 3), []
    for year, enrolled in ((2022, insurer(9)), (2023, insurer(1, 2)), (2022, insurer(9, 8))):
        body = asked(poor, enrolled) | {"year": year}
        answer = desk.client.post(URL, json=body, headers=desk.headers())
        kept.append(answer.json())

    assert kept[0]["comparison_id"] == kept[2]["comparison_id"] != kept[1]["comparison_id"]
    assert [(each["found"], each["still_open"]) for each in kept] == [(3, 0), (1, 0), (0, 3)]
    shown = [desk.client.get(f"{URL}/{each['comparison_id']}").json()["year"] for each in kept]
    assert shown == [2022, 2023, 2022]


@pytest.mark.parametrize(
    "wrong",
    [
        {"year": None},
        {"subject": "people"},
        {"left": {"owner": "health_insurance", "content": ""}},
        {"right": {"owner": "health", "content": ""}},
    ],
)
def test_a_year_belongs_to_enrolment_and_enrolment_to_the_insurer(
    desk: Desk, wrong: dict[str, object]
) -> None:
    """Anything else is refused before a list is read."""
    body = asked(civil(1), insurer(9)) | wrong

    refused = desk.client.post(URL, json=body, headers=desk.headers())

    assert (refused.status_code, refused.json()["type"]) == (
        422,
        "urn:yizhan:problem:list-order-invalid",
    )
