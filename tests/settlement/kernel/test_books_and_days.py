"""Which version a stay meets and what its days tell, by written-out examples (政策册、日期)."""

from datetime import date

import pytest

from contracts.vocabulary import RegionCode, Scheme
from settlement.law.book import (
    NoPolicyInForce,
    PolicyBook,
    Publication,
    RegionUnknown,
    StayDates,
)
from settlement.law.document import (
    PolicyUnreadable,
    canonical_text,
    fingerprint_of,
    in_half_width,
)
from settlement.law.facts import Facts, PersonOn
from settlement.law.policy import BenefitYear, Policy, StayDate
from settlement.law.reading import read_policy
from settlement.law.regions import regions_above
from settlement.law.stay_facts import with_dates
from tests.settlement.policies.drafts import RIGHT, WHOLE_LANGUAGE, tree_of

COUNTY = RegionCode("990102")
MAY = StayDates(
    admission=date(2020, 5, 1), discharge=date(2020, 5, 11), settlement=date(2020, 5, 12)
)


def _policy(*changes: tuple[str, str]) -> Policy:
    text = RIGHT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_policy(tree_of(text))


def _published(policy: Policy, known_on: date) -> Publication:
    return Publication(
        policy.region,
        policy.scheme,
        policy.in_force_from,
        policy.version,
        policy.fingerprint,
        known_on,
    )


def test_a_county_looks_to_its_prefecture_and_its_province() -> None:
    """Each region once, the nearest first."""
    assert regions_above(RegionCode("420984")) == ("420984", "420900", "420000")
    assert regions_above(RegionCode("420900")) == ("420900", "420000")
    assert regions_above(RegionCode("420000")) == ("420000",)


def test_a_rule_goes_by_the_day_it_names() -> None:
    """Admission, discharge, settlement."""
    assert [MAY.on(which) for which in StayDate] == [MAY.admission, MAY.discharge, MAY.settlement]


def test_the_version_of_the_day_settles() -> None:
    """The first and the last day count; the day that counts is the one the book names."""
    first = _policy(("{from: 2020-01-01}", "{from: 2020-01-01, to: 2020-05-10}"))
    second = _policy(("{from: 2020-01-01}", "{from: 2020-05-11}"))
    by_discharge = (("version_chosen_by: admission", "version_chosen_by: discharge"),)
    book = PolicyBook([second, first])

    def on(day: date) -> Policy:
        return book.on(region=COUNTY, scheme=Scheme.RESIDENT, day=day)

    assert on(date(2020, 1, 1)) == first
    assert on(date(2020, 5, 10)) == first
    assert on(date(2020, 5, 11)) == second
    assert book.in_force(region=COUNTY, scheme=Scheme.RESIDENT, dates=MAY) == first
    late = PolicyBook([_policy(("{from: 2020-01-01}", "{from: 2020-05-11}"), *by_discharge)])
    assert late.in_force(region=COUNTY, scheme=Scheme.RESIDENT, dates=MAY).version == 1
    assert book.versions(region=COUNTY, scheme=Scheme.RESIDENT) == [first, second]


def test_the_higher_version_of_a_day_replaces_the_others() -> None:
    """What it replaced is still told, in the order given."""
    first, second = _policy(), _policy(("version: 1\n", "version: 2\n"))
    book = PolicyBook([second, first])

    assert book.policies == (second,)
    assert book.replaced == (first,)


def test_a_book_without_the_region_says_so() -> None:
    """A policy of the prefecture would do, one of another county does not."""
    book = PolicyBook([_policy()])
    with pytest.raises(RegionUnknown) as refused:
        book.on(region=RegionCode("990201"), scheme=Scheme.RESIDENT, day=date(2020, 5, 1))
    assert str(refused.value) == "没有 990201 及其上级地区的政策；先写好并公布"

    prefecture = PolicyBook([_policy(('region: "990102"', 'region: "990100"'))])
    assert prefecture.on(region=COUNTY, scheme=Scheme.RESIDENT, day=date(2020, 5, 1)).version == 1


def test_a_book_without_a_version_for_the_day_says_which() -> None:
    """The day is named; a scheme that has no policy at all has no day."""
    book = PolicyBook([_policy()])
    with pytest.raises(NoPolicyInForce) as too_early:
        book.on(region=COUNTY, scheme=Scheme.RESIDENT, day=date(2019, 12, 31))
    with pytest.raises(NoPolicyInForce) as other_scheme:
        book.on(region=COUNTY, scheme=Scheme.EMPLOYEE, day=date(2020, 5, 1))

    resident, employee = Scheme.RESIDENT.label, Scheme.EMPLOYEE.label
    assert str(too_early.value) == f"990102 的{resident}在 2019-12-31 没有施行中的政策"
    assert str(other_scheme.value) == f"990102 的{employee}没有施行中的政策"


def test_a_past_day_knew_what_was_published_by_then() -> None:
    """A draft was known to nobody; refusals say whose knowledge was asked for."""
    first, second = _policy(), _policy(("version: 1\n", "version: 2\n"))
    draft = _policy(("{from: 2020-01-01}", "{from: 2021-01-01}"))
    published = [_published(first, date(2020, 1, 5)), _published(second, date(2020, 6, 1))]
    book = PolicyBook([first, second, draft], published)

    def known(day: date) -> Policy:
        return book.on(region=COUNTY, scheme=Scheme.RESIDENT, day=date(2020, 5, 1), known_on=day)

    assert known(date(2020, 1, 5)) == first
    assert known(date(2020, 6, 1)) == second
    assert book.publication(second) == published[1]
    assert book.publication(draft) is None
    assert book.as_known_on(date(2020, 6, 1)).publication(first) == published[0]
    with pytest.raises(RegionUnknown) as unknown:
        known(date(2020, 1, 4))
    assert str(unknown.value) == (
        "按 2020-01-04 所知，没有 990102 及其上级地区的政策；先写好并公布"
    )
    with pytest.raises(NoPolicyInForce) as too_early:
        book.as_known_on(date(2020, 2, 1)).on(
            region=COUNTY, scheme=Scheme.RESIDENT, day=date(2019, 1, 1)
        )
    assert str(too_early.value).startswith("按 2020-02-01 所知，990102 的")
    with pytest.raises(NoPolicyInForce) as other_scheme:
        book.as_known_on(date(2020, 2, 1)).versions(region=COUNTY, scheme=Scheme.EMPLOYEE)
    assert str(other_scheme.value).startswith("按 2020-02-01 所知，990102 的")


