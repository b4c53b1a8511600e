"""Checking a policy's numbers (查参数): every row under every situation that can be told apart."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from settlement.kernel.resolving import (
    ResolvedNumber,
    can_be_unlimited,
    is_below,
    largest,
    resolve_number,
)
from settlement.law.document import Fault, Path
from settlement.law.exact import NotExact, Ratio
from settlement.law.facts import ALWAYS, NUMBERS, Ask, Condition, FactKind, Facts, Test
from settlement.law.numbers import (
    Missing,
    Number,
    PerFact,
    Picked,
    ShareOf,
    Unit,
    Unlimited,
    with_parameters,
)
from settlement.law.places import Places
from settlement.law.policy import (
    Layer,
    Policy,
    conditions_in,
    numbers_of,
    rules_of,
)
from settlement.law.reading_numbers import NO_ROW
from settlement.law.situations import TooManySituations, describe, situations

_WHOLE = Ratio(1, 0)
_MOST_EXAMPLES = 3
_NO_LIMITS = ("edge", "share", "at_least")
"""Numbers inside a cap that are none themselves."""
_MANY = 120
"""As far as a fact is tried that an adjustment counts without a limit."""


@dataclass
class _Tried:
    """What came of trying a number under every situation."""

    rows: set[int] = field(default_factory=set)
    adjustments: set[int] = field(default_factory=set)
    uncovered: list[str] = field(default_factory=list)
    above_whole: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def check_numbers(layer: Layer, places: Places) -> list[Fault]:
    """Faults and warnings of a layer's numbers, its condition among them."""
    found: list[Fault] = []
    try:
        if not any(layer.condition.holds(f) for f in situations([layer.condition])):
            place = (*places.layer(layer), "applies")
            return [
                Fault(place, "没有任何情形满足这一层的适用条件", "检查 when 与 unless 是否矛盾")
            ]
    except TooManySituations as wrong:
        found.append(_too_many(layer, places, wrong))
    for number in numbers_of(layer):
        found += _check_limits(layer, number, places)
        found += _check_number(number, layer.condition, layer, places)
    for edges, place in _edges_of(layer, places):
        found += _check_rising(layer, edges, place, places, _BANDS_RISE)
    for rule in rules_of(layer):
        if isinstance(rule, ShareOf) and rule.at_least and rule.at_most:
            held = [(rule.at_least, 1), (rule.at_most, 0)]
            found += _check_rising(layer, held, places.number(layer, rule.name), places, _HELD)
    return found


def check_document_numbers(policy: Policy, places: Places) -> list[Fault]:
    """Faults and warnings of the numbers that belong to no layer."""
    deposit = policy.deposit
    numbers = [deposit.share_of_normal, deposit.amount] if deposit else []
    numbers += [one.target for one in policy.reported]
    numbers += [parameter.number for parameter in policy.parameters]
    found: list[Fault] = []
    for number in filter(None, numbers):
        found += _check_number(number, ALWAYS, None, places)
        if can_be_unlimited(number) and not number.name.startswith("parameter."):
            place = places.number(None, number.name)
            remedy = "写出数来；没有规定的整行不写"
            found.append(Fault(place, f"{number.name} 不能不设限（unlimited）", remedy))
    return found


def _check_number(
    number: Number, condition: Condition, layer: Layer | None, places: Places
) -> list[Fault]:
    found = list(_check_bounds(layer, number, places))
    try:
        return [*found, *_check_rows(layer, condition, number, places)]
    except TooManySituations as wrong:
        return [*found, _too_many(layer, places, wrong), *_unproven(layer, number, places)]


def _check_bounds(layer: Layer | None, number: Number, places: Places) -> Iterator[Fault]:
    """What counts without end, or takes more than the rest, cannot be tried to the end."""
    place = places.number(layer, number.name)
    for change in number.adjustments:
        endless = change.per and change.per.at_most is None and change.plus is not None
        if endless and number.unit is Unit.RATIO and number.at_most is None:
            yield Fault(place, f"{number.name} 逐个累加而没有上限", "写 at_most，如 at_most: 90%")
        if change.on_rest and change.on_rest.is_above(_WHOLE):
            yield Fault(place, f"{number.name} 的 on_rest 超过 100%", "改正比例")


def _unproven(layer: Layer | None, number: Number, places: Places) -> Iterator[Fault]:
    """Where situations were not tried, the bound over all rows must show what they would have."""
    top = largest(number)
    if isinstance(top, Ratio) and top.is_above(_WHOLE):
        yield Fault(
            places.number(layer, number.name),
            f"{number.name} 情形太多，不能证明不超过 100%",
            "写 at_most，或减少这张表里的情形",
        )


def _too_many(layer: Layer | None, places: Places, wrong: TooManySituations) -> Fault:
    return Fault(
        places.layer(layer) if layer else (),
        f"情形太多（{wrong}），没有逐一检查",
        "减少一张表里的情形，或拆成几层",
        is_warning=True,
    )


def _check_limits(layer: Layer, number: Number, places: Places) -> Iterator[Fault]:
    place = places.number(layer, number.name)
    words = number.name.removeprefix(f"{layer.id}.").split(".")
    is_limit = any(w.startswith("cap_") or w in ("limit", "at_most") for w in words)
    if can_be_unlimited(number) and (not is_limit or words[-1] in _NO_LIMITS):
        yield Fault(
            place,
            "只有封顶线可以不设限（unlimited）",
            "不设起付线写 0；最后一段不写 up_to",
        )
    floor, ceiling = number.at_least, number.at_most
    if floor and ceiling and is_below(ceiling.value, floor.value):
        yield Fault(place, f"{number.name} 的 at_least 大于 at_most", "把下限改小，或把上限改大")


