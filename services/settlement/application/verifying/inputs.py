"""Verifying a settlement's inputs (验结算输入): each must be what the log said before it.

What eligibility answered is known to the ledger from the inputs alone; it is checked for what
must hold in itself (days, instants), and for the rest by what it led to.
"""

from collections.abc import Iterator
from datetime import date, datetime

from settlement.application.ask_eligibility import days_asked, window_asked
from settlement.application.episodes import TransferUnfit, episode_of, transferred_from
from settlement.application.former_parts import FindStay, part_used, require_former_settled
from settlement.application.law_of_part import PartsUnstated, dates_said
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.prepare_settlement import counter_years
from settlement.application.verifying.comparing import Difference, Finding, value_findings
from settlement.application.verifying.counters import CountersAgain
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.stays import booked_day
from settlement.domain.record import (
    FIRST_FORM,
    FORM,
    EligibilityUsed,
    EnrolmentUsed,
    IdentityUsed,
    PersonUsed,
    ReplicaUsed,
    SettlementInputs,
)
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import FormerPartUnsettled
from settlement.law.book import NoPolicyInForce, PolicyBook, RegionUnknown, StayDates
from settlement.law.policy import Policy

INPUTS = "结算输入"


def input_findings(
    opened: Stay.SettlementOpened,
    *,
    stay: Stay,
    find: FindStay,
    institutions: InstitutionsAgain,
    counters: CountersAgain,
) -> Iterator[Finding]:
    """Where the inputs are not what the events before them said."""
    inputs = opened.inputs
    yield from _former_findings(stay, find)
    known = [
        ("入院日期", inputs.admission, stay.admission),
        ("出院日期", inputs.discharge, stay.discharge),
        ("费用", inputs.charges, stay.charges),
        ("住院情形", inputs.circumstances, stay.circumstances),
        (
            "机构",
            inputs.institution,
            institutions.used(stay.institution_id, _day(inputs.eligibility, stay)),
        ),
        *_part(inputs, stay, find),
        *_transfer(inputs, stay, find, institutions),
        ("结算日期", inputs.settled_on, booked_day(opened.timestamp)),
        *eligibility_differences(inputs.eligibility, stay, opened.timestamp),
        *_counters(inputs, counters),
    ]
    for what, stored, expected in known:
        yield from value_findings(INPUTS, what, stored, expected)


def _part(inputs: SettlementInputs, stay: Stay, find: FindStay) -> Iterator[Difference]:
    """Which part of the stay it is; the first part may have been taken out of the ledger."""
    try:
        yield "分段", inputs.part, part_used(stay, find)
    except LedgerIncomplete as missing:
        yield "分段", inputs.part, missing


def _transfer(
    inputs: SettlementInputs, stay: Stay, find: FindStay, institutions: InstitutionsAgain
) -> Iterator[Difference]:
    """The hospital a transfer came from, and the stays that hang together."""
    records = inputs.eligibility.records
    try:
        former = transferred_from(stay, find, records=records)
        expected = former and institutions.used(former.institution_id, former.discharge or date.min)
        yield "转出医院", inputs.former_institution, expected
        if inputs.episode is not None:
            yield "连续住院", inputs.episode, episode_of(stay, find, records=records)
    except TransferUnfit as refusal:
        yield "转出医院", inputs.former_institution, refusal


def _former_findings(stay: Stay, find: FindStay) -> Iterator[Finding]:
    try:
        require_former_settled(stay, find)
    except FormerPartUnsettled as refusal:
        yield Finding(INPUTS, "前一段", "已记入账本", refusal)


def _day(used: EligibilityUsed, stay: Stay) -> date:
    """The day of admission; of a part the one that its policy goes by, which is checked there."""
    return used.enrolment_on if stay.part > 1 or stay.goes_on else stay.admission


