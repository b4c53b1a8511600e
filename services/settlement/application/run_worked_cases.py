"""Running worked cases (跑算例): published bills and constructed ones, each layer to the fen.

A case may be several stays of one person: the year's counters flow from one to the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from settlement.application.compare_worked_cases import (
    Compared,
    check_in_force,
    compare_outcome,
    compare_refusal,
    compare_reported,
    compare_source,
    compare_together,
)
from settlement.application.prepare_settlement import counter_years
from settlement.application.worked_cases import CaseKind, CaseStay, WorkedCase
from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.report import report
from settlement.kernel.settle import BILL_REFUSALS, Inputs, Outcome, settle_bill
from settlement.law.book import StayDates
from settlement.law.facts import Facts, PersonOn
from settlement.law.people import identities_counted
from settlement.law.policy import BENEFIT_ADMISSIONS, KEY_OF_COUNTER, Policy, StayDate
from settlement.law.stay_facts import with_dates

__all__ = [
    "CaseKind",
    "CaseResult",
    "CaseStay",
    "Compared",
    "WorkedCase",
    "counter_name",
    "facts_of_stay",
    "run_worked_case",
    "years_of_counters",
]


@dataclass(frozen=True)
class CaseResult:
    """A case with everything compared; `source_errors` are what its source has wrong (来源之误)."""

    case: WorkedCase
    compared: tuple[Compared, ...]
    source_errors: tuple[Compared, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything agrees, and the source errs where the case says that it does."""
        return all(c.agrees for c in self.compared)


@dataclass
class _Run:
    """One case being settled stay by stay; `counters` by name and first day of their year."""

    policy: Policy
    cascade: Cascade
    counters: dict[tuple[str, date], int] = field(default_factory=dict)
    compared: list[Compared] = field(default_factory=list)
    outcomes: list[Outcome | Exception] = field(default_factory=list)

    def settle(self, stay: CaseStay, at: int) -> None:
        """Settle one stay, move the counters, compare."""
        years = years_of_counters(self.policy, stay.dates)
        self.compared += check_in_force(self.policy, stay.dates, at)
        before = {
            name: total
            for (name, day), total in self.counters.items()
            if years.get(counter_name(name)) == day
        }
        facts, outcome = _settle(self.cascade, stay, before)
        self.outcomes.append(outcome)
        if isinstance(outcome, Exception):
            self.compared += compare_refusal(stay.expected, outcome, at)
            return
        self.counters |= {
            (n, years[counter_name(n)]): after for n, after in outcome.counters.items()
        }
        self.compared += compare_outcome(self.policy, stay.expected, outcome, at)
        told = report(self.policy, outcome, facts)
        self.compared += compare_reported(stay.expected, told, at)

    def begin(self, counters_before: Mapping[str, int], first: CaseStay) -> None:
        """Set the totals of the year before the first stay."""
        years = years_of_counters(self.policy, first.dates)
        for name, before in counters_before.items():
            if counter_name(name) in years:
                self.counters[name, years[counter_name(name)]] = before
            else:
                self.compared.append(
                    Compared(1, f"累计器 {name}", "存在", _no_such_counter(years), agrees=False)
                )


def _no_such_counter(years: Mapping[str, date]) -> str:
    listed = "、".join(sorted(years)) or "没有"
    return f"本政策没有；本政策的累计器：{listed}"


def run_worked_case(policy: Policy, case: WorkedCase) -> CaseResult:
    """Settle the stays of a case in order and compare. Raises UnknownName."""
    run = _Run(policy, compile_policy(policy))
    run.begin(case.counters_before, case.stays[0])
    for at, stay in enumerate(case.stays, start=1):
        run.settle(stay, at)
    together = compare_together(policy, case.together, run.outcomes)
    errors = compare_source(policy, case.source_says, run.outcomes)
    return CaseResult(
        case,
        (*run.compared, *together, *(e for e in errors if not e.agrees)),
        tuple(e for e in errors if e.agrees),
    )


def years_of_counters(policy: Policy, dates: StayDates) -> dict[str, date]:
    """The first day of the benefit year that each counter belongs to."""
    year = policy.benefit_year
    first_day = year.first_day(dates.on(year.chosen_by))
    return counter_years(policy, dates) | dict.fromkeys(policy.sum_counters, first_day)


def counter_name(counter: str) -> str:
    """The counter a total kept for one tier, level or place belongs to."""
    return counter.partition(KEY_OF_COUNTER)[0]


def _settle(
    cascade: Cascade, stay: CaseStay, counters: Mapping[str, int]
) -> tuple[Facts, Outcome | Exception]:
    facts = facts_of_stay(cascade.policy, stay, counters)
    try:
        stay.charges.check()
        inputs = Inputs(stay.charges, facts, counters, stay.elsewhere_fen)
        return facts, settle_bill(cascade, inputs)
    except BILL_REFUSALS as refusal:
        return facts, refusal


def facts_of_stay(policy: Policy, stay: CaseStay, counters: Mapping[str, int]) -> Facts:
    """The stay's facts with what its dates and the year so far tell, and no more than that."""
    facts, dates = stay.facts, stay.dates
    if facts.admission_number is None:
        facts = replace(facts, admission_number=counters.get(BENEFIT_ADMISSIONS, 0) + 1)
    if facts.same_tier_admission_number is None and facts.tier is not None:
        of_tier = counters.get(f"{BENEFIT_ADMISSIONS}{KEY_OF_COUNTER}{facts.tier}", 0)
        facts = replace(facts, same_tier_admission_number=of_tier + 1)
    if not stay.held:
        return with_dates(facts, policy, dates)
    counted = {
        day: identities_counted(policy.people, stay.held, on=dates.on(day)) for day in StayDate
    }
    return with_dates(
        replace(facts, identities=counted[policy.person_asked_as_of]),
        policy,
        dates,
        person_on={day: PersonOn(counted[day], facts.age) for day in policy.days_asked},
    )
