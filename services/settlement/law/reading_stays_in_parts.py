"""Reading how a stay that is settled in parts is settled (读分段结算)."""

from settlement.law.document import Node
from settlement.law.reading_evidence import Scope
from settlement.law.reading_words import read_choice
from settlement.law.stays_in_parts import PartsDates, PartsSettled, StaysInParts


def read_stays_in_parts(node: Node | None, scope: Scope) -> StaysInParts | None:
    """`{settled: as_stays_of_their_own, dates: of_part}`."""
    if node is None:
        return None
    found = StaysInParts(
        settled=read_choice(node, "settled", PartsSettled),
        dates=read_choice(node, "dates", PartsDates),
        evidence=scope.evidence_at(node),
    )
    node.close()
    return found
