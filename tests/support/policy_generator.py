"""Whole policies made up at random (虚构政策): document trees over the whole language.

Every tree reads without faults and passes what checking asks: shares stay within 100%, bands
ascend, a layer in bands has one part, a counter counts one thing over one year. Evidence stands
wherever it may stand. Generators take a `Random`, so that Hypothesis can drive
them and a plain seed can as well.
"""

from random import Random
from typing import Any

from hypothesis import strategies as st

Tree = dict[str, Any]

BILL_NAMES = (
    "total",
    "in_scope",
    "out_of_scope",
    "first_self_pay",
    "over_limit",
    "out_of_catalog",
    "class_a",
    "class_b",
    "class_c",
    "item.drug",
    "item.bed",
)
_SHARES = ("0%", "5%", "10%", "33.33%", "50%", "62.5%", "70%", "90%", "100%")
_PAYERS = ("basic", "critical_illness", "medical_assistance", "tilt_assistance", "charity")
_NOTE = {"status": "assumed", "note": "虚构"}
_YEARS = (
    {"begins": "01-01", "chosen_by": "admission"},
    {"begins": "07-01", "chosen_by": "discharge"},
    {"begins": "03-15", "chosen_by": "settlement"},
)


def policy_trees(most_layers: int = 5) -> st.SearchStrategy[Tree]:
    """Random whole policies, which shrink."""
    return st.randoms(use_true_random=False).map(lambda chance: policy_tree(chance, most_layers))


def policy_tree(chance: Random, most_layers: int = 5) -> Tree:
    """One random policy document."""
    layers: list[Tree] = []
    for at in range(1, chance.randint(1, most_layers) + 1):
        layers.append(_layer(chance, f"layer_{at}", layers))
    for layer in layers:
        if _one_in(chance, 4) and not _shares_a_counter(layer):
            layer["benefit_year"] = chance.choice(_YEARS)
    return {
        "yizhan_policy": "1",
        "region": {"code": "990199", **_doubt(chance, 3)},
        "region_name": "虚构县",
        "scheme": "resident",
        "version": "1",
        "title": "虚构政策",
        "fictional": "true",
        "in_force": {"from": "2020-01-01"},
        "dates": {
            "version_chosen_by": "admission",
            "person_asked_as_of": "admission",
            "benefit_year": {"begins": "01-01", "chosen_by": "discharge"},
        },
        "rounding": _rounding(chance),
        "sources": {"made_up": {"title": "虚构"}},
        "evidence": {"status": "stated", "source": "made_up"},
        "layers": layers,
    }


def _one_in(chance: Random, times: int) -> bool:
    return chance.randrange(times) == times - 1


def _doubt(chance: Random, times: int) -> Tree:
    """Evidence that something is assumed or inferred, one time in so many."""
    if not _one_in(chance, times):
        return {}
    return {"status": chance.choice(("assumed", "inferred")), "note": "虚构"}


def _shares_a_counter(layer: Tree) -> bool:
    rules = [layer.get("deductible"), *layer.get("caps", [])]
    return any(
        str(r.get("counter", "")).startswith("shared.") for r in rules if isinstance(r, dict)
    )


def _rounding(chance: Random) -> Tree:
    to = "fen" if not _one_in(chance, 3) else chance.choice(("fen", "jiao", "yuan", "角", "元"))
    mode = chance.choice(("half_up", "half_even", "down", "up"))
    return {"mode": mode, "to": to, **_doubt(chance, 5)}


