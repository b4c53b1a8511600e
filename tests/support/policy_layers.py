"""Layers of made-up policies (虚构政策的各层): who pays, of what, how much and under which caps."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.support.policy_author import IDENTITIES, Author, Tree

_PAYERS = ("basic", "critical_illness", "medical_assistance", "tilt_assistance", "charity")


def layer_tree(author: Author, name: str, earlier: list[Tree]) -> Tree:
    """One layer, which may name those before it."""
    layer = _who(author, name)
    if author.one_in(3):
        layer["applies"] = {**author.condition(), **author.doubt(3)}
    if author.one_in(8):
        layer["person_asked_as_of"] = author.chance.choice(("admission", "discharge", "settlement"))
    if author.one_in(8):
        layer["precedence"] = author.chance.sample(IDENTITIES, 2)
    if author.one_in(8):
        return layer | _decided_elsewhere(author, earlier)
    if author.one_in(4):
        layer["rounding"] = author.rounding()
    kind = _deductible_kind(author)
    if author.one_in(3):
        layer["parts"] = [
            {
                "id": f"part_{k}",
                **_part(author, earlier, may_have_bands=kind not in ("year", "trigger_year")),
                **({"rounding": author.rounding()} if author.one_in(6) else {}),
            }
            for k in range(1, author.chance.choice((1, 2, 2, 3, 3)) + 1)
        ]
    else:
        layer |= _part(author, earlier, may_have_bands=True)
    _add_surplus(author, layer)
    _add_deductible(author, layer, kind, earlier)
    caps = [_cap(author, layer, earlier) for _ in range(author.chance.choice((0, 0, 1, 1, 2)))]
    return layer | ({"caps": caps} if caps else {})


def _who(author: Author, name: str) -> Tree:
    """Who pays, from which pool: a fund, the hospital, the patient first, or nobody."""
    layer: Tree = {"id": name, "name": f"第{name[6:]}层", "payer": author.chance.choice(_PAYERS)}
    layer |= author.doubt(10)
    who = author.chance.randrange(20)
    if who < 3:
        return layer | {"payer": "hospital"}
    if who < 5:
        return layer | {"payer": "none"}
    if who < 6:
        return layer | {"payer": "patient"}
    doubt = author.doubt(5)
    layer["pool"] = {"code": "990100", **doubt} if doubt else "990100"
    if who < 8:
        layer["pays"] = "cash"
    if author.one_in(10):
        layer["borne_by"] = {"payer": "fiscal_backstop", "pool": "990100", "when": "次年预算"}
    return layer


def _pays_the_bill(layer: Tree) -> bool:
    return layer["payer"] != "none" and layer.get("pays") != "cash"


def _decided_elsewhere(author: Author, earlier: list[Tree]) -> Tree:
    limit = author.chance.choice(("total", "in_scope", author.sum(earlier)))
    later = {"may_come_later": "是"} if author.one_in(3) else {}
    return {
        "decided_elsewhere": {"by": "外部系统", "at_most": limit, **later, **author.doubt(3)},
    }


# --- parts


def _part(author: Author, earlier: list[Tree], *, may_have_bands: bool) -> Tree:
    part: Tree = {"base": _base(author, earlier)}
    if may_have_bands and author.one_in(3):
        part["bands"] = _bands(author)
    else:
        part["rate"] = _perhaps_by_amount(author, author.ratio, earlier)
    if author.one_in(4):
        part["first_self_pay"] = _perhaps_by_amount(author, author.ratio, earlier)
        is_before = author.one_in(2) and author.chance.choice((True, True, False))
        part["first_self_pay_taken"] = "before" if is_before else "after"
    if author.one_in(6):
        part["factor"] = _perhaps_by_amount(author, author.factor, earlier)
    if author.one_in(6):
        part["minus"] = author.doubtful_sum(author.sum(earlier), 3)
    if author.one_in(8):
        part["not_below"] = author.doubtful_sum(author.sum(earlier), 3)
    if author.one_in(8):
        part["not_above"] = author.doubtful_sum(author.sum(earlier), 3)
    return part


def _base(author: Author, earlier: list[Tree]) -> str | Tree:
    if author.one_in(6):
        fixed = author.amount(author.chance.choice((800, 3000, 12000, 40000)))
        return {"fixed": fixed, **author.doubt(5)}
    return author.doubtful_sum(author.sum(earlier), 5)


def _perhaps_by_amount(
    author: Author, number: Callable[[], str | Tree], earlier: list[Tree]
) -> str | Tree:
    return author.by_amount(number, earlier) if author.one_in(6) else number()


def _bands(author: Author) -> Tree:
    edges = sorted(
        author.chance.sample((3000, 8000, 12000, 30000, 50000, 100000), author.chance.randint(0, 3))
    )
    rows: list[Tree] = [
        {"up_to": author.known_or_missing(f"{e}"), "rate": author.ratio()} for e in edges
    ]
    rows.append({"rate": author.ratio()})
    return {"measured_from": author.chance.choice(("zero", "deductible")), "rows": rows}


def _parts(layer: Tree) -> list[Tree]:
    return layer.get("parts") or [layer]


def _add_surplus(author: Author, layer: Tree) -> None:
    """Who keeps what a fixed amount leaves over; asked of every layer that pays the bill."""
    is_fixed = any(isinstance(p["base"], dict) and "fixed" in p["base"] for p in _parts(layer))
    if not _pays_the_bill(layer):
        return
    if layer["payer"] in ("hospital", "patient"):
        if is_fixed:
            layer["surplus"] = "none"
    elif is_fixed or author.one_in(6):
        layer["surplus"] = author.chance.choice(("hospital", "hospital", "none"))


# --- deductibles and caps


def _deductible_kind(author: Author) -> str:
    kinds = ("none", "stay", "stay", "limited", "year", "trigger_stay", "trigger_year")
    return author.chance.choice(kinds)


def _limit_number(
    author: Author,
    yuan: int,
    earlier: list[Tree],
    *,
    is_inside: bool,
    may_be_unlimited: bool = False,
) -> Any:
    """An amount as a deductible or a cap may have it."""
    if author.one_in(6):
        then = author.chance.choice((yuan, yuan // 2))
        return author.by_amount(lambda: author.amount(then), earlier, is_inside=is_inside)
    if author.one_in(6):
        return author.share_of_amount(earlier)
    return author.amount(yuan, may_be_unlimited=may_be_unlimited)


def _add_deductible(author: Author, layer: Tree, kind: str, earlier: list[Tree]) -> None:
    if kind == "none":
        return
    chance, name = author.chance, layer["id"]
    yuan = chance.choice((0, 300, 1200, 5000, 16901))
    amount = _limit_number(author, yuan, earlier, is_inside=True)
    rule: Tree = {"amount": amount, "per": "year" if kind in ("year", "trigger_year") else "stay"}
    if kind.startswith("trigger"):
        rule |= {"kind": "trigger", "passed": chance.choice(("above", "at"))}
    if kind == "limited":
        limit: Tree = {"per": "year", "amount": author.amount(chance.choice((400, 2000, 8000)))}
        counter = f"{name}.deducted"
        if author.one_in(3):
            counter = limit["counter"] = f"{_sharing(layer)}.deducted"
        rule["limit"] = limit | author.each(counter, limit["amount"]) | author.doubt(5)
    taken_from = _taken_from(author, layer)
    if rule["per"] == "year":
        counter = f"{name}.base"
        is_before = any(p.get("first_self_pay_taken") == "before" for p in _parts(layer))
        counts_what_caps_count = not is_before and not taken_from
        if counts_what_caps_count and author.one_in(3):
            # The same counter may serve a deductible and a cap on costs, or several layers.
            counter = rule["counter"] = chance.choice(
                (f"{name}.looked_at", f"{_sharing(layer)}.cost")
            )
        rule |= author.each(counter, amount)
    rule |= author.doubt(6)
    layer["deductible"] = amount if kind == "stay" and author.one_in(2) else rule
    if taken_from:
        layer["deductible_taken_from"] = taken_from


def _taken_from(author: Author, layer: Tree) -> Any:
    parts = [p["id"] for p in layer.get("parts", [])]
    if not parts:
        return None
    author.chance.shuffle(parts)
    eaten = parts[: author.chance.randint(1, len(parts))]
    doubt = author.doubt(4)
    return {"order": eaten, **doubt} if doubt else eaten


def _sharing(layer: Tree) -> str:
    """What the names of shared totals begin with; what is only measured has totals of its own."""
    return "measured" if layer["payer"] == "none" else "shared"


def _cap(author: Author, layer: Tree, earlier: list[Tree]) -> Tree:
    chance, name = author.chance, layer["id"]
    of = chance.choice(("payment", "payment", "cost", "times"))
    if of == "times":
        times = author.count()
        cap: Tree = {"of": of, "amount": times, "per": "year"}
        counter = f"{name}.times"
        if author.one_in(4):
            counter = cap["counter"] = f"{_sharing(layer)}.times"
        return cap | author.each(counter, times)
    limit = chance.choice((0, 1000, 20000, 80000, 300000))
    node = (
        "unlimited"
        if author.one_in(6)
        else _limit_number(author, limit, earlier, is_inside=of == "payment", may_be_unlimited=True)
    )
    cap = {"of": of, "amount": node, "per": chance.choice(("stay", "year", "year"))}
    if cap["per"] == "year":
        counter = f"{name}.{'cost' if of == 'cost' else 'paid'}"
        if author.one_in(3):
            what = "cost" if of == "cost" else "paid"
            counter = cap["counter"] = f"{_sharing(layer)}.{what}"
        cap |= author.each(counter, node)
    return cap | author.doubt(6)


# --- what a layer's payment moves besides its own counters


def add_counted_toward(author: Author, layers: list[Tree]) -> None:
    """Say which other layers' totals of payments a layer moves; asked of every top-up."""
    for layer in layers:
        if layer["payer"] == "none":
            continue
        others = {c for other in layers if other is not layer for c in _payment_counters(other)}
        others -= set(_payment_counters(layer))
        if others and author.one_in(4):
            several = author.chance.randint(1, min(2, len(others)))
            layer["counts_toward"] = author.chance.sample(sorted(others), several)
        elif any("minus" in part for part in _parts(layer)):
            layer["counts_toward"] = "none"


