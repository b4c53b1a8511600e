"""Postings (分录): what an event means in double entries, in the books of fund and hospital.

Everything here is derived: an event gives the same journal whenever it is asked, and an
account's balance is the sum of its entries. A reversal posts the exact mirror in its own period
and never touches what it undoes. What is owed beside a bill stands in entries of its own, which
balance by themselves: the bill's payers and the patient must make up its charges without them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any

from contracts.vocabulary import InstitutionId
from settlement.domain.adjustment import Change, ChangeKind, Way
from settlement.domain.fund_payments import FundPayment, Payment, PaymentKind
from settlement.domain.settlement import CASH, SURPLUS, OutsideEntry, Share
from settlement.domain.stay import Stay


class NotBalanced(Exception):
    """Debits and credits of a journal differ: the event breaks conservation."""


class Book(StrEnum):
    """Whose books (账套)."""

    FUND = "fund"
    HOSPITAL = "hospital"


class Account(StrEnum):
    """Accounts (科目). Those that begin with `fund_` are a fund's, the others a hospital's."""

    FUND_BENEFITS = "fund_benefits"  # 待遇支出 (expense)
    FUND_PAYABLE = "fund_payable"  # 应付医疗机构款 (liability)
    FUND_PATIENT_PAYABLE = "fund_patient_payable"  # 应付个人款 (liability)
    FUND_PATIENT_RECEIVABLE = "fund_patient_receivable"  # 应收个人款, to be reclaimed (asset)
    FUND_BANK = "fund_bank"  # 基金存款 (asset)
    FUND_DEDUCTIONS = "fund_deductions"  # 违规扣减 (taken off the benefits)
    HOSPITAL_RECEIVABLE = "hospital_receivable"  # 应收基金款 (asset)
    PATIENT_RECEIVABLE = "patient_receivable"  # 应收患者款 (asset)
    WAIVER = "waiver"  # 医院减免 (taken off the charges)
    HOSPITAL_BANK = "hospital_bank"  # 医院存款 (asset)
    CHARGES = "charges"  # 医疗收入 (income)
    PATIENT_PAYABLE = "patient_payable"  # 应付患者款 (liability)
    FIXED_PRICE_SURPLUS = "fixed_price_surplus"  # 定额结余 (income)
    HOSPITAL_DEDUCTIONS = "hospital_deductions"  # 违规扣减 (taken off the income)

    @property
    def book(self) -> Book:
        """Whose account it is."""
        return Book.FUND if self.value.startswith("fund_") else Book.HOSPITAL


class JournalKind(StrEnum):
    """What happened (业务类型)."""

    SETTLEMENT = "settlement"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    PAYMENT = "payment"
    WITHDRAWAL = "withdrawal"
    DEDUCTION = "deduction"
    DEDUCTION_WITHDRAWAL = "deduction_withdrawal"
    DEDUCTION_RELEASE = "deduction_release"


OWING = (JournalKind.SETTLEMENT, JournalKind.ADJUSTMENT, JournalKind.REVERSAL)
"""What settlements change in the debts of funds (应付)."""

DEDUCTING = (
    JournalKind.DEDUCTION,
    JournalKind.DEDUCTION_WITHDRAWAL,
    JournalKind.DEDUCTION_RELEASE,
)
"""What is deducted from those debts (扣减), and given back; all other kinds pay them."""


@dataclass(frozen=True)
class Entry:
    """One entry (一条分录) in fen: either `debit_fen` or `credit_fen` is positive, the other 0.

    `layer` names the layer of the policy that a fund's debt comes from; `outside` is None within
    the bill, "cash" or "surplus" beside it.
    """

    account: Account
    debit_fen: int = 0
    credit_fen: int = 0
    fund_id: str | None = None
    layer: str | None = None
    outside: str | None = None

    @property
    def mirrored(self) -> "Entry":
        """The entry that undoes this one."""
        return replace(self, debit_fen=self.credit_fen, credit_fen=self.debit_fen)


@dataclass(frozen=True)
class Journal:
    """The entries of one event (一笔凭证), booked on one day, between funds and one hospital.

    `reference` is the settlement number, or the bank's reference. What undoes something carries
    the same reference and `undoes_booked_on`, the day the original was booked. A deduction is told
    by its number (`deduction`) and the office's `document`; its reason is the remark.
    """

    kind: JournalKind
    reference: str
    booked_on: date
    institution_id: InstitutionId
    entries: tuple[Entry, ...]
    undoes_booked_on: date | None = None
    hospital_stay_number: str | None = None
    invoice_number: str | None = None
    payment_kind: PaymentKind | None = None
    paid_on: date | None = None
    remark: str | None = None
    deduction: int | None = None
    document: str | None = None

    def check(self) -> "Journal":
        """The journal itself, its debits being equal to its credits in each book, within the
        bill and beside it.

        Raises NotBalanced.
        """
        for book, outside in product(Book, (None, CASH, SURPLUS)):
            entries = [e for e in self.entries if e.account.book is book and e.outside == outside]
            debit_fen = sum(e.debit_fen for e in entries)
            credit_fen = sum(e.credit_fen for e in entries)
            if debit_fen != credit_fen:
                raise NotBalanced(
                    f"{self.kind.value} {self.reference}：借方 {debit_fen} 分，贷方 {credit_fen} 分"
                )
        return self


def journal_of(event: object) -> Journal | None:
    """The journal of an event; None for events that move no money. Raises NotBalanced."""
    make = _JOURNALS.get(type(event))
    return make(event) if make else None


def _settlement(event: Stay.SettlementCompleted) -> Journal:
    return Journal(
        kind=JournalKind.SETTLEMENT,
        reference=event.number,
        booked_on=event.booked_on,
        institution_id=event.institution_id,
        hospital_stay_number=event.hospital_stay_number,
        invoice_number=event.invoice_number,
        entries=_settlement_entries(event),
    ).check()


def _adjustment(event: Stay.SettlementAdjusted) -> Journal:
    """The differences, each the way it is carried, on the day of the adjustment."""
    return Journal(
        kind=JournalKind.ADJUSTMENT,
        reference=event.number,
        booked_on=event.booked_on,
        institution_id=event.institution_id,
        hospital_stay_number=event.hospital_stay_number,
        invoice_number=event.invoice_number,
        entries=_positive(e for change in event.changes for e in _change_entries(change)),
    ).check()


def _reversal(event: Stay.SettlementReversed) -> Journal:
    return Journal(
        kind=JournalKind.REVERSAL,
        reference=event.number,
        booked_on=event.booked_on,
        undoes_booked_on=event.settled_booked_on,
        institution_id=event.institution_id,
        hospital_stay_number=event.hospital_stay_number,
        invoice_number=event.invoice_number,
        entries=tuple(
            e.mirrored
            for e in (
                *_settlement_entries(event),
                *_positive(e for change in event.direct for e in _direct_entries(change)),
            )
        ),
    ).check()


def _settlement_entries(
    event: Stay.SettlementCompleted | Stay.SettlementReversed,
) -> tuple[Entry, ...]:
    # A list all the way: two payers with equal amounts both count.
    entries: list[Entry] = []
    for share in event.shares:
        entries += _share_entries(share)
    entries.append(Entry(Account.PATIENT_RECEIVABLE, debit_fen=event.patient_fen))
    entries.append(Entry(Account.CHARGES, credit_fen=event.total_fen))
    for owed in event.outside:
        entries += _outside_entries(owed)
    return _positive(entries)


def _positive(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that move something, negative amounts on the other side."""
    return tuple(
        replace(e, debit_fen=max(net_fen, 0), credit_fen=max(-net_fen, 0))
        for e in entries
        if (net_fen := e.debit_fen - e.credit_fen)
    )