def _layer(chance: Random, name: str, earlier: list[Tree]) -> Tree:
    layer: Tree = {"id": name, "name": f"第{name[6:]}层", "payer": chance.choice(_PAYERS)}
    layer |= _doubt(chance, 10)
    doubt = _doubt(chance, 5)
    layer["pool"] = {"code": "990100", **doubt} if doubt else "990100"
    if _one_in(chance, 6):
        layer |= {"payer": "hospital"}
        del layer["pool"]
    if _one_in(chance, 3):
        layer["applies"] = {**_condition(chance), **_doubt(chance, 3)}
    if _one_in(chance, 8):
        limit = chance.choice(("total", "in_scope", _expression(chance, earlier)))
        decided = {"by": "外部系统", "at_most": limit, **_doubt(chance, 3)}
        return layer | {"decided_elsewhere": decided}
    if _one_in(chance, 4):
        layer["rounding"] = _rounding(chance)
    if _one_in(chance, 3):
        layer["parts"] = [
            {"id": f"part_{k}", **_part(chance, earlier, may_have_bands=False)}
            for k in range(1, chance.randint(2, 3) + 1)
        ]
    else:
        layer |= _part(chance, earlier, may_have_bands=True)
    _add_deductible(chance, layer)
    caps = [_cap(chance) for _ in range(chance.choice((0, 0, 1, 1, 2)))]
    return layer | ({"caps": caps} if caps else {})


def _part(chance: Random, earlier: list[Tree], *, may_have_bands: bool) -> Tree:
    part: Tree = {"base": _expression(chance, earlier)}
    if _one_in(chance, 5):
        part["base"] = {"amount": part["base"], **_NOTE}
    if may_have_bands and _one_in(chance, 3):
        part["bands"] = _bands(chance)
    else:
        part["rate"] = _share(chance)
        if _one_in(chance, 4):
            part["first_self_pay"] = _share(chance)
    if _one_in(chance, 6):
        part["minus"] = _expression(chance, earlier)
        if doubt := _doubt(chance, 3):
            part["minus"] = {"amount": part["minus"], **doubt}
    return part


def _expression(chance: Random, earlier: list[Tree]) -> str:
    """An amount of the bill, less what earlier layers paid or plus what they left."""
    text = chance.choice(BILL_NAMES if _one_in(chance, 3) else ("total", "in_scope", "in_scope"))
    for layer in earlier:
        if _one_in(chance, 2):
            text += f" - {layer['id']}"
        elif "decided_elsewhere" not in layer and _one_in(chance, 5):
            text += f" {chance.choice('+-')} {_name_inside(chance, layer)}"
    return text


def _name_inside(chance: Random, layer: Tree) -> str:
    name: str = layer["id"]
    whole = [f"{name}.deductible", f"{name}.first_self_pay"]
    inner = [
        f"{name}.{part['id']}{what}"
        for part in layer.get("parts", [])
        for what in ("", ".base", ".deductible", ".first_self_pay")
    ]
    return chance.choice(whole + inner)


def _add_deductible(chance: Random, layer: Tree) -> None:
    kind = chance.choice(("none", "stay", "stay", "year", "trigger"))
    if kind == "none":
        return
    amount = _amount(chance, chance.choice((0, 300, 1200, 5000, 16901)))
    parts = [p["id"] for p in layer.get("parts", [])]
    if kind == "stay" and (isinstance(amount, str) or "amount" not in amount):
        layer["deductible"] = amount
    else:
        layer["deductible"] = {"amount": amount, "per": "stay" if kind == "stay" else "year"}
        if kind == "trigger" and not parts:
            layer["deductible"] |= {"kind": "trigger", "per": chance.choice(("stay", "year"))}
        if layer["deductible"]["per"] == "year" and _one_in(chance, 3):
            # The same counter may serve a deductible and a cap on costs, or several layers.
            layer["deductible"]["counter"] = chance.choice(
                (f"{layer['id']}.looked_at", "shared.cost")
            )
    if parts:
        chance.shuffle(parts)
        eaten = parts[: chance.randint(1, len(parts))]
        doubt = _doubt(chance, 4)
        layer["deductible_taken_from"] = {"order": eaten, **doubt} if doubt else eaten
        if len(eaten) < len(parts) and isinstance(layer["deductible"], dict):
            layer["deductible"].pop("counter", None)  # caps on cost count the other parts as well