def _payment_counters(layer: Tree) -> Iterator[str]:
    """Totals of payments that its caps read; what is only measured moves nobody else's."""
    for cap in layer.get("caps", []) if layer["payer"] != "none" else ():
        if cap["of"] == "payment" and cap["per"] == "year":
            yield cap.get("counter", f"{layer['id']}.paid")


def asks_of_the_person(node: Any) -> bool:
    """Whether some condition in it asks for an identity or an age."""
    if isinstance(node, dict):
        is_asked = not {"identity", "age"}.isdisjoint(node) or node.get("for_each") == "age"
        return is_asked or any(map(asks_of_the_person, node.values()))
    return isinstance(node, list) and any(map(asks_of_the_person, node))


def shares_a_counter(layer: Tree, layers: list[Tree]) -> bool:
    """Whether another layer moves or reads one of its totals, which then is of one year."""
    rules: list[Any] = [layer.get("deductible"), *layer.get("caps", [])]
    rules += [rule.get("limit") for rule in rules if isinstance(rule, dict)]
    shared = [str(r.get("counter", "")) for r in rules if isinstance(r, dict)]
    toward = [other.get("counts_toward", "none") for other in layers]
    moved = {counter for counters in toward if counters != "none" for counter in counters}
    return (
        any(name.startswith(("shared.", "measured.")) for name in shared)
        or layer.get("counts_toward", "none") != "none"
        or not moved.isdisjoint(_payment_counters(layer))
    )
