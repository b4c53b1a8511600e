"""What every settlement must satisfy (守恒), checked from outside the arithmetic.

Payers and patient add up to the bill, nothing is negative, every share stays within its base, no
cap is passed, a deductible is taken once and in full, and every total moves by what it counts,
over all stays of a year.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from settlement.kernel.cascade import Cascade
from settlement.kernel.names import part_variable
from settlement.kernel.settle import Outcome
from settlement.law.numbers import Number, Rule
from settlement.law.policy import (
    Cap,
    CapOf,
    Counter,
    Deductible,
    Layer,
    LayerKind,
    Part,
    Period,
    ThresholdKind,
)
from tests.support.bill_generator import MadeUpStay
from tests.support.settling import REFUSALS, amount_of, settle_outcome, years_of
from tests.support.yearly_totals import YearlyTotals

Year = tuple[str, date]


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
        _check_outside(cascade, outcome)
        person.check(stay, outcome)
    return paying


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - it reads as a sentence
    if not holds:
        raise NotConserved(what)


def _check_sum(cascade: Cascade, stay: MadeUpStay, outcome: Outcome) -> None:
    """Payers and the patient bear the bill; what the patient pays first is the patient's."""
    payers = [x for x in cascade.policy.layers if x.kind is LayerKind.PAYMENT]
    paid = [amount_of(x, outcome) for x in payers]
    _require(
        sum(paid) + outcome.patient_fen == stay.charges.total_fen,
        f"payers {paid} + patient {outcome.patient_fen} ≠ total {stay.charges.total_fen}",
    )
    first = [amount_of(x, outcome) for x in cascade.policy.layers if x.kind is LayerKind.PATIENT]
    _require(outcome.patient_fen >= sum(first), f"the patient bears less than {first}")
    negative = {name: fen for name, fen in outcome.values.items() if fen < 0 and name != "refused"}
    _require(not negative, f"below zero: {negative}")


def _check_outside(cascade: Cascade, outcome: Outcome) -> None:
    """Cash is what its layer came to; a surplus belongs to layers that leave it to the hospital."""
    found = {(x.layer, x.kind): x.amount_fen for x in outcome.outside if x.amount_fen}
    expected = {}
    for layer in cascade.policy.layers:
        if layer.kind is LayerKind.CASH:
            expected[layer.id, "cash"] = amount_of(layer, outcome)
        if layer.surplus_to_hospital:
            expected[layer.id, "surplus"] = _surplus(layer, outcome)
    _require(
        found == {what: fen for what, fen in expected.items() if fen},
        f"outside the bill {found}, not {expected}",
    )


def _surplus(layer: Layer, outcome: Outcome) -> int:
    return outcome.values.get(f"{layer.id}_surplus", 0)


def _spent(layer: Layer, outcome: Outcome) -> int:
    """What the layer's caps on payments count."""
    return amount_of(layer, outcome) + _surplus(layer, outcome)


def _check_shares(layer: Layer, outcome: Outcome) -> None:
    if layer.id not in outcome.applied:
        _require(_spent(layer, outcome) == 0, f"{layer.id} pays without applying")
    for part in layer.parts:
        stem = part_variable(layer, part)
        base, deductible, eligible, first, computed, paid = (
            outcome.values[f"{stem}_{what}"]
            for what in ("base", "deductible", "eligible", "first_self_pay", "computed", "paid")
        )
        before = first if part.takes_first else 0
        _require(base == before + deductible + eligible, f"{stem}: {base} is not its parts")
        _require(before or first <= eligible, f"{stem}: first self-pay above what is eligible")
        _require(paid <= computed, f"{stem}: pays more than was computed")
        _require(part.not_below is not None or computed <= eligible, f"{stem}: more than its base")


def _looked_at(layer: Layer, outcome: Outcome) -> dict[str, int]:
    """What the deductible sees of each part."""

    def seen(part: Part) -> int:
        stem = part_variable(layer, part)
        first = outcome.values[f"{stem}_first_self_pay"] if part.takes_first else 0
        return outcome.values[f"{stem}_base"] - first

    return {part.id: seen(part) for part in layer.parts}


def _cost(layer: Layer, outcome: Outcome) -> int:
    return sum(outcome.values[f"{part_variable(layer, p)}_base"] for p in layer.parts)


def _limit(rule: Rule, outcome: Outcome) -> int | None:
    """A number that facts alone decide; None for one that an amount of the bill decides."""
    return outcome.resolved[rule.name].at_digits(0) if isinstance(rule, Number) else None


