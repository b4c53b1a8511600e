"""Deductibles and caps as lines (起付线与封顶线的算式): what the year had used, what was left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from settlement.application.explaining.lines import (
    Figure,
    Line,
    Operation,
    Rated,
    Topic,
    greatest_of,
    least_of,
    stated,
    sum_of,
)
from settlement.application.explaining.naming_values import Values
from settlement.kernel.resolving import NO_LIMIT
from settlement.kernel.writing_rules import picked_variable
from settlement.law.exact import Ratio, parse_percent
from settlement.law.numbers import Picked, Rule, ShareOf
from settlement.law.policy import (
    KEY_OF_COUNTER,
    BandsFrom,
    CapOf,
    Counter,
    Deductible,
    Layer,
    Part,
    Passed,
    Period,
    ThresholdKind,
)
from settlement.law.rounding import Rounding

_NEVER_LEFT = NO_LIMIT // 2


@dataclass(frozen=True)
class LimitLines:
    """What takes off and what ends one layer, line by line."""

    values: Values
    layer: Layer

    # --- deductible ------------------------------------------------------------------------

    def deductible(self, part: Part, counted_fen: int) -> Iterator[Line]:
        """What the deductible takes off a part, and what it leaves."""
        rule = self.layer.deductible
        if rule is None or counted_fen == 0:
            return
        if rule.kind is ThresholdKind.TRIGGER:
            yield from self._trigger(rule, part, counted_fen)
            return
        if part.id not in rule.taken_from:
            yield stated(Topic.NOT_TOUCHED, Figure("counted", counted_fen))
            return
        yield from self._to_deduct(rule, part)
        taken = self.values.part(self.layer, part, "deductible")
        room = self._room_for(rule, part)
        yield least_of(Topic.DEDUCTION, Figure("counted", counted_fen), Figure("to_deduct", room))
        yield sum_of(Topic.ELIGIBLE, Figure("counted", counted_fen), Figure("deduction", taken, -1))

    def _trigger(self, rule: Deductible, part: Part, counted_fen: int) -> Iterator[Line]:
        threshold, before = self._value("threshold"), self._value("before")
        yield from self._made_of(rule.amount)
        yield stated(Topic.THRESHOLD, Figure("threshold", threshold))
        looked_at = self._looked_at(rule)
        yield sum_of(Topic.PASSING, Figure("counted_before", before), Figure("counted", looked_at))
        taken = self.values.part(self.layer, part, "deductible")
        total = before + looked_at
        is_passed = total > threshold or (total == threshold and rule.passed is Passed.AT)
        yield sum_of(
            Topic.PASSED if is_passed else Topic.NOT_PASSED,
            Figure("counted", counted_fen),
            Figure("deduction", taken, -1),
            detail=rule.passed.value,
        )

    def _to_deduct(self, rule: Deductible, part: Part) -> Iterator[Line]:
        """What is still to be deducted this year, of this bill, of this part."""
        threshold, before = self._value("threshold"), self._value("before")
        yield from self._made_of(rule.amount)
        room = max(0, threshold - before)
        whole = Figure("threshold", threshold)
        if rule.period is Period.EPISODE:
            yield sum_of(Topic.EPISODE_LEFT, whole, Figure("episode_before", before, -1))
        elif rule.counter:
            yield sum_of(Topic.THRESHOLD_LEFT, whole, Figure("counted_before", before, -1))
        else:
            yield stated(Topic.THRESHOLD, whole)
        if rule.limit and room > 0:
            left = self._value("limit_left")
            most = self._worth(rule.limit.amount)
            if most is not None:
                yield from self._made_of(rule.limit.amount)
                used = self._used(rule.limit.counter, most, left)
                yield _what_is_left(Topic.DEDUCTION_LIMIT, "limit", most, used)
            yield least_of(Topic.DEDUCTION_HELD, Figure("to_deduct", room), Figure("limit", left))
            room = min(room, left)
        earlier = self._deducted_before(rule, part)
        if earlier:
            yield sum_of(
                Topic.DEDUCTION_SHARED,
                Figure("to_deduct", room),
                Figure("deducted_before", earlier, -1),
            )

    def _room_for(self, rule: Deductible, part: Part) -> int:
        room = max(0, self._value("threshold") - self._value("before"))
        if rule.limit:
            room = min(room, self._value("limit_left"))
        return room - self._deducted_before(rule, part)

    def _deducted_before(self, rule: Deductible, part: Part) -> int:
        """What the parts that come first in the order were charged."""
        first = rule.taken_from[: rule.taken_from.index(part.id)]
        parts = [p for p in self.layer.parts if p.id in first]
        return sum(self.values.part(self.layer, p, "deductible") for p in parts)

    def _looked_at(self, rule: Deductible) -> int:
        parts = [p for p in self.layer.parts if p.id in rule.taken_from]
        return sum(
            self.values.part(self.layer, p, "base")
            - (self.values.part(self.layer, p, "first_self_pay") if p.takes_first else 0)
            for p in parts
        )

    def _value(self, what: str) -> int:
        return self.values.outcome.values[f"{self.layer.id}_{what}"]

    # --- bands ---------------------------------------------------------------------------

    def bands(self, part: Part, step_bands: Sequence[int]) -> Iterator[Line]:
        """Where the amounts in the bands come from: what is measured, and the edges it crosses."""
        if len(part.bands) == 1 or not any(step_bands):
            return
        start = self._measured_from(part)
        end = start + sum(step_bands)
        last = max(at for at, fen in enumerate(step_bands) if fen > 0)
        resolved = self.values.outcome.resolved
        edges = [resolved[b.up_to.name].value for b in part.bands[:last] if b.up_to]
        yield Line(
            Topic.BANDS,
            Operation.SPLIT,
            end - start,
            figures=(
                Figure("start", start),
                Figure("end", end),
                *(Figure("edge", edge) for edge in edges if isinstance(edge, int) and edge > start),
            ),
        )

    def _measured_from(self, part: Part) -> int:
        rule = self.layer.deductible
        if rule is None:
            return 0
        if rule.period is Period.EPISODE:
            is_gross = part.bands_from is BandsFrom.ZERO
            return self.values.part(self.layer, part, "deductible") if is_gross else 0
        if part.bands_from is BandsFrom.ZERO:
            return self._value("before") + self.values.part(self.layer, part, "deductible")
        return max(0, self._value("before") - self._value("threshold"))

    # --- caps ------------------------------------------------------------------------------

    def caps(self, *, of_cost: bool) -> Iterator[Line]:
        """Every cap with what it still allowed; those without a limit are left out."""
        for at, cap in enumerate(self.layer.caps, start=1):
            if (cap.of is CapOf.COST) is not of_cost:
                continue
            left = self._value(f"cap_{at}_left")
            if cap.of is CapOf.TIMES:
                if left == 0:
                    yield stated(Topic.TIMES, Figure("held", 0), detail=str(at))
                continue
            if left >= _NEVER_LEFT:
                continue
            topic = Topic.COST_LIMIT if of_cost else Topic.CAP
            limit = self._worth(cap.amount)
            if limit is None:
                yield stated(topic, Figure("cap", left), detail=str(at))
                continue
            yield from self._made_of(cap.amount)
            if cap.counter:
                used = self._used(cap.counter, limit, left)
                yield _what_is_left(topic, "cap", limit, used, detail=str(at))
            else:
                yield stated(topic, Figure("cap", limit), detail=str(at))

    def _used(self, counter: Counter, limit: int, left: int) -> int:
        """What the year had used of a limit, by earlier layers of this very bill, too."""
        if left > 0:
            return limit - left
        totals = [
            n
            for n in self.values.outcome.counters
            if n.partition(KEY_OF_COUNTER)[0] == counter.name
        ]
        return max([limit, *(self.values.counters.get(name, 0) for name in totals)])

    def cap_for_part(self, left_fen: int | None, earlier_fen: int, topic: Topic) -> Iterator[Line]:
        """What earlier parts of the layer left of its tightest cap for this one."""
        if left_fen is not None and earlier_fen:
            yield sum_of(
                topic,
                Figure("cap", left_fen + earlier_fen),
                Figure("earlier_parts", earlier_fen, -1),
            )

    # --- rules -----------------------------------------------------------------------------

    def _made_of(self, rule: Rule) -> Iterator[Line]:
        """By what amount a number was picked, or of what it is a share."""
        if isinstance(rule, Picked):
            yield self._picked_by(rule)
        elif isinstance(rule, ShareOf):
            yield from self._share(rule)

    def _picked_by(self, rule: Picked) -> Line:
        figures = self.values.figures(rule.by, self.layer)
        row = self.values.outcome.values[f"{picked_variable(rule)}_row"]
        return sum_of(Topic.RULE_BY, *figures, detail=str(row))

    def picked(self, rule: Rule | None) -> Iterator[Line]:
        """By what amount a ratio was picked; nothing where it was looked up."""
        if isinstance(rule, Picked):
            yield self._picked_by(rule)

    def _share(self, rule: ShareOf) -> Iterator[Line]:
        """A share of an amount, rounded as the layer rounds, between its bounds."""
        figures = self.values.figures(rule.of, self.layer)
        of = sum_of(Topic.RULE_BY, *figures)
        yield of
        share = self.values.outcome.resolved[rule.share.name].value
        assert isinstance(share, Ratio)  # noqa: S101 - a share is a ratio or has refused
        rated = (Rated(of.result_fen, str(share)),)
        line = share_line(Topic.RULE_SHARE, rated, self.layer.rounding)
        found = line.result_fen
        yield line
        for bound, choose in ((rule.at_least, greatest_of), (rule.at_most, least_of)):
            if bound:
                limit = self._worth(bound)
                if limit is not None:
                    held = choose(Topic.RULE_HELD, Figure("own", found), Figure("limit", limit))
                    found = held.result_fen
                    yield held

    def _worth(self, rule: Rule) -> int | None:
        """An amount's value in fen, or a count; None where there is no limit."""
        values = self.values.outcome.values
        if isinstance(rule, ShareOf):
            return values["s_" + rule.name.replace(".", "_")]
        if isinstance(rule, Picked):
            at = values[f"{picked_variable(rule)}_row"]
            rule = rule.rows[at - 1].then
        found = self.values.outcome.resolved[rule.name].value
        return found if isinstance(found, int) else None


