"""Reading words that documents choose from: dates, years, rounding (读选项)."""

from datetime import date
from enum import StrEnum
from typing import TypeVar

from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.policy import BenefitYear, Rounding, RoundingMode, StayDate
from settlement.law.reading_evidence import read_evidence

YES_NO = {"是": True, "yes": True, "true": True, "否": False, "no": False, "false": False}
"""Words for yes and no; nothing else is taken for one of them."""

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
    try:
        day = date.fromisoformat(f"2001-{begins.text() if begins else '01-01'}")
    except ValueError:
        node.fault("年度起始日应为“月-日”，且不能是 2 月 29 日", "如 01-01")
        return fallback
    return BenefitYear(day.month, day.day, chosen_by)


def read_flag(node: Node) -> bool | None:
    """Yes or no; a fault and None for any other word."""
    found = YES_NO.get(node.text())
    if found is None:
        node.fault(f"“{node.text()}”应为 是 或 否", "写 是 或 否")
    return found


def read_rounding(
    node: Node | None, *, name: str, inherited: Evidence, source_ids: frozenset[str]
) -> Rounding:
    """How steps are rounded (取整)."""
    mode = read_choice(node, "mode", RoundingMode)
    to = node.need("to", "取整到 fen、jiao 或 yuan") if node else None
    quantum = _QUANTA.get(to.text(), 0) if to else 1
    if to and not quantum:
        to.fault("取整单位不存在", "用 fen、jiao 或 yuan")
    evidence = read_evidence(node, inherited, source_ids) if node else inherited
    if node:
        node.close()
    return Rounding(mode, quantum or 1, name, evidence)
