"""Revisions on the command line (追溯更正): `yizhan revision …`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from contracts.vocabulary import InstitutionId, Payer, Scheme
from eventlog.follower import FollowerStopped
from eventlog.log import LogBusy
from settlement.application.decide_revision import (
    ApproveRevision,
    IssueRevision,
    RejectRevision,
    approve_revision,
    issue_revision,
    reject_revision,
    revision_in_sight,
)
from settlement.application.find_stay import hospital_acting
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.ports import EligibilityUnreachable, Overtaken
from settlement.application.propose_revision import (
    ProposeRevision,
    RevisionSources,
    propose_revision,
)
from settlement.bootstrap import Parts, build_parts
from settlement.domain.carrying import Amounts
from settlement.domain.discretion import SameOperator
from settlement.domain.record import Actor
from settlement.domain.revised_parts import (
    PeriodOf,
    RevisionAsked,
    RevisionKind,
    RevisionScope,
    totals_of,
)
from settlement.domain.revision import Revision, RevisionRefusal
from settlement.domain.stay_refusals import BookedBackwards
from settlement.entrypoints import clock
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment
from settlement.entrypoints.statement_table import wide_console
from settlement.law.exact import format_yuan

_REFUSALS = (
    RevisionRefusal,
    SameOperator,
    EligibilityUnreachable,
    Overtaken,
    BookedBackwards,
    LedgerIncomplete,
    LogBusy,
    FollowerStopped,
)

revision_app = typer.Typer(help="追溯更正：提议、查看、批准、退回、执行。", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="更正编号，如 GZ-2026-000001")]
Operator = Annotated[str, typer.Option("--operator", help="经办人")]
ActingFor = Annotated[str, typer.Option("--acting-for", help="经办机构编码")]
Reason = Annotated[str, typer.Option("--reason", help="依据或理由")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="期间（含当日）")]
Data = Annotated[
    Path | None, typer.Option("--data", help="数据目录，默认 YIZHAN_DATA 或 var", file_okay=False)
]


@revision_app.command()
def propose(
    kind: Annotated[
        RevisionKind, typer.Option("--kind", help="policy：政策追溯施行；identity：身份更正")
    ],
    reason: Reason,
    operator: Operator,
    acting_for: ActingFor,
    *,
    region: Annotated[str | None, typer.Option("--region", help="参保地或其上级")] = None,
    scheme: Annotated[Scheme | None, typer.Option("--scheme", help="险种")] = None,
    period_of: Annotated[
        PeriodOf, typer.Option("--period-of", help="期间按入院或出院日期")
    ] = PeriodOf.ADMISSION,
    first_day: Day = None,
    last_day: Day = None,
    settlement: Annotated[
        list[str] | None, typer.Option("--settlement", help="只看这笔结算，可重复")
    ] = None,
    data: Data = None,
) -> None:
    """提议追溯更正：逐人重算受影响的结算，列出原额与新额；批准前不动账。"""
    scope = RevisionScope(
        region=region,
        scheme=scheme.value if scheme else None,
        period_of=period_of,
        first_day=_day(first_day),
        last_day=_day(last_day),
        numbers=tuple(settlement or ()),
    )
    at, by = clock.now(), _actor(operator, acting_for)
    asked = RevisionAsked(kind, scope, reason)
    with _parts(data) as parts:
        sources = RevisionSources(
            ledger=parts.ledger,
            laws=parts.laws,
            book=parts.book,
            eligibility=parts.eligibility,
            index=parts.settlements,
            touched=parts.touched,
        )
        command = ProposeRevision(asked, clock.business_date(at), by=by, at=at)
        _print(propose_revision(command, sources=sources, accept=lambda _: None), parts, by)


@revision_app.command()
def show(number: Number, operator: Operator, acting_for: ActingFor, *, data: Data = None) -> None:
    """查看一次更正：每笔结算的原额、新额，是否已执行。"""
    by = _actor(operator, acting_for)
    with _parts(data) as parts:
        _print(revision_in_sight(parts.ledger, number, by), parts, by)


@revision_app.command()
def approve(
    number: Number, operator: Operator, acting_for: ActingFor, *, data: Data = None
) -> None:
    """批准：须是提议人以外的经办人。"""
    command = ApproveRevision(number, _actor(operator, acting_for), clock.now())
    with _parts(data) as parts:
        approve_revision(command, ledger=parts.ledger, accept=lambda _: None)
    typer.echo(f"已批准：更正 {number}")


@revision_app.command()
def reject(
    number: Number,
    reason: Reason,
    operator: Operator,
    acting_for: ActingFor,
    *,
    data: Data = None,
) -> None:
    """退回：须是提议人以外的经办人，并写明理由。"""
    command = RejectRevision(number, reason, _actor(operator, acting_for), clock.now())
    with _parts(data) as parts:
        reject_revision(command, ledger=parts.ledger, accept=lambda _: None)
    typer.echo(f"已退回：更正 {number}")


@revision_app.command()
def issue(number: Number, operator: Operator, acting_for: ActingFor, *, data: Data = None) -> None:
    """执行已批准的更正，一人一笔事务；中断后再运行即从断处继续。"""
    at, by = clock.now(), _actor(operator, acting_for)
    with _parts(data) as parts:
        revision = issue_revision(
            IssueRevision(number, clock.business_date(at), by, at),
            ledger=parts.ledger,
            laws=parts.laws,
            book=parts.book,
            eligibility=parts.eligibility,
            accept=lambda _: None,
        )
        _print(revision, parts, by)


@contextmanager
def _parts(data: Path | None) -> Iterator[Parts]:
    """The service's parts on an existing ledger; refusals are printed and end with 2."""
    settings = settings_from_environment()
    settings = replace(settings, data=data or settings.data)
    # A mistyped directory must not become an empty ledger.
    if not settings.data.is_dir():
        refuse(f"没有数据目录 {settings.data}；请用 --data 或 YIZHAN_DATA 指明")
    try:
        yield build_parts(settings, clock.now)
    except _REFUSALS as refusal:
        refuse(str(refusal))


