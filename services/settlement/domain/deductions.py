"""Provider deductions (违规扣减): an office pays a hospital less than a settlement says.

The settlement stays as it is, and so does what the patient owes. All deductions of one fund on one
settlement together are at most what that fund owes the hospital of it; where that becomes less,
because the settlement is adjusted or undone, what is too much is released in the same transaction,
the newest deduction first. What was released does not come back by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from settlement.domain.carrying import through_hospital
from settlement.domain.record import Actor
from settlement.domain.settlement import SURPLUS, Settlement
from settlement.domain.stay_refusals import BookedBackwards, StayRefusal
from settlement.law.exact import format_yuan


class DeductionUnknown(StayRefusal):
    """The settlement has no deduction with this number."""


class DeductionClosed(StayRefusal):
    """Nothing of the deduction stands any more."""


class DeductionRepeated(StayRefusal):
    """A deduction from this document of the office stands already."""


class DeductionAmountInvalid(StayRefusal):
    """The amount is not positive."""


class DeductionTooLarge(StayRefusal):
    """More than what the fund owes the hospital of the settlement, other deductions taken off."""


class DeductionStatus(StrEnum):
    """What became of a deduction (扣减状态)."""

    STANDING = "standing"
    """All of it or, where a part was released, the rest of it."""
    WITHDRAWN = "withdrawn"
    RELEASED = "released"


@dataclass(frozen=True)
class Deduction:
    """A deduction (扣减) as it was imposed: `amount_fen`, always positive, off what the fund pays.

    `deduction` counts the stay's from 1. `document` is the number of the office's own document
    (文书号); statements of funds go by `booked_on` (Asia/Shanghai).
    """

    deduction: int
    number: str
    fund_id: str
    amount_fen: int
    reason: str
    document: str
    booked_on: date
    by: Actor

    @property
    def reference(self) -> str:
        """What people quote of it (扣减编号)."""
        return f"{self.number}-K{self.deduction}"


@dataclass(frozen=True)
class DeductionKept:
    """A deduction as it is now: `stands_fen` of it still are taken off."""

    imposed: Deduction
    stands_fen: int
    is_withdrawn: bool = False

    @property
    def status(self) -> DeductionStatus:
        """What became of it."""
        if self.stands_fen:
            return DeductionStatus.STANDING
        return DeductionStatus.WITHDRAWN if self.is_withdrawn else DeductionStatus.RELEASED


def owed_to_hospital_fen(settlement: Settlement, fund_id: str) -> int:
    """What a fund owes the hospital of a settlement that counts (应付医院), as it is booked.

    Its shares of the bill and the surplus of its fixed prices, as far as they go through the
    hospital; cash for the patient and what goes to him directly are not among it. Below zero it is
    a debt of the hospital.
    """
    booked = through_hospital(settlement)
    shares_fen = sum(s.amount_fen for s in booked.shares if s.fund == fund_id)
    return shares_fen + sum(
        o.amount_fen for o in booked.outside if o.fund == fund_id and o.kind == SURPLUS
    )


@dataclass(frozen=True)
class Deductions:
    """Every deduction on the settlements of one stay, in the order they were imposed."""

    every: tuple[DeductionKept, ...] = ()

    def of(self, number: str) -> tuple[DeductionKept, ...]:
        """Those on one settlement."""
        return tuple(kept for kept in self.every if kept.imposed.number == number)

    def deducted_fen(self, number: str, fund_id: str) -> int:
        """All that stands on one settlement against one fund."""
        return sum(k.stands_fen for k in self.of(number) if k.imposed.fund_id == fund_id)

    # --- decisions ----------------------------------------------------------------------------

    def decide_next(
        self,
        settlement: Settlement,
        *,
        fund_id: str,
        amount_fen: int,
        reason: str,
        document: str,
        booked_on: date,
        by: Actor,
    ) -> Deduction:
        """One more. Raises DeductionAmountInvalid, DeductionRepeated, DeductionTooLarge."""
        if amount_fen <= 0:
            raise DeductionAmountInvalid("扣减金额须大于 0；要取消扣减请撤回")
        for kept in self.of(settlement.number):
            said = kept.imposed
            same = (said.fund_id, said.document, said.by.institution_id)
            if kept.stands_fen and same == (fund_id, document, by.institution_id):
                raise DeductionRepeated(
                    f"文书 {document} 对结算 {settlement.number} 中基金 {fund_id} 的扣减已登记为 "
                    f"{said.reference}（{format_yuan(said.amount_fen)} 元）；登记有误请先撤回"
                )
        owed_fen = owed_to_hospital_fen(settlement, fund_id)
        deducted_fen = self.deducted_fen(settlement.number, fund_id)
        if deducted_fen + amount_fen > owed_fen:
            raise DeductionTooLarge(
                f"基金 {fund_id} 在结算 {settlement.number} 中应付医院 {format_yuan(owed_fen)} 元，"
                f"已扣减 {format_yuan(deducted_fen)} 元，"
                f"至多还可扣减 {format_yuan(max(owed_fen - deducted_fen, 0))} 元；请核对基金与金额"
            )
        return Deduction(
            deduction=len(self.every) + 1,
            number=settlement.number,
            fund_id=fund_id,
            amount_fen=amount_fen,
            reason=reason,
            document=document,
            booked_on=booked_on,
            by=by,
        )

    def decide_withdrawal(self, number: str, deduction: int, booked_on: date) -> DeductionKept:
        """The one to withdraw. Raises DeductionUnknown, DeductionClosed, BookedBackwards."""
        kept = next((k for k in self.of(number) if k.imposed.deduction == deduction), None)
        if kept is None:
            raise DeductionUnknown(f"结算 {number} 没有第 {deduction} 号扣减；请核对编号")
        if not kept.stands_fen:
            became = "撤回" if kept.is_withdrawn else "随结算的更正或撤销解除"
            raise DeductionClosed(f"扣减 {kept.imposed.reference} 已{became}，无需再撤回")
        _require_forwards(kept, booked_on)
        return kept

    def require_forwards(self, number: str, booked_on: date) -> None:
        """What may release deductions is not booked before them. Raises BookedBackwards."""
        for kept in self.of(number):
            if kept.stands_fen:
                _require_forwards(kept, booked_on)

    def too_much(
        self, number: str, owed_fen: Callable[[str], int]
    ) -> Iterator[tuple[DeductionKept, int]]:
        """What stands beyond what each fund owes of a settlement now: each deduction that is
        touched and what is to be released of it in fen, the newest first."""
        over = {
            fund_id: self.deducted_fen(number, fund_id) - max(owed_fen(fund_id), 0)
            for fund_id in {kept.imposed.fund_id for kept in self.of(number)}
        }
        for kept in reversed(self.of(number)):
            released_fen = min(kept.stands_fen, over[kept.imposed.fund_id])
            if released_fen > 0:
                over[kept.imposed.fund_id] -= released_fen
                yield kept, released_fen

    # --- used by events -----------------------------------------------------------------------

    def with_imposed(self, imposed: Deduction) -> "Deductions":
        """One more, all of which stands."""
        return Deductions((*self.every, DeductionKept(imposed, imposed.amount_fen)))

    def with_withdrawn(self, deduction: int) -> "Deductions":
        """Nothing of one stands any more."""
        return self._with(deduction, stands_fen=0, is_withdrawn=True)

    def with_released(self, deduction: int, stands_fen: int) -> "Deductions":
        """Less of one stands."""
        return self._with(deduction, stands_fen=stands_fen, is_withdrawn=False)

    def _with(self, deduction: int, *, stands_fen: int, is_withdrawn: bool) -> "Deductions":
        return Deductions(
            tuple(
                replace(kept, stands_fen=stands_fen, is_withdrawn=is_withdrawn)
                if kept.imposed.deduction == deduction
                else kept
                for kept in self.every
            )
        )


def _require_forwards(kept: DeductionKept, booked_on: date) -> None:
    if booked_on < kept.imposed.booked_on:
        raise BookedBackwards(
            f"记账日 {booked_on} 早于扣减 {kept.imposed.reference} 的 "
            f"{kept.imposed.booked_on}；请核对系统时钟"
        )
