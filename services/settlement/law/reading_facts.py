"""Reading facts and charges that people write beside a policy (读情形与费用): labels or codes."""

from collections.abc import Iterable

from contracts.vocabulary import Fen
from settlement.law.bill import AMOUNT_LABELS, Charges
from settlement.law.document import Node
from settlement.law.exact import NotExact, parse_yuan
from settlement.law.facts import (
    CODES,
    DATES,
    FACT_LABELS,
    FIELD_OF_FACT,
    FLAGS,
    NO_DISEASE,
    NUMBERS,
    SETS,
    Ask,
    FactKind,
    Facts,
)
from settlement.law.reading_words import read_code, read_count, read_date, read_flag


def read_facts(node: Node | None, asks: Iterable[Ask] = ()) -> Facts:
    """Facts written as `identity: 低保对象`, `tier: 二级`, and what a policy `asks` besides.

    Absent ones are not stated.
    """
    own = {ask.id: ask for ask in asks}
    found: dict[str, object] = {}
    declared: dict[str, bool | int | str] = {}
    for key in node.keys if node else ():
        value = node.get(key) if node else None
        if value is None:
            continue
        if key in own:
            answer = read_answer(own[key], value)
            declared |= {} if answer is None else {key: answer}
        elif key in FACT_LABELS:
            found[FIELD_OF_FACT.get(key, key)] = _read_fact(key, value)
        else:
            known = "、".join(sorted([*FACT_LABELS, *own]))
            value.fault(f"不认识的情形“{key}”", f"可用：{known}")
    return Facts(**found, declared=declared)  # type: ignore[arg-type]  # each read as its kind demands


def read_answer(ask: Ask, node: Node) -> bool | int | str | None:
    """What the bill declares for something a policy asks; a fault and None for another word."""
    if ask.kind is FactKind.YES_NO:
        return read_flag(node)
    if ask.kind is FactKind.NUMBER:
        return read_count(node)
    if node.text() not in ask.words:
        node.fault(f"“{node.text()}”不可用", "可用：" + "、".join(ask.words))
        return None
    return node.text()


def _read_fact(key: str, node: Node) -> object:
    if key in SETS:
        return frozenset(code_of(key, member) for member in node.items())
    if key in NUMBERS:
        return read_count(node)
    if key in FLAGS:
        return read_flag(node)
    if key in DATES:
        return read_date(node)
    if key == "disease":
        return NO_DISEASE if node.text() == "无" else node.text()
    return code_of(key, node)


def code_of(fact: str, node: Node) -> str:
    """The code of a label or a code; a fault when the fact's list has neither."""
    known = CODES.get(fact)
    if known is None:
        return node.text()
    return read_code(node, known, may_be_local=fact == "identity")


def read_yuan(node: Node) -> Fen:
    """An amount in yuan as fen."""
    try:
        return parse_yuan(node.text())
    except NotExact as wrong:
        node.unreadable(str(wrong), "以元计，最多两位小数")
        return Fen(0)


def read_charges(node: Node | None) -> Charges:
    """A bill in yuan: `total: 52000`, `in_scope: 50000`, `item_classes: {tcm: 300}`."""
    found: dict[str, int] = {}
    for key in AMOUNT_LABELS:
        if key == "out_of_scope":
            continue  # follows from the total and what is in scope
        value = node.get(key) if node else None
        if value is not None:
            found[f"{key}_fen"] = read_yuan(value)
    items = node.get("item_classes") if node else None
    classes = {key: items.get(key) for key in items.keys} if items else {}
    if node:
        node.need("total", "写总费用")
        node.close()
    found.setdefault("total_fen", 0)
    return Charges(
        **found,
        item_classes_fen={key: int(read_yuan(value)) for key, value in classes.items() if value},
    )
