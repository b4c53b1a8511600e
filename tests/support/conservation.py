"""What every settlement must satisfy (守恒), checked from outside the arithmetic.

Payers and patient add up to the bill, nothing is negative, every share stays within its base, no
yearly cap is passed, and a deductible is taken once and in full, over all stays of a year.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from settlement.kernel.cascade import Cascade
from settlement.kernel.names import part_variable
from settlement.kernel.settle import Outcome
from settlement.law.policy import CapOf, Deductible, Layer, Period, ThresholdKind
from tests.support.bill_generator import MadeUpStay
from tests.support.settling import REFUSALS, settle_outcome, years_of
from tests.support.yearly_totals import YearlyTotals


class NotConserved(AssertionError):
    """A settlement that gives or takes what it must not; the message says what."""


def settle_stays(
    cascade: Cascade, stays: Sequence[MadeUpStay]
) -> list[tuple[MadeUpStay, Outcome | Exception]]:
    """A person's stays one after the other; a refused one moves no counter."""
    totals = YearlyTotals()
    found: list[tuple[MadeUpStay, Outcome | Exception]] = []
    for stay in stays:
        years = years_of(cascade, stay)
        try:
            outcome = settle_outcome(cascade, stay, totals.before(years))
        except REFUSALS as refusal:
            found.append((stay, refusal))
            continue
        found.append((stay, outcome))
        totals.keep(years, outcome.counters)
    return found


def check_stays(cascade: Cascade, stays: Sequence[MadeUpStay]) -> int:
    """Settle a person's stays and check each; in how many anybody paid. Raises NotConserved."""
    person = _Person(cascade)
    paying = 0
    for stay, outcome in settle_stays(cascade, stays):
        if isinstance(outcome, Exception):
            continue
        paying += outcome.patient_fen < stay.charges.total_fen
        _check_sum(cascade, stay, outcome)
        person.check(outcome, years_of(cascade, stay))
    return paying


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - it reads as a sentence
    if not holds:
        raise NotConserved(what)


def _check_sum(cascade: Cascade, stay: MadeUpStay, outcome: Outcome) -> None:
    paid = [outcome.paid_fen(x) for x in cascade.policy.layers]
    _require(
        sum(paid) + outcome.patient_fen == stay.charges.total_fen,
        f"payers {paid} + patient {outcome.patient_fen} ≠ total {stay.charges.total_fen}",
    )
    negative = {name: fen for name, fen in outcome.values.items() if fen < 0 and name != "refused"}
    _require(not negative, f"below zero: {negative}")


def _check_shares(layer: Layer, outcome: Outcome) -> None:
    if layer.id not in outcome.applied:
        _require(outcome.paid_fen(layer) == 0, f"{layer.id} pays without applying")
    for part in layer.parts:
        stem = part_variable(layer, part)
        base, deductible, eligible, first, computed, paid = (
            outcome.values[f"{stem}_{what}"]
            for what in ("base", "deductible", "eligible", "first_self_pay", "computed", "paid")
        )
        _require(base == deductible + eligible, f"{stem}: base ≠ deductible + eligible")
        _require(first <= eligible, f"{stem}: first self-pay above what is eligible")
        _require(paid <= computed <= eligible, f"{stem}: pays more than its base allows")


def _bases(layer: Layer, outcome: Outcome) -> dict[str, int]:
    return {p.id: outcome.values[f"{part_variable(layer, p)}_base"] for p in layer.parts}


class _Person:
    """What is known of one person's years from the stays checked so far."""

    def __init__(self, cascade: Cascade):
        self.cascade = cascade
        self.running: dict[tuple[str, date], int] = {}
        self.taken: dict[tuple[str, date], int] = {}
        self.looked_at: dict[tuple[str, date], int] = {}
        self.limits: dict[tuple[str, date], set[int]] = {}

    def check(self, outcome: Outcome, years: Mapping[str, date]) -> None:
        for layer in self.cascade.policy.layers:
            _check_shares(layer, outcome)
            rule = layer.deductible
            if rule and rule.kind is ThresholdKind.DEDUCTED and layer.id in outcome.applied:
                self.check_deductible(layer, rule, outcome, years)
            self.check_caps(layer, outcome, years)
            self.move(layer, outcome, years)
        for name, day in years.items():
            now, expected = outcome.counters[name], self.running.get((name, day), 0)
            _require(now == expected, f"counter {name} stands at {now}, not {expected}")

    def check_deductible(
        self, layer: Layer, rule: Deductible, outcome: Outcome, years: Mapping[str, date]
    ) -> None:
        """Never above what is left of it, and never less than that where there is cost for it."""
        limit = max(0, outcome.resolved[rule.amount.name].at_digits(0))
        now = outcome.values[f"{layer.id}_deductible"]
        cost = sum(fen for part, fen in _bases(layer, outcome).items() if part in rule.taken_from)
        if rule.period is Period.STAY or rule.counter is None:
            _require(now == min(cost, limit), f"{layer.id}: takes off {now} of {limit} from {cost}")
            return
        year = (rule.counter, years[rule.counter])
        left = max(0, limit - self.running.get(year, 0))
        _require(now <= left, f"{layer.id}: takes off {now}, though {left} is left this year")
        if self.is_private(rule.counter):
            self.taken[year] = self.taken.get(year, 0) + now
            self.looked_at[year] = self.looked_at.get(year, 0) + cost
            self.limits.setdefault(year, set()).add(limit)
            if len(self.limits[year]) == 1:
                whole = min(limit, self.looked_at[year])
                _require(
                    self.taken[year] == whole,
                    f"{layer.id}: {self.taken[year]} taken in a year that owes {whole}",
                )

    def is_private(self, counter: str) -> bool:
        """Whether one deductible alone uses this counter."""
        rules = [x.deductible for x in self.cascade.policy.layers if x.deductible]
        caps = [c for x in self.cascade.policy.layers for c in x.caps]
        return [r.counter for r in [*rules, *caps]].count(counter) == 1

    def check_caps(self, layer: Layer, outcome: Outcome, years: Mapping[str, date]) -> None:
        for cap in layer.caps if layer.id in outcome.applied else ():
            limit = outcome.resolved[cap.amount.name].at_digits(0)
            before = self.running.get((cap.counter, years[cap.counter]), 0) if cap.counter else 0
            whole = sum(_bases(layer, outcome).values())
            spent = outcome.paid_fen(layer) if cap.of is CapOf.PAYMENT else whole
            _require(
                limit < 0 or spent <= max(0, limit - before),
                f"{layer.id}: {spent} passes the cap of {limit} after {before}",
            )

    def move(self, layer: Layer, outcome: Outcome, years: Mapping[str, date]) -> None:
        """A deductible counts the cost it looks at, a cap what it limits; a counter moves once."""
        bases = _bases(layer, outcome)
        moved: dict[str | None, int] = {}
        if layer.deductible:
            eaten = layer.deductible.taken_from
            moved[layer.deductible.counter] = sum(bases[part] for part in eaten)
        for cap in layer.caps:
            is_payment = cap.of is CapOf.PAYMENT
            moved[cap.counter] = outcome.paid_fen(layer) if is_payment else sum(bases.values())
        for name, fen in moved.items():
            if name:
                year = (name, years[name])
                self.running[year] = self.running.get(year, 0) + fen
