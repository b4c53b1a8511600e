"""`yizhan verify` and `yizhan replay` (验账、重演)."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from contracts.vocabulary import Payer
from eventlog.log import EventNotReadable
from settlement.adapters.event_ledger import EventLedger
from settlement.adapters.policy_files import SHIPPED_POLICIES, PolicyFileFaulty, load_book
from settlement.application.law_library import LawLibrary
from settlement.application.ledger_history import SettlementRecorded, settlements_recorded
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.replay_ledger import (
    PATIENT,
    Replayed,
    Scope,
    StayReplayed,
    replay_ledger,
)
from settlement.application.verify_ledger import Discrepancy, Verified, verify_ledger
from settlement.domain.settlement import CASH, SURPLUS
from settlement.entrypoints.cli.ledger_place import (
    ShardOption,
    existing_ledger,
    opened,
    require_ledger,
    settings_of_each,
)
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.statement_table import wide_console
from settlement.law.book import PolicyBook
from settlement.law.exact import format_yuan
from settlement.read_models.fund_account import FundAccount
from settlement.settings import Settings
from settlement.storage import has_books

MOST_LISTED = 50

DataOption = Annotated[
    Path | None, typer.Option("--data", help="数据目录（默认取 YIZHAN_DATA，或 var）")
]
JsonOption = Annotated[bool, typer.Option("--json", help="以 JSON 输出，金额为整数分")]


def verify(
    data: DataOption = None,
    as_json: JsonOption = False,
    forget_wrong: Annotated[
        bool, typer.Option("--forget-snapshots", help="先丢弃与事件不符的快照，以后由事件重建")
    ] = False,
    shard: ShardOption = None,
) -> None:
    """验账：用账本自己的事件和政策文本重新计算每一笔结算，必须分毫不差；有分片时逐个验。"""
    told = {}
    for name, settings in settings_of_each(data, shard):
        found = told[name] = _verified(require_ledger(settings), forget_wrong=forget_wrong)
        if not as_json:
            if name:
                typer.echo(f"分片 {name}：")
            print_verified(found)
    if as_json:
        shown = {name: _verified_json(found) for name, found in told.items()}
        typer.echo(json.dumps(shown.get("", shown), ensure_ascii=False, indent=2))
    raise typer.Exit(1 if any(found.discrepancies for found in told.values()) else 0)


def _verified(settings: Settings, *, forget_wrong: bool) -> Verified:
    books_were_made = has_books(settings)
    storage = opened(settings)
    ledger = storage.ledger
    if forget_wrong:
        forgotten = ledger.forget_wrong_snapshots()
        typer.echo(f"丢弃快照 {forgotten} 份", err=True)
    # Accounts made only now would repeat the ledger instead of bearing witness to it.
    books = storage.followed(FundAccount) if books_were_made else None
    with wide_console().status("正在重新计算……"):
        return verify_ledger(ledger, LawLibrary(ledger), fund_books=books)


def replay(
    policies: Annotated[
        list[Path], typer.Option("--policies", help="另一套政策的目录；可重复", exists=True)
    ],
    only: Annotated[bool, typer.Option("--only", help="只用这些目录，不以随附政策为底本")] = False,
    region: Annotated[str | None, typer.Option(help="只报告这个参保地")] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="记账日期起")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="记账日期止")
    ] = None,
    most: Annotated[int, typer.Option(help="列出变化最大的若干笔")] = 10,
    data: DataOption = None,
    as_json: JsonOption = False,
    shard: ShardOption = None,
) -> None:
    """重演：按账本次序，用另一套政策重新结算，列出各支付方的差额；不改动账本。"""
    ledger = opened(existing_ledger(data, shard)).ledger
    book = _book(policies, only=only)
    scope = Scope(region, first.date() if first else None, last.date() if last else None)
    settlements = _settlements(ledger)
    _require_sensible(scope, settlements)
    with wide_console().status("正在重演……"):
        found = replay_ledger(settlements, book, scope)
    if as_json:
        typer.echo(json.dumps(_replayed_json(found, most), ensure_ascii=False, indent=2))
    else:
        print_replayed(found, most=most)
    raise typer.Exit(1 if found.refused and not found.stays else 0)


def print_verified(found: Verified) -> None:
    """The verification, for people."""
    target = wide_console()
    target.print(
        f"共 {found.events} 个事件，{found.settlements} 笔结算（其中 {found.reversals} 笔已撤销）"
    )
    if found.fund_books_until is None:
        target.print("[dim]未与基金账核对（此数据目录里没有基金账，或它未能读出）[/]")
    if not found.discrepancies:
        target.print("[bold green]账本与重新计算的结果完全一致[/]（差异 0）")
        return
    target.print(
        f"[bold red]发现 {len(found.discrepancies)} 处不符[/]；"
        f"第一处：{escape(_where(found.discrepancies[0]))}"
    )
    table = Table("住院号", "结算单号", "步骤", "项目", "账本", "重新计算")
    for d in found.discrepancies[:MOST_LISTED]:
        cells = (d.stay, d.settlement, d.step, d.what, d.in_ledger, d.recomputed)
        table.add_row(*(escape(cell) for cell in cells))
    target.print(table)


def print_replayed(found: Replayed, *, most: int) -> None:
    """The replay, for people."""
    target = wide_console()
    if any(s.fictional for s in found.stays):
        target.print("[bold yellow]所用政策为虚构，仅作演示[/]")
    if found.stays:
        target.print(_totals_table(found))
        changed = found.most_changed(most)
        target.print(_changes_table(changed) if changed else "没有任何一笔结算发生变化")
    if found.refused or not found.stays:
        target.print(f"{len(found.stays)} 笔可重演，{len(found.refused)} 笔被拒（不在合计内）")
    for refused in found.refused:
        target.print(f"[yellow]未能重演[/] {refused.settlement.number}：{escape(refused.reason)}")


def _totals_table(found: Replayed) -> Table:
    totals = Table(title=f"重演 {len(found.stays)} 笔结算：各方合计（元）")
    for column in ("支付方", "原结算", "重演", "差额"):
        totals.add_column(column, justify="left" if column == "支付方" else "right")
    for who, (before, after) in found.totals_fen().items():
        totals.add_row(_who(who), format_yuan(before), format_yuan(after), _signed(after - before))
    return totals


def _changes_table(changed: tuple[StayReplayed, ...]) -> Table:
    table = Table(title="变化最大的结算（个人应付，元）")
    for column in ("结算单号", "适用政策", "原个人", "新个人", "差额"):
        table.add_column(column, justify="left" if column in "结算单号适用政策" else "right")
    for stay in changed:
        table.add_row(
            stay.settlement.number,
            escape(stay.policy_label),
            format_yuan(stay.before_fen[PATIENT]),
            format_yuan(stay.after_fen[PATIENT]),
            _signed(stay.patient_change_fen),
        )
    return table


def _where(first: Discrepancy) -> str:
    """The place of a discrepancy in words; outside of stays only the step has a name."""
    stay = f"住院 {first.stay}，" if first.stay else ""
    settlement = f"结算 {first.settlement}，" if first.settlement else ""
    return f"{stay}{settlement}{first.step}"


_NOT_PAYERS = {PATIENT: "个人", CASH: "现金补助（账外）", SURPLUS: "定额结余（账外）"}


def _who(code: str) -> str:
    return _NOT_PAYERS.get(code) or Payer(code).label


def _signed(amount_fen: int) -> str:
    return format_yuan(amount_fen) if amount_fen <= 0 else f"+{format_yuan(amount_fen)}"


def _settlements(ledger: EventLedger) -> list[SettlementRecorded]:
    """The settlements; a ledger that cannot be read is refused."""
    try:
        return settlements_recorded(ledger.events())
    except LedgerIncomplete as incomplete:
        refuse(str(incomplete))
    except EventNotReadable as unreadable:
        refuse(f"账本里有无法读出的事件（{unreadable}）；请先运行 yizhan verify")


def _require_sensible(scope: Scope, settlements: list[SettlementRecorded]) -> None:
    """Refuse what can only be a slip: it must not look like a replay without a difference."""
    if scope.first and scope.last and scope.first > scope.last:
        refuse(f"--from {scope.first} 晚于 --to {scope.last}；请核对")
    regions = sorted({s.inputs.eligibility.enrolment.region for s in settlements})
    if scope.region is not None and scope.region not in regions:
        refuse(f"账本里没有参保地为 {scope.region} 的结算；有：{'、'.join(regions) or '无'}")


def _book(policies: list[Path], *, only: bool) -> PolicyBook:
    """Later directories win: of equal dates the higher version, of equal versions the last."""
    roots = policies if only else [SHIPPED_POLICIES, *policies]
    try:
        return load_book(*roots)
    except PolicyFileFaulty as wrong:
        refuse(str(wrong))


def _verified_json(found: Verified) -> dict[str, Any]:
    return {
        "events": found.events,
        "settlements": found.settlements,
        "reversals": found.reversals,
        "fund_books_until": found.fund_books_until,
        "discrepancies": [vars(d) for d in found.discrepancies],
    }


def _replayed_json(found: Replayed, most: int) -> dict[str, Any]:
    return {
        "settlements": len(found.stays),
        "totals_fen": {
            who: {"before": before, "after": after}
            for who, (before, after) in found.totals_fen().items()
        },
        "most_changed": [
            {
                "settlement_number": s.settlement.number,
                "stay_id": str(s.settlement.stay_id),
                "policy": s.policy_label,
                "before_fen": s.before_fen,
                "after_fen": s.after_fen,
            }
            for s in found.most_changed(most)
        ],
        "refused": [
            {"settlement_number": r.settlement.number, "reason": r.reason} for r in found.refused
        ],
    }