def _what_is_left(
    topic: Topic, name: str, limit: int, used: int, *, detail: str | None = None
) -> Line:
    """A limit less what the year has used of it."""
    return sum_of(topic, Figure(name, limit), Figure("cap_used", used, -1), detail=detail)


def share_line(
    topic: Topic,
    rated: Sequence[Rated],
    rounding: Rounding,
    *,
    less: str | None = None,
    factor: str | None = None,
) -> Line:
    """Amounts times ratios, composed exactly and rounded once."""
    exact = Ratio(0, 0)
    for one in rated:
        exact = exact.plus(parse_percent(one.ratio).times(Ratio(one.fen, 0)))
    if less:
        exact = exact.times(Ratio(1, 0).minus(parse_percent(less)))
    if factor:
        exact = exact.times(parse_percent(factor))
    return Line(
        topic,
        Operation.SHARE,
        rounding.rounded(exact.units, int(10**exact.digits)),
        rated=tuple(rated),
        less=less,
        factor=factor,
        exact=_in_yuan(exact),
        rounding=rounding.code,
    )


def _in_yuan(exact_fen: Ratio) -> str:
    """Fen and fractions of them as yuan, with all digits."""
    digits = exact_fen.digits + 2
    text = str(exact_fen.units).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:].rstrip('0').ljust(2, '0')}"
