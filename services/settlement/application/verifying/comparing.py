"""Comparing what is stored with what it should be (逐项比对), field by field."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

ABSENT = "（无）"
"""Stands for an event, a line or a value that is not there."""

_VERSION = "originator_version"  # belongs to the stream, which is checked as a whole
_LABELS = {
    "admission": "入院日期",
    "adjustment": "更正序号",
    "amount_fen": "金额",
    "article": "条款",
    "assumed": "非原文载明的依据",
    "bank_reference": "银行流水号",
    "base_fen": "基数",
    "batch_number": "费用批次",
    "booked_on": "记账日期",
    "by": "经办人",
    "cap_left_fen": "限额余额",
    "cause": "更正原因",
    "changes": "差额",
    "charges": "费用",
    "charges_after": "变动后费用",
    "charges_before": "变动前费用",
    "circumstances": "住院情形",
    "computed_fen": "计算金额",
    "counters_before": "年度累计",
    "deducted_fen": "已扣减",
    "deductible_fen": "起付线",
    "deduction": "扣减序号",
    "delta_fen": "差额",
    "departure": "离院方式",
    "direct": "直接对个人的差额",
    "discharge": "出院日期",
    "document": "文书号",
    "fingerprint": "政策指纹",
    "fund": "基金",
    "fund_id": "基金",
    "hospital_stay_number": "住院号",
    "held_fen": "在押金额",
    "imposed": "扣减",
    "inputs": "结算输入",
    "institution_id": "机构",
    "invoice_number": "发票号",
    "layer": "报销层",
    "line": "费用明细",
    "line_count": "明细行数",
    "lines": "费用明细",
    "moves": "累计变动",
    "number": "结算单号",
    "originator_id": "事件流编号",
    "owed_fen": "应付医院",
    "paid_fen": "支付",
    "patient_fen": "个人应付",
    "payer": "支付方",
    "payment": "拨付",
    "person_id": "参保人",
    "rate": "比例",
    "refund_due_fen": "应退押金",
    "region": "参保地",
    "scheme": "险种",
    "settled_booked_on": "原记账日期",
    "shares": "支付份额",
    "stands_fen": "仍扣减",
    "stay_id": "住院",
    "step": "步骤",
    "steps": "步骤",
    "tender": "支付方式",
    "timestamp": "时刻",
    "total_fen": "总费用",
    "reference": "对方编号",
    "settlement": "起因结算",
    "was": "变动前",
    "was_fen": "变动前金额",
    "way": "差额走向",
}

Difference = tuple[str, object, object]
"""What differs, as it is stored, as it should be."""


class Finding(NamedTuple):
    """Something that is not the same (不符之处), before it is said in which stay."""

    step: str
    what: str
    in_ledger: object
    recomputed: object


def differences(what: str, stored: Any, expected: Any) -> Iterator[Difference]:
    """Where two values differ, down to the single amounts."""
    if stored == expected:
        return
    if is_dataclass(stored) and type(stored) is type(expected):
        for field in fields(stored):
            path = f"{what}·{_LABELS.get(field.name, field.name)}"
            yield from differences(path, getattr(stored, field.name), getattr(expected, field.name))
    elif isinstance(stored, dict) and isinstance(expected, dict):
        for key in sorted({*stored, *expected}):
            yield from differences(f"{what} {key}", stored.get(key), expected.get(key))
    elif isinstance(stored, tuple) and isinstance(expected, tuple):
        for at, (one, other) in enumerate(zip_longest(stored, expected), start=1):
            yield from differences(f"{what} {at}", one, other)
    else:
        yield what, stored, expected


def value_findings(step: str, what: str, stored: object, expected: object) -> Iterator[Finding]:
    """Where one value of a step differs from what it should be."""
    for path, one, other in differences(what, stored, expected):
        yield Finding(step, path, one, other)


def event_findings(
    step: str, stored: Any, expected: Any, *, unless: str | None = None
) -> Iterator[Finding]:
    """Where a stored event differs from the one that should be there, in any field but one."""
    if type(stored) is not type(expected):
        yield Finding(step, "事件", _kind(stored), _kind(expected))
        return
    for field in fields(stored):
        if field.name not in (_VERSION, unless):
            yield from value_findings(
                step,
                _LABELS.get(field.name, field.name),
                getattr(stored, field.name),
                getattr(expected, field.name),
            )


def _kind(event: object) -> str:
    return ABSENT if event is None else str(getattr(type(event), "TOPIC", type(event).__name__))
