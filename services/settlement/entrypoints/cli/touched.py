"""`yizhan touched` (受更正影响的结算): what eligibility would answer otherwise now."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from contracts.vocabulary import FactKind, Identity, InstitutionId
from eventlog.follower import FollowerStopped
from eventlog.log import EventNotReadable
from settlement.application.list_touched import ListTouched, Touched, TouchedPage, list_touched
from settlement.application.ports import EligibilityUnreachable, PersonUnknown
from settlement.bootstrap import build_corrections
from settlement.domain.answers_compared import (
    AgeDiffers,
    AnswerDiffers,
    Days,
    EnrolmentDiffers,
    Held,
    IdentityDiffers,
    RecordsDiffer,
)
from settlement.domain.record import Actor, EnrolmentUsed
from settlement.entrypoints import clock
from settlement.entrypoints.cli.ledger_place import settings_on
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.statement_table import wide_console
from settlement.entrypoints.touched_messages import show_touched
from settlement.settings import Settings

_PAGE = 200
_IDENTITIES = {identity.value: identity.label for identity in Identity}


def list_touched_settlements(
    operator: Annotated[str, typer.Option("--operator", help="查阅人，记入资格服务的查阅记录")],
    acting_for: Annotated[str, typer.Option("--acting-for", help="查阅机构编码")],
    institution: Annotated[
        str | None, typer.Option("--institution", help="只看这家机构的结算")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="每笔一行 JSON")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="数据目录（默认取 YIZHAN_DATA，或 var）")
    ] = None,
) -> None:
    """列出受资格更正影响的结算：事后认定、取消或参保变动，原来与现在；不改动任何结算。"""
    settings = settings_on(data)
    by = Actor(operator=operator, institution_id=InstitutionId(acting_for))
    found = 0
    try:
        for page in _pages(settings, by, institution):
            found += len(page.touched)
            _print_json(page) if as_json else _print_table(page)
    except (EligibilityUnreachable, PersonUnknown) as wrong:
        refuse(f"{wrong}（资格服务 {settings.eligibility_url}，可用 YIZHAN_ELIGIBILITY_URL 指定）")
    except (EventNotReadable, FollowerStopped) as wrong:
        refuse(f"账本无法读取：{wrong}；请先运行 yizhan verify")
    if not as_json:
        typer.echo(f"受影响的结算 {found} 笔" if found else "没有结算受资格更正影响")
    raise typer.Exit(1 if found else 0)


def _pages(settings: Settings, by: Actor, institution: str | None) -> Iterator[TouchedPage]:
    parts = build_corrections(settings)
    known_at: datetime = clock.now()
    after, has_more = 0, True
    while has_more:
        page = list_touched(
            ListTouched(
                after=after,
                limit=_PAGE,
                institution_id=InstitutionId(institution) if institution else None,
                known_at=known_at,
                by=by,
            ),
            touched=parts.touched,
            ledger=parts.ledger,
            eligibility=parts.eligibility,
        )
        yield page
        after, has_more = page.next_after, page.has_more


def _print_json(page: TouchedPage) -> None:
    for each in show_touched(page).touched:
        shown: dict[str, Any] = each.model_dump(mode="json")
        typer.echo(json.dumps(shown, ensure_ascii=False))


def _print_table(page: TouchedPage) -> None:
    console = wide_console()
    for each in page.touched:
        stay, inputs = each.stay, each.settlement.inputs
        typer.echo(
            f"结算 {each.settlement.number}  机构 {stay.institution_id}  住院号 "
            f"{stay.hospital_stay_number}  {inputs.admission} 至 {inputs.discharge}"
        )
        for change in each.changes:
            days = _days(Days(change.first_day, change.last_day))
            recorded = clock.business_date(change.recorded_at)
            typer.echo(f"{recorded} 得知：{change.kind.label} {days}")
        console.print(_table(each))


def _table(found: Touched) -> Table:
    table = Table("所问日期", "事项", "结算时", "现在")
    for each in found.differences:
        table.add_row(*(escape(cell) for cell in _row(each)))
    return table


def _row(found: AnswerDiffers) -> tuple[str, str, str, str]:
    match found:
        case IdentityDiffers():
            label = _IDENTITIES.get(found.identity, found.identity)
            return str(found.on), label, _held(found.was), _held(found.now)
        case EnrolmentDiffers():
            now = _enrolment(found.now) if found.now else found.why or "无"
            return str(found.on), FactKind.ENROLMENT.label, _enrolment(found.was), now
        case AgeDiffers():
            return str(found.on), "年龄", _age(found.was), _age(found.now)
        case RecordsDiffer():
            was, now = (" ".join(ids) or "无" for ids in (found.was, found.now))
            return str(found.on), "同一人的其他标识", was, now


def _held(held: Held | None) -> str:
    if held is None:
        return "无"
    after = held.benefits_go_on
    if after is None:
        return _days(held.days)
    return f"{_days(held.days)}，待遇延续{f'至 {after.until}' if after.until else ''}"


def _days(days: Days) -> str:
    return f"{days.first} 至 {days.last}" if days.last else f"{days.first} 起"


def _enrolment(used: EnrolmentUsed) -> str:
    days = _days(Days(used.valid_from, used.valid_to))
    if used.waiting_to:
        days += f"，等待期至 {used.waiting_to}"
    return f"{used.region} {used.scheme.label} {used.plan or ''} {days}"


def _age(years: int | None) -> str:
    return "不详" if years is None else f"{years} 岁"
