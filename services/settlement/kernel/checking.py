"""Checking what a policy means (查语义): what reads well and could not, or should not, run."""

from collections.abc import Iterator

from settlement.kernel.checking_numbers import check_numbers
from settlement.kernel.names import UnknownName, term_variable
from settlement.kernel.overflow import Overflow, find_overflows
from settlement.kernel.writing import Shape, write_policy
from settlement.law.bill import AMOUNT_LABELS
from settlement.law.document import Fault, Path
from settlement.law.places import Places
from settlement.law.policy import (
    BENEFIT_ADMISSIONS,
    CapOf,
    Expression,
    Layer,
    Policy,
    ThresholdKind,
)

_RESERVED = frozenset(AMOUNT_LABELS) | {"item", "left", "patient", "refused"}


def check_policy(policy: Policy) -> list[Fault]:
    """Every fault and every warning of a policy that could be read."""
    places = Places(policy)
    found: list[Fault] = []
    for at, layer in enumerate(policy.layers):
        found += _check_names(layer, policy.layers[:at], places)
        found += _check_supported(layer, places)
        found += check_numbers(layer, places)
    found += _check_counters(policy, places)
    if not any(not f.is_warning for f in found):
        found += _check_written(policy, places)
    return found


def _check_names(layer: Layer, earlier: tuple[Layer, ...], places: Places) -> Iterator[Fault]:
    if layer.id in _RESERVED:
        yield Fault(
            (*places.layer(layer), "id"),
            f"层的 id“{layer.id}”与费用名称相同，口径里分不清指哪一个",
            "换一个 id",
        )
    for place, expression in _expressions(layer, places):
        for term in expression.terms:
            try:
                term_variable(term.name, earlier)
            except UnknownName as wrong:
                known = "、".join([*AMOUNT_LABELS, "item.<类别>", *(x.id for x in earlier)])
                yield Fault(place, str(wrong), f"可用：{known}")


def _expressions(layer: Layer, places: Places) -> Iterator[tuple[Path, Expression]]:
    if layer.elsewhere:
        yield (*places.layer(layer), "decided_elsewhere", "at_most"), layer.elsewhere.at_most
    for part in layer.parts:
        place = places.part(layer, part.id)
        yield (*place, "base"), part.base
        if part.minus:
            yield (*place, "minus"), part.minus


def _check_supported(layer: Layer, places: Places) -> Iterator[Fault]:
    """What the language can write and the arithmetic does not yet do."""
    many = len(layer.parts) > 1
    for part in layer.parts:
        if len(part.bands) < 2:  # noqa: PLR2004 - a single rate is no band
            continue
        place = (*places.part(layer, part.id), "bands")
        if many:
            yield _unsupported(place, "几个分项的层里还不能分段", "把这个分项写成单独一层")
        if part.first_self_pay:
            yield _unsupported(
                place, "分段与 first_self_pay 还不能同用", "先自付写成单独一层或分项"
            )
    deductible = layer.deductible
    if many and deductible and deductible.kind is ThresholdKind.TRIGGER:
        yield _unsupported(
            (*places.layer(layer), "deductible"),
            "几个分项的层里还不能用门槛（kind: trigger）",
            "写成单独一层",
        )


def _unsupported(place: Path, what: str, remedy: str) -> Fault:
    return Fault(place, f"{what}（暂不支持）", remedy)


def _check_counters(policy: Policy, places: Places) -> Iterator[Fault]:
    """A counter counts one thing, over one benefit year, once a layer."""
    kinds: dict[str, tuple[str, Layer]] = {}
    for layer in policy.layers:
        used = [(layer.deductible.counter, "费用")] if layer.deductible else []
        used += [(c.counter, "支付" if c.of is CapOf.PAYMENT else "费用") for c in layer.caps]
        for counter, kind in used:
            if counter is None:
                continue
            first_kind, first = kinds.setdefault(counter, (kind, layer))
            place = places.layer(layer)
            if first_kind != kind:
                yield Fault(
                    place, f"累计器“{counter}”既累计费用又累计支付", "给其中一个写另外的 counter"
                )
            if first.benefit_year != layer.benefit_year:
                yield Fault(
                    place,
                    f"累计器“{counter}”由“{first.name}”与“{layer.name}”共用，两层的待遇年度却不同",
                    "统一 benefit_year，或分开 counter",
                )
            if counter == BENEFIT_ADMISSIONS:
                yield Fault(place, f"累计器名“{counter}”留给住院次数", "换一个名称")


def _check_written(policy: Policy, places: Places) -> list[Fault]:
    """What only the written function shows: names that meet, products that leave 64 bits."""
    try:
        shape = write_policy(policy)
        return [_too_large(policy, places, shape, step) for step in find_overflows(shape)]
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
        f"账单到 1 亿元时“{step.step}”可达 {step.most}，超出 64 位整数",
        "减少比例的小数位（先行自付与支付比例的小数位会相乘），或把金额、系数写小",
    )
