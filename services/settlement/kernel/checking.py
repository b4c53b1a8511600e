"""Checking what a policy means (查语义): what reads well and could not, or should not, run."""

from collections.abc import Iterable, Iterator, Mapping

from settlement.kernel.checking_counters import check_counters
from settlement.kernel.checking_numbers import check_document_numbers, check_numbers
from settlement.kernel.checking_switches import check_switches
from settlement.kernel.names import (
    PATIENT,
    UnknownName,
    is_bill_amount,
    term_variable,
)
from settlement.kernel.overflow import Overflow, find_overflows
from settlement.kernel.shape import Shape
from settlement.kernel.writing import write_policy
from settlement.law.bill import AMOUNT_LABELS
from settlement.law.document import Fault, Path, Tree
from settlement.law.expressions import Expression
from settlement.law.facts import Condition
from settlement.law.numbers import Picked, ShareOf, with_parameters
from settlement.law.people import People
from settlement.law.places import Places
from settlement.law.policy import (
    CapOf,
    Layer,
    LayerKind,
    Period,
    Policy,
    conditions_in,
    numbers_of,
    rules_of,
)

_RESERVED = frozenset(AMOUNT_LABELS) | {
    "item",
    "left",
    "refused",
    "exact",
    "rest",
    "sum",
    "this",
    "year",
    PATIENT,
}
"""Words that mean something else where a layer's id might stand."""

UNFILLED = "待填"
"""What a template begins a text with that its author has to fill in."""

_OF_A_LAYER = ("base", "eligible", "computed", "over_cap", "deductible", "first_self_pay", "paid")
"""What a layer has by name; a part called so would be meant or not meant."""

_SCOPE = ("in_scope", "first_self_pay", "over_limit", "out_of_catalog")


def check_policy(policy: Policy) -> list[Fault]:
    """Every fault and every warning of a policy that could be read."""
    places = Places(policy)
    found: list[Fault] = []
    for at, layer in enumerate(policy.layers):
        found += _check_names(layer, policy, at, places)
        found += _check_bands(layer, places)
        found += _check_kind(layer, places)
        found += check_numbers(layer, places)
    found += check_document_numbers(policy, places)
    found += check_switches(policy, places)
    found += _check_reported(policy)
    found += unfilled(policy)
    found += _check_asks(policy)
    found += _check_asked_values(policy, places)
    found += check_counters(policy, places)
    if not any(not f.is_warning for f in found):
        found += _check_written(policy, places)
    return found


def _check_names(layer: Layer, policy: Policy, at: int, places: Places) -> Iterator[Fault]:
    earlier = policy.layers[:at]
    if layer.id in _RESERVED:
        yield Fault(
            (*places.layer(layer), "id"),
            f"层的 id“{layer.id}”另有用处，口径里分不清指哪一个",
            "换一个 id",
        )
    for place, expression, own in _expressions(layer, places):
        for term in expression.terms:
            try:
                term_variable(term.name, earlier, all_layers=policy.layers, own=own)
            except UnknownName as wrong:
                known = "、".join([*AMOUNT_LABELS, "item.<类别>", *(x.id for x in earlier)])
                yield Fault(place, str(wrong), f"可用：{known}")
    for part in layer.parts:
        if not part.fixed and part.base.terms and _is_never_positive(part.base):
            yield Fault(
                (*places.part(layer, part.id), "base"),
                f"口径“{part.base}”永远不会大于 0",
                "检查加减的方向：减去的不能包括加上的全部",
            )


def _is_never_positive(base: Expression) -> bool:
    """Whether nothing is left of what is added once what is taken off is gone.

    Told from the parts of a bill alone: the total is the sum of four, and what is in scope one.
    """
    sizes: dict[str, int] = {}
    for term in base.terms:
        for atom in _atoms(term.name):
            sizes[atom] = sizes.get(atom, 0) + term.sign
    return all(size <= 0 for size in sizes.values())


def _atoms(name: str) -> tuple[str, ...]:
    if name == "total":
        return _SCOPE
    return _SCOPE[1:] if name == "out_of_scope" else (name,)


