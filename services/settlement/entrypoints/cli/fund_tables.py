"""Fund statements and reconciliations as people read them (基金报表): tables, and CSV in yuan."""

import csv
import io
from collections.abc import Callable, Iterator

from rich.table import Table
from rich.text import Text

from contracts import settlement_funds_v1 as message
from settlement.application.reconcile_fund import Difference, Reconciliation
from settlement.domain.fund_statement import (
    DeductedLine,
    FundStatement,
    HospitalAccount,
    OwedLine,
    PaidLine,
    Period,
)
from settlement.domain.postings import JournalKind
from settlement.entrypoints.fund_translating import payer_label
from settlement.entrypoints.statement_table import wide_console
from settlement.law.exact import format_yuan

_NUMBER = "结算单号"
_REFERENCE = "结算单号 / 流水号"
_BALANCES = ("期初余额", "本期应付", "违规扣减", "应付净额", "本期拨付", "期末余额")

KIND_LABELS = {
    JournalKind.SETTLEMENT: "结算",
    JournalKind.ADJUSTMENT: "更正",
    JournalKind.REVERSAL: "冲正",
    JournalKind.PAYMENT: "拨付",
    JournalKind.WITHDRAWAL: "撤回拨付",
    JournalKind.DEDUCTION: "违规扣减",
    JournalKind.DEDUCTION_WITHDRAWAL: "撤回扣减",
    JournalKind.DEDUCTION_RELEASE: "解除扣减",
}

_CSV_COLUMNS = (
    "类别",
    "机构编码",
    "记账日期",
    "结算单号或银行流水号",
    "原记账日期",
    "住院号",
    "发票号",
    "保障层或拨付方式",
    "金额(元)",
)

NameOf = Callable[[str], str]
"""A hospital's name by its code; the code itself where nobody registered it."""


def print_funds(shown: message.FundsShown) -> None:
    """The list of funds."""
    columns = ("累计应付", "违规扣减", "累计拨付", "余额", "应付个人", "应收个人")
    table = plain_table("基金（元）", "基金", "支付方", amounts=columns)
    for fund in shown.funds:
        amounts = (
            fund.owed_fen,
            fund.deducted_fen,
            fund.paid_fen,
            fund.balance_fen,
            fund.to_patients_fen,
            fund.from_patients_fen,
        )
        plain_row(table, fund.fund_id, fund.payer_label, *map(format_yuan, amounts))
    wide_console().print(table)


def print_statement(statement: FundStatement, name_of: NameOf) -> None:
    """A statement: each hospital line by line with its subtotal, then the whole."""
    out = wide_console()
    out.rule(Text(f"基金对账单 {_title(statement.fund_id, statement.period)}"))
    for account in statement.hospitals:
        out.print(_hospital_table(account, name_of))
    table = plain_table("合计（元）", amounts=_BALANCES)
    plain_row(table, *(format_yuan(fen) for fen in _balances(statement)))
    out.print(table)
    out.print(
        "应付净额 = 本期应付 − 违规扣减；期末余额 = 期初余额 + 应付净额 − 本期拨付；"
        "负数为预付尚未用完",
        style="dim",
    )


def print_reconciliation(
    found: Reconciliation, *, fund_id: str, period: Period, name_of: NameOf
) -> None:
    """Totals of both sides, and every difference by name."""
    out = wide_console()
    out.rule(Text(f"基金对账 {_title(fund_id, period)}"))
    out.print(
        f"我方 {found.our_lines} 行 {format_yuan(found.ours_fen)} 元；"
        f"对方 {found.their_rows} 行 {format_yuan(found.theirs_fen)} 元；"
        f"对方减我方 {format_yuan(found.difference_fen)} 元"
    )
    if found.agrees:
        out.print("逐笔一致，没有差异", style="green")
        return
    table = plain_table(
        f"差异 {len(found.differences)} 处（元）",
        "差异",
        "机构",
        _NUMBER,
        "住院号",
        "对方行号",
        amounts=("我方", "对方", "对方减我方"),
    )
    for difference in found.differences:
        plain_row(table, *_difference_cells(difference, name_of))
    plain_row(table, "合计", "", "", "", "", "", "", format_yuan(found.difference_fen))
    out.print(table)


