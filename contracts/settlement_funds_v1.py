"""What settlement promises about funds over HTTP (基金接口). Owner: settlement.

A fund is a pooling region and a payer, such as `500000-basic`. Amounts are integers in fen and
their names end in `_fen`; reversals and withdrawals carry negative amounts. Dates are business
dates in Asia/Shanghai; a period includes both its days.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

LARGEST_PAYMENT_FEN = 10_000_000_000_000

FundId = Annotated[str, Field(pattern=r"^\d{6}-[a-z][a-z_]{0,39}$")]
BankReference = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
InstitutionCode = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
# The field is strict, not the model: a strict model would refuse ISO dates.
PaymentFen = Annotated[int, Field(strict=True, gt=0, le=LARGEST_PAYMENT_FEN)]
SignedFen = Annotated[int, Field(strict=True)]
PaymentKindCode = Literal["advance", "full", "partial"]


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FundShown(Message):
    """One fund (基金) with its balance now: owed − deducted − paid; negative while paid in advance.

    Owed and paid are between the fund and hospitals. `to_patients_fen` are the cash allowances
    (现金补助) and the differences (补差) that became due to patients, `from_patients_fen` the
    differences to be reclaimed from them (追回). `deducted_fen` is what offices deducted from what
    hospitals are owed (违规扣减), which changes nothing for patients.
    """

    fund_id: FundId
    payer_label: str
    owed_fen: SignedFen
    paid_fen: SignedFen
    balance_fen: SignedFen
    to_patients_fen: SignedFen = 0
    from_patients_fen: SignedFen = 0
    deducted_fen: SignedFen = 0
    last_booked_on: date | None = None


class FundsShown(Message):
    """`GET /v1/funds`: the funds that policies name and those ever booked (基金目录)."""

    funds: tuple[FundShown, ...]


class OwedLineShown(Message):
    """One layer of one settlement, of its adjustment or of its reversal (应付明细).

    An adjustment is the difference it makes, negative where the fund owes less. A reversal takes
    back all of it and points at its original: the same settlement number, booked on
    `reverses_booked_on`. `is_surplus` marks what a fixed price leaves to the hospital beside the
    bill (定额结余).
    """

    booked_on: date
    kind: Literal["settlement", "adjustment", "reversal"]
    settlement_number: str
    reverses_booked_on: date | None = None
    hospital_stay_number: str
    invoice_number: str | None = None
    layer: str
    amount_fen: SignedFen
    is_surplus: bool = False


class PaidLineShown(Message):
    """One payment, or its withdrawal with a negative amount (拨付明细)."""

    booked_on: date
    kind: Literal["payment", "withdrawal"]
    payment_kind: PaymentKindCode
    bank_reference: str
    withdraws_booked_on: date | None = None
    paid_on: date
    remark: str | None = None
    amount_fen: SignedFen


class DeductedLineShown(Message):
    """One deduction (扣减明细), or what of it is paid after all with a negative amount.

    A `deduction_withdrawal` was decided by an office (如申诉成立); a `deduction_release` followed
    from the settlement's being adjusted or undone, and has no reason of its own. Both point at the
    deduction by its number and the day it was booked. `document_number` is the office's (文书号).
    """

    booked_on: date
    kind: Literal["deduction", "deduction_withdrawal", "deduction_release"]
    settlement_number: str
    deduction: int
    reference: str
    gives_back_booked_on: date | None = None
    hospital_stay_number: str
    invoice_number: str | None = None
    document_number: str
    reason: str | None = None
    amount_fen: SignedFen


class HospitalAccountShown(Message):
    """What the fund owes one hospital (单个机构): opening + owed − deducted − paid = closing.

    `net_fen` = owed − deducted is what the period added to what the hospital is paid.
    """

    institution_id: str
    opening_fen: SignedFen
    owed_fen: SignedFen
    deducted_fen: SignedFen = 0
    net_fen: SignedFen
    paid_fen: SignedFen
    closing_fen: SignedFen
    owed: tuple[OwedLineShown, ...]
    deducted: tuple[DeductedLineShown, ...] = ()
    paid: tuple[PaidLineShown, ...]


class FundStatementShown(Message):
    """`GET /v1/funds/{fund_id}/statement?from=&to=` (基金对账单), by booking date."""

    contract: Literal["settlement_funds.v1"] = "settlement_funds.v1"
    fund_id: FundId
    payer_label: str
    from_date: date
    to_date: date
    opening_fen: SignedFen
    owed_fen: SignedFen
    deducted_fen: SignedFen = 0
    net_fen: SignedFen
    paid_fen: SignedFen
    closing_fen: SignedFen
    hospitals: tuple[HospitalAccountShown, ...]


class FundPaymentStated(Message):
    """`POST /v1/funds/{fund_id}/payments`: the fund paid a hospital (登记拨付).

    It is booked today; `paid_on` is the bank's date and not later than today.
    """

    institution_id: InstitutionCode
    amount_fen: PaymentFen
    kind: PaymentKindCode
    paid_on: date
    bank_reference: BankReference
    remark: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class FundPaymentShown(Message):
    """A payment that was recorded (已登记的拨付)."""

    fund_id: FundId
    institution_id: str
    amount_fen: PaymentFen
    kind: PaymentKindCode
    paid_on: date
    booked_on: date
    bank_reference: str
    remark: str | None = None


class FundPaymentWithdrawal(Message):
    """`POST /v1/funds/{fund_id}/payments/withdrawal`: the record was a mistake (撤回登记)."""

    bank_reference: BankReference
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class FundPaymentWithdrawn(Message):
    """What was withdrawn, and when that is booked (已撤回的拨付)."""

    payment: FundPaymentShown
    withdrawn_booked_on: date
    reason: str


class DeductionStated(Message):
    """`POST /v1/settlements/{number}/deductions`: an office deducts (登记违规扣减).

    All deductions of a fund on a settlement are at most what it owes the hospital of it. The
    patient owes what he owed. `document_number` is the office's own (文书号).
    """

    fund_id: FundId
    amount_fen: PaymentFen
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    document_number: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S+(?: \S+)*$")]


class DeductionWithdrawal(Message):
    """`POST /v1/settlements/{number}/deductions/{deduction}/withdrawal`: an office withdraws it
    (撤回扣减，如申诉成立)."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class DeductionShown(Message):
    """A deduction (违规扣减) as it is now: `stands_fen` of `amount_fen` still are taken off.

    It is `standing`, `withdrawn` by an office, or `released`, because the settlement was undone or
    adjusted so far that the fund owes too little of it; a part may be released and the rest stand.
    """

    settlement_number: str
    deduction: int
    reference: str
    fund_id: FundId
    amount_fen: PaymentFen
    stands_fen: SignedFen
    status: Literal["standing", "withdrawn", "released"]
    reason: str
    document_number: str
    booked_on: date
    imposed_by: str
    imposed_for: str