def _expressions(layer: Layer, places: Places) -> Iterator[tuple[Path, Expression, Layer | None]]:
    """Each expression of a layer: its place, and the layer where it may name its own base."""
    if layer.elsewhere:
        place = (*places.layer(layer), "decided_elsewhere", "at_most")
        yield place, layer.elsewhere.at_most, None
    for part in layer.parts:
        place = places.part(layer, part.id)
        yield (*place, "base"), part.base, None
        if part.minus:
            yield (*place, "minus"), part.minus, None
        if part.not_below:
            yield (*place, "not_below"), part.not_below.amount, None
        if part.not_above:
            yield (*place, "not_above"), part.not_above.amount, None
    on_cost = [cap.amount for cap in layer.caps if cap.of is CapOf.COST]
    for rule in rules_of(layer):
        own = None if any(rule is amount for amount in on_cost) else layer
        if isinstance(rule, Picked):
            yield (*places.number(layer, rule.name), "by"), rule.by, own
        elif isinstance(rule, ShareOf):
            yield (*places.number(layer, rule.name), "of"), rule.of, own


def _check_bands(layer: Layer, places: Places) -> Iterator[Fault]:
    """Bands of several parts cannot share a year: whose edge would be used up first?"""
    rule = layer.deductible
    is_yearly = rule is not None and rule.period is Period.YEAR
    for part in layer.parts if is_yearly and len(layer.parts) > 1 else ():
        if len(part.bands) > 1:
            yield Fault(
                (*places.part(layer, part.id), "bands"),
                "几个分项共用全年起付线时不能分段（暂不支持）",
                "把这个分项写成单独一层，用同一个 counter",
            )


def _check_kind(layer: Layer, places: Places) -> Iterator[Fault]:
    """What only payments do, and what only funds have."""
    place = places.layer(layer)
    if not layer.payer.has_fund and places.is_written((*place, "pool")):
        yield Fault((*place, "pool"), f"{layer.payer.label}没有统筹区", "删去 pool")
    for part in layer.parts if len(layer.parts) > 1 else ():
        if part.id in _OF_A_LAYER:
            yield Fault(
                places.part(layer, part.id),
                f"分项的 id“{part.id}”另有用处，口径里分不清指哪一个",
                "换一个 id",
            )
    if layer.kind is LayerKind.MEASURE and layer.counts_toward:
        yield Fault((*place, "counts_toward"), "只测算的层不支付，不计入限额", "删去这一行")
    if layer.surplus_to_hospital and layer.kind is not LayerKind.PAYMENT:
        yield Fault((*place, "surplus"), "只有支付账单的层才有结余", "删去 surplus")
    if layer.surplus_to_hospital and layer.elsewhere:
        yield Fault((*place, "surplus"), "外部结算的层没有结余", "删去 surplus")


def _check_reported(policy: Policy) -> Iterator[Fault]:
    for at, one in enumerate(policy.reported):
        for key, expression in (("share" if one.of else "amount", one.amount), ("of", one.of)):
            for term in expression.terms if expression else ():
                try:
                    _require_told(term.name, policy)
                except UnknownName as wrong:
                    known = "、".join([*AMOUNT_LABELS, PATIENT, *(x.id for x in policy.layers)])
                    yield Fault(("reported", at, key), str(wrong), f"可用：{known}")


def _require_told(name: str, policy: Policy) -> None:
    if name != PATIENT and not is_bill_amount(name):
        term_variable(name, policy.layers, all_layers=policy.layers)


def unfilled(policy: Policy) -> Iterator[Fault]:
    """What a template left for the author to fill in (待填)."""
    return _unfilled_in(Places(policy).document, ())


def _unfilled_in(tree: Tree, place: Path) -> Iterator[Fault]:
    if isinstance(tree, str):
        if tree.strip().startswith(UNFILLED):
            yield Fault(place, f"还没有填写：{tree.strip()}", "填好，或删去这一行", is_warning=True)
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            if key != "missing":  # told where the number itself is checked
                yield from _unfilled_in(value, (*place, key))
    else:
        for at, value in enumerate(tree):
            yield from _unfilled_in(value, (*place, at))