def statement_csv(statement: FundStatement) -> str:
    """A statement as CSV, amounts in yuan: balances and lines, one kind of row each."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_CSV_COLUMNS)
    for account in statement.hospitals:
        writer.writerows(_csv_rows(account))
    for name, fen in zip(_BALANCES, _balances(statement), strict=True):
        writer.writerow((f"基金{name}", *[""] * 7, format_yuan(fen)))
    return text.getvalue()


def _csv_rows(account: HospitalAccount) -> Iterator[tuple[str, ...]]:
    code, blank = account.institution_id, [""] * 6
    yield ("机构期初余额", code, *blank, format_yuan(account.opening_fen))
    for line in account.owed:
        yield (KIND_LABELS[line.kind], code, *_owed_cells(line))
    for deducted in account.deducted:
        yield (KIND_LABELS[deducted.kind], code, *_deducted_cells(deducted))
    for paid in account.paid:
        kind = KIND_LABELS[paid.kind]
        yield (kind, code, *_paid_cells(paid)[:5], paid.payment_kind.label, _paid_yuan(paid))
    yield ("机构期末余额", code, *blank, format_yuan(account.closing_fen))


def _hospital_table(account: HospitalAccount, name_of: NameOf) -> Table:
    table = plain_table(
        f"{name_of(account.institution_id)}（{account.institution_id}）",
        "类别",
        "记账日期",
        _REFERENCE,
        "原记账日",
        "住院号",
        "发票号",
        "保障层 / 方式",
        amounts=("金额（元）",),
    )
    plain_row(table, "期初余额", *[""] * 6, format_yuan(account.opening_fen))
    for line in account.owed:
        plain_row(table, KIND_LABELS[line.kind], *_owed_cells(line))
    plain_row(table, "应付小计", *[""] * 6, format_yuan(account.owed_fen), style="bold")
    if account.deducted:
        for deducted in account.deducted:
            plain_row(table, KIND_LABELS[deducted.kind], *_deducted_cells(deducted))
        for name, fen in (("扣减小计", account.deducted_fen), ("应付净额", account.net_fen)):
            plain_row(table, name, *[""] * 6, format_yuan(fen), style="bold")
    for paid in account.paid:
        plain_row(table, KIND_LABELS[paid.kind], *_paid_cells(paid))
    plain_row(table, "拨付小计", *[""] * 6, format_yuan(account.paid_fen), style="bold")
    plain_row(table, "期末余额", *[""] * 6, format_yuan(account.closing_fen), style="bold")
    return table


def _owed_cells(line: OwedLine) -> tuple[str, ...]:
    return (
        line.booked_on.isoformat(),
        line.settlement_number,
        line.reverses_booked_on.isoformat() if line.reverses_booked_on else "",
        line.hospital_stay_number,
        line.invoice_number or "",
        f"{line.layer} 定额结余" if line.is_surplus else line.layer,
        format_yuan(line.amount_fen),
    )


def _deducted_cells(line: DeductedLine) -> tuple[str, ...]:
    reason = f" {line.reason}" if line.reason else ""
    return (
        line.booked_on.isoformat(),
        line.reference,
        line.gives_back_booked_on.isoformat() if line.gives_back_booked_on else "",
        line.hospital_stay_number,
        line.invoice_number or "",
        f"文书 {line.document}{reason}",
        format_yuan(line.amount_fen),
    )


def _paid_cells(line: PaidLine) -> tuple[str, ...]:
    remark = f" {line.remark}" if line.remark else ""
    return (
        line.booked_on.isoformat(),
        line.bank_reference,
        line.withdraws_booked_on.isoformat() if line.withdraws_booked_on else "",
        "",
        "",
        f"{line.payment_kind.label} 到账 {line.paid_on}{remark}",
        _paid_yuan(line),
    )


def _paid_yuan(line: PaidLine) -> str:
    return format_yuan(line.amount_fen)


def _difference_cells(difference: Difference, name_of: NameOf) -> tuple[str, ...]:
    named = difference.named_by
    rows = "、".join(str(row.row) for row in difference.theirs)
    ours = sum(line.amount_fen for line in difference.ours)
    theirs = sum(row.amount_fen for row in difference.theirs)
    return (
        difference.kind.label,
        name_of(named.institution_id),
        named.settlement_number or "",
        named.hospital_stay_number or "",
        rows,
        format_yuan(ours) if difference.ours else "—",
        format_yuan(theirs) if difference.theirs else "—",
        format_yuan(difference.difference_fen),
    )


def _balances(statement: FundStatement) -> tuple[int, ...]:
    return (
        statement.opening_fen,
        statement.owed_fen,
        statement.deducted_fen,
        statement.net_fen,
        statement.paid_fen,
        statement.closing_fen,
    )


def _title(fund_id: str, period: Period) -> str:
    return f"{fund_id} {payer_label(fund_id)} {period.first_day} 至 {period.last_day}"


def plain_table(title: str, *columns: str, amounts: tuple[str, ...]) -> Table:
    """A table of text columns, then of amounts set right."""
    # No padding: a statement's eight columns then fit 100 characters unbroken.
    table = Table(title=Text(title), title_justify="left", padding=0)
    for column in columns:
        # A number that people quote is never broken over two lines.
        table.add_column(column, overflow="fold", no_wrap=column in (_NUMBER, _REFERENCE))
    for column in amounts:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def plain_row(table: Table, *cells: str, style: str | None = None) -> None:
    """One row, its cells taken as they are."""
    # As text: what hospitals and payers write is never read as markup.
    table.add_row(*(Text(cell) for cell in cells), style=style)
