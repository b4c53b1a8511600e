"""Amounts that people decide after the settlement (事后裁定): proposed by one, approved by another.

A proposal moves no money. It holds what the settlement said when it was checked: where that is
another by the time it is approved, it has lapsed, and says what changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from settlement.domain.carrying import Amounts
from settlement.domain.record import Actor
from settlement.domain.settlement import Settlement
from settlement.domain.stay_refusals import StayRefusal
from settlement.law.exact import format_yuan


class ProposalUnknown(StayRefusal):
    """The stay has no proposal with this number."""


class ProposalClosed(StayRefusal):
    """The proposal was approved or rejected before."""


class ProposalLapsed(StayRefusal):
    """What the proposal was checked against is not so any more; propose anew."""


class SameOperator(StayRefusal):
    """Who proposed it would decide on it, too."""


class ProposalStatus(StrEnum):
    """What became of a proposal (提议状态)."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Proposal:
    """A proposal (提议): the amount in fen that a layer of a settlement is to come to, and why.

    `proposal` counts the stay's from 1. `was_fen` is what the layer came to then, None where its
    amount was still to come; `against` what the settlement said then.
    """

    proposal: int
    number: str
    layer: str
    amount_fen: int
    was_fen: int | None
    reason: str
    against: Amounts
    by: Actor
    at: datetime

    @property
    def reference(self) -> str:
        """What people quote of the decision (决定编号)."""
        return f"{self.number}-D{self.proposal}"

    def require_other_eyes(self, by: Actor) -> None:
        """Four eyes: one operator name is one person, whichever institution it acts for.

        Raises SameOperator.
        """
        if by.operator == self.by.operator:
            raise SameOperator(
                f"提议 {self.reference} 由 {by.operator} 提出，须由另一位经办人批准或退回"
            )

    def require_as_checked(self, settlement: Settlement | None) -> None:
        """What it was checked against must still be so. Raises ProposalLapsed."""
        changed = self.what_changed(settlement)
        if changed is not None:
            raise ProposalLapsed(f"提议 {self.reference} 已失效：{changed}；请重新提议")

    def what_changed(self, settlement: Settlement | None) -> str | None:
        """What is not any more as it was checked against; `settlement` is the one that counts."""
        if settlement is None or settlement.number != self.number:
            return f"结算 {self.number} 已撤销"
        changed = list(self._changed(settlement))
        return "，".join(changed) or None

    def _changed(self, settlement: Settlement) -> Iterator[str]:
        is_pending = self.layer in settlement.pending
        now_fen = None if is_pending else settlement.inputs.elsewhere_fen.get(self.layer)
        if now_fen != self.was_fen:
            yield _told(self.layer, self.was_fen, now_fen)
            return
        then, now = _by_item(self.against), _by_item(Amounts.of(settlement))
        for item in {**then, **now}:
            if then.get(item, 0) != now.get(item, 0):
                yield _told(item, then.get(item, 0), now.get(item, 0))


def _by_item(amounts: Amounts) -> dict[str, int]:
    """Each amount under the name it is told by."""
    found = {share.layer: share.amount_fen for share in amounts.shares}
    found |= {f"{owed.layer}（账外）": owed.amount_fen for owed in amounts.outside}
    return {**found, "个人应付": amounts.patient_fen}


def _told(what: str, then_fen: int | None, now_fen: int | None) -> str:
    return f"{what} 由{_yuan(then_fen)}变为{_yuan(now_fen)}"


def _yuan(amount_fen: int | None) -> str:
    return "待定" if amount_fen is None else f" {format_yuan(amount_fen)} 元"