def _change_entries(change: Change) -> list[Entry]:
    """A difference (signed) as what it is of is booked; what is left is not."""
    amount_fen, layer = change.delta_fen, change.layer
    if change.way == Way.LEFT.value:
        return []
    if change.kind == ChangeKind.PATIENT.value:
        # What goes between fund and patient is in the fund's entries, and in no hospital's book.
        is_hospitals = change.way == Way.HOSPITAL.value
        return [Entry(Account.PATIENT_RECEIVABLE, debit_fen=amount_fen)] if is_hospitals else []
    if change.kind != ChangeKind.SHARE.value:
        return _outside_entries(
            OutsideEntry(layer or "", change.kind, change.payer, change.fund, amount_fen)
        )
    if change.way == Way.PATIENT.value:
        return _direct_entries(change)
    return _share_entries(Share(layer or "", change.payer, change.fund, amount_fen))


def _direct_entries(change: Change) -> list[Entry]:
    """A share's difference between fund and patient: a debt of the fund, or a claim."""
    amount_fen, fund_id, layer = change.delta_fen, change.fund, change.layer
    account = Account.FUND_PATIENT_PAYABLE if amount_fen > 0 else Account.FUND_PATIENT_RECEIVABLE
    return [
        Entry(Account.FUND_BENEFITS, debit_fen=amount_fen, fund_id=fund_id, layer=layer),
        Entry(account, credit_fen=amount_fen, fund_id=fund_id, layer=layer),
    ]


def _share_entries(share: Share) -> list[Entry]:
    amount_fen, fund_id, layer = share.amount_fen, share.fund, share.layer
    if fund_id is None:
        return [Entry(Account.WAIVER, debit_fen=amount_fen, layer=layer)]
    return [
        Entry(Account.FUND_BENEFITS, debit_fen=amount_fen, fund_id=fund_id, layer=layer),
        Entry(Account.FUND_PAYABLE, credit_fen=amount_fen, fund_id=fund_id, layer=layer),
        Entry(Account.HOSPITAL_RECEIVABLE, debit_fen=amount_fen, fund_id=fund_id, layer=layer),
    ]


def _outside_entries(owed: OutsideEntry) -> list[Entry]:
    """Beside the bill: cash for the patient, or what a fixed price leaves to the hospital."""
    entries = _cash_entries(owed) if owed.kind == CASH else _surplus_entries(owed)
    return [replace(entry, layer=owed.layer, outside=owed.kind) for entry in entries]


