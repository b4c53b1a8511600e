"""Schema of numbers and conditions (数与条件的模式)."""

from settlement.entrypoints.policy_schema.pieces import (
    DAY,
    EVIDENCE,
    LOCAL_IDENTITY,
    NAME,
    Schema,
    coded,
    count,
    either,
    mapping,
    one_or_several,
    ref,
    several,
    text,
    words,
    yes_no,
)
from settlement.law.facts import CODES, FACT_LABELS, FLAGS, NUMBERS
from settlement.law.rounding import RoundingMode

QUANTA = ["fen", "jiao", "yuan", "分", "角", "元"]
_AMOUNT: Schema = {
    "description": "金额，元，最多两位小数；不设限写 unlimited",
    "type": ["number", "string"],
    "minimum": 0,
    "pattern": r"^([0-9]{1,15}(\.[0-9]{1,2})?|unlimited|不设限)$",
}
_RATIO: Schema = {
    "description": "比例，百分数，如 70%",
    "type": "string",
    "pattern": r"^([0-9]{1,9}(\.[0-9]{1,8})?%|unlimited|不设限)$",
}


def number_definitions() -> dict[str, Schema]:
    """What the layers refer to: amounts, ratios, conditions, rounding, `use`."""
    return {
        "amount": _number("amount", _AMOUNT),
        "ratio": _number("ratio", _RATIO),
        "amount_rule": _rule("amount"),
        "ratio_rule": _rule("ratio"),
        "amount_row": _row(_AMOUNT),
        "ratio_row": _row(_RATIO),
        "when": condition(),
        "rounding": rounding(),
        "use": mapping(
            "引用共用文件里的数",
            {"use": text('shared/ 下的 "文件.位置"，如 "420000/critical_2018.bands"')},
            needs=["use"],
        ),
    }


def rounding() -> Schema:
    """How something is rounded."""
    return mapping(
        "取整",
        {
            "mode": words("half_up 四舍五入、half_even 五成双、down 舍、up 进", list(RoundingMode)),
            "to": words("取整到 fen 分、jiao 角、yuan 元", QUANTA),
            **EVIDENCE,
        },
        needs=["mode", "to"],
    )


def condition() -> Schema:
    """`when` and `unless`: facts and the values they should have.

    What a document asks for itself (`asks`) is known to that document alone, so other names are
    left to `yizhan policy check`.
    """
    declared = either(
        "asks 里登记的情形",
        one_or_several("值", text("值")),
        _range("区间，两头都含", count("数")),
        ref("use"),
    )
    return {
        "description": "几项并列须都符合；一项里列几个值，符合其一即可",
        "type": "object",
        "minProperties": 1,
        "properties": {fact: _test(fact, label) for fact, label in FACT_LABELS.items()},
        "propertyNames": {"pattern": NAME},
        "additionalProperties": declared,
    }


_DATES = ("admission_date", "discharge_date", "settlement_date")


def _test(fact: str, label: str) -> Schema:
    about = f"{label}（{fact}）"
    if fact in FLAGS:
        return one_or_several(about, yes_no("是或否"))
    if fact in _DATES:
        return either(about, _range("日期区间，两头都含", text("如 2020-01-01", DAY)), ref("use"))
    if fact in NUMBERS:
        return either(about, count("数"), _range("区间，两头都含", count("数")), ref("use"))
    if fact == "identity":
        return either(about, one_or_several(about, identity()), ref("use"))
    if fact in CODES:
        return either(about, one_or_several(about, coded(label, CODES[fact])), ref("use"))
    return either(about, one_or_several(about, text("与来处的写法完全一致")), ref("use"))


def identity() -> Schema:
    """An identity everywhere known, or one of the region's own."""
    own = text("地方自定的身份，先在 identities 里写名称", LOCAL_IDENTITY)
    return either("身份", coded("身份", CODES["identity"]), own)


def _range(about: str, edge: Schema) -> Schema:
    return mapping(about, {"from": edge, "to": edge})


def _value_keys(scalar: Schema) -> dict[str, Schema]:
    """What gives one number: itself, a reason why nobody knows it, or a parameter."""
    return {
        "value": scalar,
        "missing": text("不知道这个数：写原因。用到它的结算会被拒绝"),
        "of": text("引用 parameters 里的数", NAME),
        "times": text("参数乘以几成", r"^[0-9]+(\.[0-9]+)?%$"),
        "rounding": ref("rounding", "乘得的不是整分时怎样取整"),
        **EVIDENCE,
    }


def _number(unit: str, scalar: Schema) -> Schema:
    """A number: bare, with evidence, or rows to choose from by the situation."""
    adjustment = mapping(
        "一行调整",
        {
            "when": ref("when", "符合才调整"),
            "unless": ref("when", "符合就不调整"),
            "plus": _change("加：百分点或元"),
            "minus": _change("减：百分点或元"),
            "times": _change("乘以，百分数"),
            "on_rest": _change("其余部分再按这个比例：v + (1−v) × 20%"),
            "for_each": text("按这个情形的数加减几次，如 age", NAME),
            "beyond": count("从多少以上数起，不写是 0"),
            "at_most": count("最多几次，不写不限"),
            **EVIDENCE,
        },
    )
    bound = mapping("上下限和它的依据", {"value": scalar, **EVIDENCE}, needs=["value"])
    keys = {
        **_value_keys(scalar),
        "choose": either(
            "按情形选：从上往下第一行符合的算数", several("各行", ref(f"{unit}_row")), ref("use")
        ),
        "adjust": several("加点、减点、打折：符合的各行都算", adjustment),
        "at_least": either("调整以后的下限", scalar, bound),
        "at_most": either("调整以后的上限", scalar, bound),
    }
    return either("数", scalar, ref("use"), mapping("数和它的依据", keys))


def _rule(unit: str) -> Schema:
    """A number of a layer: as above, picked by the size of an amount, or a share of one."""
    row = mapping(
        "按金额选的一行",
        {
            "up_to": ref("amount", "不超过，含"),
            "below": ref("amount", "不到，不含"),
            "then": ref(unit, "这一行的数"),
        },
        needs=["then"],
    )
    picked = mapping(
        "按金额的大小选",
        {
            "by": ref("expression", "按哪个金额"),
            "rows": several("各行，从小到大，最后一行不写界限", row),
            **EVIDENCE,
        },
        needs=["by", "rows"],
    )
    share = mapping(
        "金额的一个比例",
        {
            "share": ref("ratio", "几成"),
            "of": ref("expression", "什么金额的几成"),
            "at_least": ref("amount", "下限"),
            "at_most": ref("amount", "上限"),
            **EVIDENCE,
        },
        needs=["share", "of"],
    )
    return either("数", picked, *([share] if unit == "amount" else []), ref(unit))


def _change(about: str) -> Schema:
    return {
        "description": about,
        "type": ["number", "string"],
        "pattern": r"^[0-9]+(\.[0-9]+)?%?$",
    }


def _row(scalar: Schema) -> Schema:
    return mapping(
        "一行",
        {
            "when": ref("when", "符合"),
            "unless": ref("when", "都不符合"),
            "otherwise": either(
                "其余各种情形，放最后",
                scalar,
                ref("use"),
                mapping("其余情形的数", _value_keys(scalar)),
            ),
            **_value_keys(scalar),
        },
    )