class _Person:
    """What is known of one person's years from the stays checked so far."""

    def __init__(self, cascade: Cascade):
        self.cascade = cascade
        self.keys = {c.name: c.key_fact for x in cascade.policy.layers for c in x.counters_kept}
        self.running: dict[Year, int] = {}
        self.taken: dict[Year, int] = {}
        self.seen: dict[Year, int] = {}
        self.limits: dict[Year, set[int]] = {}

    def check(self, stay: MadeUpStay, outcome: Outcome) -> None:
        years = years_of(self.cascade, stay)
        for layer in self.cascade.policy.layers:
            _check_shares(layer, outcome)
            if layer.id not in outcome.applied:
                continue
            totals = {name: self.total(name, stay, years) for name in layer.counters}
            if layer.deductible:
                self.check_deductible(layer, layer.deductible, outcome, totals)
            self.check_caps(layer, outcome, totals)
            for name, moved in _moves(layer, outcome).items():
                self.move(totals[name], moved)
        for name in years:
            if name.startswith("sum."):
                self.move((name, years[name]), self.summed(name.removeprefix("sum."), outcome))
        for name, stands in outcome.counters.items():
            day = years.get(name.partition("@")[0])
            if day is not None:
                expected = self.running.get((name, day), 0)
                _require(stands == expected, f"counter {name} stands at {stands}, not {expected}")

    def total(self, name: str, stay: MadeUpStay, years: Mapping[str, date]) -> Year:
        """The total that a counter is for this stay, and its year."""
        key = self.keys.get(name)
        return f"{name}@{stay.facts[key]}" if key else name, years[name]

    def move(self, total: Year, fen: int) -> None:
        self.running[total] = self.running.get(total, 0) + fen

    def summed(self, name: str, outcome: Outcome) -> int:
        if name == "patient":
            return outcome.patient_fen
        layers = {x.id: x for x in self.cascade.policy.layers}
        if name in layers:
            return amount_of(layers[name], outcome)
        return outcome.values[f"bill_{name.replace('.', '_')}"]

    def check_deductible(
        self, layer: Layer, rule: Deductible, outcome: Outcome, totals: Mapping[str, Year]
    ) -> None:
        """Never above what is left of it, and never less than that where there is cost for it."""
        now = outcome.values[f"{layer.id}_deductible"]
        seen = _looked_at(layer, outcome)
        if rule.kind is ThresholdKind.TRIGGER:
            _require(now in {0, sum(seen.values())}, f"{layer.id}: part of a threshold taken")
            return
        cost = sum(seen[part] for part in rule.taken_from)
        limit = _limit(rule.amount, outcome)
        if limit is None:
            limit = outcome.values[f"{layer.id}_threshold"]
        limit = max(0, limit)
        if rule.limit:
            of_year = max(0, _limit(rule.limit.amount, outcome) or 0)
            before = self.running.get(totals[rule.limit.counter.name], 0)
            limit = min(limit, max(0, of_year - before))
        if rule.period is Period.STAY or rule.counter is None:
            _require(now == min(cost, limit), f"{layer.id}: takes off {now} of {limit} from {cost}")
            return
        year = totals[rule.counter.name]
        left = max(0, limit - self.running.get(year, 0))
        _require(now <= left, f"{layer.id}: takes off {now}, though {left} is left this year")
        if self.is_private(rule.counter):
            self.taken[year] = self.taken.get(year, 0) + now
            self.seen[year] = self.seen.get(year, 0) + cost
            self.limits.setdefault(year, set()).add(limit)
            if len(self.limits[year]) == 1:
                whole = min(limit, self.seen[year])
                _require(
                    self.taken[year] == whole,
                    f"{layer.id}: {self.taken[year]} taken in a year that owes {whole}",
                )

    def is_private(self, counter: Counter) -> bool:
        """Whether one deductible alone uses this counter."""
        layers = self.cascade.policy.layers
        rules = [x.deductible.counter for x in layers if x.deductible]
        caps = [c.counter for x in layers for c in x.caps]
        return [c.name for c in [*rules, *caps] if c].count(counter.name) == 1

    def check_caps(self, layer: Layer, outcome: Outcome, totals: Mapping[str, Year]) -> None:
        for at, cap in enumerate(layer.caps, start=1):
            before = self.running.get(totals[cap.counter.name], 0) if cap.counter else 0
            limit = _limit(cap.amount, outcome)
            if limit is None:
                limit = outcome.values[f"{layer.id}_cap_{at}_left"] + before
            _require(
                limit < 0 or _is_within(layer, cap, outcome, max(0, limit - before)),
                f"{layer.id}: cap {at} of {limit} passed after {before}",
            )


def _is_within(layer: Layer, cap: Cap, outcome: Outcome, left: int) -> bool:
    if cap.of is CapOf.TIMES:
        return left > 0 or _spent(layer, outcome) == 0
    return (_cost if cap.of is CapOf.COST else _spent)(layer, outcome) <= left


def _moves(layer: Layer, outcome: Outcome) -> dict[str, int]:
    """A deductible counts the cost it looks at, a cap what it limits; a counter moves once."""
    moved: dict[str, int] = {}
    counted = {
        CapOf.COST: _cost(layer, outcome),
        CapOf.PAYMENT: _spent(layer, outcome),
        CapOf.TIMES: int(_spent(layer, outcome) > 0),
    }
    rule = layer.deductible
    if rule and rule.counter:
        seen = _looked_at(layer, outcome)
        moved[rule.counter.name] = sum(seen[part] for part in rule.taken_from)
    if rule and rule.limit:
        moved[rule.limit.counter.name] = outcome.values[f"{layer.id}_deductible"]
    for cap in layer.caps:
        if cap.counter:
            moved[cap.counter.name] = counted[cap.of]
    for name in layer.counts_toward or ():
        moved[name] = counted[CapOf.PAYMENT]
    return moved
