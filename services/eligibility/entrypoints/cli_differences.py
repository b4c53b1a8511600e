"""`yizhan roster notice / answers / differences` (交办、反馈、台账): differences to their end."""

from collections import Counter
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contracts.vocabulary import ComparedSubject, DataOwner, DifferenceState
from eligibility.adapters.comparison_xlsx import UNWRITTEN
from eligibility.adapters.notice_xlsx import read_notice, write_notice
from eligibility.adapters.text_sheets import new_owner_only
from eligibility.application.difference_ports import ComparisonOrder, WantedDifferences
from eligibility.application.keep_comparison import KeptComparison
from eligibility.application.ports import ReadBy
from eligibility.application.pursue_differences import AnswersTaken
from eligibility.bootstrap import Eligibility
from eligibility.domain.difference_book import DifferenceBook
from eligibility.domain.difference_notice import NoticeLetter, answer_words
from eligibility.domain.owner_list import ListOrderInvalid
from eligibility.entrypoints.cli_lists import OWNERS, owner_named
from eligibility.entrypoints.cli_running import LOCAL, DataDir, open_eligibility, telling_errors
from eligibility.entrypoints.clock import business_date, utc_now

SHOWN_ERRORS = 50

BookId = Annotated[UUID, typer.Argument(help="台账编号，比对时 --keep 给出")]
ConfirmResolutions = Annotated[
    int | None,
    typer.Option("--confirm-resolutions", min=0, help="销号过多被拒绝时，核实后写明的条数"),
]
To = Annotated[Path, typer.Option("--to", help="写到这个 .xlsx（含姓名和号码，只有本人可读）")]


def keep(
    eligibility: Eligibility,
    order: ComparisonOrder,
    left: Path,
    right: Path,
    *,
    accept_rejected: bool,
    confirmed_resolutions: int | None,
) -> None:
    """Keep a comparison and tell what it did. Raises what `KeepComparison` raises."""
    now = utc_now()
    with left.open("rb") as one, right.open("rb") as other:
        kept = eligibility.keep_comparison(
            order,
            one,
            other,
            accept_rejected_rows=accept_rejected,
            confirmed_resolutions=confirmed_resolutions,
            today=business_date(now),
            acting=LOCAL,
            at=now,
        )
    _print_kept(kept)


def required_region(region: str | None) -> str:
    """The region that keeping needs. Raises `ListOrderInvalid`."""
    if region is None:
        message = "存入台账须写明名单区划 --region (GB/T 2260)"
        raise ListOrderInvalid(message)
    return region


def send_notice(
    book_id: BookId,
    *,
    document_number: Annotated[str, typer.Option("--number", help="文号")],
    issuer: Annotated[str, typer.Option("--issuer", help="发函单位")],
    basis: Annotated[str, typer.Option("--basis", help="依据（文件名称与条款）")],
    reply_by: Annotated[
        datetime, typer.Option("--reply-by", formats=["%Y-%m-%d"], help="哪一天前反馈")
    ],
    to: To,
    township: Annotated[
        str | None, typer.Option("--township", help="交给哪个乡镇（名单上的写法）")
    ] = None,
    to_owner: Annotated[
        str | None, typer.Option("--to-owner", help=f"或交给哪个部门：{'、'.join(OWNERS)}")
    ] = None,
    again: Annotated[
        int | None,
        typer.Option("--again", min=1, help="改交或再交办第几号函上尚未销号的，原函随之作废"),
    ] = None,
    data: DataDir = None,
) -> None:
    """核查交办函：把待交办的差异交给一个乡镇或部门，写成可打印、可填报的表 (formal notice)。"""
    with telling_errors():
        eligibility, now = open_eligibility(data), utc_now()
        letter = NoticeLetter(
            township=township,
            owner=owner_named(to_owner) if to_owner is not None else None,
            document_number=document_number,
            issuer=issuer,
            basis=basis,
            sent_on=business_date(now),
            reply_by=reply_by.date(),
        )
        # Opened before anything is sent: what cannot be written is not recorded as sent.
        with new_owner_only(to) as file:
            notice = eligibility.pursue_differences.send(
                book_id, letter, again=again, acting=LOCAL, at=now
            )
            typer.echo(
                f"已交办{letter.recipient} {len(notice.difference_ids)} 条，"
                f"核查函第 {notice.number} 号；文件如未写成，可用 notice-again 再写"
            )
            _write_notice(eligibility, book_id, notice.number, file)
        _tell_written(to)


def write_notice_again(
    book_id: BookId,
    number: Annotated[int, typer.Argument(help="核查函第几号")],
    *,
    to: To,
    data: DataDir = None,
) -> None:
    """再次写出一份已发的核查交办函，内容相同 (write a sent notice again)。"""
    with telling_errors():
        with new_owner_only(to) as file:
            _write_notice(open_eligibility(data), book_id, number, file)
        _tell_written(to)


