"""Reading what may stand for a number of a layer (读规则数): looked up, picked, or a share."""

from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.expressions import NOWHERE, Expression, parse_expression
from settlement.law.facts import ALWAYS
from settlement.law.numbers import Choice, Number, Picked, PickedRow, Rule, ShareOf, Unit
from settlement.law.reading_evidence import Scope
from settlement.law.reading_numbers import NO_ROW, read_number


def read_rule(node: Node, *, name: str, unit: Unit, scope: Scope) -> Rule:
    """A number, one picked by an amount (`by`), or a share of an amount (`share`)."""
    if node.is_mapping and node.get("by"):
        return _read_picked(node, name=name, unit=unit, scope=scope)
    if node.is_mapping and (share := node.get("share")):
        return _read_share(node, share, name=name, unit=unit, scope=scope)
    return read_number(node, name=name, unit=unit, scope=scope)


def read_expression(node: Node) -> Expression:
    """An expression as it stands; a fault where it is none."""
    try:
        return parse_expression(node.text())
    except ValueError as wrong:
        node.unreadable(str(wrong), "如 in_scope - basic")
        return NOWHERE


def read_expression_with_evidence(node: Node | None, scope: Scope) -> tuple[Expression, Evidence]:
    """An expression as it stands, or as `amount` beside evidence of its own."""
    evidence = scope.evidence
    if node and node.is_mapping:
        evidence = scope.evidence_at(node)
        amount = node.need("amount", "写口径，如 in_scope - basic")
        node.close()
        node = amount
    return read_expression(node) if node else NOWHERE, evidence


def _read_picked(node: Node, *, name: str, unit: Unit, scope: Scope) -> Picked:
    """`by: in_scope - basic` and rows with rising edges, the last without one."""
    inner = scope.at(node)
    by, by_evidence = read_expression_with_evidence(node.get("by"), inner)
    listed = node.need("rows", "从小到大列出各行，最后一行不写 up_to 和 below")
    rows = [
        _read_picked_row(row, name=f"{name}.row_{at}", unit=unit, scope=inner)
        for at, row in enumerate(listed.items() if listed else (), start=1)
    ]
    node.close()
    if not rows or rows[-1].edge or any(row.edge is None for row in rows[:-1]):
        node.fault("按金额选的各行不完整", "除最后一行外都写 up_to 或 below，最后一行不写")
    return Picked(name, unit, by, by_evidence, tuple(rows))


def _read_picked_row(row: Node, *, name: str, unit: Unit, scope: Scope) -> PickedRow:
    up_to, below = row.get("up_to"), row.get("below")
    then = row.need("then", "写这一行的数")
    row.close()
    if up_to and below:
        row.fault("up_to 与 below 只能写一个", "含这个数写 up_to，不含写 below")
    edge = up_to or below
    return PickedRow(
        edge=read_number(edge, name=f"{name}.edge", unit=Unit.AMOUNT, scope=scope)
        if edge
        else None,
        is_inclusive=up_to is not None,
        then=read_number(then, name=f"{name}.then", unit=unit, scope=scope)
        if then
        else Number(f"{name}.then", unit, (Choice(ALWAYS, NO_ROW, scope.evidence),)),
    )


def _read_share(
    node: Node, share: Node, *, name: str, unit: Unit, scope: Scope
) -> ShareOf | Number:
    """`share: 20%, of: total, at_least: 2000, at_most: 10000`."""
    inner = scope.at(node)
    if unit is not Unit.AMOUNT:
        node.fault("这里应当是比例，不是金额的比例", "直接写百分数")
    of, of_evidence = read_expression_with_evidence(
        node.need("of", "写是什么金额的比例，如 total"), inner
    )
    bounds: dict[str, Number | None] = {}
    for key in ("at_least", "at_most"):
        found = node.get(key)
        bounds[key] = (
            read_number(found, name=f"{name}.{key}", unit=Unit.AMOUNT, scope=inner)
            if found
            else None
        )
    node.close()
    return ShareOf(
        name=name,
        share=read_number(share, name=f"{name}.share", unit=Unit.RATIO, scope=inner),
        of=of,
        of_evidence=of_evidence,
        at_least=bounds["at_least"],
        at_most=bounds["at_most"],
    )
