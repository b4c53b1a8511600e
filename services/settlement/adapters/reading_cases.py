"""Reading one worked case out of a file (读算例): a bill, its facts and dates, what it comes to."""

from collections.abc import Sequence
from datetime import date

from settlement.adapters.reading_stated import (
    read_amounts_fen,
    read_indicators,
    read_stated_amount,
    read_stated_amounts,
)
from settlement.application.worked_cases import CaseKind, CaseStay, Expected, WorkedCase
from settlement.law.book import StayDates
from settlement.law.document import Node
from settlement.law.facts import Ask
from settlement.law.people import HeldIdentity
from settlement.law.policy import BENEFIT_ADMISSIONS, KEY_OF_COUNTER
from settlement.law.reading_facts import code_of, read_charges, read_facts, read_yuan
from settlement.law.reading_words import read_choice, read_count, read_date

_COUNTED = (BENEFIT_ADMISSIONS, "times")
_FROM_DATES = (
    "days",
    "admission_date",
    "discharge_date",
    "settlement_date",
    "crosses_year",
    "late_claim",
)


def read_case(node: Node, asks: Sequence[Ask]) -> WorkedCase:
    """One case under a policy that `asks`; faults are gathered by the node."""
    name = node.need("name", "给算例起个名字")
    source = node.need("source", "写 source: {text: 出处, url: 网址}")
    text = source.need("text", "写出处") if source else None
    url = source.optional_text("url") if source else None
    if source:
        source.close()
    counters = node.get("counters_before")
    said = read_stated_amounts(node.get("source_says"))
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
        stays=_stays(node, asks),
        id=node.optional_text("id"),
        together=read_stated_amounts(node.get("together")),
        source_says=said,
    )
    node.close()
    return case


def _stays(node: Node, asks: Sequence[Ask]) -> tuple[CaseStay, ...]:
    several = node.get("stays")
    if several is None:
        return (_stay(node, asks),)
    found = []
    for member in several.items():
        found.append(_stay(member, asks))
        member.close()
    if not found:
        node.fault("没有任何一次住院", "stays 下至少写一次")
    return tuple(found)


def _stay(node: Node, asks: Sequence[Ask]) -> CaseStay:
    dates = node.need("dates", "写 dates: {admission: 日期, discharge: 日期}")
    elsewhere, facts, held = (node.get(k) for k in ("decided_elsewhere", "facts", "held"))
    for key in facts.keys if facts else ():
        if key in _FROM_DATES and facts:
            facts.fault(f"“{key}”由日期得出", "写在 dates 里，facts 里删去这一项")
    if held and facts and "identity" in facts.keys:
        held.fault("身份写了两处", "有起止日的写在 held，facts 里删去 identity")
    return CaseStay(
        charges=read_charges(node.need("bill", "写 bill: {total: 元}")),
        facts=read_facts(facts, asks),
        dates=_dates(dates),
        elsewhere_fen=read_amounts_fen(elsewhere) if elsewhere else {},
        expected=_expected(node.need("expect", "写 expect: {layers: {…}, patient: 元}")),
        held=tuple(_held(member) for member in held.items()) if held else (),
    )


def _held(node: Node) -> HeldIdentity:
    identity = node.need("identity", "写身份，如 低保对象")
    first, last = node.need("from", "写身份开始的日期"), node.get("to")
    found = HeldIdentity(
        identity=code_of("identity", identity) if identity else "",
        valid_from=(read_date(first) if first else None) or date.min,
        valid_to=read_date(last) if last else None,
    )
    node.close()
    return found


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
    return (read_date(found) if found else None) or date.min


def _expected(node: Node | None) -> Expected:
    if node is None:
        return Expected()
    refused, pending = node.optional_text("refused"), node.get("pending")
    layers, patient, reimbursed = (node.get(k) for k in ("layers", "patient", "reimbursed"))
    if refused is None and (layers is None or patient is None):
        node.fault(
            "应写各层金额和个人金额，或写 refused", "如 {layers: {basic: 1.00}, patient: 0.50}"
        )
    found = Expected(
        layers=read_stated_amounts(layers),
        measures=read_stated_amounts(node.get("measures")),
        outside=read_stated_amounts(node.get("outside")),
        pending=frozenset(member.text() for member in pending.items()) if pending else frozenset(),
        reported=read_indicators(node.get("reported")),
        patient=read_stated_amount(patient) if patient else None,
        reimbursed=read_stated_amount(reimbursed) if reimbursed else None,
        refused=refused,
    )
    node.close()
    return found


def _counters(node: Node) -> dict[str, int]:
    found = {key: node.get(key) for key in node.keys}
    return {
        key: read_count(value) if _is_count(key) else int(read_yuan(value))
        for key, value in found.items()
        if value
    }


def _is_count(counter: str) -> bool:
    """Admissions and layers that pay so many times a year are counted, all else is yuan."""
    name = counter.partition(KEY_OF_COUNTER)[0]
    return name.rpartition(".")[2] in _COUNTED
