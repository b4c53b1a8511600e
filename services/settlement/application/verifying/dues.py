"""What a settlement, a reversal, a late amount or a revision owes the log (应写事件) beside the
stay's own events.

Each is one transaction: the counters, the order, the text of a new policy, the adjustments of
later settlements and what they release of deductions stand right after the stay's events. What is
owed and not written, and what is written and not owed, is a finding.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from settlement.application.verifying.comparing import ABSENT, Finding, event_findings
from settlement.domain.benefit_year import BenefitYear
from settlement.domain.law_text import LawText
from settlement.domain.settlement_order import SettlementOrder
from settlement.domain.stay import Stay
from settlement.law.policy import Policy

_STEPS: dict[Any, str] = {
    BenefitYear.Created: "待遇年度",
    BenefitYear.CountersMoved: "年度累计",
    BenefitYear.CountersRestored: "年度累计冲回",
    SettlementOrder.Created: "结算次序",
    SettlementOrder.Taken: "结算次序",
    SettlementOrder.Undone: "结算次序",
    SettlementOrder.Remade: "结算次序",
    LawText.Created: "政策文本",
    Stay.SettlementAdjusted: "更正",
    Stay.ProviderDeductionReleased: "解除扣减",
}
DUE_EVENTS = tuple(_STEPS)
"""The events that only a settlement, a reversal, a late amount or a revision writes."""


class Dues:
    """What the last transaction owes, by stream and in order."""

    def __init__(self) -> None:
        """Nothing."""
        self._owed: dict[UUID, deque[Any]] = {}
        self._adopted: set[str] = set()

    def owe(self, events: Iterable[Any]) -> None:
        """These must follow."""
        for event in events:
            self._owed.setdefault(event.originator_id, deque()).append(event)

    def owe_text(self, policy: Policy, at: datetime) -> None:
        """The first transaction under a policy puts its text into the ledger."""
        if policy.fingerprint not in self._adopted:
            self._adopted.add(policy.fingerprint)
            self.owe(LawText.adopt(policy, at=at).collect_events())

    def expected(self, event: Any) -> Any:
        """The owed event that this one stands for, or None; what it skips stays owed."""
        owed = self._owed.get(event.originator_id, ())
        return next((due for due in owed if type(due) is type(event)), None)

    def take(self, event: Any, *, unless: str | None = None) -> Iterator[Finding]:
        """An event that only a transaction writes; a field nobody can know is left out."""
        step, due = _STEPS[type(event)], self.expected(event)
        if due is None:
            yield Finding(step, event.TOPIC, "有", "没有写下它的结算、撤销、后到金额或追溯更正")
            return
        self._owed[event.originator_id].remove(due)
        yield from event_findings(step, event, due, unless=unless)

    def close(self) -> Iterator[Finding]:
        """The transaction is over: what is still owed is missing."""
        for owed in self._owed.values():
            for due in owed:
                yield Finding(_STEPS[type(due)], due.TOPIC, ABSENT, "应有")
        self._owed.clear()
