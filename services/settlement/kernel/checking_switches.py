"""Questions that texts leave open (未决的问题): a policy answers each with a switch of its own.

Nothing here has a hidden default: where the arithmetic would have to choose, checking asks.
"""

from collections.abc import Iterator

from settlement.law.document import Fault, Path
from settlement.law.facts import FACT_LABELS
from settlement.law.numbers import Rule, numbers_in, with_parameters
from settlement.law.places import Places
from settlement.law.policy import (
    CapOf,
    Counter,
    Layer,
    LayerKind,
    Period,
    Policy,
    ThresholdKind,
    conditions_in,
    rules_of,
)

_OF_THE_STAY = frozenset({"tier", "level", "place", "care", "disease"})
"""Facts that differ between the stays of one person in one year."""
_OF_THE_PERSON = frozenset({"identity", "age"})
"""Facts that are the person's on a day."""


def check_switches(policy: Policy, places: Places) -> Iterator[Fault]:
    """A fault for each question that the document leaves open and its rules depend on."""
    yield from _check_lower(policy)
    for layer in policy.layers:
        place = places.layer(layer)
        yield from _check_caps(layer, place, places)
        yield from _check_trigger(layer, place, places)
        yield from _check_each(layer, place)
        yield from _check_first_taken(layer, places)
        yield from _check_day(layer, place)
        yield from _check_surplus(layer, place, places)
        yield from _check_top_up(layer, policy, place)


def _check_lower(policy: Policy) -> Iterator[Fault]:
    """A benefit that a retroactive policy lowers: is what was paid collected back?"""
    is_retroactive = policy.published is not None and policy.published > policy.in_force_from
    if is_retroactive and policy.if_lower is None:
        yield Fault(
            ("in_force",),
            "公布日晚于施行日，没有写待遇降低时是否追回",
            "在 in_force 里写 if_lower: collect_back（追回）或 leave（不追回）",
        )


def _check_caps(layer: Layer, place: Path, places: Places) -> Iterator[Fault]:
    """“限额内”: of the cost, or of the payment?"""
    for at in range(len(layer.caps)):
        if not places.is_written((*place, "caps", at, "of")):
            yield Fault(
                (*place, "caps", at),
                "没有写封顶的是什么",
                "支付封顶写 of: payment，费用封顶写 of: cost，次数写 of: times",
            )


def _check_trigger(layer: Layer, place: Path, places: Places) -> Iterator[Fault]:
    rule = layer.deductible
    if rule is None or rule.kind is not ThresholdKind.TRIGGER:
        return
    if not places.is_written((*place, "deductible", "passed")):
        yield Fault(
            (*place, "deductible"),
            "没有写正好达到门槛算不算",
            "超过才算写 passed: above，达到就算写 passed: at",
        )


def _check_each(layer: Layer, place: Path) -> Iterator[Fault]:
    """One yearly limit by tier, or by care: what if the year had several?"""
    rule = layer.deductible
    yearly: list[tuple[Path, Rule, Counter | None]] = []
    if rule:
        yearly.append(((*place, "deductible"), rule.amount, rule.counter))
        if rule.limit:
            limit = (*place, "deductible", "limit")
            yearly.append((limit, rule.limit.amount, rule.limit.counter))
    for at, cap in enumerate(layer.caps):
        yearly.append(((*place, "caps", at), cap.amount, cap.counter))
    for where, amount, counter in yearly:
        asked = _facts_of(amount) & _OF_THE_STAY
        if counter and counter.each is None and asked:
            one = min(asked)
            yield Fault(
                where,
                "全年的数随各次不同，没有写一年内有几种时怎样累计",
                f"它随“{FACT_LABELS[one]}”不同：分别累计写 each: {one}，合并累计写 each: none",
            )


def _facts_of(rule: Rule) -> set[str]:
    conditions = [c for number in numbers_in(rule) for c in conditions_in(number)]
    return {test.fact for c in conditions for test in (*c.when, *c.unless)}


def _check_first_taken(layer: Layer, places: Places) -> Iterator[Fault]:
    """A first self-pay and a deductible: which is taken first?"""
    rule = layer.deductible
    asked = [x for x in layer.parts if x.first_self_pay and rule and x.id in rule.taken_from]
    for part in asked:
        place = places.part(layer, part.id)
        if not places.is_written((*place, "first_self_pay_taken")):
            yield Fault(
                place,
                "有起付线，没有写先自付在扣起付线以前还是以后",
                "以前写 first_self_pay_taken: before，以后写 first_self_pay_taken: after",
            )


def _check_day(layer: Layer, place: Path) -> Iterator[Fault]:
    """A layer that goes by a day of its own asks something about the person of that day."""
    asked = {fact for rule in rules_of(layer) for fact in _facts_of(rule) | _facts_counted(rule)}
    asked |= {test.fact for test in (*layer.condition.when, *layer.condition.unless)}
    if layer.person_asked_as_of and asked.isdisjoint(_OF_THE_PERSON):
        yield Fault(
            (*place, "person_asked_as_of"),
            "这一层没有问到身份或年龄，按哪一天认人没有意义",
            "删去这一行",
        )


def _facts_counted(rule: Rule) -> set[str]:
    numbers = [each for number in numbers_in(rule) for each in with_parameters(number)]
    changes = [change for number in numbers for change in number.adjustments]
    return {change.per.fact for change in changes if change.per}


def _check_surplus(layer: Layer, place: Path, places: Places) -> Iterator[Fault]:
    """A fixed amount may be more than the bill has left: whose is the rest?"""
    is_fixed = any(part.fixed for part in layer.parts)
    pays_bill = layer.kind is LayerKind.PAYMENT and layer.fund_id is not None
    if is_fixed and pays_bill and not places.is_written((*place, "surplus")):
        yield Fault(
            place,
            "定额多于账单余额时，没有写结余归谁",
            "归医院写 surplus: hospital，没有结余（只付到账单余额）写 surplus: none",
        )


def _check_top_up(layer: Layer, policy: Policy, place: Path) -> Iterator[Fault]:
    """A top-up: does it count towards the yearly cap of the fund that pays it?"""
    if layer.counts_toward is not None or not any(part.minus for part in layer.parts):
        return
    capped = [x for x in policy.layers if x.payer is layer.payer and x.id != layer.id]
    if any(_has_yearly_cap(x) for x in capped):
        yield Fault(
            place,
            "没有写补足的金额是否计入同一支付方的年度限额",
            "计入写 counts_toward: [那一层.paid]，不计入写 counts_toward: none",
        )


def _has_yearly_cap(layer: Layer) -> bool:
    return any(c.of is CapOf.PAYMENT and c.period is Period.YEAR for c in layer.caps)
