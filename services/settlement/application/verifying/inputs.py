"""Verifying a settlement's inputs (验结算输入): each must be what the log said before it.

What eligibility answered is known to the ledger from the inputs alone; it is checked for what
must hold in itself (days, instants), and for the rest by what it led to.
"""

from collections.abc import Iterator
from datetime import date, datetime

from settlement.application.prepare_settlement import counter_years
from settlement.application.verifying.comparing import Difference, Finding, value_findings
from settlement.application.verifying.counters import CountersAgain
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.stays import booked_day
from settlement.domain.record import EnrolmentUsed, IdentityUsed, SettlementInputs
from settlement.domain.stay import Stay
from settlement.law.book import NoPolicyInForce, PolicyBook, RegionUnknown, StayDates
from settlement.law.policy import Policy

INPUTS = "结算输入"


def input_findings(
    opened: Stay.SettlementOpened,
    *,
    stay: Stay,
    institutions: InstitutionsAgain,
    counters: CountersAgain,
) -> Iterator[Finding]:
    """Where the inputs are not what the events before them said."""
    inputs = opened.inputs
    known = [
        ("入院日期", inputs.admission, stay.admission),
        ("出院日期", inputs.discharge, stay.discharge),
        ("费用", inputs.charges, stay.charges),
        ("住院情形", inputs.circumstances, stay.circumstances),
        ("机构", inputs.institution, institutions.used(stay.institution_id, stay.admission)),
        ("结算日期", inputs.settled_on, booked_day(opened.timestamp)),
        *_eligibility(opened, stay),
        *_counters(inputs, counters),
    ]
    for what, stored, expected in known:
        yield from value_findings(INPUTS, what, stored, expected)


def law_findings(opened: Stay.SettlementOpened, policy: Policy) -> Iterator[Finding]:
    """Where the inputs are not what the policy asks for, or the policy is not the stay's."""
    inputs = opened.inputs
    enrolment = inputs.eligibility.enrolment
    dates = StayDates(inputs.admission, inputs.discharge, inputs.settled_on)
    try:
        PolicyBook([policy]).in_force(region=enrolment.region, scheme=enrolment.scheme, dates=dates)
    except (NoPolicyInForce, RegionUnknown) as refusal:
        yield Finding(INPUTS, "适用政策", policy.label, refusal)
    asked_on = dates.on(policy.person_asked_as_of)
    yield from value_findings(INPUTS, "身份认定日", inputs.eligibility.identities_on, asked_on)
    yield from value_findings(
        INPUTS, "待遇年度首日", inputs.counter_years, counter_years(policy, dates)
    )


def _eligibility(opened: Stay.SettlementOpened, stay: Stay) -> Iterator[Difference]:
    used = opened.inputs.eligibility
    yield "参保人", used.person_id, stay.person_id
    yield "参保认定日", used.enrolment_on, stay.admission
    if stay.scheme is not None:
        yield "险种", used.enrolment.scheme.value, stay.scheme
    if used.known_at > opened.timestamp:
        yield "资格答复的时刻", used.known_at, f"不晚于 {opened.timestamp}"
    yield from _in_time("参保关系", used.enrolment, day=used.enrolment_on, known_at=used.known_at)
    for found in used.identities:
        what = f"身份 {found.identity}"
        yield from _in_time(what, found, day=used.identities_on, known_at=used.known_at)


def _in_time(
    what: str, fact: EnrolmentUsed | IdentityUsed, *, day: date, known_at: datetime
) -> Iterator[Difference]:
    """A fact that was used was known by then, and was true on the day it was asked for."""
    if fact.recorded_at > known_at:
        yield f"{what}的登记时刻", fact.recorded_at, f"不晚于 {known_at}"
    if not fact.valid_from <= day <= (fact.valid_to or date.max):
        yield f"{what}的有效期", f"{fact.valid_from} 至 {fact.valid_to or '今'}", f"含 {day}"


def _counters(inputs: SettlementInputs, counters: CountersAgain) -> Iterator[Difference]:
    used = inputs.eligibility
    before = {
        counter: counters.before(used, counter, first_day)
        for counter, first_day in inputs.counter_years.items()
    }
    yield "年度累计", inputs.counters_before, before
