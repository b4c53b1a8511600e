"""Explaining a worked case (说明算例): each of its stays, the year's totals carried along."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from settlement.application.explain_bill import BillExplained, explain_bill
from settlement.application.run_worked_cases import (
    counter_name,
    facts_of_stay,
    years_of_counters,
)
from settlement.application.worked_cases import CaseStay, WorkedCase
from settlement.kernel.settle import BILL_REFUSALS
from settlement.law.policy import Policy


@dataclass(frozen=True)
class StayExplained:
    """One stay of a case (一次住院): explained, or why it is refused."""

    stay: CaseStay
    explained: BillExplained | None
    refusal: Exception | None = None


def explain_case(policy: Policy, case: WorkedCase) -> Iterator[StayExplained]:
    """The stays of a case in order; one that is refused moves no totals."""
    totals: dict[tuple[str, date], int] = {}
    for at, stay in enumerate(case.stays):
        years = years_of_counters(policy, stay.dates)
        if at == 0:
            known = {n: f for n, f in case.counters_before.items() if counter_name(n) in years}
            totals = {(name, years[counter_name(name)]): fen for name, fen in known.items()}
        before = {
            name: total
            for (name, day), total in totals.items()
            if years.get(counter_name(name)) == day
        }
        try:
            found = explain_bill(
                policy,
                charges=stay.charges,
                facts=facts_of_stay(policy, stay, before),
                counters=before,
                elsewhere=stay.elsewhere_fen,
            )
        except BILL_REFUSALS as refusal:
            yield StayExplained(stay, None, refusal)
            continue
        for name, total in found.counters_after.items():
            totals[name, years[counter_name(name)]] = total
        yield StayExplained(stay, found)
