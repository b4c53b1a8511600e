"""Versions of one policy beside one another (版本相接): each finding, word for word."""

from settlement.law.checking import check_versions
from settlement.law.policy import Policy
from tests.settlement.policies.drafts import RIGHT, policy_of

CAPS = """\
    caps:
      - {per: year, of: payment, amount: 1000, counter: a.paid}
      - {per: year, of: cost, amount: 9000, counter: a.cost}
"""
CAPPED = RIGHT + CAPS
RENAMED = CAPPED.replace("a.paid", "b.paid").replace("a.cost", "b.cost")
GOES_ON = "各版沿用同一个层 id 或 counter；确实重新起算的，改在年度起始日换版"
ALIKE = "在年度起始日换版，或两版写同样的 each 和 year. 名称"


def _version(number: int, in_force: str, text: str = RIGHT) -> Policy:
    text = text.replace("version: 1\n", f"version: {number}\n")
    return policy_of(text.replace("{from: 2020-01-01}", f"{{{in_force}}}"))


def _told(*versions: Policy) -> list[tuple[int, str, str, str, bool]]:
    """Of each finding: the version, the place, what is wrong, what to do, whether it may be."""
    return [
        (
            found.policy.version,
            ".".join(map(str, found.fault.path)),
            found.fault.message,
            found.fault.remedy,
            found.fault.is_warning,
        )
        for found in check_versions(versions)
    ]


def test_versions_that_follow_one_another_are_right() -> None:
    """In whatever order they come; a version may be in force for one day."""
    first = _version(1, "from: 2020-01-01, to: 2020-12-31")
    day = _version(2, "from: 2021-01-01, to: 2021-01-01")
    last = _version(3, "from: 2021-01-02")

    assert _told(first, day, last) == []
    assert _told(last, first, day) == []


def test_of_versions_that_overlap_the_earlier_should_have_ended() -> None:
    """The first stay that meets two of them, named with both."""
    found = _told(
        _version(1, "from: 2020-01-01"),
        _version(2, "from: 2021-03-01"),
        _version(3, "from: 2022-01-01"),
    )

    assert found == [
        (
            2,
            "in_force",
            (
                "施行期重叠：2021-03-01 入院、2021-03-01 出院的住院同时遇到"
                "测试县 城乡居民基本医疗保险 2020-01-01 v1与"
                "测试县 城乡居民基本医疗保险 2021-03-01 v2"
            ),
            "给前一版写 to: 2021-02-28",
            False,
        )
    ]


def test_two_versions_on_the_very_last_day_overlap() -> None:
    """The last day of the law that is known is inside it."""
    (found,) = _told(
        _version(1, "from: 2020-01-01, to: 2020-12-31"),
        _version(2, "from: 2020-12-31, to: 2020-12-31"),
    )

    assert found[2].startswith("施行期重叠：2020-12-31 入院、2020-12-31 出院的住院同时遇到")


def test_a_gap_is_told_at_the_version_after_it() -> None:
    """The first stay that meets none; later versions that follow well do not hide it."""
    found = _told(
        _version(1, "from: 2020-01-01, to: 2020-12-31"),
        _version(2, "from: 2021-03-01, to: 2021-12-31"),
        _version(3, "from: 2022-01-01"),
    )

    assert found == [
        (
            2,
            "in_force",
            "施行期有空档：2021-01-01 入院、2021-01-01 出院的住院没有任何版本可用",
            "补上这段时间的版本；在此之前这样的住院会被拒绝",
            True,
        )
    ]


def test_where_discharge_decides_the_longest_stay_is_told() -> None:
    """Admitted the day before the first version, discharged into the gap."""
    text = RIGHT.replace("version_chosen_by: admission", "version_chosen_by: discharge")
    (found,) = _told(
        _version(1, "from: 2020-01-01, to: 2020-12-31", text),
        _version(2, "from: 2021-03-01", text),
    )

    assert found[2] == "施行期有空档：2019-12-31 入院、2021-01-01 出院的住院没有任何版本可用"