def test_a_publication_names_its_file() -> None:
    """Region, scheme, the day it comes into force and its number."""
    listed = _published(_policy(), date(2020, 1, 5))
    assert listed.address == ("990102", "resident", "2020-01-01.v1.yaml")


WHOLE = read_policy(tree_of(WHOLE_LANGUAGE))


def test_the_days_of_a_stay_tell_what_policies_ask() -> None:
    """Length, dates, year, deadline, and the person on other days the layers go by."""
    person = Facts(identities=frozenset({"orphan"}), age=7)
    dates = StayDates(date(2020, 12, 22), date(2021, 1, 3), settlement=date(2022, 4, 1))

    found = with_dates(person, WHOLE, dates)

    assert found.days == 12
    assert (found.admission_date, found.discharge_date) == (dates.admission, dates.discharge)
    assert found.settlement_date == dates.settlement
    assert found.crosses_year is True
    assert found.late_claim is True
    assert found.person_on == {"discharge": PersonOn(frozenset({"orphan"}), 7)}
    assert (found.identities, found.age) == (person.identities, 7)


def test_a_stay_inside_the_year_claimed_in_time() -> None:
    """The last day to claim is in time; who the person was on another day may be given."""
    dates = StayDates(date(2020, 5, 1), date(2020, 5, 1), settlement=date(2021, 3, 31))
    other = {"discharge": PersonOn(frozenset(), 8)}

    found = with_dates(Facts(), WHOLE, dates, person_on=other)

    assert (found.days, found.crosses_year, found.late_claim) == (0, False, False)
    assert found.person_on == other


def test_the_night_after_an_interim_settlement_counts_to_its_part() -> None:
    """Nine nights, and the one that the patient goes on to lie there; a stay as a whole is its own
    first part."""
    dates = StayDates(date(2020, 5, 1), date(2020, 5, 10), settlement=date(2020, 5, 10))

    second = with_dates(Facts(part=2), WHOLE, dates, goes_on=True)
    assert (second.part, second.days) == (2, 10)
    assert (with_dates(Facts(), WHOLE, dates).part, with_dates(Facts(), WHOLE, dates).days) == (
        1,
        9,
    )


def test_a_document_without_a_deadline_knows_no_late_claim() -> None:
    """Unknown is not "no"; and no layer asks about another day."""
    found = with_dates(Facts(), _policy(), MAY)
    assert found.late_claim is None
    assert found.person_on == {}


def test_a_document_has_one_text_whatever_its_order() -> None:
    """Keys are sorted, Chinese stays Chinese, nothing is spaced; the fingerprint is over it."""
    text = canonical_text({"b": ["1", "二"], "a": {"d": "4", "c": "三"}})

    assert text == '{"a":{"c":"三","d":"4"},"b":["1","二"]}'
    assert fingerprint_of(text, "1") == (
        "5c7100885a3caae69cfb71ac3479fd986cf2aa193795aaa85545fba9b0fb01ed"
    )


def test_an_unreadable_document_shows_its_first_fault_and_keeps_all() -> None:
    """How many there are, where the first stands, and what it is."""
    with pytest.raises(PolicyUnreadable) as refused:
        _policy(("rate: 70%", "rate: 70"), ("deductible: 300", "deductible: x"))

    assert str(refused.value) == (
        "政策文档有 2 处问题；layers.0.rate：比例“70”应写成百分数，如 70% 或 62.5%"
    )
    assert [fault.path for fault in refused.value.faults] == [
        ("layers", 0, "rate"),
        ("layers", 0, "deductible"),
    ]


def test_full_width_signs_have_a_half_width_form() -> None:
    """Letters, digits, signs and the wide space; Chinese stays."""
    assert in_half_width("６０％　ａＺ！～三") == "60% aZ!~三"


def test_a_day_before_the_years_first_belongs_to_the_year_before() -> None:
    """A year from 1 July: 30 June 2020 is in the one that began in 2019."""
    year = BenefitYear(begins_month=7, begins_day=1, chosen_by=StayDate.DISCHARGE)

    assert year.first_day(date(2020, 6, 30)) == date(2019, 7, 1)
    assert year.first_day(date(2020, 7, 1)) == date(2020, 7, 1)
    assert year.first_day(date(2020, 12, 31)) == date(2020, 7, 1)


def test_a_stay_is_inpatient_care_settled_at_discharge() -> None:
    """Unless it says something else."""
    policy = _policy()

    plain = with_dates(Facts(), policy, MAY)
    said = with_dates(Facts(care="maternity", occasion="year_end"), policy, MAY)

    assert (plain.care, plain.occasion) == ("inpatient", "discharge")
    assert (said.care, said.occasion) == ("maternity", "year_end")


def test_a_layer_that_is_not_there_is_named() -> None:
    """By the id that was asked for."""
    with pytest.raises(KeyError, match="nobody"):
        _policy().layer("nobody")
    assert _policy().source("text").title == "测试文件"
