"""Every stay meets exactly one version of its region's policy."""

from datetime import date

import pytest

from settlement.law.book import NoPolicyInForce, PolicyBook
from settlement.law.reading import read_policy
from tests.settlement.policies.drafts import RIGHT, errors_of, faults_of, tree_of, warnings_of


def version(
    begins: str, ends: str | None = None, *, number: int = 1, chosen_by: str = "admission"
) -> str:
    """A version of the test county in force over these days."""
    to = f", to: {ends}" if ends else ""
    return (
        RIGHT.replace("from: 2020-01-01", f"from: {begins}{to}")
        .replace("version: 1", f"version: {number}")
        .replace("version_chosen_by: admission", f"version_chosen_by: {chosen_by}")
    )


def test_versions_that_follow_each_other_are_right() -> None:
    """The first ends the day before the second begins."""
    assert faults_of(version("2018-01-01", "2019-12-31"), version("2020-01-01")) == []


def test_a_gap_is_warned_about_with_a_stay_that_falls_into_it() -> None:
    """Nobody admitted on 2020-01-01 could be settled."""
    found = warnings_of(version("2018-01-01", "2019-12-31"), version("2020-01-02"))

    assert found == ["施行期有空档：2020-01-01 入院、2020-01-01 出院的住院没有任何版本可用"]


def test_an_overlap_is_an_error_with_a_stay_that_meets_two_versions() -> None:
    """The older version must end before the newer begins."""
    found = errors_of(version("2018-01-01", "2020-01-01"), version("2020-01-01"))

    assert len(found) == 1
    assert found[0].startswith("施行期重叠：2020-01-01 入院")


def test_an_open_version_overlaps_its_successor() -> None:
    """`to` left out means for good."""
    found = faults_of(version("2018-01-01"), version("2020-01-01"))

    assert [f.remedy for f in found] == ["给前一版写 to: 2019-12-31"]


def test_a_higher_version_of_the_same_day_replaces_the_lower() -> None:
    """A correction of a policy is not an overlap."""
    assert (
        faults_of(
            version("2018-01-01", "2019-12-31"),
            version("2018-01-01", "2019-12-31", number=2),
            version("2020-01-01"),
        )
        == []
    )


def test_versions_chosen_by_different_dates_are_an_error() -> None:
    """A stay across the boundary would meet both versions, or none."""
    found = errors_of(
        version("2018-01-01", "2019-12-31"), version("2020-01-01", chosen_by="discharge")
    )

    assert len(found) == 1
    assert "选版本的日期不同（discharge 与 admission）" in found[0]


def test_versions_chosen_by_discharge_are_tried_by_discharge() -> None:
    """The same boundary is right when both go by the day of discharge."""
    assert (
        faults_of(
            version("2018-01-01", "2019-12-31", chosen_by="discharge"),
            version("2020-01-01", chosen_by="discharge"),
        )
        == []
    )


def test_a_version_that_ends_before_it_begins_is_an_error() -> None:
    """The dates were swapped."""
    assert errors_of(version("2020-01-01", "2019-01-01")) == ["终止日早于施行日"]


def test_the_same_version_twice_is_an_error() -> None:
    """Two documents for one place, day and number: nobody could say which applies."""
    assert errors_of(version("2020-01-01"), version("2020-01-01")) == [
        "同一地区、险种、施行日和版本号有两份文档"
    ]


def test_counters_renamed_inside_a_year_are_warned_about() -> None:
    """A layer that changes its name in July would grant its deductible and cap a second time."""
    capped = "rate: 70%\n    caps: [{per: year, amount: 1000}]"
    first, second = (
        text.replace("rate: 70%", capped)
        for text in (version("2020-01-01", "2020-06-30"), version("2020-07-01"))
    )
    found = warnings_of(first, second.replace("id: basic", "id: basic_insurance"))
    assert any("年度累计改了名" in warning for warning in found), found


def test_counters_renamed_at_the_start_of_a_year_are_not() -> None:
    """Nothing is carried over a year's end."""
    capped = "rate: 70%\n    caps: [{per: year, amount: 1000}]"
    first, second = (
        text.replace("rate: 70%", capped)
        for text in (version("2020-01-01", "2020-12-31"), version("2021-01-01"))
    )
    found = warnings_of(first, second.replace("id: basic", "id: basic_insurance"))
    assert not any("年度累计改了名" in warning for warning in found)


def test_a_replaced_version_does_not_come_back() -> None:
    """v2 of the same day ends in June: in September nothing is in force, not v1 again."""
    book = PolicyBook(
        read_policy(tree_of(text))
        for text in (version("2020-01-01"), version("2020-01-01", "2020-06-30", number=2))
    )
    policy = book.policies[0]
    assert [p.version for p in book.policies] == [2]
    with pytest.raises(NoPolicyInForce):
        book.on(region=policy.region, scheme=policy.scheme, day=date(2020, 9, 1))
