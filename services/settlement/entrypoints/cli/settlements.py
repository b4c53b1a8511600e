"""`yizhan settlements` (查找结算): by what people have in hand, as a table or a file."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from contracts.vocabulary import InstitutionId, Payer, PersonId
from eventlog.follower import FollowerStopped
from settlement.adapters.spreadsheets import Cell, csv_pieces, write_xlsx
from settlement.application.find_settlements import (
    FoundSettlement,
    SettlementIndex,
    SettlementStatus,
    Wanted,
    every_settlement,
)
from settlement.entrypoints.cli.fund_tables import plain_row, plain_table
from settlement.entrypoints.cli.ledger_place import existing_ledger, opened
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.found_translating import (
    SHEET_TITLE,
    found_cells,
    found_headings,
    payer_name,
    show_found,
)
from settlement.entrypoints.statement_table import wide_console
from settlement.law.exact import format_yuan
from settlement.read_models.settlement_index import SqlSettlementIndex

Csv = Annotated[
    Path | None, typer.Option("--csv", help="写成 CSV 文件，金额以元为单位", dir_okay=False)
]
Xlsx = Annotated[Path | None, typer.Option("--xlsx", help="写成 Excel 文件", dir_okay=False)]
Data = Annotated[
    Path | None, typer.Option("--data", help="数据目录，默认 YIZHAN_DATA 或 var", file_okay=False)
]


def find(
    *,
    number: Annotated[str | None, typer.Option("--number", help="结算单号")] = None,
    stay_number: Annotated[str | None, typer.Option("--stay-number", help="住院号")] = None,
    invoice: Annotated[str | None, typer.Option("--invoice", help="发票号")] = None,
    person: Annotated[str | None, typer.Option("--person", help="人员标识")] = None,
    institution: Annotated[str | None, typer.Option("--institution", help="机构编码")] = None,
    booked_from: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="记账日期起（含）")
    ] = None,
    booked_to: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="记账日期止（含）")
    ] = None,
    payer: Annotated[Payer | None, typer.Option("--payer", help="有支付金额的支付方")] = None,
    status: Annotated[
        SettlementStatus | None,
        typer.Option("--status", help="settled 已结算、reversed 已撤销"),
    ] = None,
    used_assumed: Annotated[
        bool | None,
        typer.Option("--assumed/--not-assumed", help="只看用到、或没有用到暂定参数的"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="表格至多列多少笔")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="每笔一行 JSON，金额为整数分")] = False,
    to_csv: Csv = None,
    to_xlsx: Xlsx = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="先由账本重建索引")] = False,
    data: Data = None,
) -> None:
    """查找结算：默认列表，或写成 CSV、Excel 文件（全部列出，不受 --limit 限制）。"""
    wanted = Wanted(
        number=number,
        hospital_stay_number=stay_number,
        invoice_number=invoice,
        person_ids=(PersonId(person),) if person else None,
        institution_id=InstitutionId(institution) if institution else None,
        booked_from=booked_from.date() if booked_from else None,
        booked_to=booked_to.date() if booked_to else None,
        payer=payer.value if payer else None,
        status=status,
        used_assumed=used_assumed,
    )
    index = _index(data)
    try:
        reached = index.rebuild() if rebuild else index.catch_up()
        wanted = replace(wanted, until=reached)
        if to_csv or to_xlsx:
            _write_files(wanted, index, to_csv, to_xlsx)
        elif as_json:
            for each in every_settlement(wanted, index=index):
                typer.echo(show_found(each).model_dump_json())
        else:
            print_settlements(every_settlement(wanted, index=index), limit)
    except FollowerStopped as wrong:
        refuse(f"账本无法读取：{wrong}；请先运行 yizhan verify")


def write_table(
    title: str,
    headings: Sequence[str],
    rows: Iterator[Sequence[Cell]],
    *,
    to_csv: Path | None,
    to_xlsx: Path | None,
) -> None:
    """Write a table to the one file that was named, and say so."""
    if to_csv and to_xlsx:
        refuse("--csv 与 --xlsx 一次只能写一种；请分两次运行")
    if to_csv:
        with to_csv.open("wb") as file:
            file.writelines(csv_pieces(headings, rows))
    if to_xlsx:
        with to_xlsx.open("wb") as file:
            write_xlsx(file, title, headings, rows)
    typer.echo(f"已写入 {to_csv or to_xlsx}")


def write_settlements(
    settlements: Sequence[FoundSettlement], *, to_csv: Path | None, to_xlsx: Path | None
) -> None:
    """Write a few settlements to the one file that was named."""
    payers = sorted({s.payer for each in settlements for s in each.shares if s.amount_fen})
    rows = (list(found_cells(each, payers)) for each in settlements)
    write_table(SHEET_TITLE, found_headings(payers), rows, to_csv=to_csv, to_xlsx=to_xlsx)


def _index(data: Path | None) -> SqlSettlementIndex:
    return opened(existing_ledger(data)).followed(SqlSettlementIndex)


def _write_files(
    wanted: Wanted, index: SettlementIndex, to_csv: Path | None, to_xlsx: Path | None
) -> None:
    payers = index.payers(wanted)
    rows = (list(found_cells(each, payers)) for each in every_settlement(wanted, index=index))
    write_table(SHEET_TITLE, found_headings(payers), rows, to_csv=to_csv, to_xlsx=to_xlsx)


def print_settlements(settlements: Iterator[FoundSettlement], limit: int) -> None:
    """The first of them as a table, and whether there are more."""
    shown = list(islice(settlements, limit))
    if not shown:
        typer.echo("没有符合条件的结算")
        return
    table = plain_table(
        "结算（元）",
        "结算单号",
        "住院号",
        "机构",
        "人员标识",
        "住院日期",
        "记账日期",
        "状态",
        "各方支付",
        amounts=("总费用", "个人负担"),
    )
    for each in shown:
        plain_row(table, *_cells(each))
    out = wide_console()
    out.print(table)
    if any(each.used_assumed for each in shown):
        out.print("* 用到暂定参数", style="dim")
    if next(settlements, None) is not None:
        out.print(
            Text(f"只列出前 {limit} 笔；请缩小条件，或以 --limit、--csv、--xlsx 取得全部"),
            style="yellow",
        )


def _cells(found: FoundSettlement) -> Iterator[str]:
    yield found.number + (" *" if found.used_assumed else "")
    yield found.hospital_stay_number
    yield found.institution_id
    yield found.person_id
    yield f"{found.admission} 至 {found.discharge}"
    yield found.booked_on.isoformat()
    yield found.status.label + (f" {found.reversed_on}" if found.reversed_on else "")
    yield "\n".join(
        f"{payer_name(share.payer)} {format_yuan(share.amount_fen)}"
        for share in found.shares
        if share.amount_fen
    )
    yield format_yuan(found.total_fen)
    yield format_yuan(found.patient_fen)
