"""What the oracle reads in a document (对照算法读文本): parts, expressions, names of counters."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any


def parts_of(layer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "decided_elsewhere" in layer:
        return []
    return layer.get("parts") or [layer]


def expression(part: Mapping[str, Any], key: str) -> str:
    """The `base` or the `minus` of a part, whether or not evidence stands beside it."""
    written = part[key]
    return str(written["amount"] if isinstance(written, dict) else written)


def eaten_parts(layer: Mapping[str, Any]) -> list[str]:
    """The parts that the deductible looks at, in the order it eats them."""
    written = layer.get("deductible_taken_from")
    if isinstance(written, dict):
        written = written["order"]
    if isinstance(written, str):
        return [written]
    return list(written or [part["id"] for part in parts_of(layer)])


def expressions_of(layer: Mapping[str, Any]) -> Iterator[str]:
    if "decided_elsewhere" in layer:
        yield layer["decided_elsewhere"]["at_most"]
    for part in parts_of(layer):
        yield expression(part, "base")
        if part.get("minus"):
            yield expression(part, "minus")


def terms_of(expression: str) -> Iterator[tuple[int, str]]:
    """Signed names of a sum such as `in_scope - basic`."""
    sign = 1
    for piece in expression.replace("-", " - ").replace("+", " + ").split():
        if piece in {"+", "-"}:
            sign = -1 if piece == "-" else 1
        else:
            yield sign, piece


def numbers_of(layer: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Every number of a layer with its name, in the order the text gives them."""
    if "decided_elsewhere" in layer:
        return
    name = layer["id"]
    if layer.get("deductible"):
        node = layer["deductible"]
        inner = node["amount"] if isinstance(node, dict) and "amount" in node else node
        yield f"{name}.deductible", inner, "yuan"
    for part in parts_of(layer):
        stem = name if part is layer else f"{name}.{part['id']}"
        if part.get("first_self_pay"):
            yield f"{stem}.first_self_pay", part["first_self_pay"], "share"
        if part.get("rate"):
            yield f"{stem}.rate", part["rate"], "share"
        for at, row in enumerate((part.get("bands") or {}).get("rows", []), start=1):
            if row.get("up_to"):
                yield f"{stem}.band_{at}.up_to", row["up_to"], "yuan"
            yield f"{stem}.band_{at}.rate", row["rate"], "share"
    for at, cap in enumerate(layer.get("caps") or [], start=1):
        yield f"{name}.cap_{at}", cap["amount"], "yuan"


def deductible_counter(layer: Mapping[str, Any]) -> str | None:
    node = layer.get("deductible")
    if not isinstance(node, dict) or node.get("per") != "year":
        return None
    return node.get("counter") or f"{layer['id']}.base"


def cap_counter(layer: Mapping[str, Any], cap: Mapping[str, Any]) -> str | None:
    if cap["per"] != "year":
        return None
    return cap.get("counter") or f"{layer['id']}.{'cost' if cap.get('of') == 'cost' else 'paid'}"


def cap_counters(layer: Mapping[str, Any], of: str) -> set[str]:
    """The counters of a layer's caps on `cost` or on `payment`."""
    caps = [c for c in layer.get("caps") or [] if (c.get("of") or "payment") == of]
    return {n for n in (cap_counter(layer, c) for c in caps) if n}


def counters_of(layer: Mapping[str, Any]) -> set[str]:
    deductible = {deductible_counter(layer)} - {None}
    return (
        {n for n in deductible if n} | cap_counters(layer, "cost") | cap_counters(layer, "payment")
    )


def years_of(document: Mapping[str, Any], dates: Mapping[str, date]) -> dict[str, date]:
    """The day on which the benefit year of each counter began, for a stay with these dates."""
    found = {}
    for layer in document["layers"]:
        rule = layer.get("benefit_year") or document["dates"]["benefit_year"]
        day = dates[rule["chosen_by"]]
        month, first = (int(number) for number in rule["begins"].split("-"))
        begun_this_year = (day.month, day.day) >= (month, first)
        began = date(day.year if begun_this_year else day.year - 1, month, first)
        found |= dict.fromkeys(counters_of(layer), began)
    return found
