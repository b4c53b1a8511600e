"""Checking a policy's numbers (查参数): every row under every situation that can be told apart."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from settlement.kernel.resolving import ResolvedNumber, can_be_unlimited, resolve_number
from settlement.law.document import Fault
from settlement.law.exact import NotExact, Ratio
from settlement.law.facts import Condition, Facts
from settlement.law.places import Places
from settlement.law.policy import Layer, Missing, Number, Part, Unlimited, numbers_of
from settlement.law.reading_numbers import NO_ROW
from settlement.law.situations import TooManySituations, describe, situations

_WHOLE = Ratio(1, 0)
_MOST_EXAMPLES = 3


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
        try:
            found += _check_rows(layer, number, places)
        except TooManySituations as wrong:
            found.append(_too_many(layer, places, wrong))
    for part in layer.parts:
        found += _check_edges(layer, part, places)
    return found


def _too_many(layer: Layer, places: Places, wrong: TooManySituations) -> Fault:
    return Fault(
        places.layer(layer),
        f"情形太多（{wrong}），没有逐一检查",
        "减少一张表里的情形，或拆成几层",
        is_warning=True,
    )


def _check_limits(layer: Layer, number: Number, places: Places) -> Iterator[Fault]:
    is_cap = number.name.rpartition(".")[2].startswith("cap_")
    if can_be_unlimited(number) and not is_cap:
        yield Fault(
            places.number(layer, number.name),
            "只有封顶线可以不设限（unlimited）",
            "不设起付线写 0；最后一段不写 up_to",
        )


def _check_rows(layer: Layer, number: Number, places: Places) -> Iterator[Fault]:
    tried = _try_all(layer, number)
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


def _say(layer: Layer, number: Number, places: Places, tried: _Tried) -> Iterator[Fault]:
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
    return [c.condition for c in number.choices] + [a.condition for a in number.adjustments]


def _try_all(layer: Layer, number: Number) -> _Tried:
    tried = _Tried()
    asked = [layer.condition, *_conditions(number)]
    for facts in situations(asked):
        if layer.condition.holds(facts):
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


def _check_edges(layer: Layer, part: Part, places: Places) -> Iterator[Fault]:
    """Band edges rise, whatever the situation."""
    edges = [band.up_to for band in part.bands if band.up_to]
    asked = [layer.condition, *(c for edge in edges for c in _conditions(edge))]
    try:
        for facts in situations(asked) if edges else ():
            known = [_edge(resolve_number(edge, facts)) for edge in edges]
            amounts = [amount for amount in known if amount is not None]
            if amounts != sorted(set(amounts)) or 0 in amounts:
                yield Fault(
                    (*places.part(layer, part.id), "bands"),
                    f"分段没有从低到高：{describe(facts, asked)}",
                    "把 up_to 从小到大排列，各不相同",
                )
                return
    except TooManySituations as wrong:
        yield _too_many(layer, places, wrong)
    except NotExact:
        return  # told where the number itself is checked


def _edge(resolved: ResolvedNumber) -> int | None:
    return resolved.value if isinstance(resolved.value, int) else None