def _cash_entries(owed: OutsideEntry) -> list[Entry]:
    amount_fen, fund_id = owed.amount_fen, owed.fund
    if fund_id is None:
        return [
            Entry(Account.WAIVER, debit_fen=amount_fen),
            Entry(Account.PATIENT_PAYABLE, credit_fen=amount_fen),
        ]
    return [
        Entry(Account.FUND_BENEFITS, debit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.FUND_PATIENT_PAYABLE, credit_fen=amount_fen, fund_id=fund_id),
    ]


def _surplus_entries(owed: OutsideEntry) -> list[Entry]:
    amount_fen, fund_id = owed.amount_fen, owed.fund
    if fund_id is None:
        # A hospital owes itself nothing.
        return []
    return [
        Entry(Account.FUND_BENEFITS, debit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.FUND_PAYABLE, credit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.HOSPITAL_RECEIVABLE, debit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.FIXED_PRICE_SURPLUS, credit_fen=amount_fen, fund_id=fund_id),
    ]


def _deduction(event: Stay.ProviderDeductionImposed) -> Journal:
    """The fund owes the hospital less, and the hospital knows it; the benefits, the charges and
    what the patient owes stay as they are booked."""
    imposed = event.imposed
    return Journal(
        kind=JournalKind.DEDUCTION,
        reference=event.number,
        booked_on=imposed.booked_on,
        institution_id=event.institution_id,
        hospital_stay_number=event.hospital_stay_number,
        invoice_number=event.invoice_number,
        remark=imposed.reason,
        deduction=imposed.deduction,
        document=imposed.document,
        entries=_deduction_entries(imposed.fund_id, imposed.amount_fen),
    ).check()


def _deduction_given_back(
    event: Stay.ProviderDeductionWithdrawn | Stay.ProviderDeductionReleased,
) -> Journal:
    """What no longer is deducted, in a period of its own; a release has no reason but its cause."""
    imposed = event.imposed
    is_withdrawn = isinstance(event, Stay.ProviderDeductionWithdrawn)
    kind = JournalKind.DEDUCTION_WITHDRAWAL if is_withdrawn else JournalKind.DEDUCTION_RELEASE
    entries = _deduction_entries(imposed.fund_id, event.amount_fen)
    return Journal(
        kind=kind,
        reference=event.number,
        booked_on=event.booked_on,
        undoes_booked_on=imposed.booked_on,
        institution_id=event.institution_id,
        hospital_stay_number=event.hospital_stay_number,
        invoice_number=event.invoice_number,
        remark=event.reason if isinstance(event, Stay.ProviderDeductionWithdrawn) else None,
        deduction=imposed.deduction,
        document=imposed.document,
        entries=tuple(entry.mirrored for entry in entries),
    ).check()


def _deduction_entries(fund_id: str, amount_fen: int) -> tuple[Entry, ...]:
    return (
        Entry(Account.FUND_PAYABLE, debit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.FUND_DEDUCTIONS, credit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.HOSPITAL_DEDUCTIONS, debit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.HOSPITAL_RECEIVABLE, credit_fen=amount_fen, fund_id=fund_id),
    )


def _payment(payment: Payment) -> Journal:
    return Journal(
        kind=JournalKind.PAYMENT,
        reference=payment.bank_reference,
        booked_on=payment.booked_on,
        institution_id=payment.institution_id,
        payment_kind=payment.kind,
        paid_on=payment.paid_on,
        remark=payment.remark,
        entries=_payment_entries(payment),
    ).check()


def _withdrawal(event: FundPayment.Withdrawn) -> Journal:
    return replace(
        _payment(event.payment),
        kind=JournalKind.WITHDRAWAL,
        booked_on=event.booked_on,
        undoes_booked_on=event.payment.booked_on,
        remark=event.reason,
        entries=tuple(e.mirrored for e in _payment_entries(event.payment)),
    ).check()


def _payment_entries(payment: Payment) -> tuple[Entry, ...]:
    # An advance makes the fund's debt negative until settlements use it up.
    amount_fen, fund_id = payment.amount_fen, payment.fund_id
    return (
        Entry(Account.FUND_PAYABLE, debit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.FUND_BANK, credit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.HOSPITAL_BANK, debit_fen=amount_fen, fund_id=fund_id),
        Entry(Account.HOSPITAL_RECEIVABLE, credit_fen=amount_fen, fund_id=fund_id),
    )


_JOURNALS: dict[type, Callable[[Any], Journal]] = {
    Stay.SettlementCompleted: _settlement,
    Stay.SettlementAdjusted: _adjustment,
    Stay.SettlementReversed: _reversal,
    Stay.ProviderDeductionImposed: _deduction,
    Stay.ProviderDeductionWithdrawn: _deduction_given_back,
    Stay.ProviderDeductionReleased: _deduction_given_back,
    FundPayment.Recorded: lambda event: _payment(event.payment),
    FundPayment.Withdrawn: _withdrawal,
}
"""Every kind of event that moves money."""
