"""Settling a cohort claim by claim (逐笔结算), the year's totals carried along."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from settlement.application.impact.cohort import Claim, elsewhere_under, facts_under
from settlement.application.impact.settled import (
    AFTER_REFUSED,
    REFUSALS,
    Refused,
    Settled,
    refused,
)
from settlement.application.impact.years import counter_of, first_days
from settlement.kernel.cascade import Cascade
from settlement.kernel.settle import Inputs, Outcome, settle_bill
from settlement.law.facts import Facts
from settlement.law.policy import BENEFIT_ADMISSIONS, KEY_OF_COUNTER


def settle_one_by_one(cascade: Cascade, claims: Sequence[Claim]) -> list[Settled | Refused]:
    """What becomes of each claim; the claims of a person stand together and in order."""
    found: list[Settled | Refused] = []
    person: _Person | None = None
    for claim in claims:
        if person is None or person.name != claim.person:
            person = _Person(claim.person, cascade)
        found.append(person.settle(claim))
    return found


class _Person:
    """One person's yearly totals, and the years that a refused claim made unknown."""

    def __init__(self, name: str, cascade: Cascade):
        self.name = name
        self.cascade = cascade
        self.totals: dict[date, dict[str, int]] = defaultdict(dict)
        self.unknown: list[date] = []

    def settle(self, claim: Claim) -> Settled | Refused:
        years = first_days(self.cascade.policy, claim.dates)
        if any(_overlap(day, lost) for day in set(years.values()) for lost in self.unknown):
            return AFTER_REFUSED
        before = self._before(years)
        try:
            outcome = self._outcome(claim, before)
        except REFUSALS as wrong:
            self.unknown += sorted(set(years.values()))
            return refused(wrong)
        for name, total in outcome.counters.items():
            self.totals[years[counter_of(name)]][name] = total
        return settled(self.cascade, outcome)

    def _outcome(self, claim: Claim, before: Mapping[str, int]) -> Outcome:
        claim.charges.check()
        facts = _counted(facts_under(self.cascade.policy, claim), before)
        applied: Iterable[str] = ()
        if claim.elsewhere_fen:
            applied = self.cascade.resolve(facts).applied
        given = elsewhere_under(self.cascade.policy, claim, applied)
        return settle_bill(self.cascade, Inputs(claim.charges, facts, before, given))

    def _before(self, years: Mapping[str, date]) -> dict[str, int]:
        """Every total that the policy's counters have, each in its own year."""
        days = set(years.values())
        return {
            name: total
            for day in days
            for name, total in self.totals[day].items()
            if years.get(counter_of(name)) == day
        }


def _counted(facts: Facts, before: Mapping[str, int]) -> Facts:
    """The facts, with how many stays of the year this is."""
    of_tier = f"{BENEFIT_ADMISSIONS}{KEY_OF_COUNTER}{facts.tier}"
    return replace(
        facts,
        admission_number=before.get(BENEFIT_ADMISSIONS, 0) + 1,
        same_tier_admission_number=before.get(of_tier, 0) + 1 if facts.tier else None,
    )


def settled(cascade: Cascade, outcome: Outcome) -> Settled:
    """A claim's result, layer by layer."""
    layers = cascade.policy.layers
    return Settled(
        layers_fen=tuple(outcome.paid_fen(layer) for layer in layers),
        surplus_fen=tuple(
            outcome.values[f"{x.id}_surplus"] if x.surplus_to_hospital else 0 for x in layers
        ),
        patient_fen=outcome.patient_fen,
    )


def _overlap(one: date, other: date) -> bool:
    """Whether two benefit years share a day; those of single layers may begin on other days."""
    earlier, later = sorted((one, other))
    return (later.year, later.month, later.day) < (earlier.year + 1, earlier.month, earlier.day)