def _print(revision: Revision, parts: Parts, by: Actor) -> None:
    """A revision in Chinese, amounts in yuan; a hospital sees the amounts of its own stays."""
    console, hospital = wide_console(), hospital_acting(parts.ledger, by)
    table = Table("部分", "结算单号", "机构", title_justify="left")
    for amounts in ("各基金", "个人应付"):
        table.add_column(amounts, no_wrap=True)
    table.add_column("状态")
    for part, line in revision.lines:
        hidden = hospital not in (None, line.institution_id)
        because = revision.because(part.part)
        status = "已执行" if part.part in revision.issued else "待执行"
        table.add_row(
            str(part.part),
            line.number,
            escape(line.institution_id),
            "—" if hidden else _from_to(_funds_fen(line.before), _funds_fen(line.after)),
            "—" if hidden else _from_to(line.before.patient_fen, line.after.patient_fen),
            escape(f"已失效：{because}") if because else status,
        )
    kind, status = revision.asked.kind.label, revision.status.label
    console.print(f"更正 {revision.number}（{kind}，{status}）", highlight=False)
    console.print(table)
    for total in totals_of(line for _, line in revision.lines):
        console.print(
            f"{Payer(total.payer).label} {total.fund or '医院'}："
            f"补差 {format_yuan(total.to_pay_fen)}，追回 {format_yuan(total.to_reclaim_fen)}，"
            f"不补 {format_yuan(total.left_unpaid_fen)}，"
            f"不追 {format_yuan(total.left_unclaimed_fen)} 元",
            highlight=False,
        )
    for left in revision.left_out:
        console.print(
            f"未列入 {'、'.join(left.numbers)}：{left.reason}", markup=False, highlight=False
        )


def _from_to(before_fen: int, after_fen: int) -> str:
    return f"{format_yuan(before_fen)} → {format_yuan(after_fen)}"


def _funds_fen(amounts: Amounts) -> int:
    return sum(share.amount_fen for share in amounts.shares if share.fund)


def _day(stated: datetime | None) -> date | None:
    return stated.date() if stated else None


def _actor(operator: str, institution_id: str) -> Actor:
    return Actor(operator=operator, institution_id=InstitutionId(institution_id))
