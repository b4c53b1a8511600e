"""What fund use cases need from outside (端口): the accounts of funds, kept up to date."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from settlement.domain.fund_statement import FundStatement, Period


@dataclass(frozen=True)
class FundBalance:
    """A fund in the list of funds (基金): its balance now, in fen, and when it was last booked.

    Owed and paid are between the fund and hospitals; `to_patients_fen` are cash allowances and
    differences that became due to patients (应付个人), `from_patients_fen` differences to be
    reclaimed from them (应收个人). `deducted_fen` is what offices deducted from what hospitals are
    owed (违规扣减). `last_booked_on` is None where nothing ever was booked.
    """

    fund_id: str
    owed_fen: int
    paid_fen: int
    last_booked_on: date | None
    to_patients_fen: int = 0
    from_patients_fen: int = 0
    deducted_fen: int = 0

    @property
    def balance_fen(self) -> int:
        """What the fund still owes hospitals; negative while an advance is not used up."""
        return self.owed_fen - self.deducted_fen - self.paid_fen


class FundAccounts(Protocol):
    """The accounts of all funds (基金账), with every event of the ledger up to now."""

    def balances(self) -> tuple[FundBalance, ...]:
        """Every fund that was ever booked, by its id."""

    def is_booked(self, fund_id: str) -> bool:
        """Whether anything was ever booked for a fund."""

    def statement(self, fund_id: str, period: Period) -> FundStatement:
        """A fund's statement; empty where nothing was booked."""
