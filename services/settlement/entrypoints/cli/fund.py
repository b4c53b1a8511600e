"""Funds on the command line (基金): `yizhan fund …`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from contracts.vocabulary import InstitutionId
from eventlog.follower import FollowerStopped
from eventlog.log import LogBusy
from settlement.adapters.fund_list_csv import FundListFaulty, read_fund_list, write_fund_list
from settlement.application.fund_registry import fund_statement, list_funds
from settlement.application.institutions import institution_on
from settlement.application.ports import Overtaken
from settlement.application.reconcile_fund import as_payer_rows, reconcile_fund
from settlement.application.record_fund_payment import (
    RecordFundPayment,
    WithdrawFundPayment,
    record_fund_payment,
    withdraw_fund_payment,
)
from settlement.bootstrap import Parts, build_parts
from settlement.domain.fund_payments import FundPaymentRefusal, Payment, PaymentKind
from settlement.domain.fund_statement import FundUnknown, Period, PeriodInvalid
from settlement.domain.institution import InstitutionUnknown
from settlement.domain.record import Actor
from settlement.entrypoints import clock
from settlement.entrypoints.cli import fund_tables
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment
from settlement.entrypoints.fund_translating import (
    show_funds,
    show_reconciliation,
    show_statement,
)
from settlement.law.exact import NotExact, format_yuan, parse_yuan
from settlement.read_models.fund_account import StatementDoesNotAddUp

DIFFERENCES_FOUND = 1

_REFUSALS = (
    FundUnknown,
    PeriodInvalid,
    FundPaymentRefusal,
    FundListFaulty,
    InstitutionUnknown,
    NotExact,
    Overtaken,
    LogBusy,
    FollowerStopped,
    StatementDoesNotAddUp,
)

fund_app = typer.Typer(help="基金：对账单、拨付、与支付方清单核对。", no_args_is_help=True)
payments_app = typer.Typer(help="拨付登记与撤回。", no_args_is_help=True)
fund_app.add_typer(payments_app, name="payments")

Fund = Annotated[str, typer.Option("--fund", help="基金编号：统筹区-支付方，如 500000-basic")]
FirstDay = Annotated[
    datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="起始记账日期（含）")
]
LastDay = Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="截止记账日期（含）")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，金额为整数分")]
Data = Annotated[
    Path | None, typer.Option("--data", help="数据目录，默认 YIZHAN_DATA 或 var", file_okay=False)
]
Operator = Annotated[str, typer.Option("--operator", help="经办人")]
ActingFor = Annotated[str, typer.Option("--acting-for", help="经办机构编码")]
Reference = Annotated[str, typer.Option("--reference", help="银行流水号")]


@fund_app.command("list")
def show_list(*, as_json: Json = False, data: Data = None) -> None:
    """列出基金及当前余额 (list funds)."""
    with _parts(data) as parts:
        shown = show_funds(list_funds(book=parts.book, accounts=parts.fund_account))
    if as_json:
        _print_json(shown.model_dump_json(indent=2))
    else:
        fund_tables.print_funds(shown)


@fund_app.command()
def statement(
    fund: Fund,
    first_day: FirstDay,
    last_day: LastDay,
    *,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="输出 CSV，金额以元为单位")] = False,
    data: Data = None,
) -> None:
    """基金对账单：按机构逐行列出应付与拨付 (statement)."""
    with _parts(data) as parts:
        found = fund_statement(
            fund,
            _period(first_day, last_day),
            book=parts.book,
            accounts=parts.fund_account,
        )
        if as_json:
            _print_json(show_statement(found).model_dump_json(indent=2))
        elif as_csv:
            sys.stdout.buffer.write(fund_tables.statement_csv(found).encode("utf-8-sig"))
        else:
            fund_tables.print_statement(found, _names(parts, found.period))


@fund_app.command()
def reconcile(
    file: Annotated[Path, typer.Argument(help="支付方清单 CSV", exists=True, dir_okay=False)],
    fund: Fund,
    first_day: FirstDay,
    last_day: LastDay,
    *,
    as_json: Json = False,
    data: Data = None,
) -> None:
    """与支付方清单逐笔核对；有差异时退出码为 1 (reconcile)."""
    with _parts(data) as parts:
        theirs = read_fund_list(file.read_bytes())
        period = _period(first_day, last_day)
        found = reconcile_fund(fund, period, theirs, book=parts.book, accounts=parts.fund_account)
        if as_json:
            shown = show_reconciliation(found, fund_id=fund, period=period)
            _print_json(shown.model_dump_json(indent=2))
        else:
            fund_tables.print_reconciliation(
                found, fund_id=fund, period=period, name_of=_names(parts, period)
            )
    if not found.agrees:
        raise typer.Exit(DIFFERENCES_FOUND)


@fund_app.command()
def export(
    fund: Fund,
    first_day: FirstDay,
    last_day: LastDay,
    *,
    to: Annotated[
        Path | None, typer.Option("--output", help="写入文件，默认标准输出", dir_okay=False)
    ] = None,
    data: Data = None,
) -> None:
    """按支付方清单的格式导出我方应付 (export our list)."""
    with _parts(data) as parts:
        found = fund_statement(
            fund,
            _period(first_day, last_day),
            book=parts.book,
            accounts=parts.fund_account,
        )
    content = write_fund_list(as_payer_rows(found.owed_lines))
    if to is None:
        sys.stdout.buffer.write(content)
    else:
        to.write_bytes(content)
        typer.echo(f"已写入 {to}")


@fund_app.command()
def rebuild(*, data: Data = None) -> None:
    """由账本重建基金账 (rebuild the read model)."""
    with _parts(data) as parts:
        position = parts.fund_account.rebuild()
    typer.echo(f"已由账本重建基金账，至第 {position} 个事件")


@payments_app.command()
def record(
    fund: Fund,
    institution: Annotated[str, typer.Option("--institution", help="收款机构编码")],
    amount: Annotated[str, typer.Option("--amount", help="金额（元），如 120000.00")],
    kind: Annotated[
        PaymentKind, typer.Option("--kind", help="advance 预付、full 全额、partial 部分")
    ],
    paid_on: Annotated[datetime, typer.Option("--paid-on", formats=["%Y-%m-%d"], help="到账日期")],
    reference: Reference,
    operator: Operator,
    acting_for: ActingFor,
    *,
    remark: Annotated[str | None, typer.Option("--remark", help="备注")] = None,
    data: Data = None,
) -> None:
    """登记拨付，当日记账 (record a payment)."""
    at = clock.now()
    with _parts(data) as parts:
        payment = Payment(
            fund_id=fund,
            institution_id=InstitutionId(institution),
            amount_fen=parse_yuan(amount),
            kind=kind,
            paid_on=paid_on.date(),
            booked_on=clock.business_date(at),
            bank_reference=reference,
            remark=remark,
        )
        record_fund_payment(
            RecordFundPayment(payment, by=_actor(operator, acting_for), at=at),
            ledger=parts.ledger,
            book=parts.book,
            accounts=parts.fund_account,
            accept=lambda _: None,
        )
    typer.echo(f"已登记：{fund} 拨付 {institution} {format_yuan(payment.amount_fen)} 元")


@payments_app.command()
def withdraw(
    fund: Fund,
    reference: Reference,
    reason: Annotated[str, typer.Option("--reason", help="撤回原因")],
    operator: Operator,
    acting_for: ActingFor,
    *,
    data: Data = None,
) -> None:
    """撤回登记有误的拨付，冲正记入当期 (withdraw a payment)."""
    at = clock.now()
    with _parts(data) as parts:
        payment = withdraw_fund_payment(
            WithdrawFundPayment(
                fund_id=fund,
                bank_reference=reference,
                reason=reason,
                booked_on=clock.business_date(at),
                by=_actor(operator, acting_for),
                at=at,
            ),
            ledger=parts.ledger,
            accept=lambda _: None,
        )
    typer.echo(f"已撤回：{fund} 流水号 {reference} {format_yuan(payment.amount_fen)} 元")


@contextmanager
def _parts(data: Path | None) -> Iterator[Parts]:
    """The service's parts on an existing ledger; refusals are printed and end with 2."""
    settings = settings_from_environment()
    if data is not None:
        settings = replace(settings, data=data)
    # A mistyped directory must not become an empty ledger.
    if not settings.data.is_dir():
        refuse(f"没有数据目录 {settings.data}；请用 --data 或 YIZHAN_DATA 指明")
    try:
        yield build_parts(settings, clock.now)
    except _REFUSALS as refusal:
        refuse(str(refusal))


def _period(first_day: datetime, last_day: datetime) -> Period:
    return Period(first_day.date(), last_day.date())


def _actor(operator: str, institution_id: str) -> Actor:
    return Actor(operator=operator, institution_id=InstitutionId(institution_id))


def _names(parts: Parts, period: Period) -> fund_tables.NameOf:
    def name_of(institution_id: str) -> str:
        try:
            found = institution_on(parts.ledger, InstitutionId(institution_id), period.last_day)
        except InstitutionUnknown:
            return institution_id
        return found.name

    return name_of


def _print_json(text: str) -> None:
    typer.echo(text)
