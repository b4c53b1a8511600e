"""Names that expressions may use (口径中的名称), and the variables they become."""

from collections.abc import Iterable, Sequence

from settlement.law.bill import AMOUNT_LABELS
from settlement.law.policy import Expression, Layer, Part


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


def term_variable(name: str, earlier: Sequence[Layer]) -> str:
    """The variable a name stands for. Raises UnknownName."""
    if is_bill_amount(name):
        return amount_argument(name)
    head, *rest = name.split(".")
    layer = next((x for x in earlier if x.id == head), None)
    if layer is None:
        raise UnknownName(f"“{name}”既不是费用名称，也不是前面某一层的 id")
    if not rest:
        return f"{layer.id}_paid"
    if rest in (["deductible"], ["first_self_pay"]) and layer.parts:
        return f"{layer.id}_{rest[0]}"
    part = next((p for p in layer.parts if p.id == rest[0]), None)
    if part is None or len(rest) > 2:  # noqa: PLR2004 - layer.part.what is the longest name
        raise UnknownName(f"“{name}”不是层“{layer.id}”的分项")
    what = rest[1] if len(rest) > 1 else "paid"
    if what not in {"paid", "base", "deductible", "first_self_pay"}:
        raise UnknownName(f"“{name}”：分项只有 base、deductible、first_self_pay 和支付额")
    return f"{part_variable(layer, part)}_{what}"


def expressions_of(layer: Layer) -> Iterable[Expression]:
    """Every expression of a layer."""
    if layer.elsewhere:
        yield layer.elsewhere.at_most
    for part in layer.parts:
        yield part.base
        if part.minus:
            yield part.minus


def bill_amounts_of(layer: Layer) -> tuple[str, ...]:
    """The amounts of the bill that a layer looks at."""
    names = [t.name for e in expressions_of(layer) for t in e.terms if is_bill_amount(t.name)]
    return tuple(dict.fromkeys(names))
