"""Schema of files of worked cases (算例文件的模式)."""

from settlement.application.worked_cases import CaseKind
from settlement.entrypoints.policy_schema.document import policy_definitions, policy_document
from settlement.entrypoints.policy_schema.numbers import identity
from settlement.entrypoints.policy_schema.pieces import (
    DAY,
    DIALECT,
    EXPRESSION,
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
from settlement.law.bill import AMOUNT_LABELS
from settlement.law.facts import CODES, FACT_LABELS, FLAGS, NUMBERS, SETS

_INDICATOR = r"^([0-9]+(\.[0-9]+)?[%万]?|无|none)$"
_DERIVED = {"out_of_scope"}
_FROM_DATES = {
    "days",
    "admission_date",
    "discharge_date",
    "settlement_date",
    "crosses_year",
    "late_claim",
}


def case_file_schema() -> Schema:
    """A list of cases, or a small policy of the file's own with its cases."""
    cases = several("算例", ref("case"))
    own = mapping(
        "自带政策的算例", {"policy": policy_document(), "cases": cases}, needs=["policy", "cases"]
    )
    return {
        "$schema": DIALECT,
        "title": "一站 算例文件",
        **either("算例文件", cases, own),
        "$defs": dict(sorted((policy_definitions() | _definitions()).items())),
    }


def _definitions() -> dict[str, Schema]:
    yuan: Schema = {
        "description": "金额，元，最多两位小数",
        "type": ["number", "string"],
        "minimum": 0,
        "pattern": r"^[0-9]{1,15}(\.[0-9]{1,2})?$",
    }
    source_rounds = mapping(
        "来源取整了的数：照原文写，并写明取整到多少",
        {
            "value": text("原文的数，如 11.0万"),
            "to": text("原文取整到多少，如 0.1万、角、元"),
            "mode": words("四舍五入或舍去", ["四舍五入", "舍去", "half_up", "down"]),
        },
        needs=["value", "to"],
    )
    indicator = text("元、百分数；分母为 0 时写 无", _INDICATOR)
    rounded_indicator = mapping(
        "来源取整了的指标",
        {
            "value": indicator,
            "to": text("原文取整到多少，如 0.1%"),
            "met": yes_no("是否达到目标"),
        },
        needs=["value"],
    )
    return {
        "yuan": yuan,
        "stated": either("应得的金额", ref("yuan"), source_rounds),
        "stated_indicator": either("指标：元、百分数或 无", indicator, rounded_indicator),
        "stay": mapping("一次住院", _stay_keys(), needs=["bill", "dates", "expect"]),
        "case": {
            **mapping("一个算例", _case_keys(), needs=["name", "kind", "source"]),
            "anyOf": [{"required": ["stays"]}, {"required": ["bill", "dates", "expect"]}],
        },
    }


def _case_keys() -> dict[str, Schema]:
    return {
        "id": text("编号"),
        "name": text("算例的名字"),
        "kind": words("published 公布的账单，constructed 依规则推算", list(CaseKind)),
        "source": mapping("出处", {"text": text("出处"), "url": text("网址")}, needs=["text"]),
        "note": text("说明"),
        "counters_before": _amounts("年内已累计的", r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?(@.+)?$"),
        "stays": several("一人几次住院，累计额自动往下带", ref("stay")),
        "together": _stated("几次合计应得的"),
        "source_says": _stated("来源所写的、依规则不对的数；用 note 说明"),
        **_stay_keys(),
    }


def _stay_keys() -> dict[str, Schema]:
    return {
        "bill": _bill(),
        "facts": _facts(),
        "held": several(
            "身份的起止；与 people 有关的算例用它代替 facts 里的 identity",
            mapping(
                "一种身份",
                {
                    "identity": identity(),
                    "from": text("从哪一天", DAY),
                    "to": text("到哪一天；不写是仍有效", DAY),
                },
                needs=["identity", "from"],
            ),
        ),
        "dates": mapping(
            "日期",
            {
                "admission": text("入院日", DAY),
                "discharge": text("出院日", DAY),
                "settlement": text("结算日，不写是出院日", DAY),
            },
            needs=["admission", "discharge"],
        ),
        "decided_elsewhere": _amounts("外部结算各层的金额，元", NAME),
        "expect": mapping(
            "应得的结果",
            {
                "layers": _stated("各层支付，元；分项写 basic.class_a"),
                "patient": ref("stated", "个人负担，元"),
                "reimbursed": ref("stated", "各支付方合计，元"),
                "refused": text("应当拒绝：参数、费用或情形的名字"),
                "outside": _stated("账单之外的补助和结余，元"),
                "measures": _stated("只测算的层，元"),
                "reported": {
                    "description": "只报告的指标：元或百分数",
                    "type": "object",
                    "propertyNames": {"pattern": NAME},
                    "additionalProperties": ref("stated_indicator"),
                },
                "pending": one_or_several("待定的层", text("层的 id", NAME)),
            },
        ),
    }


def _bill() -> Schema:
    amounts = {
        name: ref("yuan", f"{label}，元")
        for name, label in AMOUNT_LABELS.items()
        if name not in _DERIVED
    }
    items = _amounts("项目类别，各类之和等于政策范围内费用", r"^[a-z][a-z0-9_]*$")
    return mapping("账单，元", {**amounts, "item_classes": items}, needs=["total"])


def _facts() -> Schema:
    """Facts as the bill declares them; what follows from the dates is not written here."""
    known = {
        fact: _fact(fact, f"{label}（{fact}）")
        for fact, label in FACT_LABELS.items()
        if fact not in _FROM_DATES
    }
    return {
        "description": "情形；没有写的就是没有人说明",
        "type": "object",
        "properties": known,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": text("asks 里登记的情形"),
    }


def _fact(fact: str, about: str) -> Schema:
    if fact == "identity":
        return one_or_several(about, identity())
    if fact in FLAGS:
        return yes_no(about)
    if fact in NUMBERS:
        return count(about)
    if fact in CODES:
        return coded(about, CODES[fact])
    return one_or_several(about, text(about)) if fact in SETS else text(about)


def _amounts(about: str, names: str) -> Schema:
    return {
        "description": about,
        "type": "object",
        "propertyNames": {"pattern": names},
        "additionalProperties": ref("yuan"),
    }


def _stated(about: str) -> Schema:
    return {
        "description": about,
        "type": "object",
        "propertyNames": {"pattern": EXPRESSION},
        "additionalProperties": ref("stated"),
    }
