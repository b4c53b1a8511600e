"""Payments by a fund (基金拨付): money that reached a hospital's bank, with the bank's reference.

One aggregate for each fund × bank reference, so that the same transfer cannot be recorded twice,
and recording a payment never loads the payments before it. A mistake is withdrawn, which is
booked in its own period; the reference may then be recorded again, correctly.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import Fen, InstitutionId
from settlement.domain.record import Actor
from settlement.law.exact import format_yuan

_PAYMENTS = UUID("2f6d1a64-5c8e-5f0b-9d0a-7a1f0b6c3e52")

LARGEST_PAYMENT_FEN = Fen(100_000_000_000_00)
"""The largest single payment (¥100 billion): sums of many stay within 64 bits."""


class PaymentKind(StrEnum):
    """How the payer declared the payment (拨付方式)."""

    ADVANCE = "advance"
    FULL = "full"
    PARTIAL = "partial"

    @property
    def label(self) -> str:
        """What users read."""
        return {"advance": "预付", "full": "全额拨付", "partial": "部分拨付"}[self.value]


# --- refusals ---------------------------------------------------------------------------------


class FundPaymentRefusal(Exception):
    """Something a fund's payments do not allow; the message says what to do instead."""


class PaymentRepeated(FundPaymentRefusal):
    """The fund's bank reference is recorded already."""


class PaymentUnknown(FundPaymentRefusal):
    """There is no payment under this bank reference to withdraw."""


class PaymentAmountInvalid(FundPaymentRefusal):
    """The amount is not positive, or beyond any payment."""


class PaymentDatesInvalid(FundPaymentRefusal):
    """A payment is booked before it was paid, or withdrawn before it was booked."""


# --- what is remembered -----------------------------------------------------------------------


@dataclass(frozen=True)
class Payment:
    """One payment (一笔拨付) of `amount_fen`, always positive.

    `paid_on` is the bank's date; statements go by `booked_on` (both Asia/Shanghai).
    """

    fund_id: str
    institution_id: InstitutionId
    amount_fen: int
    kind: PaymentKind
    paid_on: date
    booked_on: date
    bank_reference: str
    remark: str | None


def fund_payment_id(*, fund_id: str, bank_reference: str) -> UUID:
    """The id of a payment: one for each bank reference (银行流水号) of a fund."""
    return uuid5(_PAYMENTS, f"{fund_id}/{bank_reference}")


class FundPayment(Aggregate):
    """The aggregate; `current` is the payment that counts, None once it was withdrawn."""

    TOPIC: ClassVar[str] = "settlement.fund-payment"

    class Created(Aggregate.Created):
        """A bank reference was seen for the first time (首次登记流水号)."""

        TOPIC = "settlement.fund-payment-opened.v1"
        fund_id: str
        bank_reference: str

        def apply(self, aggregate: Any) -> None:
            """A reference without a payment."""
            aggregate.fund_id = self.fund_id
            aggregate.bank_reference = self.bank_reference

    class Recorded(Aggregate.Event):
        """The fund paid a hospital (登记拨付)."""

        TOPIC = "settlement.fund-payment-recorded.v1"
        payment: Payment
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """It counts."""
            aggregate.current = self.payment

    class Withdrawn(Aggregate.Event):
        """The record was a mistake (撤回登记), booked in its own period."""

        TOPIC = "settlement.fund-payment-withdrawn.v1"
        payment: Payment
        booked_on: date
        reason: str
        by: Actor

        def apply(self, aggregate: Any) -> None:
            """It no longer counts, and stays in the history."""
            aggregate.current = None

    fund_id: str
    bank_reference: str

    def __init__(self) -> None:
        self.current: Payment | None = None

    # --- decisions ----------------------------------------------------------------------------

    @classmethod
    def open(cls, *, fund_id: str, bank_reference: str, at: datetime) -> "FundPayment":
        """A bank reference under which nothing is recorded yet."""
        return cls._create(
            cls.Created,
            id=fund_payment_id(fund_id=fund_id, bank_reference=bank_reference),
            timestamp=at,
            fund_id=fund_id,
            bank_reference=bank_reference,
        )

    def record(self, payment: Payment, *, by: Actor, at: datetime) -> None:
        """Record the payment (登记拨付).

        Raises PaymentRepeated, PaymentAmountInvalid, PaymentDatesInvalid.
        """
        if self.current:
            raise PaymentRepeated(
                f"基金 {self.fund_id} 的银行流水号 {self.bank_reference} 已于 "
                f"{self.current.booked_on} 登记 {format_yuan(self.current.amount_fen)} 元；"
                "登记有误请先撤回"
            )
        if not 0 < payment.amount_fen <= LARGEST_PAYMENT_FEN:
            raise PaymentAmountInvalid(
                f"拨付金额须大于 0 且不超过 {format_yuan(LARGEST_PAYMENT_FEN)} 元"
            )
        if payment.booked_on < payment.paid_on:
            raise PaymentDatesInvalid(
                f"记账日期 {payment.booked_on} 早于到账日期 {payment.paid_on}；请核对"
            )
        self.trigger_event(self.Recorded, timestamp=at, payment=payment, by=by)

    def withdraw(self, *, reason: str, booked_on: date, by: Actor, at: datetime) -> Payment:
        """Withdraw the record (撤回登记) and return what was withdrawn.

        Raises PaymentUnknown, PaymentDatesInvalid.
        """
        payment = self.current
        if payment is None:
            raise PaymentUnknown(
                f"基金 {self.fund_id} 的银行流水号 {self.bank_reference} 没有可撤回的拨付"
            )
        if booked_on < payment.booked_on:
            raise PaymentDatesInvalid(
                f"撤回的记账日期 {booked_on} 早于原记账日期 {payment.booked_on}；请核对"
            )
        self.trigger_event(
            self.Withdrawn,
            timestamp=at,
            payment=payment,
            booked_on=booked_on,
            reason=reason,
            by=by,
        )
        return payment
