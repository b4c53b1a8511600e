"""A fund's statement (基金对账单): what it owes each hospital in a period, line by line.

Opening balance + owed − deducted − paid = closing balance, for each hospital and in all. A positive
balance is a debt of the fund; a negative one is money paid in advance and not yet used up.
"""

from dataclasses import dataclass
from datetime import date

from contracts.vocabulary import InstitutionId
from settlement.domain.fund_payments import PaymentKind
from settlement.domain.postings import JournalKind


class PeriodInvalid(Exception):
    """The last day lies before the first."""


class FundUnknown(Exception):
    """No policy names this fund, and nothing was ever booked for it."""


@dataclass(frozen=True)
class Period:
    """From one booking date to another (账期), both inclusive. Raises PeriodInvalid."""

    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        """A period has at least one day."""
        if self.last_day < self.first_day:
            raise PeriodInvalid(f"截止日期 {self.last_day} 早于起始日期 {self.first_day}；请核对")


@dataclass(frozen=True)
class OwedLine:
    """One layer of one settlement, its adjustment or its reversal (一行应付), in signed fen.

    An adjustment is the difference it makes. A reversal takes back all of it, and
    `reverses_booked_on` is the day the original of the same settlement number was booked.
    `is_surplus` marks what a fixed price leaves to the hospital (定额结余), which is owed beside
    the bill.
    """

    booked_on: date
    kind: JournalKind
    settlement_number: str
    reverses_booked_on: date | None
    institution_id: InstitutionId
    hospital_stay_number: str
    invoice_number: str | None
    layer: str
    amount_fen: int
    is_surplus: bool = False


@dataclass(frozen=True)
class PaidLine:
    """One payment, or its withdrawal with a negative amount (一行拨付), in signed fen."""

    booked_on: date
    kind: JournalKind
    payment_kind: PaymentKind
    bank_reference: str
    withdraws_booked_on: date | None
    institution_id: InstitutionId
    paid_on: date
    remark: str | None
    amount_fen: int


@dataclass(frozen=True)
class DeductedLine:
    """One deduction (一行扣减), or what of it is paid after all with a negative amount, in signed
    fen.

    `gives_back_booked_on` is the day the deduction was booked that a withdrawal or a release gives
    back. `document` is the office's own; `reason` None where it was released.
    """

    booked_on: date
    kind: JournalKind
    settlement_number: str
    deduction: int
    gives_back_booked_on: date | None
    institution_id: InstitutionId
    hospital_stay_number: str
    invoice_number: str | None
    document: str
    reason: str | None
    amount_fen: int

    @property
    def reference(self) -> str:
        """What people quote of the deduction (扣减编号)."""
        return f"{self.settlement_number}-K{self.deduction}"


@dataclass(frozen=True)
class HospitalAccount:
    """What a fund owes one hospital (单个机构往来), in fen."""

    institution_id: InstitutionId
    opening_fen: int
    owed: tuple[OwedLine, ...]
    paid: tuple[PaidLine, ...]
    deducted: tuple[DeductedLine, ...] = ()

    @property
    def owed_fen(self) -> int:
        """What the period added, reversals taken off."""
        return sum(line.amount_fen for line in self.owed)

    @property
    def paid_fen(self) -> int:
        """What the fund paid in the period, withdrawals taken off."""
        return sum(line.amount_fen for line in self.paid)

    @property
    def deducted_fen(self) -> int:
        """What the period deducted, withdrawals and releases taken off."""
        return sum(line.amount_fen for line in self.deducted)

    @property
    def net_fen(self) -> int:
        """Owed − deducted: what the period added to what the hospital is paid."""
        return self.owed_fen - self.deducted_fen

    @property
    def closing_fen(self) -> int:
        """Opening + owed − deducted − paid."""
        return self.opening_fen + self.net_fen - self.paid_fen


@dataclass(frozen=True)
class FundStatement:
    """The statement (对账单) of one fund for one period, hospitals by their code."""

    fund_id: str
    period: Period
    hospitals: tuple[HospitalAccount, ...]

    @property
    def opening_fen(self) -> int:
        """What the fund owed before the first day."""
        return sum(h.opening_fen for h in self.hospitals)

    @property
    def owed_fen(self) -> int:
        """What the period added."""
        return sum(h.owed_fen for h in self.hospitals)

    @property
    def paid_fen(self) -> int:
        """What the fund paid in the period."""
        return sum(h.paid_fen for h in self.hospitals)

    @property
    def deducted_fen(self) -> int:
        """What the period deducted, withdrawals and releases taken off."""
        return sum(h.deducted_fen for h in self.hospitals)

    @property
    def net_fen(self) -> int:
        """Owed − deducted: what the period added to what the hospital is paid."""
        return self.owed_fen - self.deducted_fen

    @property
    def closing_fen(self) -> int:
        """Opening + owed − deducted − paid."""
        return self.opening_fen + self.net_fen - self.paid_fen

    @property
    def owed_lines(self) -> tuple[OwedLine, ...]:
        """Every line owed, hospital after hospital."""
        return tuple(line for h in self.hospitals for line in h.owed)
