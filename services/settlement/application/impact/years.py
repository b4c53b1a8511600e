"""Which benefit year each yearly total belongs to (累计归入哪一年)."""

from datetime import date

from settlement.application.prepare_settlement import counter_years
from settlement.law.book import StayDates
from settlement.law.policy import KEY_OF_COUNTER, Policy


def first_days(policy: Policy, dates: StayDates) -> dict[str, date]:
    """The first day of the year of each of the policy's counters, by name without a key."""
    year = policy.benefit_year
    own = year.first_day(dates.on(year.chosen_by))
    return counter_years(policy, dates) | dict.fromkeys(policy.sum_counters, own)


def counter_of(total: str) -> str:
    """The counter that a total kept apart for one value belongs to: `basic.paid@level_3`."""
    return total.partition(KEY_OF_COUNTER)[0]
