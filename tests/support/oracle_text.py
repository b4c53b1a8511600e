"""What the oracle reads in a document (对照算法读文本): parts, expressions, names of counters."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

_YES = ("是", "yes", "true")


def parts_of(layer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "decided_elsewhere" in layer:
        return []
    return layer.get("parts") or [layer]


def stem_of(layer: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    """What the names of a part's numbers begin with."""
    return str(layer["id"]) if part is layer else f"{layer['id']}.{part['id']}"


def written(node: Any) -> str:
    """An expression, whether or not evidence stands beside it."""
    return str(node["amount"] if isinstance(node, dict) else node)


def fixed_base(part: Mapping[str, Any]) -> Any:
    """The fixed amount that a part looks at instead of costs, if it does."""
    base = part["base"]
    return base["fixed"] if isinstance(base, dict) and "fixed" in base else None


def eaten_parts(layer: Mapping[str, Any]) -> list[str]:
    """The parts that the deductible looks at, in the order it eats them."""
    order = layer.get("deductible_taken_from")
    if isinstance(order, dict):
        order = order["order"]
    if isinstance(order, str):
        return [order]
    return list(order or [part["id"] for part in parts_of(layer)])


def pays_the_bill(layer: Mapping[str, Any]) -> bool:
    """Whether what the layer comes to is taken from what is left of the bill."""
    return bool(layer["payer"] != "none" and layer.get("pays") != "cash")


def may_come_later(layer: Mapping[str, Any]) -> bool:
    return layer["decided_elsewhere"].get("may_come_later") in _YES


def is_trigger(layer: Mapping[str, Any]) -> bool:
    node = layer.get("deductible")
    return isinstance(node, dict) and node.get("kind") == "trigger"


def takes_first_self_pay_before(part: Mapping[str, Any]) -> bool:
    return bool(part.get("first_self_pay_taken") == "before")


def deductible_amount(layer: Mapping[str, Any]) -> Any:
    node = layer["deductible"]
    return node["amount"] if isinstance(node, dict) and "amount" in node else node


def deductible_limit(layer: Mapping[str, Any]) -> Any:
    node = layer.get("deductible")
    return node.get("limit") if isinstance(node, dict) else None


@lru_cache(maxsize=4096)
def terms_of(expression: str) -> tuple[tuple[int, str], ...]:
    """Signed names of a sum such as `in_scope - basic`."""
    sign, found = 1, []
    for piece in expression.replace("-", " - ").replace("+", " + ").split():
        if piece in {"+", "-"}:
            sign = -1 if piece == "-" else 1
        else:
            found.append((sign, piece))
    return tuple(found)


def expressions_of(layer: Mapping[str, Any]) -> Iterator[str]:
    """Everything that a layer adds up."""
    if "decided_elsewhere" in layer:
        yield written(layer["decided_elsewhere"]["at_most"])
    for part in parts_of(layer):
        if fixed_base(part) is None:
            yield written(part["base"])
        for key in ("minus", "not_below", "not_above"):
            if part.get(key):
                yield written(part[key])
    for _, node, _, _ in whole_numbers_of(layer):
        if isinstance(node, dict) and "by" in node:
            yield written(node["by"])
        if isinstance(node, dict) and "share" in node:
            yield written(node["of"])


def whole_numbers_of(
    layer: Mapping[str, Any],
) -> Iterator[tuple[str, Any, str, tuple[Any, ...]]]:
    """Every number of a layer with its name and unit, in the order the arithmetic meets them.

    Last come the rules it stands in, from the outside in, whose evidence it inherits.
    """
    if "decided_elsewhere" in layer:
        return
    name = layer["id"]
    for part in parts_of(layer):
        if (fixed := fixed_base(part)) is not None:
            yield f"{stem_of(layer, part)}.fixed", fixed, "yuan", (part["base"],)
    if layer.get("deductible"):
        rule = layer["deductible"]
        amount = deductible_amount(layer)
        around = () if amount is rule else (rule,)
        yield f"{name}.deductible", amount, "yuan", around
        if limit := deductible_limit(layer):
            yield f"{name}.deductible.limit", limit["amount"], "yuan", (rule, limit)
    for part in parts_of(layer):
        yield from _numbers_of_part(part, stem_of(layer, part))
    for at, cap in enumerate(layer.get("caps") or [], start=1):
        unit = "count" if cap.get("of") == "times" else "yuan"
        yield f"{name}.cap_{at}", cap["amount"], unit, (cap,)


def _numbers_of_part(
    part: Mapping[str, Any], stem: str
) -> Iterator[tuple[str, Any, str, tuple[Any, ...]]]:
    for key in ("first_self_pay", "rate"):
        if part.get(key):
            yield f"{stem}.{key}", part[key], "share", ()
    for at, row in enumerate((part.get("bands") or {}).get("rows", []), start=1):
        if row.get("up_to"):
            yield f"{stem}.band_{at}.up_to", row["up_to"], "yuan", ()
        yield f"{stem}.band_{at}.rate", row["rate"], "share", ()
    if part.get("factor"):
        yield f"{stem}.factor", part["factor"], "share", ()


