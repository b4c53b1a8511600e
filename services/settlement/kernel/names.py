"""Names that expressions may use (口径中的名称), and the variables they become."""

from collections.abc import Sequence

from settlement.law.bill import AMOUNT_LABELS
from settlement.law.expressions import OWN_BASE, YEAR
from settlement.law.policy import SUM_COUNTER, Layer, Part, Policy, expressions_of

PATIENT = "patient"
"""What the patient bears in all: known only when every layer is done (个人负担)."""

_ADDED_UP = ("base", "eligible", "computed")
"""What a layer has of each part; of several parts it is their sum."""
_OF_PART = (*_ADDED_UP, "deductible", "first_self_pay", "paid")


class UnknownName(ValueError):
    """An expression names something that is neither an amount nor an earlier layer."""


def is_bill_amount(name: str) -> bool:
    """Whether the name is an amount of the bill rather than of a layer."""
    return name in AMOUNT_LABELS or (name.startswith("item.") and name.count(".") == 1)


def amount_argument(name: str) -> str:
    """The argument that carries an amount of the bill."""
    return "bill_" + name.replace(".", "_")


def part_variable(layer: Layer, part: Part) -> str:
    """The stem of a part's variables; a layer with one part shares its layer's."""
    return layer.id if len(layer.parts) == 1 else f"{layer.id}__{part.id}"


def sum_variable(name: str) -> str:
    """The variable of a year's total: `year.item.tcm` is `year_sum_item_tcm`."""
    return "year_sum_" + name.removeprefix(YEAR).replace(".", "_")


def term_variable(
    name: str, earlier: Sequence[Layer], *, all_layers: Sequence[Layer], own: Layer | None = None
) -> str:
    """The variable, or the sum of variables, that a name stands for.

    `own` is the layer whose base `this.base` means, where that is known. Raises UnknownName.
    """
    if is_bill_amount(name):
        return amount_argument(name)
    if name.startswith(YEAR) and not any(x.id == "year" for x in earlier):
        return _year_variable(name, all_layers)
    if name == OWN_BASE:
        if own is None:
            raise UnknownName(f"“{OWN_BASE}”只能用在按金额选数、按金额的比例里，费用封顶里不能用")
        return _sum_of(own, "base")
    return _layer_term(name, earlier)


def _layer_term(name: str, earlier: Sequence[Layer]) -> str:
    head, *rest = name.split(".")
    layer = next((x for x in earlier if x.id == head), None)
    if layer is None:
        raise UnknownName(f"“{name}”既不是费用名称，也不是前面某一层的 id")
    if not rest:
        return f"{layer.id}_paid"
    is_part = any(part.id == rest[0] for part in layer.parts)
    if (
        len(rest) == 1
        and layer.parts
        and (not is_part or rest[0] in ("deductible", "first_self_pay"))
    ):
        if rest[0] in ("deductible", "first_self_pay"):
            return f"{layer.id}_{rest[0]}"
        if rest[0] in _ADDED_UP:
            return _sum_of(layer, rest[0])
        if rest[0] == "over_cap":
            return _over_cap(_sum_of(layer, "computed"), f"{layer.id}_paid")
    return _part_term(name, layer, rest)


def _over_cap(computed: str, paid: str) -> str:
    return f"({computed.strip('()')} - {paid})"


def _part_term(name: str, layer: Layer, rest: list[str]) -> str:
    part = next((p for p in layer.parts if p.id == rest[0]), None)
    if part is None or len(rest) > 2:  # noqa: PLR2004 - layer.part.what is the longest name
        raise UnknownName(f"“{name}”不是层“{layer.id}”的分项")
    stem = part_variable(layer, part)
    what = rest[1] if len(rest) > 1 else "paid"
    if what == "over_cap":
        return _over_cap(f"{stem}_computed", f"{stem}_paid")
    if what not in _OF_PART:
        known = "、".join((*_OF_PART[:-1], "over_cap"))
        raise UnknownName(f"“{name}”：分项只有 {known} 和支付额")
    return f"{stem}_{what}"


def _year_variable(name: str, all_layers: Sequence[Layer]) -> str:
    inner = name.removeprefix(YEAR)
    if inner != PATIENT and not is_bill_amount(inner) and inner not in {x.id for x in all_layers}:
        raise UnknownName(f"“{name}”：本年累计只有费用名称、各层的 id 和 patient")
    return sum_variable(name)


def _sum_of(layer: Layer, what: str) -> str:
    terms = [f"{part_variable(layer, p)}_{what}" for p in layer.parts]
    return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"


def bill_amounts_of(layer: Layer) -> tuple[str, ...]:
    """The amounts of the bill that a layer looks at, for this stay or for the year."""
    names = [t.name.removeprefix(YEAR) for e in expressions_of(layer) for t in e.terms]
    return tuple(dict.fromkeys(n for n in names if is_bill_amount(n)))


def summed_names(policy: Policy) -> tuple[str, ...]:
    """What is added up over the benefit year, by the names after `year.`."""
    return tuple(c.removeprefix(SUM_COUNTER) for c in policy.sum_counters)
