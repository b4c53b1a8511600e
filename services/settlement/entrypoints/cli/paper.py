"""`yizhan statement` and `yizhan check-statement` (打印、核对结算单)."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.vocabulary import InstitutionId
from eventlog.follower import FollowerStopped
from eventlog.log import EventNotReadable
from settlement.application.check_statement import Checked, check_statement
from settlement.application.find_settlement import SettlementUnknown
from settlement.application.law_library import LawMissing
from settlement.application.ports import EligibilityUnreachable, PersonUnknown
from settlement.application.print_statement import (
    PrintStatement,
    StatementDiffers,
    StatementPrinted,
    print_statement,
)
from settlement.bootstrap import PaperParts, build_papers
from settlement.domain.record import Actor
from settlement.entrypoints import clock
from settlement.entrypoints.checked_words import CHECKED_WORDS
from settlement.entrypoints.cli.ledger_place import existing_ledger
from settlement.entrypoints.cli.refusing import refuse
from settlement.entrypoints.paper.as_pdf import page_as_pdf
from settlement.entrypoints.paper.html_page import html_page
from settlement.entrypoints.paper.page_words import page_of
from settlement.settings import Settings

DataOption = Annotated[
    Path | None, typer.Option("--data", help="数据目录（默认取 YIZHAN_DATA，或 var）")
]


def statement(
    number: Annotated[str, typer.Argument(help="结算单号")],
    operator: Annotated[str, typer.Option("--operator", help="打印人，记入资格服务的查阅记录")],
    acting_for: Annotated[str, typer.Option("--acting-for", help="打印机构编码")],
    pdf: Annotated[Path | None, typer.Option("--pdf", help="写成 PDF 文件")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="写成可打印的网页文件")] = None,
    data: DataOption = None,
) -> None:
    """打印结算单：姓名与脱敏证件打印时向资格服务查询，账本里不保存。"""
    if pdf is None and html is None:
        refuse("请用 --pdf 或 --html 指明写到哪个文件")
    settings = existing_ledger(data)
    by = Actor(operator=operator, institution_id=InstitutionId(acting_for))
    found = _printed(number, by, build_papers(settings), settings)
    page = page_of(found)
    if pdf is not None:
        _write(pdf, page_as_pdf(page, printed_at=found.printed_at))
    if html is not None:
        _write(html, html_page(page).encode())


def check_paper(
    number: Annotated[str, typer.Argument(help="结算单号")],
    code: Annotated[str, typer.Argument(help="结算单上的校验码")],
    data: DataOption = None,
) -> None:
    """核对纸质结算单是否与账本相符；不符或已撤销、已调整时以 1 退出。"""
    parts = build_papers(existing_ledger(data))
    try:
        found = check_statement(number, code, numbers=parts.numbers, ledger=parts.ledger)
    except (EventNotReadable, FollowerStopped) as wrong:
        refuse(f"账本无法读取：{wrong}；请先运行 yizhan verify")
    typer.echo(CHECKED_WORDS[found])
    raise typer.Exit(0 if found is Checked.MATCHES else 1)


def _printed(number: str, by: Actor, parts: PaperParts, settings: Settings) -> StatementPrinted:
    try:
        return print_statement(
            PrintStatement(number=number, by=by, at=clock.now()),
            numbers=parts.numbers,
            ledger=parts.ledger,
            laws=parts.laws,
            people=parts.people,
        )
    except (EligibilityUnreachable, PersonUnknown) as wrong:
        refuse(f"{wrong}（资格服务 {settings.eligibility_url}，可用 YIZHAN_ELIGIBILITY_URL 指定）")
    except (LawMissing, SettlementUnknown, StatementDiffers) as wrong:
        refuse(str(wrong))
    except (EventNotReadable, FollowerStopped) as wrong:
        refuse(f"账本无法读取：{wrong}；请先运行 yizhan verify")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as wrong:
        refuse(f"无法写入 {path}：{wrong.strerror}")
    typer.echo(f"已写入 {path}")
