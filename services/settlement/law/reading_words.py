"""Reading words that documents choose from: dates, years, rounding (读选项)."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from settlement.law.document import Node
from settlement.law.policy import BenefitYear, StayDate
from settlement.law.reading_evidence import Scope
from settlement.law.rounding import Rounding, RoundingMode

YES_NO = {"是": True, "yes": True, "true": True, "否": False, "no": False, "false": False}
"""Words for yes and no; nothing else is taken for one of them."""

_LONGEST_COUNT = 6
_QUANTA = {"fen": 1, "jiao": 10, "yuan": 100, "分": 1, "角": 10, "元": 100}

Chosen = TypeVar("Chosen", bound=StrEnum)


def read_choice(owner: Node | None, key: str, kind: type[Chosen]) -> Chosen:
    """One of the words of `kind`, noting a fault when it is none of them."""
    options = "、".join(kind)
    node = owner.need(key, f"可用：{options}") if owner else None
    if node is None:
        return next(iter(kind))
    try:
        return kind(node.text())
    except ValueError:
        node.fault(f"“{node.text()}”不可用", f"可用：{options}")
        return next(iter(kind))


def read_benefit_year(owner: Node | None, inherited: BenefitYear | None) -> BenefitYear:
    """The benefit year written here, or the one inherited (待遇年度)."""
    node = owner.get("benefit_year") if owner else None
    fallback = inherited or BenefitYear(1, 1, StayDate.DISCHARGE)
    if node is None:
        if inherited is None and owner is not None:
            owner.fault(
                "缺少 benefit_year", "写 benefit_year: {begins: 01-01, chosen_by: discharge}"
            )
        return fallback
    begins = node.need("begins", "写月-日，如 01-01")
    chosen_by = read_choice(node, "chosen_by", StayDate)
    node.close()
    day = read_month_day(begins) if begins else None
    return BenefitYear(day[0], day[1], chosen_by) if day else fallback


def read_flag(node: Node) -> bool | None:
    """Yes or no; a fault and None for any other word."""
    found = YES_NO.get(node.text())
    if found is None:
        node.fault(f"“{node.text()}”应为 是 或 否", "写 是 或 否")
    return found


def read_rounding(node: Node | None, *, name: str, scope: Scope) -> Rounding:
    """How steps are rounded (取整)."""
    mode = read_choice(node, "mode", RoundingMode)
    to = node.need("to", "取整到 fen、jiao 或 yuan") if node else None
    quantum = _QUANTA.get(to.text(), 0) if to else 1
    if to and not quantum:
        to.fault("取整单位不存在", "用 fen、jiao 或 yuan")
    evidence = scope.evidence_at(node)
    if node:
        node.close()
    return Rounding(mode, quantum or 1, name, evidence)


def read_date(node: Node) -> date | None:
    """A day such as 2018-01-01; a fault and None for anything else."""
    try:
        return date.fromisoformat(node.text())
    except ValueError:
        node.unreadable(f"“{node.text()}”不是日期", "如 2018-01-01")
        return None


def read_month_day(node: Node) -> tuple[int, int] | None:
    """A day of any year such as 03-31; a fault and None for anything else, 02-29 among it."""
    try:
        day = date.fromisoformat(f"2001-{node.text()}")
    except ValueError:
        node.unreadable(f"“{node.text()}”不是“月-日”，或是 2 月 29 日", "如 03-31")
        return None
    return day.month, day.day


def read_count(node: Node) -> int:
    """A whole number from 0; a fault and 0 for anything else."""
    text = node.text()
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_COUNT:
        return int(text)
    node.unreadable(f"“{text}”应是不小于 0 的整数", "如 14")
    return 0


def read_code(node: Node, known: Mapping[str, str], *, may_be_local: bool) -> str:
    """A code of a fixed list, written as code or as label; a fault for what is neither."""
    text = node.text()
    code = {label: code for code, label in known.items()}.get(text, text)
    if code not in known and not (may_be_local and code.startswith("local_")):
        parts = re.split(r"[，、,]\s*", text)
        if len(parts) > 1:
            remedy = f"几个值写成列表：[{', '.join(parts)}]"
        else:
            own = "；地方自定的写 local_ 加小写字母" if may_be_local else ""
            remedy = "可用：" + "、".join(known.values()) + own
        node.fault(f"“{text}”不在代码表中", remedy)
    return code


def read_codes(node: Node, known: Mapping[str, str], *, may_be_local: bool = False) -> list[str]:
    """One code or several."""
    return [read_code(member, known, may_be_local=may_be_local) for member in node.items()]