def _check_asks(policy: Policy) -> Iterator[Fault]:
    """A bill is not asked what nothing depends on."""
    numbers = [number for layer in policy.layers for number in numbers_of(layer)]
    numbers += [one.target for one in policy.reported if one.target]
    if policy.deposit:
        numbers += [n for n in (policy.deposit.share_of_normal, policy.deposit.amount) if n]
    conditions = [layer.condition for layer in policy.layers]
    conditions += [one.condition for one in policy.reported]
    conditions += [c for number in numbers for c in conditions_in(number)]
    asked = {test.fact for c in conditions for test in (*c.when, *c.unless)}
    changes = [c for number in numbers for n in with_parameters(number) for c in n.adjustments]
    asked |= {change.per.fact for change in changes if change.per}
    for ask in policy.asks:
        if ask.id not in asked:
            yield Fault(
                ("asks", ask.id),
                f"账单要申报“{ask.label}”，而没有一行用到它",
                "删去，或在条件里用它",
                is_warning=True,
            )


def _check_asked_values(policy: Policy, places: Places) -> Iterator[Fault]:
    """Codes of a region's own are identities; lateness needs a last day to claim."""
    yield from _check_local(("people",), _identities_of(policy.people), policy)
    told = [one.condition for one in policy.reported]
    yield from _check_local(("reported",), _values_of("identity", told), policy)
    for layer in policy.layers:
        conditions = [layer.condition]
        conditions += [c for number in numbers_of(layer) for c in conditions_in(number)]
        place = places.layer(layer)
        own = [*_values_of("identity", conditions), *(layer.precedence or ())]
        yield from _check_local(place, own, policy)
        tests = [test for c in conditions for test in (*c.when, *c.unless)]
        for test in tests:
            for value in sorted(v for v in test.values if v.startswith("local_")):
                if test.ask is None and test.fact != "identity":
                    yield Fault(place, f"“{value}”不能用：地方自定的只有身份", "改用代码表里的值")
        if policy.claim_by is None and any(test.fact == "late_claim" for test in tests):
            yield Fault(
                places.layer(layer), "问到是否逾期申报，却没有写申报期限", "在 dates 里写 claim_by"
            )


def _values_of(fact: str, conditions: Iterable[Condition]) -> list[str]:
    tests = (test for c in conditions for test in (*c.when, *c.unless))
    return [value for test in tests if test.fact == fact for value in sorted(test.values)]


def _identities_of(people: People) -> Iterator[str]:
    yield from people.precedence
    for held in [x.identities for x in people.keeps] + [x.identities for x in people.reaches_back]:
        yield from sorted(held)


def _check_local(place: Path, identities: Iterable[str], policy: Policy) -> Iterator[Fault]:
    """A region's own identity that is misspelt would be nobody's: each is written down once."""
    known = {own.id for own in policy.identities}
    for code in dict.fromkeys(identities):
        if code.startswith("local_") and code not in known:
            yield Fault(
                place,
                f"没有登记的地方身份“{code}”",
                f"在文档里写 identities: {{{code}: 名称}}，或改正写法",
            )


def _check_written(policy: Policy, places: Places) -> list[Fault]:
    """What only the written function shows: names that meet, products that leave 64 bits."""
    try:
        shape = write_policy(policy)
        largest: dict[str, Overflow] = {}
        for found in sorted(find_overflows(shape), key=lambda overflow: -overflow.most):
            largest.setdefault(found.step, found)  # a line is told once, at its worst
        return [_too_large(policy, places, shape, found) for found in largest.values()]
    except UnknownName as wrong:
        return [Fault(("layers",), str(wrong), "换一个层、分项或累计器的名称")]
    except (NotImplementedError, KeyError) as wrong:
        return [Fault(("layers",), f"算式无法证明不会溢出（{wrong}）", "请把这份政策报给维护者")]


def _too_large(policy: Policy, places: Places, shape: Shape, step: Overflow) -> Fault:
    place: Path = ("layers",)
    names = {slot.argument: slot.number.name for slot in shape.numbers}
    for argument in step.arguments:
        layer = next(
            (x for x in policy.layers if names.get(argument, "").startswith(f"{x.id}.")), None
        )
        if layer:
            place = places.number(layer, names[argument])
            break
    return Fault(
        place,
        f"账单到 1 亿元时“{step.step}”可达 {step.most}，超出 64 位整数可以证明的范围",
        "减少比例的小数位（先行自付与支付比例的小数位会相乘），或把金额、系数写小",
    )
