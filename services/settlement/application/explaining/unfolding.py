"""Unfolding the steps of a settlement (逐步说明): every payment as sums that anybody can redo."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from settlement.application.explaining.limits import LimitLines, share_line
from settlement.application.explaining.lines import (
    Figure,
    Line,
    Rated,
    Topic,
    greatest_of,
    least_of,
    stated,
    sum_of,
)
from settlement.application.explaining.naming_values import Values
from settlement.kernel.cascade import Cascade
from settlement.kernel.explain import NumberUsed, Step, explain
from settlement.kernel.names import part_variable
from settlement.kernel.settle import Outcome
from settlement.law.policy import Layer, LayerKind, Part

_OF_THE_BILL = (LayerKind.PAYMENT, LayerKind.PATIENT)


@dataclass(frozen=True)
class StepUnfolded:
    """One step with its sums (一步的算式); `rests_on` is what the step as a whole rests on: whom
    it is for, whose fund pays."""

    step: Step
    lines: tuple[Line, ...]
    rests_on: tuple[NumberUsed, ...]


def unfold(
    cascade: Cascade, outcome: Outcome, counters: Mapping[str, int]
) -> tuple[StepUnfolded, ...]:
    """Every step in order; `counters` are the yearly totals the settlement began with."""
    policy = cascade.policy
    values = Values(policy, outcome, counters)
    steps = explain(cascade, outcome)
    found = []
    for layer in policy.layers:
        mine = [step for step in steps if step.layer == layer.id]
        for at, step in enumerate(mine):
            lines = list(_lines(values, layer, step, mine[:at]))
            found.append(_with_evidence(layer, step, lines))
    return tuple(found)


def _lines(values: Values, layer: Layer, step: Step, earlier: Sequence[Step]) -> Iterator[Line]:
    if not step.applied:
        return
    if layer.elsewhere:
        yield from _elsewhere(values, layer, step)
        return
    part = next(p for p in layer.parts if p.id == step.part)
    yield from _StepLines(values, layer, part, step, earlier).all()


def _elsewhere(values: Values, layer: Layer, step: Step) -> Iterator[Line]:
    """What another system decided, within what it may be."""
    if step.pending or layer.elsewhere is None:
        return
    limit = sum_of(Topic.ELSEWHERE_LIMIT, *values.figures(layer.elsewhere.at_most))
    yield limit
    yield stated(Topic.ELSEWHERE, Figure("held", step.amount_fen), detail=step.decided_by)


@dataclass(frozen=True)
class _StepLines:
    """The sums of one part of a layer."""

    values: Values
    layer: Layer
    part: Part
    step: Step
    earlier: Sequence[Step]
    limits: LimitLines = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", LimitLines(self.values, self.layer))

    def all(self) -> Iterator[Line]:
        """From what is looked at to what is paid."""
        yield from self._base()
        yield from self._first_before()
        yield from self.limits.deductible(self.part, self._counted_fen)
        yield from self._share()
        yield from self._held()
        yield from self._payment()
        yield from self._surplus()

    @property
    def _counted_fen(self) -> int:
        """What the deductible looks at."""
        step = self.step
        return step.base_fen - (step.first_self_pay_fen if step.first_is_before else 0)

    def _base(self) -> Iterator[Line]:
        step, topic = self.step, Topic.BASE
        if self.part.fixed:
            yield stated(topic, Figure("fixed", step.base_before_cap_fen))
        else:
            yield sum_of(topic, *self.values.figures(self.part.base))
        if step.cost_cap_left_fen is None or step.base_before_cap_fen == 0:
            return
        if not any(other.base_before_cap_fen > 0 for other in self.earlier):
            yield from self.limits.caps(of_cost=True)
        looked_at = sum(other.base_fen for other in self.earlier)
        yield from self.limits.cap_for_part(step.cost_cap_left_fen, looked_at, Topic.COST_LIMIT)
        yield least_of(
            Topic.COST_HELD,
            Figure("own", step.base_before_cap_fen),
            Figure("cost_left", step.cost_cap_left_fen),
        )

    def _first_before(self) -> Iterator[Line]:
        step = self.step
        if not step.first_is_before or step.base_fen == 0:
            return
        yield from self.limits.picked(self.part.first_self_pay)
        yield from self._first(step.base_fen)
        yield sum_of(
            Topic.FIRST_OFF,
            Figure("own", step.base_fen),
            Figure("held", step.first_self_pay_fen, -1),
        )

    def _first(self, of_fen: int) -> Iterator[Line]:
        """What the patient pays first, of the base or of what the deductible left."""
        rated = (Rated(of_fen, _known(self.step.first_self_pay)),)
        line = share_line(Topic.FIRST, rated, self.part.rounding)
        yield from _within(line, of_fen, Topic.FIRST_HELD)

    def _share(self) -> Iterator[Line]:
        """Bands times rates, after first self-pay and factor, rounded once."""
        step = self.step
        reached = [(at, b) for at, b in enumerate(step.bands, start=1) if b.amount_fen > 0]
        if not reached:
            return
        is_composed = self.part.first_self_pay is not None and not step.first_is_before
        if is_composed:
            yield from self.limits.picked(self.part.first_self_pay)
            yield from self._first(step.eligible_fen)
        for at, _ in reached:
            yield from self.limits.picked(self.part.bands[at - 1].rate)
        yield from self.limits.picked(self.part.factor)
        yield from self.limits.bands(self.part, [band.amount_fen for band in step.bands])
        is_one = len(step.bands) == 1
        rated = tuple(Rated(b.amount_fen, _known(b.rate), 0 if is_one else at) for at, b in reached)
        line = share_line(
            Topic.SHARE,
            rated,
            self.part.rounding,
            less=_known(step.first_self_pay) if is_composed else None,
            factor=_known(step.factor) if self.part.factor else None,
        )
        yield from _within(line, step.eligible_fen, Topic.SHARE_HELD)

    @property
    def _target_fen(self) -> int:
        """The payment before anything already paid was taken off and before it was held."""
        stem = part_variable(self.layer, self.part)
        return self.values.outcome.values.get(f"{stem}_target", self.step.computed_fen)

    def _held(self) -> Iterator[Line]:
        """Less what was paid already, raised to a floor, held under a ceiling."""
        step, part, now = self.step, self.part, self._target_fen
        if part.minus:
            already = sum_of(Topic.ALREADY, *self.values.figures(part.minus))
            yield already
            off = Figure("held", already.result_fen, -1)
            line = sum_of(Topic.TOP_UP, Figure("rounded", now), off)
            now = line.result_fen
            yield line
        if part.not_below and step.base_fen > 0:
            floor = sum_of(Topic.FLOOR, *self.values.figures(part.not_below.amount))
            yield floor
            line = greatest_of(
                Topic.FLOOR_HELD, Figure("own", now), Figure("limit", floor.result_fen)
            )
            now = line.result_fen
            yield line
        if part.not_above:
            ceiling = sum_of(Topic.CEILING, *self.values.figures(part.not_above.amount))
            yield ceiling
            yield least_of(
                Topic.CEILING_HELD, Figure("own", now), Figure("limit", ceiling.result_fen)
            )

    def _payment(self) -> Iterator[Line]:
        step = self.step
        figures = [Figure("computed", step.computed_fen)]
        if step.cap_left_fen is not None and step.computed_fen > 0:
            if not any(other.computed_fen > 0 for other in self.earlier):
                yield from self.limits.caps(of_cost=False)
            paid = sum(other.amount_fen for other in self.earlier)
            yield from self.limits.cap_for_part(step.cap_left_fen, paid, Topic.CAP_SHARED)
            figures.append(Figure("cap", step.cap_left_fen))
        if self.layer.kind in _OF_THE_BILL:
            figures.append(Figure("left", step.left_fen))
        yield least_of(Topic.HELD, *figures)

    def _surplus(self) -> Iterator[Line]:
        """What caps allow and the bill has no room for, owed to the hospital outside it."""
        if not self.layer.surplus_to_hospital or self.part is not self.layer.parts[-1]:
            return
        paid = sum(other.amount_fen for other in (*self.earlier, self.step))
        computed = sum(other.computed_fen for other in (*self.earlier, self.step))
        figures = [Figure("computed", computed)]
        if self.step.cap_left_fen is not None:
            before = sum(other.amount_fen for other in self.earlier)
            figures.append(Figure("cap", self.step.cap_left_fen + before))
        allowed = least_of(Topic.SURPLUS_WHOLE, *figures)
        yield allowed
        yield sum_of(Topic.SURPLUS, Figure("own", allowed.result_fen), Figure("held", paid, -1))


def _within(line: Line, whole_fen: int, topic: Topic) -> Iterator[Line]:
    """A share; where rounding up passed the whole it is a share of, that it is held to it."""
    yield line
    if line.result_fen > whole_fen:
        yield least_of(topic, Figure("rounded", line.result_fen), Figure("own", whole_fen))


def _known(ratio: str | None) -> str:
    """A ratio that came to nothing is not told in a step."""
    return "0%" if ratio in (None, "—") else ratio


def _with_evidence(layer: Layer, step: Step, lines: list[Line]) -> StepUnfolded:
    """Each number beside the first line that rests on it; the rest with the step as a whole."""
    own = layer.id if len(layer.parts) <= 1 else f"{layer.id}.{step.part}"
    placed: dict[int, list[NumberUsed]] = {}
    rest: list[NumberUsed] = []
    previous: int | None = None
    for number in step.numbers:
        at = (
            previous
            if number.name.startswith("parameter.")
            else _line_for(number, own, layer, lines)
        )
        if at is None:
            rest.append(number)
        else:
            placed.setdefault(at, []).append(number)
            previous = at
    return StepUnfolded(
        step,
        tuple(line.resting_on(tuple(placed.get(at, ()))) for at, line in enumerate(lines)),
        tuple(rest),
    )


def _line_for(number: NumberUsed, own: str, layer: Layer, lines: Sequence[Line]) -> int | None:
    for prefix in (own, layer.id):
        if number.name.startswith(f"{prefix}."):
            what = number.name.removeprefix(f"{prefix}.")
            break
    else:
        what = number.name
    if what.startswith("band_"):
        wanted = Topic.BANDS if what.endswith("up_to") else Topic.SHARE
        return next((at for at, line in enumerate(lines) if line.topic is wanted), None)
    if what.startswith("cap_"):
        at = what.removeprefix("cap_").split(".")[0]
        own_lines = [n for n, line in enumerate(lines) if line.topic in _CAPS and line.detail == at]
        return next(iter(own_lines), _last_held(lines))
    for start, topics in _TOPICS:
        if what.startswith(start):
            return next((at for at, line in enumerate(lines) if line.topic in topics), None)
    return None


def _last_held(lines: Sequence[Line]) -> int | None:
    """Where caps that did not hold anything are told: beside what it came to."""
    return next((at for at, line in enumerate(lines) if line.topic is Topic.HELD), None)


_CAPS = (Topic.CAP, Topic.COST_LIMIT, Topic.TIMES)
_TOPICS: tuple[tuple[str, tuple[Topic, ...]], ...] = (
    ("base", (Topic.BASE,)),
    ("fixed", (Topic.BASE,)),
    ("deductible.limit", (Topic.DEDUCTION_LIMIT,)),
    ("deductible_taken_from", (Topic.DEDUCTION_SHARED, Topic.DEDUCTION)),
    ("deductible", (Topic.THRESHOLD, Topic.THRESHOLD_LEFT, Topic.EPISODE_LEFT)),
    ("first_self_pay", (Topic.FIRST, Topic.SHARE)),
    ("rate", (Topic.SHARE,)),
    ("factor", (Topic.SHARE,)),
    ("rounding", (Topic.SHARE, Topic.FIRST, Topic.RULE_SHARE)),
    ("minus", (Topic.ALREADY,)),
    ("not_below", (Topic.FLOOR,)),
    ("not_above", (Topic.CEILING,)),
    ("decided_elsewhere", (Topic.ELSEWHERE_LIMIT,)),
)
