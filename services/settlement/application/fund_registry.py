"""Which funds there are (基金目录): those that policies name, and those that were ever booked."""

from settlement.application.fund_ports import FundAccounts
from settlement.domain.fund_statement import FundStatement, FundUnknown, Period
from settlement.law.book import PolicyBook


def known_funds(*, book: PolicyBook, accounts: FundAccounts) -> frozenset[str]:
    """The ids of all funds."""
    in_policies = {layer.fund_id for policy in book.policies for layer in policy.layers}
    booked = {balance.fund_id for balance in accounts.balances()}
    return frozenset(f for f in in_policies | booked if f is not None)


def require_fund(fund_id: str, *, book: PolicyBook, accounts: FundAccounts) -> None:
    """Raises FundUnknown: a mistyped id must not become a fund of its own."""
    if fund_id not in known_funds(book=book, accounts=accounts):
        raise FundUnknown("没有这个基金；基金编号是统筹区加支付方，如 500000-basic")


def fund_statement(
    fund_id: str, period: Period, *, book: PolicyBook, accounts: FundAccounts
) -> FundStatement:
    """A fund's statement (基金对账单). Raises FundUnknown."""
    require_fund(fund_id, book=book, accounts=accounts)
    return accounts.statement(fund_id, period)
