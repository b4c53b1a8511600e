"""Yearly totals (年度累计) of a person: which a settlement rests on, and what it adds to them.

A total kept apart for several values, such as tiers of hospitals, is stored once for each:
`basic.paid@level_3`. Its name before the `@` is the one the policy gives; it says which benefit
year the total belongs to.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from settlement.domain.record import FIRST_FORM, SettlementInputs
from settlement.law.policy import KEY_OF_COUNTER


def counter_name(total: str) -> str:
    """The name a policy gives to a total: `basic.paid` of `basic.paid@level_3`."""
    return total.partition(KEY_OF_COUNTER)[0]


def together(totals: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The totals of one benefit year that were kept under several ids of one person."""
    found: Counter[str] = Counter()
    for each in totals:
        found.update(each)
    return dict(found)


def totals_before(
    years: Mapping[str, date], stored: Mapping[date, Mapping[str, int]]
) -> dict[str, int]:
    """Every total that these counters have, each in its benefit year; zero where nothing is.

    `years` is the first day of each counter's year, `stored` the totals of each year.
    """
    totals = {name: stored[day].get(name, 0) for name, day in years.items()}
    for day, kept in stored.items():
        apart = (total for total in kept if KEY_OF_COUNTER in total)
        totals |= {total: kept[total] for total in apart if years.get(counter_name(total)) == day}
    return dict(sorted(totals.items()))


def moves_of(inputs: SettlementInputs, after: Mapping[str, int], first_day: date) -> dict[str, int]:
    """What a settlement adds to each total of one benefit year; `after` is what it leaves."""
    return {
        total: amount - inputs.counters_before.get(total, 0)
        for total, amount in sorted(after.items())
        if inputs.counter_years.get(counter_name(total)) == first_day
        and (inputs.form != FIRST_FORM or KEY_OF_COUNTER not in total)
    }
