"""`yizhan owner …` (部门联机): follow an office's changes, see how far, check its server."""

import time
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from contracts.vocabulary import NoAnswerReason
from eligibility.adapters.owner_check import check_owner
from eligibility.application.follow_owner import Pulled
from eligibility.application.owner_knowledge import FeedStatus
from eligibility.application.owner_ports import FeedContact, NoAnswer, source_named
from eligibility.bootstrap import Eligibility
from eligibility.domain.owner_feed import SetAside
from eligibility.entrypoints.cli_running import DataDir, open_eligibility, telling_errors
from eligibility.entrypoints.clock import utc_now
from eventlog.log import LogBusy, VersionConflict

owner = typer.Typer(no_args_is_help=True, help="部门联机：接收变更、核对接口 (owners on-line)")

LONGEST_WAIT_SECONDS: Final = 300
_NARROWEST_TABLE: Final = 110

Name = Annotated[str, typer.Argument(help="连接名称，见 YIZHAN_OWNERS 文件")]


@owner.command("follow")
def follow(
    name: Name,
    *,
    once: Annotated[bool, typer.Option("--once", help="收完现有的变更即止")] = False,
    every: Annotated[
        float, typer.Option("--every", min=0.1, help="没有新变更时，隔多少秒再问")
    ] = 10.0,
    data: DataDir = None,
) -> None:
    """接收一个部门的变更，直到按 Ctrl-C；随时可中断，再运行时从断处接着收 (follow changes)。"""
    with telling_errors():
        eligibility = open_eligibility(data)
        source_named(eligibility.owner_sources, name)
        if once:
            while _pull(eligibility, name).has_more:
                pass
            return
        _follow_for_ever(eligibility, name, every)


@owner.command("status")
def status(data: DataDir = None) -> None:
    """各部门接收到哪里、落后多少、最近联系、搁置了哪些变更 (cursor, lag, set aside)。"""
    with telling_errors():
        feeds = open_eligibility(data).owner_knowledge.of_feeds()
    console = Console()
    console.width = max(console.width, _NARROWEST_TABLE)
    table = Table("连接", "部门", "游标", "落后", "最近联系", "搁置")
    for feed in feeds:
        table.add_row(*_status_row(feed, utc_now()))
    console.print(table)
    for feed in feeds:
        for each in feed.set_aside:
            typer.echo(_set_aside_line(feed.connector.name, each))


@owner.command("check")
def check(name: Name, data: DataDir = None) -> None:
    """核对一个部门的服务器是否按契约应答；只问不改 (does the server speak the contract?)。"""
    with telling_errors():
        source = source_named(open_eligibility(data).owner_sources, name)
    checked = check_owner(source)
    for each in checked:
        told = "符合" if each.wrong is None else f"不符合：{each.wrong}"
        typer.echo(f"{'✓' if each.wrong is None else '✗'} {each.what}：{told}")
    if any(each.wrong is not None for each in checked):
        typer.echo("请对照 docs/owner-connectors.md 改正后再核对")
        raise typer.Exit(1)


@owner.command("retry")
def retry(name: Name, data: DataDir = None) -> None:
    """把搁置的变更按位置再取一次；看懂的记下，看不懂的继续搁置 (read set-aside changes again)。"""
    with telling_errors():
        eligibility = open_eligibility(data)
        source_named(eligibility.owner_sources, name)
        feeds = eligibility.owner_knowledge.of_feeds()
        waiting = next(each for each in feeds if each.connector.name == name).set_aside
        still = [
            left
            for each in waiting
            if (left := eligibility.follow_owner.retry(name, each.position, at=utc_now()))
        ]
    typer.echo(f"搁置 {len(waiting)} 条，已记下 {len(waiting) - len(still)} 条")
    for each in still:
        typer.echo(_set_aside_line(name, each))
    if still:
        raise typer.Exit(1)


def _follow_for_ever(eligibility: Eligibility, name: str, every: float) -> None:
    failures = 0
    try:
        while True:
            more, failures = _pull_or_tell(eligibility, name, failures)
            if not more:
                time.sleep(min(every * 2**failures, LONGEST_WAIT_SECONDS))
    except KeyboardInterrupt:
        typer.echo("已停止；再次运行即从断处接着收 (stopped)")


def _pull_or_tell(eligibility: Eligibility, name: str, failures: int) -> tuple[bool, int]:
    """Whether there is more at once, and how many times in a row there was no answer."""
    try:
        return _pull(eligibility, name).has_more, 0
    except NoAnswer as silent:
        typer.echo(f"{_text(utc_now())} 没有应答：{silent}；稍后再试", err=True)
    except (LogBusy, VersionConflict):
        # Somebody else was quicker, and nothing was stored: the same page again.
        typer.echo(f"{_text(utc_now())} 数据刚被他人更新，再读一次", err=True)
        return False, 0
    # Doubled some eight times the pause is at its longest.
    return False, min(failures + 1, 8)


def _pull(eligibility: Eligibility, name: str) -> Pulled:
    pulled = eligibility.follow_owner.pull(name, at=utc_now())
    if pulled.changes:
        typer.echo(
            f"收到 {pulled.changes} 条至位置 {pulled.cursor}：新增人员 {pulled.persons_new}，"
            f"记录 {pulled.counts.stated}，撤回 {pulled.counts.withdrawn}，"
            f"搁置 {len(pulled.set_aside)}"
        )
    for each in pulled.set_aside:
        typer.echo(_set_aside_line(name, each))
    return pulled


def _status_row(feed: FeedStatus, now: datetime) -> tuple[str, ...]:
    return (
        feed.connector.name,
        feed.connector.owner.label,
        str(feed.cursor),
        "未知" if feed.lag is None else str(feed.lag),
        _contact_text(feed.contact, now),
        str(len(feed.set_aside)),
    )


def _contact_text(contact: FeedContact | None, now: datetime) -> str:
    if contact is None:
        return "从未"
    age = max(0, int((now - contact.at).total_seconds()))
    told = "有应答" if contact.no_answer is None else _reason_text(contact.no_answer)
    return f"{_text(contact.at)}（{age} 秒前）{told}"


def _reason_text(reason: NoAnswerReason) -> str:
    return f"没有应答：{reason.label}"


def _set_aside_line(name: str, each: SetAside) -> str:
    return (
        f"  搁置：{name} 位置 {each.position}，{each.reason.label}；"
        f"请对方核对，改正后运行 yizhan owner retry {name}"
    )


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%SZ")
