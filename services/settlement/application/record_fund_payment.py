"""Recording what a fund paid (登记拨付), and withdrawing a record that was a mistake."""

from dataclasses import dataclass
from datetime import date, datetime

from settlement.application.fund_ports import FundAccounts
from settlement.application.fund_registry import require_fund
from settlement.application.institutions import institution_on
from settlement.application.ports import Accept, Ledger
from settlement.application.retrying import when_overtaken
from settlement.domain.fund_payments import FundPayment, Payment, PaymentUnknown, fund_payment_id
from settlement.domain.record import Actor
from settlement.law.book import PolicyBook


@dataclass(frozen=True)
class RecordFundPayment:
    """The command."""

    payment: Payment
    by: Actor
    at: datetime


@dataclass(frozen=True)
class WithdrawFundPayment:
    """The command; the withdrawal is booked on `booked_on`, never in the original's period."""

    fund_id: str
    bank_reference: str
    reason: str
    booked_on: date
    by: Actor
    at: datetime


def record_fund_payment(
    command: RecordFundPayment,
    *,
    ledger: Ledger,
    book: PolicyBook,
    accounts: FundAccounts,
    accept: Accept,
) -> Payment:
    """Record a payment.

    Raises FundUnknown, InstitutionUnknown and what `FundPayment.record` raises.
    """
    payment = command.payment
    require_fund(payment.fund_id, book=book, accounts=accounts)
    institution_on(ledger, payment.institution_id, payment.paid_on)

    def decide() -> Payment:
        recorded = _find(ledger, payment.fund_id, payment.bank_reference) or FundPayment.open(
            fund_id=payment.fund_id, bank_reference=payment.bank_reference, at=command.at
        )
        recorded.record(payment, by=command.by, at=command.at)
        ledger.save(recorded, receipt=accept(payment))
        return payment

    return when_overtaken(decide)


def withdraw_fund_payment(
    command: WithdrawFundPayment, *, ledger: Ledger, accept: Accept
) -> Payment:
    """Withdraw a record; returns what was withdrawn.

    Raises PaymentUnknown, PaymentDatesInvalid.
    """

    def decide() -> Payment:
        recorded = _find(ledger, command.fund_id, command.bank_reference)
        if recorded is None:
            raise PaymentUnknown(
                f"基金 {command.fund_id} 没有银行流水号 {command.bank_reference} 的拨付"
            )
        payment = recorded.withdraw(
            reason=command.reason, booked_on=command.booked_on, by=command.by, at=command.at
        )
        ledger.save(recorded, receipt=accept(payment))
        return payment

    return when_overtaken(decide)


def _find(ledger: Ledger, fund_id: str, bank_reference: str) -> FundPayment | None:
    payment_id = fund_payment_id(fund_id=fund_id, bank_reference=bank_reference)
    return ledger.find(payment_id, FundPayment)
