"""Which funds there are (基金目录): those that policies name, and those that were ever booked."""

from settlement.application.fund_ports import FundAccounts, FundBalance
from settlement.domain.fund_statement import FundStatement, FundUnknown, Period
from settlement.law.book import PolicyBook


def list_funds(*, book: PolicyBook, accounts: FundAccounts) -> tuple[FundBalance, ...]:
    """All funds by their id, with their balances; zeros where nothing was booked."""
    booked = {balance.fund_id: balance for balance in accounts.balances()}
    nothing = {
        fund_id: FundBalance(fund_id=fund_id, owed_fen=0, paid_fen=0, last_booked_on=None)
        for fund_id in _in_policies(book)
    }
    funds = nothing | booked
    return tuple(funds[fund_id] for fund_id in sorted(funds))


def require_fund(fund_id: str, *, book: PolicyBook, accounts: FundAccounts) -> None:
    """Raises FundUnknown: a mistyped id must not become a fund of its own."""
    if fund_id not in _in_policies(book) and not accounts.is_booked(fund_id):
        raise FundUnknown("没有这个基金；基金编号是统筹区加支付方，如 500000-basic")


def fund_statement(
    fund_id: str, period: Period, *, book: PolicyBook, accounts: FundAccounts
) -> FundStatement:
    """A fund's statement (基金对账单). Raises FundUnknown."""
    require_fund(fund_id, book=book, accounts=accounts)
    return accounts.statement(fund_id, period)


def _in_policies(book: PolicyBook) -> set[str]:
    layers = (layer for policy in book.policies for layer in policy.layers)
    return {layer.fund_id for layer in layers if layer.fund_id is not None}
