"""Reading looked-up numbers out of a document (读参数): values, rows, adjustments, bounds."""

from dataclasses import replace

from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.exact import NotExact, Ratio, parse_percent, parse_yuan
from settlement.law.facts import ALWAYS, FACT_LABELS, NUMBERS, FactKind
from settlement.law.numbers import (
    Adjustment,
    Bound,
    Choice,
    Derived,
    Missing,
    Number,
    PerFact,
    Stated,
    Unit,
    Unlimited,
)
from settlement.law.reading_conditions import read_condition
from settlement.law.reading_evidence import Scope
from settlement.law.reading_words import read_count, read_rounding

NO_ROW = Missing("没有一行标准适用于这种情形")
"""What a number comes to where none of its rows applies."""

_UNREADABLE = Missing("无法读取")
_CHANGES = ("plus", "minus", "times", "on_rest")


def read_number(node: Node, *, name: str, unit: Unit, scope: Scope) -> Number:
    """A number: a bare value, a value with evidence, a missing one, or rows to choose from."""
    choose = node.get("choose") if node.is_mapping else None
    if choose is None:
        value, evidence = _read_value(node, unit, scope)
        number = Number(name, unit, (Choice(ALWAYS, value, evidence),))
        outer = replace(scope, evidence=evidence)
    else:
        outer = scope.at(node)
        choices = tuple(_read_row(row, unit, outer) for row in choose.items())
        if not choices or not choices[-1].condition.is_always:
            # What no row covers is missing by name, never zero.
            choices = (*choices, Choice(ALWAYS, NO_ROW, outer.evidence))
        number = Number(name, unit, choices)
    if not node.is_mapping:
        return number
    number = replace(
        number,
        adjustments=_read_adjustments(node, unit, outer),
        at_least=_read_bound(node, "at_least", unit, outer),
        at_most=_read_bound(node, "at_most", unit, outer),
    )
    node.close()
    return number


def read_ratio(node: Node) -> Ratio | None:
    """A percentage; a fault and None for anything else."""
    found = _parse(node, Unit.RATIO)
    if isinstance(found, Unlimited):
        node.fault("这里应当是百分数", "如 90%")
    return found if isinstance(found, Ratio) else None


def _read_bound(node: Node, key: str, unit: Unit, scope: Scope) -> Bound | None:
    """A floor or a ceiling: a value, or one with evidence of its own."""
    written = node.get(key)
    if written is None:
        return None
    evidence, value_node = scope.evidence, written
    if written.is_mapping:
        evidence = scope.evidence_at(written)
        value_node = written.need("value", "写出这个数，如 90%") or written
        written.close()
    found = _parse(value_node, unit) if value_node.is_text else None
    if isinstance(found, int | Ratio):
        return Bound(found, evidence)
    if isinstance(found, Unlimited):
        value_node.fault("上下限应当是一个数", "不设限就删去这一行")
    return None


def _read_row(row: Node, unit: Unit, scope: Scope) -> Choice:
    otherwise = row.get("otherwise")
    if otherwise is not None:
        row.close()
        value, evidence = _read_value(otherwise, unit, scope)
        if otherwise.is_mapping:
            otherwise.close()
        return Choice(ALWAYS, value, evidence)
    condition = read_condition(row, scope)
    if condition.is_always:
        row.fault("这一行没有条件", "写 when 或 unless；最后一行可写 otherwise")
    value, evidence = _read_value(row, unit, scope)
    row.close()
    return Choice(condition, value, evidence)


def _read_value(node: Node, unit: Unit, scope: Scope) -> tuple[Stated, Evidence]:
    if node.is_text:
        return _parse(node, unit), scope.evidence
    evidence = scope.evidence_at(node)
    value, missing, of = node.get("value"), node.get("missing"), node.get("of")
    if sum(found is not None for found in (value, missing, of)) > 1:
        node.fault(
            "value、of 与 missing 只能写一个", "已知写 value，由参数推算写 of，未知写 missing"
        )
    if missing is not None:
        return Missing(missing.text()), evidence
    if of is not None:
        return _read_derived(node, of, unit, scope), evidence
    if value is None:
        node.fault("缺少 value", "写出这个数；不知道时写 missing: 原因")
        return NO_ROW, evidence
    return _parse(value, unit), evidence