def take_answers(
    file: Annotated[Path, typer.Argument(help="填好的核查交办函", exists=True, dir_okay=False)],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不记录")] = False,
    accept_rejected: Annotated[
        bool, typer.Option("--accept-rejected", help="略过错误行，其余照常记录")
    ] = False,
    data: DataDir = None,
) -> None:
    """反馈：读回填好的核查交办函；同一份再读一次不改变什么 (read a filled-in notice)。"""
    with telling_errors(), file.open("rb") as content:
        pursue = open_eligibility(data).pursue_differences
        filled, now = read_notice(content), utc_now()
        tried = pursue.answer(
            filled, accept_rejected_rows=True, acting=LOCAL, at=now, is_trial=True
        )
        _print_errors(tried)
        _print_changes(tried, pursue.book(tried.book_id))
        if not dry_run:
            tried = pursue.answer(
                filled, accept_rejected_rows=accept_rejected, acting=LOCAL, at=now
            )
    typer.echo(
        f"核查函第 {tried.number} 号：{'可记录' if dry_run else '记录'} {tried.recorded} 条，"
        f"未变 {tried.unchanged} 条，未填 {tried.unanswered} 条，"
        f"已销号 {tried.settled} 条，错误 {len(tried.errors)} 处"
    )
    if dry_run and tried.errors:
        raise typer.Exit(1)


def resolve_differences(
    book_id: BookId,
    places: Annotated[list[int], typer.Argument(help="第几条，differences --answers 给出")],
    *,
    data: DataDir = None,
) -> None:
    """人工销号：已反馈的不等下次比对即销号 (close answered differences)。"""
    with telling_errors():
        pursue = open_eligibility(data).pursue_differences
        book = pursue.book(book_id)
        pursue.resolve(book_id, [book.at_place(n) for n in places], acting=LOCAL, at=utc_now())
    typer.echo(f"已销号 {len(places)} 条；以后比对再次发现的，重新打开")


def show_book(
    book_id: BookId,
    *,
    answers: Annotated[
        bool, typer.Option("--answers", help="另列出已反馈的每一条及其结果、说明（姓名号码遮盖）")
    ] = False,
    data: DataDir = None,
) -> None:
    """差异台账：各乡镇待交办、已交办、已反馈、已销号各多少 (the book's counts)。"""
    with telling_errors():
        eligibility = open_eligibility(data)
        book, counts = eligibility.show_differences.book(book_id)
    found: dict[str, Counter[DifferenceState]] = {}
    for each in counts:
        found.setdefault(each.township or UNWRITTEN, Counter())[each.state] += each.count
    table = Table("乡镇", *(state.label for state in DifferenceState))
    table.title = f"{book.region} {book.left.label}与{book.right.label}（{book.subject_words}）"
    for township, of_township in found.items():
        table.add_row(township, *(str(of_township[state] or "") for state in DifferenceState))
    Console().print(table)
    if answers:
        _print_answers(eligibility, book)


def _print_answers(eligibility: Eligibility, book: DifferenceBook) -> None:
    table = Table("第几条", "乡镇", "村", "姓名", "核查结果", "核查说明", title="已反馈")
    wanted, after = WantedDifferences(states=(DifferenceState.ANSWERED,)), 0
    by = ReadBy(utc_now(), "differences", LOCAL)
    while True:
        page = eligibility.show_differences.page(book.id, wanted, after=after, limit=1000, by=by)
        for each in page.rows:
            found, answer = each.booked.found, each.booked.answer
            side = each.people.left or each.people.right
            words = answer_words(answer, left=book.left, right=book.right) if answer else ""
            who = (found.township or "", found.village or "", side.name_masked if side else "")
            table.add_row(str(each.place), *who, words, escape(each.note or ""))
        if page.next_after is None:
            break
        after = page.next_after
    Console().print(table)


def order_of(
    region: str, left: DataOwner, right: DataOwner, subject: ComparedSubject, on: datetime | None
) -> ComparisonOrder:
    """What is compared, today unless said otherwise."""
    day = on.date() if on else business_date(utc_now())
    return ComparisonOrder(region, left, right, subject, day)


def _write_notice(eligibility: Eligibility, book_id: UUID, number: int, file: BinaryIO) -> None:
    by = ReadBy(utc_now(), "difference-notice", LOCAL)
    shown = eligibility.show_differences.notice(book_id, number, by=by)
    write_notice(file, shown)


def _tell_written(to: Path) -> None:
    typer.echo(f"已写到 {to}；含姓名和号码，只有本人可读，发出后请删")


def _print_kept(kept: KeptComparison) -> None:
    figures = kept.comparison.figures
    again = "此次比对已存过，未再改变：" if kept.is_repeated else ""
    typer.echo(
        f"{again}台账 {kept.book_id}：新发现 {figures.found}，重新发现 {figures.reopened}，"
        f"仍未销号 {figures.still_open}，本次销号 {figures.resolved}"
    )
    if figures.resolving_withheld:
        typer.echo("有错误行认不出是谁，本次不销号；更正错误行后重新比对")


def _print_changes(taken: AnswersTaken, book: DifferenceBook) -> None:
    """Which answers take the place of earlier ones: perhaps an older copy came back."""
    words = partial(answer_words, left=book.left, right=book.right)
    for each in taken.changed[:SHOWN_ERRORS]:
        told = f"已有反馈“{words(each.before)}”，此份为“{words(each.now)}”"
        typer.echo(f"  第 {each.row} 行：{told}；如是旧的一份，请改正后重报")
    if len(taken.changed) > SHOWN_ERRORS:
        typer.echo(f"  …… 另有 {len(taken.changed) - SHOWN_ERRORS} 条改动")


def _print_errors(taken: AnswersTaken) -> None:
    for error in taken.errors[:SHOWN_ERRORS]:
        typer.echo(f"  第 {error.row} 行 {error.column or ''}：{error.message}")
    if len(taken.errors) > SHOWN_ERRORS:
        typer.echo(f"  …… 另有 {len(taken.errors) - SHOWN_ERRORS} 处错误")