def _check_rows(
    layer: Layer | None, condition: Condition, number: Number, places: Places
) -> Iterator[Fault]:
    tried = _try_all(condition, number)
    for at, choice in enumerate(number.choices):
        is_implied = choice.value is NO_ROW
        if at not in tried.rows and not is_implied:
            yield Fault(
                places.row(layer, number.name, at),
                f"{number.name} 的这一行永远用不到",
                "前面的行已经包括了它，或条件自相矛盾；删去或移到前面",
            )
        elif isinstance(choice.value, Missing) and not is_implied:
            yield Fault(
                places.row(layer, number.name, at),
                f"缺少参数 {number.name}：{choice.value.reason}",
                "查到依据后补上；在此之前用到它的结算会被拒绝",
                is_warning=True,
            )
    for at in range(len(number.adjustments)):
        if at not in tried.adjustments:
            yield Fault(
                places.adjustment(layer, number.name, at),
                f"{number.name} 的这项调整永远用不到",
                "检查条件是否自相矛盾，或与适用条件、缺失的行重合",
            )
    yield from _say(layer, number, places, tried)


def _say(layer: Layer | None, number: Number, places: Places, tried: _Tried) -> Iterator[Fault]:
    place = places.number(layer, number.name)
    if tried.uncovered:
        yield Fault(
            place,
            f"{number.name} 没有包括所有情形，如：{_examples(tried.uncovered)}",
            "补上这些行，或写 otherwise；在此之前这些情形的结算会被拒绝",
            is_warning=True,
        )
    if tried.above_whole:
        yield Fault(
            place,
            f"{number.name} 超过 100%：{_examples(tried.above_whole)}",
            "改正比例；加点后有上限的写 at_most",
        )
    if tried.broken:
        yield Fault(
            place, f"{number.name} 调整后无法计算：{_examples(tried.broken)}", "直接写出各档金额"
        )


def _examples(found: list[str]) -> str:
    more = f" 等 {len(found)} 种" if len(found) > _MOST_EXAMPLES else ""
    return "；".join(found[:_MOST_EXAMPLES]) + more


def _conditions(number: Number) -> list[Condition]:
    """What a number asks, and the facts that its adjustments count as far as they count them."""
    changes = [change for each in with_parameters(number) for change in each.adjustments]
    counted = [Condition(when=(_counting(c.per),)) for c in changes if c.per]
    return [*conditions_in(number), *counted]


def _counting(per: PerFact) -> Test:
    most = per.beyond + (_MANY if per.at_most is None else per.at_most)
    own = None if per.fact in NUMBERS else Ask(per.fact, per.label, FactKind.NUMBER)
    return Test(per.fact, least=per.beyond, most=most, ask=own)


def _try_all(condition: Condition, number: Number) -> _Tried:
    tried = _Tried()
    asked = [condition, *_conditions(number)]
    for facts in situations(asked):
        if condition.holds(facts):
            _try(number, facts, describe(facts, asked), tried)
    return tried


def _try(number: Number, facts: Facts, situation: str, tried: _Tried) -> None:
    row = next(at for at, c in enumerate(number.choices) if c.condition.holds(facts))
    tried.rows.add(row)
    if number.choices[row].value is NO_ROW:
        tried.uncovered.append(situation)
        return
    if not isinstance(number.choices[row].value, Missing | Unlimited):
        tried.adjustments |= {
            at for at, change in enumerate(number.adjustments) if change.condition.holds(facts)
        }
    try:
        resolved = resolve_number(number, facts)
    except NotExact as wrong:
        tried.broken.append(f"{situation}：{wrong}")
        return
    if isinstance(resolved.value, Ratio) and resolved.value.is_above(_WHOLE):
        tried.above_whole.append(f"{situation}时为 {resolved}")


def _edges_of(layer: Layer, places: Places) -> Iterator[tuple[list[tuple[Number, int]], Path]]:
    """The edges of each list of bands or rows: the number, and 1 where the next may be equal."""
    for part in layer.parts:
        edges = [(band.up_to, 0) for band in part.bands if band.up_to]
        if edges:
            yield edges, (*places.part(layer, part.id), "bands")
    for rule in rules_of(layer):
        if isinstance(rule, Picked):
            # `below: x` may stand before `up_to: x`: the second row is x alone.
            rows = [(r.edge, int(not r.is_inclusive)) for r in rule.rows if r.edge]
            yield rows, places.number(layer, rule.name)


_BANDS_RISE = ("分段没有从低到高", "把 up_to 从小到大排列，各不相同")
_HELD = ("at_least 大于 at_most", "把下限改小，或把上限改大")


def _check_rising(
    layer: Layer,
    edges: list[tuple[Number, int]],
    place: Path,
    places: Places,
    said: tuple[str, str],
) -> Iterator[Fault]:
    """Edges rise, whatever the situation; `said` are the message and the remedy otherwise."""
    asked = [layer.condition, *(c for edge, _ in edges for c in _conditions(edge))]
    try:
        for facts in situations(asked):
            if layer.condition.holds(facts) and not _rise(edges, facts):
                yield Fault(place, f"{said[0]}：{describe(facts, asked)}", said[1])
                return
    except TooManySituations as wrong:
        yield _too_many(layer, places, wrong)
    except NotExact:
        return  # told where the number itself is checked


def _rise(edges: list[tuple[Number, int]], facts: Facts) -> bool:
    before, may_repeat = -1, 0
    for edge, is_exclusive in edges:
        amount = _edge(resolve_number(edge, facts))
        if amount is None:
            continue
        if amount < before or (amount == before and not (may_repeat and not is_exclusive)):
            return False
        before, may_repeat = amount, is_exclusive
    return True


def _edge(resolved: ResolvedNumber) -> int | None:
    return resolved.value if isinstance(resolved.value, int) else None