def _read_derived(node: Node, of: Node, unit: Unit, scope: Scope) -> Stated:
    """`of: income, times: 50%, rounding: {mode: up, to: yuan}`."""
    parameter = scope.parameters.get(of.text())
    times, rounding = node.get("times"), node.get("rounding")
    ratio = read_ratio(times) if times else None
    inner = scope.at(node)
    rounded = read_rounding(rounding, name="rounding", scope=inner) if rounding else None
    if parameter is None:
        known = "、".join(scope.parameters) or "（还没有参数）"
        remedy = f"先写进 parameters；已有：{known}"
        if "share" in node.keys:
            remedy = "share 不能写在 choose 的一行里：把 choose 写进 share，或分成两层"
        of.fault(f"没有参数“{of.text()}”", remedy)
        return _UNREADABLE
    if parameter.unit is not unit:
        of.fault(f"参数“{of.text()}”的单位不同", "金额引用金额，比例引用比例")
        return _UNREADABLE
    if rounded and unit is not Unit.AMOUNT:
        of.fault("rounding 只用于金额", "比例的乘积是精确的，删去 rounding")
    return Derived(parameter, ratio, rounded)


def _parse(node: Node, unit: Unit) -> Stated:
    text = node.text()
    if text in {"unlimited", "不设限"}:
        return Unlimited()
    if unit is Unit.COUNT:
        return read_count(node)
    try:
        return parse_yuan(text) if unit is Unit.AMOUNT else parse_percent(text)
    except NotExact as wrong:
        node.unreadable(str(wrong), "金额以元计，比例带 %")
        return _UNREADABLE


def _read_adjustments(node: Node, unit: Unit, scope: Scope) -> tuple[Adjustment, ...]:
    listed = node.get("adjust")
    return tuple(_read_adjustment(row, unit, scope) for row in listed.items()) if listed else ()


def _read_adjustment(row: Node, unit: Unit, scope: Scope) -> Adjustment:
    written = {key: row.get(key) for key in _CHANGES}
    if sum(v is not None for v in written.values()) != 1:
        row.fault(
            "调整应写 plus、minus、times、on_rest 之一",
            "如 {when: {identity: 低保对象}, plus: 5%}",
        )
    plus, minus = (_read_step(written[key], unit) for key in ("plus", "minus"))
    times, on_rest = (
        read_ratio(node) if (node := written[key]) else None for key in ("times", "on_rest")
    )
    if on_rest is not None and unit is not Unit.RATIO:
        row.fault("on_rest 只用于比例", "金额用 plus、minus 或 times")
    per = _read_per(row, scope)
    if per and plus is None and minus is None:
        row.fault("for_each 只与 plus 或 minus 同用", "写 plus: 0.2% 这样的一份")
    found = Adjustment(
        condition=read_condition(row, scope),
        plus=plus,
        minus=minus,
        times=times,
        on_rest=on_rest,
        per=per,
        evidence=scope.evidence_at(row),
    )
    row.close()
    return found


def _read_step(node: Node | None, unit: Unit) -> int | Ratio | None:
    """What is added or taken off, in the number's own unit."""
    found = _parse(node, unit) if node else None
    if isinstance(found, Unlimited) and node:
        node.fault("加减的数不能不设限", "写出这个数")
    return found if isinstance(found, int | Ratio) else None


def _read_per(row: Node, scope: Scope) -> PerFact | None:
    """`for_each: age, beyond: 40, at_most: 20`."""
    fact, beyond, at_most = row.get("for_each"), row.get("beyond"), row.get("at_most")
    if fact is None:
        for node in (beyond, at_most):
            if node:
                node.fault("beyond 和 at_most 与 for_each 同用", "先写 for_each: 情形")
        return None
    ask = scope.asks.get(fact.text())
    if fact.text() not in NUMBERS and not (ask and ask.kind is FactKind.NUMBER):
        fact.fault(f"“{fact.text()}”不是一个数目", "可用：" + "、".join(sorted(NUMBERS)))
        return None
    return PerFact(
        fact=fact.text(),
        label=ask.label if ask else FACT_LABELS[fact.text()],
        beyond=read_count(beyond) if beyond else 0,
        at_most=read_count(at_most) if at_most else None,
    )