def law_findings(step: str, inputs: SettlementInputs, policy: Policy) -> Iterator[Finding]:
    """Where the inputs are not what the policy asks for, or the policy is not the stay's."""
    enrolment, dates = inputs.eligibility.enrolment, inputs.dates_under(policy)
    try:
        PolicyBook([policy]).in_force(region=enrolment.region, scheme=enrolment.scheme, dates=dates)
        if inputs.part:
            dates_said(policy)
            day = inputs.eligibility.enrolment_on
            yield from value_findings(step, "参保认定日", day, dates.admission)
    except (NoPolicyInForce, RegionUnknown, PartsUnstated) as refusal:
        yield Finding(step, "适用政策", policy.label, refusal)
    for what, stored, expected in _asked(inputs.eligibility, policy, dates):
        yield from value_findings(step, what, stored, expected)
    years = counter_years(policy, dates, inputs.episode)
    yield from value_findings(step, "待遇年度首日", inputs.counter_years, years)
    is_counted = bool(policy.episode_counters)
    yield from value_findings(step, "连续住院", inputs.episode is not None, is_counted)


def _asked(used: EligibilityUsed, policy: Policy, dates: StayDates) -> Iterator[Difference]:
    """Eligibility was asked about the days and windows that the policy goes by."""
    own, *others = [(on, window_asked(policy, on)) for on in days_asked(policy, dates)]
    person = used.person
    yield "身份认定日", person.on, own[0]
    yield "身份认定窗口", _window(person), own[1]
    yield "另日认定", tuple((p.on, _window(p)) for p in used.other_days), tuple(others)


def _window(person: PersonUsed) -> tuple[date | None, date | None] | None:
    first, last = person.identities_from, person.identities_to
    return None if first is None and last is None else (first, last)


def eligibility_differences(
    used: EligibilityUsed, stay: Stay, at: datetime
) -> Iterator[Difference]:
    """What eligibility answered, by an instant, of the stay's person on its days."""
    yield "参保人", used.person_id, stay.person_id
    yield "参保认定日", used.enrolment_on, _day(used, stay)
    if stay.scheme is not None:
        yield "险种", used.enrolment.scheme.value, stay.scheme
    day = used.enrolment_on
    yield from _in_time("参保关系", used.enrolment, window=(day, day), known_at=used.known_at)
    if used.replica is not None:
        yield from _of_replica(used, used.replica)
    for person in (used.person, *used.other_days):
        if person.known_at > at:
            yield "资格答复的时刻", person.known_at, f"不晚于 {at}"
        for found in person.identities:
            what = f"身份 {found.identity}"
            yield from _in_time(what, found, window=person.window, known_at=person.known_at)


def _of_replica(used: EligibilityUsed, replica: ReplicaUsed) -> Iterator[Difference]:
    """The replica was complete before it was asked; 0 where eligibility knew nobody then, and the
    person was told of since."""
    if replica.complete_at > used.known_at:
        yield "资格副本的完整时刻", replica.complete_at, f"不晚于 {used.known_at}"
    if replica.position < 0:
        yield "资格副本的位置", replica.position, "0 或以上"


def _in_time(
    what: str,
    fact: EnrolmentUsed | IdentityUsed,
    *,
    window: tuple[date, date],
    known_at: datetime,
) -> Iterator[Difference]:
    """A fact that was used was known by then, and was true on a day it was asked for."""
    first, last = window
    if fact.recorded_at > known_at:
        yield f"{what}的登记时刻", fact.recorded_at, f"不晚于 {known_at}"
    end = fact.counts_to if isinstance(fact, IdentityUsed) else fact.valid_to
    if fact.valid_from > last or first > (end or date.max):
        days = f"含 {first}" if first == last else f"与 {first} 至 {last} 相交"
        yield f"{what}的有效期", f"{fact.valid_from} 至 {end or '今'}", days


def _counters(inputs: SettlementInputs, counters: CountersAgain) -> Iterator[Difference]:
    yield "年度累计", inputs.counters_before, counters.before(inputs)
    if inputs.form not in (FIRST_FORM, FORM):
        yield "记录格式", inputs.form, f"{FIRST_FORM} 或 {FORM}"