class FundNetShown(Message):
    """What one fund pays the hospital of a settlement (应付净额): owed − deducted = net."""

    fund_id: FundId
    payer_label: str
    owed_fen: SignedFen
    deducted_fen: SignedFen
    net_fen: SignedFen


class DeductionsShown(Message):
    """`GET /v1/settlements/{number}/deductions` (扣减列表): every deduction, and what is left to
    pay by each fund; nothing is, where the settlement was undone."""

    contract: Literal["settlement_funds.v1"] = "settlement_funds.v1"
    settlement_number: str
    institution_id: str
    funds: tuple[FundNetShown, ...]
    deductions: tuple[DeductionShown, ...]


class ReconciledLineShown(Message):
    """One of our lines in a difference (我方一行)."""

    institution_id: str
    settlement_number: str
    hospital_stay_number: str
    layer: str
    booked_on: date
    amount_fen: SignedFen
    is_surplus: bool = False


class ReconciledRowShown(Message):
    """One row of the payer's list in a difference (对方一行); `row` is the line of the file."""

    row: int
    institution_id: str
    settlement_number: str | None = None
    hospital_stay_number: str | None = None
    settled_on: date
    amount_fen: SignedFen


class DifferenceShown(Message):
    """One difference (差异): theirs minus ours."""

    kind: Literal["missing_here", "missing_there", "amount", "duplicate"]
    difference_fen: SignedFen
    ours: tuple[ReconciledLineShown, ...] = ()
    theirs: tuple[ReconciledRowShown, ...] = ()


class ReconciliationShown(Message):
    """What `yizhan fund reconcile --json` prints (对账结果).

    `difference_fen` = theirs − ours = the sum of the differences.
    """

    contract: Literal["settlement_funds.v1"] = "settlement_funds.v1"
    fund_id: FundId
    from_date: date
    to_date: date
    agrees: bool
    our_lines: int
    their_rows: int
    ours_fen: SignedFen
    theirs_fen: SignedFen
    difference_fen: SignedFen
    differences: tuple[DifferenceShown, ...]
