"""The deposit of a stay (押金) and how the personal part is paid (支付方式), in fen.

Both are the hospital's books: they stand outside of the bill's identity, and no fund sees them.
Methods that begin with `decide` may refuse, the others never do: they serve the events.
"""

from dataclasses import dataclass, replace

from settlement.domain.stay_refusals import StayRefusal
from settlement.law.exact import format_yuan


class DepositReceiptRepeated(StayRefusal):
    """The number of a receipt was used before in this stay."""


class DepositAboveAllowed(StayRefusal):
    """More than the policy allows to be asked."""


class DepositNotHeld(StayRefusal):
    """More than is held, of the receipt or in all."""


class TenderDoesNotAddUp(StayRefusal):
    """The ways of payment are not what the patient owes."""


class TenderRepeated(StayRefusal):
    """How this settlement is paid was said before."""


@dataclass(frozen=True)
class DepositLimit:
    """The most that may be held of a person (押金上限), and what it was decided by.

    `most_fen` is None where the policy with this `fingerprint` says nothing of deposits;
    `normal_fen` is what the hospital asks of others, where the policy goes by it.
    """

    fingerprint: str
    most_fen: int | None = None
    normal_fen: int | None = None


@dataclass(frozen=True)
class DepositReceipt:
    """A payment of a deposit (押金收据) and what is left of it."""

    number: str
    left_fen: int


@dataclass(frozen=True)
class Tender:
    """How the patient's part is paid (支付方式): personal account, deposit, cash."""

    account_fen: int = 0
    deposit_fen: int = 0
    cash_fen: int = 0

    @property
    def total_fen(self) -> int:
        """All together."""
        return self.account_fen + self.deposit_fen + self.cash_fen


@dataclass(frozen=True)
class Deposit:
    """What was paid and not given back (押金): `applied_fen` of it went into the settlement."""

    receipts: tuple[DepositReceipt, ...] = ()
    applied_fen: int = 0

    @property
    def held_fen(self) -> int:
        """What the hospital holds (在押金额)."""
        return sum(receipt.left_fen for receipt in self.receipts) - self.applied_fen

    # --- what events change -------------------------------------------------------------------

    def paid(self, receipt_number: str, amount_fen: int) -> "Deposit":
        """One more receipt."""
        receipt = DepositReceipt(receipt_number, amount_fen)
        return replace(self, receipts=(*self.receipts, receipt))

    def refunded(self, receipt_number: str | None, amount_fen: int) -> "Deposit":
        """Less is left of the receipt, or of the oldest ones where none was named."""
        receipts, rest_fen = [], amount_fen
        for receipt in self.receipts:
            is_meant = receipt_number in (None, receipt.number)
            taken_fen = min(rest_fen, receipt.left_fen) if is_meant else 0
            rest_fen -= taken_fen
            receipts.append(replace(receipt, left_fen=receipt.left_fen - taken_fen))
        return replace(self, receipts=tuple(receipts))

    def applied(self, amount_fen: int) -> "Deposit":
        """So much of it pays the settlement; nothing where the settlement was undone."""
        return replace(self, applied_fen=amount_fen)

    # --- decisions ----------------------------------------------------------------------------

    def decide_payment(self, receipt_number: str, amount_fen: int, limit: DepositLimit) -> int:
        """What is held after a payment. Raises DepositReceiptRepeated, DepositAboveAllowed."""
        if any(receipt.number == receipt_number for receipt in self.receipts):
            raise DepositReceiptRepeated(f"押金收据 {receipt_number} 已经登记；请用新的收据号")
        held_fen = self.held_fen + amount_fen
        if limit.most_fen is not None and held_fen > limit.most_fen:
            raise DepositAboveAllowed(
                f"按政策最多可收押金 {format_yuan(limit.most_fen)} 元，"
                f"在押 {format_yuan(self.held_fen)} 元，再收 {format_yuan(amount_fen)} 元"
                f"超出 {format_yuan(held_fen - limit.most_fen)} 元；请少收或不收"
            )
        return held_fen

    def decide_refund(self, receipt_number: str | None, amount_fen: int) -> int:
        """What is held after a refund. Raises DepositNotHeld."""
        left_fen, of_what = self.held_fen, "在押金额"
        if receipt_number is not None:
            of_what = f"收据 {receipt_number} 所余"
            named = [r.left_fen for r in self.receipts if r.number == receipt_number]
            left_fen = min(left_fen, sum(named))
        if amount_fen > left_fen:
            raise DepositNotHeld(
                f"要退押金 {format_yuan(amount_fen)} 元，{of_what}只有 {format_yuan(left_fen)} 元；"
                "请按所余金额退"
            )
        return self.held_fen - amount_fen

    def decide_tender(self, tender: Tender, patient_fen: int) -> int:
        """What is to be given back of the deposit when the patient pays so.

        Raises TenderDoesNotAddUp, DepositNotHeld.
        """
        if tender.total_fen != patient_fen:
            raise TenderDoesNotAddUp(
                f"个人账户 {format_yuan(tender.account_fen)}、"
                f"押金 {format_yuan(tender.deposit_fen)}、"
                f"现金 {format_yuan(tender.cash_fen)}，合计 {format_yuan(tender.total_fen)} 元，"
                f"个人应付 {format_yuan(patient_fen)} 元；请核对各支付方式"
            )
        if tender.deposit_fen > self.held_fen:
            raise DepositNotHeld(
                f"以押金支付 {format_yuan(tender.deposit_fen)} 元，"
                f"在押金额只有 {format_yuan(self.held_fen)} 元；不足部分请改用其他方式"
            )
        return self.held_fen - tender.deposit_fen