def numbers_of(layer: Mapping[str, Any]) -> Iterator[tuple[str, Any, str, tuple[Any, ...]]]:
    """Every number that is looked up, with what it stands in (for the evidence it inherits).

    A number chosen by an amount, or a share of one, is made of several.
    """
    for name, node, unit, around in whole_numbers_of(layer):
        if isinstance(node, dict) and "by" in node:
            for at, row in enumerate(node["rows"], start=1):
                if edge := edge_of(row):
                    yield f"{name}.row_{at}.edge", row[edge], "yuan", (*around, node)
                yield f"{name}.row_{at}.then", row["then"], unit, (*around, node)
        elif isinstance(node, dict) and "share" in node:
            yield f"{name}.share", node["share"], "share", (*around, node)
            for key in ("at_least", "at_most"):
                if node.get(key):
                    yield f"{name}.{key}", node[key], "yuan", (*around, node)
        else:
            yield name, node, unit, around


def edge_of(row: Mapping[str, Any]) -> str | None:
    """Where a row by amount ends: `up_to` is inside, `below` is not; the last one never ends."""
    return next((key for key in ("up_to", "below") if key in row), None)


def deductible_counter(layer: Mapping[str, Any]) -> str | None:
    node = layer.get("deductible")
    if not isinstance(node, dict) or node.get("per") not in ("year", "episode"):
        return None
    usual = "base" if node["per"] == "year" else "deducted"
    return node.get("counter") or f"{layer['id']}.{usual}"


def is_of_episode(layer: Mapping[str, Any]) -> bool:
    """Whether the deductible is taken once of all stays that hang together."""
    node = layer.get("deductible")
    return isinstance(node, dict) and node.get("per") == "episode"


def limit_counter(layer: Mapping[str, Any]) -> str | None:
    limit = deductible_limit(layer)
    return (limit.get("counter") or f"{layer['id']}.deducted") if limit else None


_MOVED_BY = {"cost": "cost", "payment": "paid", "times": "times"}


def cap_counter(layer: Mapping[str, Any], cap: Mapping[str, Any]) -> str | None:
    if cap["per"] != "year":
        return None
    return cap.get("counter") or f"{layer['id']}.{_MOVED_BY[cap.get('of') or 'payment']}"


def cap_counters(layer: Mapping[str, Any], of: str) -> set[str]:
    """The counters of a layer's caps on `cost`, on `payment` or on `times`."""
    caps = [c for c in layer.get("caps") or [] if (c.get("of") or "payment") == of]
    return {n for n in (cap_counter(layer, c) for c in caps) if n}


def counted_toward(layer: Mapping[str, Any]) -> list[str]:
    """Counters of other layers that this layer's payment moves as well."""
    said = layer.get("counts_toward")
    if isinstance(said, dict):
        said = said["counters"]
    if said in (None, "none", "无"):
        return []
    return [said] if isinstance(said, str) else list(said)


def counters_of(layer: Mapping[str, Any]) -> list[str]:
    """The counters that a layer's own rules read and move: the deductible's, then the caps'."""
    rules = [deductible_counter(layer), limit_counter(layer)]
    caps = [cap_counter(layer, cap) for cap in layer.get("caps") or []]
    return list(dict.fromkeys(name for name in rules + caps if name))


def keys_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The fact by which the totals of a counter are kept apart, where they are."""
    found = {}
    for layer in document["layers"]:
        rules = [(cap_counter(layer, cap), cap) for cap in layer.get("caps") or []]
        rules += [(deductible_counter(layer), layer.get("deductible"))]
        rules += [(limit_counter(layer), deductible_limit(layer))]
        if is_of_episode(layer):
            found[str(deductible_counter(layer))] = "episode"
        for counter, rule in rules:
            if counter and rule.get("each") not in (None, "none", "无"):
                found[counter] = str(rule["each"])
    return found


def sums_of(document: Mapping[str, Any]) -> list[str]:
    """Names whose totals over the benefit year some expression asks for, in the text's order."""
    found = [e for layer in document["layers"] for e in expressions_of(layer)]
    for measure in document.get("reported") or []:
        found += [measure[key] for key in ("amount", "share", "of") if key in measure]
    names = dict.fromkeys(name for text in found for _, name in terms_of(written(text)))
    return [name.removeprefix("year.") for name in names if name.startswith("year.")]


def years_of(document: Mapping[str, Any], dates: Mapping[str, date]) -> dict[str, date]:
    """The day on which the benefit year of each counter began, for a stay with these dates."""

    def began(rule: Mapping[str, str]) -> date:
        day = dates[rule["chosen_by"]]
        month, first = (int(number) for number in rule["begins"].split("-"))
        begun_this_year = (day.month, day.day) >= (month, first)
        return date(day.year if begun_this_year else day.year - 1, month, first)

    whole = document["dates"]["benefit_year"]
    found = {f"sum.{name}": began(whole) for name in sums_of(document)}
    for layer in document["layers"]:
        rule = layer.get("benefit_year") or whole
        found |= dict.fromkeys(counters_of(layer), began(rule))
    return found
