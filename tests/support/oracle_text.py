"""What the oracle reads in a document (对照算法读文本): parts, expressions, names of counters."""

from collections.abc import Iterator, Mapping
from typing import Any


def without_nulls(tree: Any) -> Any:
    """The document without the keys whose value says nothing."""
    if isinstance(tree, dict):
        return {k: without_nulls(v) for k, v in tree.items() if v not in (None, "", "null", "~")}
    return [without_nulls(v) for v in tree] if isinstance(tree, list) else tree


def parts_of(layer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "decided_elsewhere" in layer:
        return []
    return layer.get("parts") or [layer]


def base(part: Mapping[str, Any]) -> str:
    written = part["base"]
    return str(written["amount"] if isinstance(written, dict) else written)


def expressions_of(layer: Mapping[str, Any]) -> Iterator[str]:
    if "decided_elsewhere" in layer:
        yield layer["decided_elsewhere"]["at_most"]
    for part in parts_of(layer):
        yield base(part)
        if part.get("minus"):
            yield part["minus"]


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


def counters_of_cost(layer: Mapping[str, Any]) -> set[str]:
    caps = [c for c in layer.get("caps") or [] if c.get("of") == "cost"]
    return {n for n in (deductible_counter(layer), *(cap_counter(layer, c) for c in caps)) if n}


def counters_of_payment(layer: Mapping[str, Any]) -> set[str]:
    caps = [c for c in layer.get("caps") or [] if c.get("of") != "cost"]
    return {n for n in (cap_counter(layer, c) for c in caps) if n}


def counters_of(layer: Mapping[str, Any]) -> set[str]:
    return counters_of_cost(layer) | counters_of_payment(layer)
