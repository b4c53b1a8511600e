"""Reading one worked case out of a file (读算例): a bill, its facts and dates, what it comes to."""

import re
from collections.abc import Mapping
from datetime import date

from settlement.application.worked_cases import (
    CaseKind,
    CaseStay,
    Expected,
    StatedAmount,
    WorkedCase,
)
from settlement.law.book import StayDates
from settlement.law.document import Node
from settlement.law.policy import BENEFIT_ADMISSIONS, RoundingMode
from settlement.law.reading_facts import read_charges, read_count, read_facts, read_yuan
from settlement.law.reading_words import read_choice

_TEN_THOUSAND = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,6}))?万")
_FEN_IN_TEN_THOUSAND_DIGITS = 6
_UNITS = {"分": 1, "角": 10, "元": 100}
_HOW_ROUNDED = {"四舍五入": RoundingMode.HALF_UP, "舍去": RoundingMode.DOWN}


def read_case(node: Node) -> WorkedCase:
    """One case; faults are gathered by the node."""
    name = node.need("name", "给算例起个名字")
    source = node.need("source", "写 source: {text: 出处, url: 网址}")
    text = source.need("text", "写出处") if source else None
    url = source.optional_text("url") if source else None
    if source:
        source.close()
    counters = node.get("counters_before")
    several = node.get("stays")
    stays = tuple(_listed_stay(s) for s in several.items()) if several else (_stay(node),)
    said = _stated_amounts(node.get("source_says"))
    note = node.optional_text("note")
    if said and not note:
        node.fault("来源有误而没有说明", "用 note 写明来源错在哪里、依规则应是多少")
    case = WorkedCase(
        name=name.text() if name else "",
        kind=read_choice(node, "kind", CaseKind),
        source=text.text() if text else "",
        url=url,
        note=note,
        counters_before=_counters(counters) if counters else {},
        stays=stays,
        id=node.optional_text("id"),
        together=_stated_amounts(node.get("together")),
        source_says=said,
    )
    if not case.stays:
        node.fault("没有任何一次住院", "stays 下至少写一次")
    node.close()
    return case


def _listed_stay(node: Node) -> CaseStay:
    stay = _stay(node)
    node.close()
    return stay


def _stay(node: Node) -> CaseStay:
    dates = node.need("dates", "写 dates: {admission: 日期, discharge: 日期}")
    elsewhere = node.get("decided_elsewhere")
    return CaseStay(
        charges=read_charges(node.need("bill", "写 bill: {total: 元}")),
        facts=read_facts(node.get("facts")),
        dates=_dates(dates),
        elsewhere_fen=_amounts(elsewhere) if elsewhere else {},
        expected=_expected(node.need("expect", "写 expect: {layers: {…}, patient: 元}")),
    )


def _dates(node: Node | None) -> StayDates:
    admission, discharge = _date(node, "admission"), _date(node, "discharge")
    if node and discharge < admission:
        node.fault("出院日早于入院日", "改正日期")
    settlement = _date(node, "settlement") if node and node.get("settlement") else discharge
    if node:
        node.close()
    return StayDates(admission=admission, discharge=discharge, settlement=settlement)


def _date(node: Node | None, key: str) -> date:
    found = node.need(key, "如 2023-10-08") if node else None
    if found is None:
        return date.min
    try:
        return date.fromisoformat(found.text())
    except ValueError:
        found.fault(f"“{found.text()}”不是日期", "如 2023-10-08")
        return date.min


def _expected(node: Node | None) -> Expected:
    if node is None:
        return Expected()
    refused = node.optional_text("refused")
    layers, patient, reimbursed = (node.get(k) for k in ("layers", "patient", "reimbursed"))
    if refused is None and (layers is None or patient is None):
        node.fault(
            "应写各层金额和个人金额，或写 refused", "如 {layers: {basic: 1.00}, patient: 0.50}"
        )
    node.close()
    return Expected(
        layers=_stated_amounts(layers),
        patient=_stated_amount(patient) if patient else None,
        reimbursed=_stated_amount(reimbursed) if reimbursed else None,
        refused=refused,
    )


def _stated_amounts(node: Node | None) -> Mapping[str, StatedAmount]:
    found = {key: node.get(key) for key in node.keys} if node else {}
    return {key: _stated_amount(value) for key, value in found.items() if value}


def _stated_amount(node: Node) -> StatedAmount:
    """`490.00`, or `{value: 11.0万, to: 0.1万}` where the source rounds."""
    if not node.is_mapping:
        return StatedAmount(int(read_yuan(node)))
    value = node.need("value", "写原文的数，如 11.0万")
    to, mode = node.need("to", "写原文取整到多少，如 0.1万、角、元"), node.get("mode")
    stated = StatedAmount(
        fen=_read_rounded(value) if value else 0,
        to_fen=(_UNITS.get(to.text()) or _read_rounded(to) or 1) if to else 1,
        mode=_read_mode(mode) if mode else RoundingMode.HALF_UP,
    )
    node.close()
    if stated.fen % stated.to_fen:
        node.fault("所写的数比它取整到的单位还细", "照原文写：原文到几位，to 就写到几位")
    return stated


def _read_rounded(node: Node) -> int:
    """`7.4万` or yuan, as fen."""
    match = _TEN_THOUSAND.fullmatch(node.text())
    if match is None:
        return int(read_yuan(node))
    return int(match[1] + (match[2] or "").ljust(_FEN_IN_TEN_THOUSAND_DIGITS, "0"))


def _read_mode(node: Node) -> RoundingMode:
    mode = {**_HOW_ROUNDED, "half_up": RoundingMode.HALF_UP, "down": RoundingMode.DOWN}
    found = mode.get(node.text())
    if found is None:
        node.fault(f"“{node.text()}”不可用", "写 四舍五入 或 舍去")
    return found or RoundingMode.HALF_UP


def _amounts(node: Node) -> dict[str, int]:
    found = {key: node.get(key) for key in node.keys}
    return {key: int(read_yuan(value)) for key, value in found.items() if value}


def _counters(node: Node) -> dict[str, int]:
    found = {key: node.get(key) for key in node.keys}
    return {
        key: read_count(value)
        if key.partition("@")[0] == BENEFIT_ADMISSIONS
        else int(read_yuan(value))
        for key, value in found.items()
        if value
    }
