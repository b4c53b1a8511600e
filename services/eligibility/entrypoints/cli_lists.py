"""`yizhan roster import-list` (导入部门名单): one owner's list, tried or made true."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from contracts.vocabulary import DataOwner
from eligibility.adapters.roster_rejects import rejects_csv
from eligibility.adapters.text_sheets import open_owner_only
from eligibility.application.import_list import ListDecisions, ListReport
from eligibility.domain.owner_list import ListMode, ListOrder, ListOrderInvalid, read_kinds
from eligibility.domain.roster import RejectedRow
from eligibility.entrypoints.cli_running import LOCAL, DataDir, open_eligibility, telling_errors
from eligibility.entrypoints.clock import utc_now

OWNERS = {
    "乡村振兴": DataOwner.POVERTY_OFFICE,
    "扶贫": DataOwner.POVERTY_OFFICE,
    "民政": DataOwner.CIVIL_AFFAIRS,
    "医保": DataOwner.HEALTH_INSURANCE,
    "残联": DataOwner.DISABLED_FEDERATION,
    "卫健": DataOwner.HEALTH,
}
SHOWN_ROWS = 50


def import_list(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX 文件", exists=True, dir_okay=False)],
    *,
    owner: Annotated[str, typer.Option("--owner", help=f"部门：{'、'.join(OWNERS)}")],
    region: Annotated[str, typer.Option("--region", help="名单区划，6 位 (GB/T 2260)")],
    kinds: Annotated[
        list[str] | None,
        typer.Option("--full", help="全量名单负责的事项，如 低保对象；可写多次。不写即变更名单"),
    ] = None,
    absent_until: Annotated[
        datetime | None,
        typer.Option("--absent-until", formats=["%Y-%m-%d"], help="全量名单外的人截止到哪一天"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只比对，不改变任何人")] = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="把错误行连同原因写到这个 CSV，更正后可重发")
    ] = None,
    accept_rejected: Annotated[
        bool, typer.Option("--accept-rejected", help="略过错误行，其余照常生效")
    ] = False,
    confirm_endings: Annotated[
        int | None, typer.Option("--confirm-endings", help="确认截止的人数，须与比对结果一致")
    ] = None,
    data: DataDir = None,
) -> None:
    """导入部门名单：全部有效行在同一时刻生效；同一文件再次导入不改变任何人 (an owner's list)。"""
    with telling_errors(), file.open("rb") as content:
        order = ListOrder(
            owner=owner_named(owner),
            region=region,
            mode=ListMode.FULL if kinds else ListMode.CHANGES,
            kinds=read_kinds(kinds or ()),
            absent_until=absent_until.date() if absent_until else None,
        )
        importing = open_eligibility(data).import_list
        # Opened first: nothing becomes true whose rejected rows cannot be written down.
        taking = _RejectsTaker(_open_rejects(rejects, file) if rejects is not None else None)
        if dry_run:
            report = importing.attempt(content, order, take_rejects=taking, progress=_show)
        else:
            report = importing(
                content,
                order,
                decisions=ListDecisions(
                    accept_rejected_rows=accept_rejected, confirmed_endings=confirm_endings
                ),
                acting=LOCAL,
                at=utc_now(),
                take_rejects=taking,
                progress=_show,
            )
    _print_report(report)
    if dry_run and report.rows.rejected:
        raise typer.Exit(1)


def owner_named(name: str) -> DataOwner:
    """The owner that users name so. Raises `ListOrderInvalid`."""
    if name in OWNERS:
        return OWNERS[name]
    if name in {owner.value for owner in OWNERS.values()}:
        return DataOwner(name)
    message = f"部门须为：{'、'.join(OWNERS)} (owner)"
    raise ListOrderInvalid(message)


def _open_rejects(path: Path, source: Path) -> BinaryIO:
    """The file for the rejected rows. Raises `ListOrderInvalid` if it cannot be written."""
    try:
        if not (path.exists() and path.samefile(source)):
            return open_owner_only(path)
        message = "错误行不能写到名单文件自己；请换一个文件名 (--rejects)"
    except OSError as error:
        message = (
            f"错误行文件无法写入（{error.strerror}），未改变任何人；请核对文件夹与权限 (--rejects)"
        )
    raise ListOrderInvalid(message)


class _RejectsTaker:
    """Shows the first rejected rows and writes all of them down, one by one."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file
        self._count = 0

    def __call__(self, header: tuple[str, ...], rejected: Iterable[RejectedRow]) -> None:
        shown = map(self._show, rejected)
        if self._file is None:
            for _ in shown:
                pass
        else:
            with self._file as file:
                file.writelines(rejects_csv(header, shown))
        if self._count > SHOWN_ROWS:
            typer.echo(f"  …… 另有 {self._count - SHOWN_ROWS} 行错误")

    def _show(self, row: RejectedRow) -> RejectedRow:
        self._count += 1
        if self._count <= SHOWN_ROWS:
            for error in row.errors:
                typer.echo(f"  第 {row.row} 行 {error.column or ''}：{error.message}")
        return row


def _show(step: str, done: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{step} {done}", nl=False, err=True)


def _print_report(report: ListReport) -> None:
    rows, figures = report.rows, report.figures
    typer.echo(f"有效 {rows.accepted} 行，错误 {rows.rejected} 行，不记 {rows.passed_over} 行")
    typer.echo(
        f"新增人员 {figures.persons_new}，更名 {figures.persons_renamed}；"
        f"新增记录 {figures.facts_added}，变更 {figures.facts_changed}，"
        f"截止 {figures.facts_ended}，未变 {figures.facts_unchanged}"
    )
    if figures.persons_before:
        typer.echo(f"原名单 {figures.persons_before} 人，本次缺 {figures.persons_ended} 人")
    if report.endings_withheld:
        typer.echo("有错误行认不出是谁，本次不截止任何缺席的人；更正错误行后重新导入")
    if report.activated is None:
        typer.echo("仅比对，未改变任何人 (dry run)")
    else:
        again = "此文件已导入过，未再改变：" if report.is_repeated else ""
        instant = report.activated.recorded_at.strftime("%Y-%m-%d %H:%M:%SZ")
        typer.echo(f"{again}已于 {instant} 生效")
