"""Reading conditions out of a document (读条件)."""

from collections.abc import Callable
from dataclasses import replace

from settlement.law.document import Node
from settlement.law.facts import (
    ALWAYS,
    CODES,
    FACT_LABELS,
    NO_DISEASE,
    Condition,
    FactKind,
    Test,
)
from settlement.law.reading_evidence import Scope
from settlement.law.reading_words import read_codes, read_count, read_date, read_flag

_NO_DISEASE_WORDS = ("无", NO_DISEASE)


def read_condition(node: Node, scope: Scope) -> Condition:
    """The `when` and `unless` of this node; none of them means always."""
    when, unless = node.get("when"), node.get("unless")
    if when is None and unless is None:
        return ALWAYS
    return Condition(
        when=_read_tests(when, scope) if when else (),
        unless=_read_tests(unless, scope) if unless else (),
    )


def _read_tests(node: Node, scope: Scope) -> tuple[Test, ...]:
    if not node.is_mapping:
        node.fault("条件应写成“情形: 值”", "如 when: {tier: 二级}")
        return ()
    tests = []
    # Sorted, so that a document and its canonical text read as equal policies.
    for key in sorted(node.keys):
        value = node.get(key)
        ask = scope.asks.get(key)
        if key not in FACT_LABELS and ask is None:
            known = "、".join(sorted([*FACT_LABELS, *scope.asks]))
            node.fault(f"不认识的情形“{key}”", f"可用：{known}；另须申报的先写进 asks")
        elif value is not None:
            names = scope.identities if key == "identity" else {}
            tests.append(_read_test(Test(key, ask=ask, names=names), value))
    return tuple(tests)


def _read_test(asked: Test, node: Node) -> Test:
    if asked.kind is FactKind.NUMBER:
        return _read_range(asked, node, read_count)
    if asked.kind is FactKind.DATE:
        return _read_range(asked, node, _read_ordinal)
    values = _read_values(asked, node)
    if not values:
        node.fault("条件的值为空", "至少写一个值")
    return replace(asked, values=frozenset(values))


def _read_range(asked: Test, node: Node, read: Callable[[Node], int]) -> Test:
    if node.is_text:
        exact = read(node)
        return replace(asked, least=exact, most=exact)
    least, most = node.get("from"), node.get("to")
    node.close()
    if least is None and most is None:
        node.fault("区间至少要有 from 或 to", "如 age: {from: 0, to: 14}")
    return replace(
        asked,
        least=read(least) if least else None,
        most=read(most) if most else None,
    )


def _read_ordinal(node: Node) -> int:
    day = read_date(node)
    return day.toordinal() if day else 1


def _read_values(asked: Test, node: Node) -> set[str]:
    if asked.kind is FactKind.YES_NO:
        return {"yes" if read_flag(member) else "no" for member in node.items()}
    if asked.fact in CODES:
        return set(read_codes(node, CODES[asked.fact], may_be_local=asked.fact == "identity"))
    if asked.fact == "disease":
        texts = {member.text() for member in node.items()}
        return {NO_DISEASE if text in _NO_DISEASE_WORDS else text for text in texts}
    if asked.ask and asked.ask.words:
        return set(read_codes(node, dict(zip(asked.ask.words, asked.ask.words, strict=True))))
    return {member.text() for member in node.items()}
