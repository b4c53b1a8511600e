"""Reading where something comes from (读依据): status, source, place and note of one line."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contracts.vocabulary import EvidenceStatus
from settlement.law.document import Node
from settlement.law.evidence import Evidence
from settlement.law.facts import Ask
from settlement.law.numbers import Number


def read_evidence(node: Node, inherited: Evidence, source_ids: frozenset[str]) -> Evidence:
    """Status, source, place and note written here, over what an outer level said."""
    status, source = node.optional_text("status"), node.optional_text("source")
    place, note = node.optional_text("place"), node.optional_text("note")
    if status is not None and status not in set(EvidenceStatus):
        node.fault(f"依据状态“{status}”不存在", "用 stated、inferred 或 assumed")
        status = None
    if source is not None and source not in source_ids:
        node.fault(f"出处“{source}”未在 sources 中登记", "在 sources 中写明这份文件")
        source = None
    is_own = status is not None or source is not None
    found = Evidence(
        status=EvidenceStatus(status) if status else inherited.status,
        source=source or inherited.source,
        place=place or inherited.place,
        note=note if note or is_own else inherited.note,
    )
    if is_own and not found.is_stated and not found.note:
        # An outer note explains an outer number; this one was borrowed from somewhere else.
        node.fault(f"状态为 {found.status} 的数没有说明", "用 note 写明从哪里借来、怎样推得")
    return found


@dataclass(frozen=True)
class Scope:
    """What an inner level of a document inherits (内层沿用的内容).

    Evidence of the level outside, the sources that may be cited, the parameters that numbers may
    be made from, what the document asks of the bill by names of its own, and the identities of
    its region with their names.
    """

    evidence: Evidence
    source_ids: frozenset[str]
    parameters: Mapping[str, Number] = field(default_factory=dict)
    asks: Mapping[str, Ask] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)

    def at(self, node: Node) -> "Scope":
        """The same, under the evidence written at this node."""
        return replace(self, evidence=self.evidence_at(node))

    def evidence_at(self, node: Node | None) -> Evidence:
        """The evidence written at this node, over what is inherited."""
        return read_evidence(node, self.evidence, self.source_ids) if node else self.evidence
