"""Facts that follow from a stay's dates (由日期得出的情形)."""

from collections.abc import Mapping
from dataclasses import replace

from contracts.vocabulary import Care, Occasion
from settlement.law.book import StayDates
from settlement.law.facts import Facts, PersonOn
from settlement.law.policy import Policy


def with_dates(
    facts: Facts,
    policy: Policy,
    dates: StayDates,
    *,
    goes_on: bool = False,
    person_on: Mapping[str, PersonOn] | None = None,
) -> Facts:
    """The facts, with all that the dates of the stay tell under this policy.

    A stay is inpatient care settled at discharge, as a whole, unless it says something else.

    Of a part that an interim settlement ended (`goes_on`) the patient lies there the night after
    it, too: so the days of all parts add up to those of the stay.

    Without `person_on` the person is taken for the same on every day that layers ask about.
    """
    days = policy.days_asked
    same = PersonOn(identities=facts.identities, age=facts.age)
    return replace(
        facts,
        care=facts.care or Care.INPATIENT.value,
        occasion=facts.occasion or Occasion.DISCHARGE.value,
        part=facts.part or 1,
        days=(dates.discharge - dates.admission).days + goes_on,
        admission_date=dates.admission,
        discharge_date=dates.discharge,
        settlement_date=dates.settlement,
        crosses_year=policy.crosses_year(admission=dates.admission, discharge=dates.discharge),
        late_claim=policy.is_late(discharge=dates.discharge, settlement=dates.settlement),
        person_on={day.value: same for day in days} if person_on is None else person_on,
    )
