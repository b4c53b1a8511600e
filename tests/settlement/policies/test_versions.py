"""Every stay meets exactly one version of its region's policy."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.law.book import NoPolicyInForce, PolicyBook, Publication, RegionUnknown
from settlement.law.policy import Policy
from settlement.law.reading import read_policy
from tests.settlement.policies.drafts import (
    RIGHT,
    errors_of,
    faults_of,
    policy_of,
    tree_of,
    warnings_of,
)


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


def published(policy: Policy, known_on: date) -> Publication:
    """The line of the register for a policy."""
    return Publication(
        region=policy.region,
        scheme=policy.scheme,
        in_force_from=policy.in_force_from,
        version=policy.version,
        fingerprint=policy.fingerprint,
        known_on=known_on,
    )


def test_a_retroactive_policy_is_in_force_before_it_is_known() -> None:
    """Published in July from January: a stay of March meets it once July has come."""
    old, new = (
        policy_of(version("2018-01-01", "2019-12-31")),
        policy_of(version("2020-01-01")),
    )
    first, march = date(2018, 1, 1), date(2020, 3, 1)
    book = PolicyBook([old, new], [published(old, first), published(new, date(2020, 7, 14))])

    found = book.on(region=new.region, scheme=new.scheme, day=march, known_on=date(2020, 7, 14))

    assert found == new
    with pytest.raises(NoPolicyInForce, match=r"按 2020-07-13 所知，990102 的.*在 2020-03-01 没有"):
        book.on(region=new.region, scheme=new.scheme, day=march, known_on=date(2020, 7, 13))


def test_a_draft_is_in_force_for_its_author_and_known_on_no_day() -> None:
    """Files count without a day; with one, only what the register lists."""
    draft = policy_of(version("2020-01-01"))
    book = PolicyBook([draft])
    day = date(2020, 3, 1)

    assert book.on(region=draft.region, scheme=draft.scheme, day=day) == draft
    assert book.publication(draft) is None
    with pytest.raises(RegionUnknown):
        book.on(region=draft.region, scheme=draft.scheme, day=day, known_on=date(2999, 1, 1))


DAYS = [date(2020, month, 1) for month in range(1, 7)]


@given(
    written=st.dictionaries(
        st.tuples(st.integers(0, 4), st.integers(1, 3)),
        st.tuples(st.integers(0, 2), st.sampled_from(DAYS)),
        max_size=6,
    ),
    day=st.sampled_from(DAYS),
    known_on=st.sampled_from(DAYS),
)
def test_the_book_believes_what_was_published_by_then(
    written: dict[tuple[int, int], tuple[int, date]], day: date, known_on: date
) -> None:
    """Of what was known, each day's highest version; of those in force, the latest begun."""
    policies, lines = [], []
    for (begins, number), (lasts, since) in written.items():
        policy = replace(
            BARE,
            in_force_from=DAYS[begins],
            in_force_to=DAYS[begins + lasts] if begins + lasts < len(DAYS) else None,
            version=number,
            fingerprint=f"{begins}/{number}",
        )
        policies.append(policy)
        lines.append(published(policy, since))

    then = {(p.in_force_from, p.version): p for p, line in zip(policies, lines, strict=True)
            if line.known_on <= known_on}  # fmt: skip
    standing = {begins: then[begins, number] for begins, number in sorted(then)}
    right = [
        policy
        for begins, policy in sorted(standing.items())
        if begins <= day <= (policy.in_force_to or day)
    ]

    book = PolicyBook(policies, lines)
    try:
        found = [
            book.on(region=BARE.region, scheme=BARE.scheme, day=day, known_on=known_on).fingerprint
        ]
    except (NoPolicyInForce, RegionUnknown):
        found = []
    assert found == [p.fingerprint for p in right[-1:]]


BARE = policy_of(RIGHT)
