"""Reading how differences are carried when a settlement is corrected later (读更正)."""

from settlement.law.corrections import (
    OVERPAID,
    UNDERPAID,
    Corrections,
    Overpaid,
    Switch,
    Underpaid,
)
from settlement.law.document import Node
from settlement.law.reading_evidence import Scope
from settlement.law.reading_words import read_choice


def read_corrections(node: Node | None, scope: Scope) -> Corrections | None:
    """`{underpaid: through_hospital, overpaid: {way: leave, status: assumed, note: …}}`."""
    if node is None:
        return None
    inner = scope.at(node)
    found = Corrections(
        underpaid=_read_switch(node, UNDERPAID, Underpaid, inner),
        overpaid=_read_switch(node, OVERPAID, Overpaid, inner),
    )
    if found == Corrections():
        node.fault("更正没有写任何一项", "补差写 underpaid，追回写 overpaid")
    node.close()
    return found


def _read_switch(
    node: Node, key: str, kind: type[Underpaid] | type[Overpaid], scope: Scope
) -> Switch | None:
    value = node.get(key)
    if value is None:
        return None
    if not value.is_mapping:
        return Switch(read_choice(node, key, kind), scope.evidence)
    switch = Switch(read_choice(value, "way", kind), scope.evidence_at(value))
    value.close()
    return switch
