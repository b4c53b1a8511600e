"""Taking a deposit and giving it back (收押金、退押金)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.vocabulary import DepositMethod
from settlement.application.ask_deposit import DepositAnswer, DepositQuestion, ask_deposit
from settlement.application.find_stay import own_stay
from settlement.application.ports import Accept, Clock, Eligibility, Ledger
from settlement.application.retrying import when_overtaken
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.law.book import PolicyBook


@dataclass(frozen=True)
class PayDeposit:
    """The command; `normal_fen` is what the hospital asks of others."""

    stay_id: UUID
    receipt_number: str
    amount_fen: int
    method: DepositMethod
    normal_fen: int | None
    by: Actor
    today: date


@dataclass(frozen=True)
class RefundDeposit:
    """The command; without a receipt it comes from the oldest ones."""

    stay_id: UUID
    receipt_number: str | None
    amount_fen: int
    method: DepositMethod
    by: Actor
    at: datetime


def pay_deposit(
    command: PayDeposit,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    book: PolicyBook,
    clock: Clock,
    accept: Accept,
) -> DepositAnswer:
    """Take a deposit, topped up or the first one; answers what may be asked after it.

    Raises what `ask_deposit` and `Stay.pay_deposit` raise, and Overtaken.
    """

    def decide() -> DepositAnswer:
        # Each time as of then, as a settlement is: what overtook it may have known more.
        at = clock()
        question = DepositQuestion(
            command.stay_id, command.normal_fen, command.by, command.today, at
        )
        answer = ask_deposit(question, ledger=ledger, eligibility=eligibility, book=book)
        answer.stay.pay_deposit(
            receipt_number=command.receipt_number,
            amount_fen=command.amount_fen,
            method=command.method,
            limit=answer.limit,
            by=command.by,
            at=at,
        )
        ledger.save(answer.stay, receipt=accept(answer))
        return answer

    return when_overtaken(decide)


def refund_deposit(command: RefundDeposit, *, ledger: Ledger, accept: Accept) -> Stay:
    """Give a deposit back. Raises StayUnknown, Overtaken, what `Stay.refund_deposit` raises."""
    stay = own_stay(ledger, command.stay_id, command.by)
    stay.refund_deposit(
        receipt_number=command.receipt_number,
        amount_fen=command.amount_fen,
        method=command.method,
        by=command.by,
        at=command.at,
    )
    ledger.save(stay, receipt=accept(stay))
    return stay
