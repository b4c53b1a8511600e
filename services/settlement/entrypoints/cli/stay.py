"""`yizhan stay history` (住院时间线): everything that happened to a stay, in order."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from contracts.settlement_v1 import EventShown
from contracts.vocabulary import InstitutionId
from eventlog.log import EventNotReadable
from settlement.application.find_stay import StayUnknown, own_stay
from settlement.domain.record import Actor
from settlement.domain.stay import stay_id_of
from settlement.entrypoints.cli.ledger_place import existing_ledger, opened
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.clock import SHANGHAI
from settlement.entrypoints.statement_table import wide_console
from settlement.entrypoints.stay_history import show_event

stay_app = typer.Typer(help="住院：从入院到结算发生过的一切。", no_args_is_help=True)


@stay_app.command()
def history(
    hospital_stay_number: Annotated[str, typer.Argument(help="住院号")],
    acting_for: Annotated[str, typer.Option("--acting-for", help="机构编码：只看本机构的住院")],
    part: Annotated[int, typer.Option("--part", min=1, help="第几段（中途结算过的住院）")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="每个事件一行 JSON，金额为整数分")
    ] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="数据目录（默认取 YIZHAN_DATA，或 var）")
    ] = None,
) -> None:
    """住院时间线：何时、何人、发生了什么，金额俱全；不改动账本。"""
    ledger = opened(existing_ledger(data)).ledger
    institution = InstitutionId(acting_for)
    stay_id = stay_id_of(institution, hospital_stay_number, part)
    try:
        own_stay(ledger, stay_id, Actor(operator="", institution_id=institution))
        events = [show_event(event) for event in ledger.history(stay_id)]
    except StayUnknown:
        which = f"{hospital_stay_number} 第 {part} 段" if part > 1 else hospital_stay_number
        refuse(f"机构 {acting_for} 没有住院 {which}；请核对住院号与机构编码")
    except EventNotReadable as wrong:
        refuse(f"账本无法读取：{wrong}；请先运行 yizhan verify")
    if as_json:
        for event in events:
            typer.echo(event.model_dump_json())
        return
    wide_console().print(_table(events))


def _table(events: list[EventShown]) -> Table:
    table = Table("时间（北京）", "经办", "事项")
    for event in events:
        at = event.recorded_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(at, escape(event.operator or ""), escape(event.happened))
    return table