def _cap(chance: Random) -> Tree:
    limit = chance.choice((0, 1000, 20000, 80000, 300000))
    amount = "unlimited" if _one_in(chance, 6) else _amount(chance, limit)
    cap: Tree = {"amount": amount, "per": chance.choice(("stay", "year", "year"))}
    if _one_in(chance, 3):
        cap["of"] = chance.choice(("cost", "payment"))
    if cap["per"] == "year" and _one_in(chance, 3):
        cap["counter"] = "shared.cost" if cap.get("of") == "cost" else "shared.paid"
    return cap


def _bands(chance: Random) -> Tree:
    edges = sorted(chance.sample((3000, 8000, 12000, 30000, 50000, 100000), chance.randint(0, 3)))
    rows = [{"up_to": _known_or_missing(chance, f"{e}"), "rate": _share(chance)} for e in edges]
    rows.append({"rate": _share(chance)})
    return {"measured_from": chance.choice(("zero", "deductible")), "rows": rows}


def _known_or_missing(chance: Random, text: str) -> str | Tree:
    if _one_in(chance, 12):
        return {"missing": "文件没有写"}
    return {"value": text, **_NOTE} if _one_in(chance, 5) else text


def _amount(chance: Random, yuan: int) -> str | Tree:
    """An amount in yuan; times a share with three digits it is still whole fen."""
    if _one_in(chance, 2):
        return f"{yuan}"
    if _one_in(chance, 3):
        return _known_or_missing(chance, f"{yuan}.50")
    number = _rows(chance, [f"{max(0, yuan + step)}" for step in (-100, 0, 500)])
    if _one_in(chance, 2):
        number["adjust"] = [{**_condition(chance), "times": chance.choice(("50%", "80%", "120%"))}]
    return number


def _share(chance: Random) -> str | Tree:
    if _one_in(chance, 2):
        return chance.choice(_SHARES)
    if _one_in(chance, 2):
        return _known_or_missing(chance, chance.choice(_SHARES))
    number = _rows(chance, [chance.choice(_SHARES) for _ in range(3)])
    changes = []
    for _ in range(chance.randint(0, 2)):
        change = chance.choice(({"plus": "5%"}, {"minus": "7.5%"}, {"times": "110%"}))
        changes.append({**_condition(chance), **change, **_doubt(chance, 5)})
    if changes:
        ceiling = chance.choice(("100%", "95%", "65%"))
        doubt = _doubt(chance, 3)
        at_most = {"value": ceiling, **doubt} if doubt else ceiling
        number |= {"adjust": changes, "at_most": at_most, **_doubt(chance, 6)}
    return number


def _rows(chance: Random, texts: list[str]) -> Tree:
    """A look-up: rows with conditions, and mostly a last row for everyone else."""
    rows: list[Tree] = []
    for text in texts[:-1]:
        value = _known_or_missing(chance, text)
        rows.append(
            {**_condition(chance), **(value if isinstance(value, dict) else {"value": value})}
        )
    if not _one_in(chance, 4):
        rows.append({"otherwise": _known_or_missing(chance, texts[-1])})
    return {"choose": rows}


def _condition(chance: Random) -> Tree:
    condition = {"unless" if _one_in(chance, 4) else "when": dict([_test(chance)])}
    if _one_in(chance, 4):
        condition.setdefault("when", {}).update([_test(chance)])
    return condition


def _test(chance: Random) -> tuple[str, Any]:
    tests: list[tuple[str, Any]] = [
        ("identity", ["低保对象", "extreme_hardship"]),
        ("identity", "低保边缘家庭成员"),
        ("identity", ["local_made_up", "建档立卡贫困人口"]),
        ("tier", "二级"),
        ("tier", ["level_3", "一级"]),
        ("level", "县级"),
        ("place", ["省外", "in_province"]),
        ("plan", "second"),
        ("referral", "是"),
        ("emergency", "no"),
        ("third_party_liability", "是"),
        ("surgery", ["yes"]),
        ("diagnosis", ["C50", "I21"]),
        ("designation", "city_designated"),
        ("age", {"to": "14"}),
        ("age", {"from": "60", "to": "80"}),
        ("admission_number", "1"),
        ("admission_number", {"from": "2"}),
    ]
    return chance.choice(tests)
