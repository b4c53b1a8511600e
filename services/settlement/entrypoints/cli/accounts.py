"""`yizhan account` (一户一档): of a person, household, village or township."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer

from contracts.vocabulary import DataOwner, InstitutionId, PersonId
from eventlog.follower import FollowerStopped
from settlement.application.find_settlements import OthersSettlements
from settlement.application.ports import EligibilityUnreachable, PersonUnknown
from settlement.application.sum_accounts import (
    AskAccount,
    Group,
    GroupAccount,
    GroupKind,
    PersonAccount,
    Sums,
    group_account,
    person_account,
)
from settlement.bootstrap import build_corrections, build_members
from settlement.domain.record import Actor
from settlement.entrypoints import clock
from settlement.entrypoints.account_translating import (
    ACCOUNT_TITLE,
    KIND_LABELS,
    account_headings,
    account_rows,
    show_group_account,
    show_person_account,
)
from settlement.entrypoints.cli.fund_tables import plain_row, plain_table
from settlement.entrypoints.cli.ledger_place import existing_ledger, opened
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.cli.settlements import (
    Csv,
    Data,
    Xlsx,
    print_settlements,
    write_settlements,
    write_table,
)
from settlement.entrypoints.found_translating import payer_name
from settlement.entrypoints.statement_table import wide_console
from settlement.law.exact import format_yuan
from settlement.read_models.settlement_index import SqlSettlementIndex
from settlement.settings import Settings


def account(
    operator: Annotated[str, typer.Option("--operator", help="查阅人，记入资格服务的查阅记录")],
    acting_for: Annotated[
        str, typer.Option("--acting-for", help="查阅机构编码；医疗机构只见本机构的结算")
    ],
    *,
    person: Annotated[str | None, typer.Option("--person", help="人员标识")] = None,
    household: Annotated[str | None, typer.Option("--household", help="户编号")] = None,
    register_owner: Annotated[
        DataOwner, typer.Option("--register-owner", help="户编号所属登记部门")
    ] = DataOwner.POVERTY_OFFICE,
    village: Annotated[str | None, typer.Option("--village", help="村（社区）代码，12 位")] = None,
    township: Annotated[
        str | None, typer.Option("--township", help="乡镇（街道）代码，9 位")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="只看在这一年开始的待遇年度")] = None,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="按哪一天的成员，默认今天"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，金额为整数分")] = False,
    to_csv: Csv = None,
    to_xlsx: Xlsx = None,
    data: Data = None,
) -> None:
    """一户一档：个人（各标识合并）、户、村、乡镇的费用、各方支付与个人负担；不含姓名。"""
    codes = (person, household, village, township)
    if sum(code is not None for code in codes) != 1:
        refuse("请在 --person、--household、--village、--township 中指定一项")
    settings = existing_ledger(data)
    at = clock.now()
    asked = AskAccount(
        by=Actor(operator=operator, institution_id=InstitutionId(acting_for)),
        at=at,
        on=on.date() if on else clock.business_date(at),
        year=year,
    )
    with _refusing(settings):
        if person is not None:
            found = _of_person(settings, PersonId(person), asked)
            if to_csv or to_xlsx:
                write_settlements(found.settlements, to_csv=to_csv, to_xlsx=to_xlsx)
            elif as_json:
                typer.echo(show_person_account(found).model_dump_json(indent=2))
            else:
                _print_person(found)
            return
        group = _group(household, register_owner, village, township)
        sums = _of_group(settings, group, asked)
        if to_csv or to_xlsx:
            headings = account_headings(list(sums.total.payers_fen))
            write_table(ACCOUNT_TITLE, headings, account_rows(sums), to_csv=to_csv, to_xlsx=to_xlsx)
        elif as_json:
            typer.echo(show_group_account(group, asked, sums).model_dump_json(indent=2))
        else:
            _print_group(group, asked, sums)


@contextmanager
def _refusing(settings: Settings) -> Iterator[None]:
    try:
        yield
    except (EligibilityUnreachable, PersonUnknown) as wrong:
        refuse(f"{wrong}（资格服务 {settings.eligibility_url}，可用 YIZHAN_ELIGIBILITY_URL 指定）")
    except OthersSettlements as wrong:
        refuse(str(wrong))
    except FollowerStopped as wrong:
        refuse(f"账本无法读取：{wrong}；请先运行 yizhan verify")


def _of_person(settings: Settings, person_id: PersonId, asked: AskAccount) -> PersonAccount:
    parts = build_corrections(settings)
    return person_account(
        person_id,
        asked,
        ledger=parts.ledger,
        eligibility=parts.eligibility,
        index=parts.storage.followed(SqlSettlementIndex),
    )


def _of_group(settings: Settings, group: Group, asked: AskAccount) -> GroupAccount:
    storage = opened(settings)
    return group_account(
        group,
        asked,
        ledger=storage.ledger,
        members=build_members(settings),
        index=storage.followed(SqlSettlementIndex),
    )


def _group(
    household: str | None, register_owner: DataOwner, village: str | None, township: str | None
) -> Group:
    if household is not None:
        return Group(GroupKind.HOUSEHOLD, household, register_owner.value)
    if village is not None:
        return Group(GroupKind.VILLAGE, village)
    return Group(GroupKind.TOWNSHIP, township or "")


def _print_person(found: PersonAccount) -> None:
    typer.echo(f"人员 {found.person_id}" + _also(found))
    print_settlements(iter(found.settlements), limit=len(found.settlements) or 1)
    if not found.settlements:
        return
    table = plain_table(
        "按待遇年度（元）", "待遇年度起始", "笔数", "各方支付", amounts=("总费用", "个人负担")
    )
    for day, sums in found.years:
        plain_row(table, str(day or "不详"), *_cells(sums))
    plain_row(table, "合计", *_cells(found.total), style="bold")
    wide_console().print(table)


def _also(found: PersonAccount) -> str:
    others = [each for each in found.records if each != found.person_id]
    return f"（同一人的其他标识 {' '.join(others)}）" if others else ""


def _print_group(group: Group, asked: AskAccount, found: GroupAccount) -> None:
    year = f"，{asked.year} 年开始的待遇年度" if asked.year else ""
    title = f"{KIND_LABELS[group.kind]} {group.code}，{asked.on} 的成员 {found.members} 人{year}"
    table = plain_table(
        f"{title}（元）", "人员标识", "笔数", "各方支付", amounts=("总费用", "个人负担")
    )
    for each in found.people:
        plain_row(table, each.person_id, *_cells(each.sums))
    plain_row(table, "合计", *_cells(found.total), style="bold")
    wide_console().print(table)


def _cells(sums: Sums) -> tuple[str, str, str, str]:
    paid = (f"{payer_name(payer)} {format_yuan(fen)}" for payer, fen in sums.payers_fen.items())
    total, patient = format_yuan(sums.total_fen), format_yuan(sums.patient_fen)
    return str(sums.settlements), "\n".join(paid), total, patient