def test_an_end_before_the_beginning_and_another_day_to_choose_by_are_told() -> None:
    """One after another; what is between the versions is not looked at until they are mended."""
    other = RIGHT.replace("version_chosen_by: admission", "version_chosen_by: discharge")
    found = _told(
        _version(1, "from: 2020-01-01, to: 2019-12-31"),
        _version(2, "from: 2020-06-01", other),
        _version(2, "from: 2020-06-01"),
    )

    assert found == [
        (1, "in_force.to", "终止日早于施行日", "改正 to，或删去表示长期有效", False),
        (
            2,
            "dates.version_chosen_by",
            (
                "同一地区同一险种的各版本选版本的日期不同（discharge 与 admission），"
                "会有住院遇到两版或没有版本"
            ),
            "统一写 admission",
            False,
        ),
        (2, "version", "同一地区、险种、施行日和版本号有两份文档", "后一份加大版本号", False),
    ]


def test_renamed_totals_are_told_where_a_year_is_in_the_middle() -> None:
    """Not where a year begins; both names are listed in order."""
    ended = _version(1, "from: 2020-01-01, to: 2020-12-31", CAPPED)
    at_new_year = _version(2, "from: 2021-01-01, to: 2021-06-30", RENAMED)
    in_july = _version(3, "from: 2021-07-01", CAPPED)

    assert _told(ended, at_new_year) == []
    assert _told(ended, at_new_year, in_july) == [
        (
            3,
            "layers",
            (
                "年度中间换版（2021-07-01），年度累计改了名：前一版有 b.cost、b.paid，"
                "这一版改为 a.cost、a.paid，已用的额度和起付线会从零重新算"
            ),
            GOES_ON,
            True,
        )
    ]


def test_a_total_more_or_less_has_no_other_name() -> None:
    """A cap that is new begins at zero, and one that is gone needs no total."""
    fewer = RIGHT + "".join(CAPS.splitlines(keepends=True)[:2])
    some = _version(1, "from: 2020-01-01, to: 2020-06-30", fewer)
    more = _version(2, "from: 2020-07-01, to: 2020-09-30", CAPPED)

    assert _told(some, more, _version(3, "from: 2020-10-01", fewer)) == []


def test_totals_that_begin_again_in_the_middle_of_a_year_are_told() -> None:
    """Kept apart from now on, or looked at for the first time; those kept as before are not."""
    apart = CAPPED.replace("counter: a.paid", "counter: a.paid, each: tier")
    looked_at = apart.replace(
        "rate: 70%", "rate: {by: year.in_scope, rows: [{up_to: 100, then: 60%}, {then: 70%}]}"
    )
    before = _version(1, "from: 2020-01-01, to: 2020-06-30", CAPPED)

    assert _told(before, _version(2, "from: 2020-07-01", looked_at)) == [
        (
            2,
            "layers",
            "年度中间换版（2020-07-01），a.paid、sum.in_scope 从零起算：前一版没有这样累计",
            ALIKE,
            True,
        )
    ]
    assert [found[2] for found in _told(before, _version(2, "from: 2020-07-01", apart))] == [
        "年度中间换版（2020-07-01），a.paid 从零起算：前一版没有这样累计"
    ]


def test_another_benefit_year_begins_again() -> None:
    """Told at the key that says when it begins."""
    july = RIGHT.replace("begins: 01-01", "begins: 07-01")
    found = _told(
        _version(1, "from: 2020-01-01, to: 2020-12-31"), _version(2, "from: 2021-01-01", july)
    )

    assert found == [
        (
            2,
            "dates.benefit_year",
            "年度中间换版（2021-01-01），待遇年度的起始日或归入方式变了，累计会从零重新算",
            "在年度起始日换版，或写明同一个待遇年度",
            True,
        )
    ]


def test_each_county_is_told_what_is_wrong_with_its_own() -> None:
    """A gap in one, an overlap in the others; none hides what is said of another."""
    gap = RIGHT.replace('"990102"', '"990103"')
    other = RIGHT.replace('"990102"', '"990104"')
    found = _told(
        _version(1, "from: 2020-01-01, to: 2020-12-31", gap),
        _version(2, "from: 2021-03-01", gap),
        _version(3, "from: 2020-01-01"),
        _version(4, "from: 2021-01-01"),
        _version(5, "from: 2020-01-01", other),
        _version(6, "from: 2021-01-01", other),
    )

    assert [(version, said[:6]) for version, _, said, _, _ in found] == [
        (2, "施行期有空档"),
        (4, "施行期重叠："),
        (6, "施行期重叠："),
    ]
