"""Reading numbers, their look-up rows and conditions out of a document (读参数与条件)."""

from dataclasses import replace

from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.exact import NotExact, Ratio, parse_percent, parse_yuan
from settlement.law.facts import (
    ALWAYS,
    CODES,
    FACT_LABELS,
    FLAGS,
    NUMBERS,
    Condition,
    Test,
)
from settlement.law.policy import (
    Adjustment,
    Choice,
    Missing,
    Number,
    Stated,
    Unit,
    Unlimited,
)
from settlement.law.reading_evidence import read_evidence
from settlement.law.reading_words import read_flag

NO_ROW = Missing("没有一行标准适用于这种情形")
"""What a number comes to where none of its rows applies."""
_LONGEST_COUNT = 6


def read_condition(node: Node) -> Condition:
    """The `when` and `unless` of this node; none of them means always."""
    when, unless = node.get("when"), node.get("unless")
    if when is None and unless is None:
        return ALWAYS
    return Condition(
        when=_read_tests(when) if when else (), unless=_read_tests(unless) if unless else ()
    )


def _read_tests(node: Node) -> tuple[Test, ...]:
    if not node.is_mapping:
        node.fault("条件应写成“情形: 值”", "如 when: {tier: 二级}")
        return ()
    tests = []
    # Sorted, so that a document and its canonical text read as equal policies.
    for key in sorted(node.keys):
        value = node.get(key)
        if key not in FACT_LABELS:
            node.fault(f"不认识的情形“{key}”", "可用：" + "、".join(sorted(FACT_LABELS)))
        elif value is not None:
            tests.append(_read_range(key, value) if key in NUMBERS else _read_values(key, value))
    return tuple(tests)


def _read_range(key: str, node: Node) -> Test:
    if node.is_text:
        exact = _read_count(node)
        return Test(key, least=exact, most=exact)
    least, most = node.get("from"), node.get("to")
    node.close()
    if least is None and most is None:
        node.fault("区间至少要有 from 或 to", "如 age: {from: 0, to: 14}")
    return Test(
        key,
        least=_read_count(least) if least else None,
        most=_read_count(most) if most else None,
    )


def _read_count(node: Node) -> int:
    text = node.text()
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_COUNT:
        return int(text)
    node.unreadable(f"“{text}”应是不小于 0 的整数", "如 14")
    return 0


def _read_values(key: str, node: Node) -> Test:
    known = CODES.get(key)
    by_label = {label: code for code, label in known.items()} if known else {}
    values = set()
    for member in node.items():
        text = member.text()
        if key in FLAGS:
            flag = read_flag(member)
            code = "yes" if flag else "no"
        else:
            code = by_label.get(text, text)
            if known and code not in known and not code.startswith("local_"):
                member.fault(f"“{text}”不在代码表中", "可用：" + "、".join(known.values()))
        values.add(code)
    if not values:
        node.fault("条件的值为空", "至少写一个值")
    return Test(key, values=frozenset(values))


def read_number(
    node: Node, *, name: str, unit: Unit, inherited: Evidence, source_ids: frozenset[str]
) -> Number:
    """A number: a bare value, a value with evidence, a missing one, or rows to choose from."""
    choose = node.get("choose") if node.is_mapping else None
    if choose is None:
        choices: tuple[Choice, ...] = (
            Choice(ALWAYS, *_read_value(node, unit, inherited, source_ids)),
        )
        extra: tuple[Adjustment, ...] = ()
    else:
        outer = read_evidence(node, inherited, source_ids)
        choices = tuple(_read_row(row, unit, outer, source_ids) for row in choose.items())
        extra = _read_adjustments(node, outer, source_ids)
        if not choices or not choices[-1].condition.is_always:
            # What no row covers is missing by name, never zero.
            choices = (*choices, Choice(ALWAYS, NO_ROW, outer))
    if node.is_mapping and choose is None:
        extra = _read_adjustments(node, choices[0].evidence, source_ids)
    number = Number(name, unit, choices, extra)
    ceiling = node.get("at_most") if node.is_mapping else None
    if ceiling is not None:
        if unit is Unit.AMOUNT:
            ceiling.fault("at_most 只用于比例", "金额直接写出各档")
        outer = read_evidence(node, inherited, source_ids)
        number = _held_under(number, ceiling, outer, source_ids)
    if node.is_mapping:
        node.close()
    return number


def _held_under(
    number: Number, ceiling: Node, inherited: Evidence, source_ids: frozenset[str]
) -> Number:
    """The number with its ceiling: a percentage, or one with evidence of its own."""
    written: Node | None = ceiling
    evidence = inherited
    if ceiling.is_mapping:
        evidence = read_evidence(ceiling, inherited, source_ids)
        written = ceiling.need("value", "写百分数，如 90%")
        ceiling.close()
    at_most = _read_ratio(written) if written else None
    return replace(number, at_most=at_most, at_most_evidence=evidence)


def _read_row(row: Node, unit: Unit, inherited: Evidence, source_ids: frozenset[str]) -> Choice:
    otherwise = row.get("otherwise")
    if otherwise is not None:
        row.close()
        value, evidence = _read_value(otherwise, unit, inherited, source_ids)
        if otherwise.is_mapping:
            otherwise.close()
        return Choice(ALWAYS, value, evidence)
    condition = read_condition(row)
    if condition.is_always:
        row.fault("这一行没有条件", "写 when 或 unless；最后一行可写 otherwise")
    value, evidence = _read_value(row, unit, inherited, source_ids)
    row.close()
    return Choice(condition, value, evidence)


def _read_value(
    node: Node, unit: Unit, inherited: Evidence, source_ids: frozenset[str]
) -> tuple[Stated, Evidence]:
    if node.is_text:
        return _parse(node, unit), inherited
    evidence = read_evidence(node, inherited, source_ids)
    value, missing = node.get("value"), node.get("missing")
    if missing is not None:
        if value is not None:
            node.fault("value 与 missing 只能写一个", "数已知写 value，未知写 missing")
        return Missing(missing.text()), evidence
    if value is None:
        node.fault("缺少 value", "写出这个数；不知道时写 missing: 原因")
        return NO_ROW, evidence
    return _parse(value, unit), evidence


def _parse(node: Node, unit: Unit) -> Stated:
    text = node.text()
    if text in {"unlimited", "不设限"}:
        return Unlimited()
    try:
        return parse_yuan(text) if unit is Unit.AMOUNT else parse_percent(text)
    except NotExact as wrong:
        node.unreadable(str(wrong), "金额以元计，比例带 %")
        return Missing("无法读取")


def _read_ratio(node: Node) -> Ratio | None:
    """A percentage; no limit is none."""
    found = _parse(node, Unit.RATIO)
    if isinstance(found, Unlimited):
        node.fault("这里应当是百分数", "如 90%")
    return found if isinstance(found, Ratio) else None


def _read_adjustments(
    node: Node, inherited: Evidence, source_ids: frozenset[str]
) -> tuple[Adjustment, ...]:
    listed = node.get("adjust")
    found = []
    for row in listed.items() if listed else ():
        change = {key: row.get(key) for key in ("plus", "minus", "times")}
        parsed: dict[str, Ratio | None] = {}
        for key, value in change.items():
            parsed[key] = _read_ratio(value) if value else None
        if sum(v is not None for v in change.values()) != 1:
            row.fault(
                "调整应写 plus、minus、times 之一", "如 {when: {identity: 低保对象}, plus: 5%}"
            )
        found.append(
            Adjustment(
                condition=read_condition(row),
                evidence=read_evidence(row, inherited, source_ids),
                **parsed,
            )
        )
        row.close()
    return tuple(found)
