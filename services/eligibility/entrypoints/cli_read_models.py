"""`yizhan eligibility rebuild` and `… follow` (读模型：重建、跟随)."""

from typing import Annotated

import typer

from eligibility.bootstrap import Eligibility
from eligibility.entrypoints.cli_running import DataDir, open_eligibility, telling_errors
from eligibility.read_models.list_members import LIST_MEMBERS
from eligibility.read_models.placed_people import PLACED_PEOPLE
from eventlog.follower import FollowerStopped
from eventlog.following import rebuild_telling
from eventlog.log import EventNotReadable

DIFFERENCE_ROWS = "difference_rows"
_WHAT = {
    LIST_MEMBERS: "名单成员",
    PLACED_PEOPLE: "曾登记的成员",
    DIFFERENCE_ROWS: "比对台账的明细（各台账下次查询时重建）",
}

read_models_app = typer.Typer(
    no_args_is_help=True, help="资格服务：运行、读模型 (serving, read models)"
)


@read_models_app.command()
def rebuild(
    read_models: Annotated[
        list[str] | None, typer.Argument(metavar="READ_MODEL...", help="读模型名称；all 为全部")
    ] = None,
    *,
    data: DataDir = None,
) -> None:
    """由事件重建读模型；不写名称则列出。服务与跟随进程可照常运行 (rebuild read models)。"""
    with telling_errors():
        eligibility = open_eligibility(data)
        if not read_models:
            for name, what in _WHAT.items():
                typer.echo(f"  {name}  {what}")
            return
        for name in _WHAT if read_models == ["all"] else read_models:
            _rebuild(eligibility, name)


def _rebuild(eligibility: Eligibility, name: str) -> None:
    if name == DIFFERENCE_ROWS:
        eligibility.forget_difference_rows()
        typer.echo(f"已清空 {name}，各台账下次查询时由事件重建")
        return
    followed = {each.name: each for each in eligibility.followed()}
    if name not in followed:
        typer.echo(f"没有读模型 {name}；有：{'、'.join(_WHAT)}，或 all", err=True)
        raise typer.Exit(2)
    last = eligibility.log.last_position()
    try:
        position = rebuild_telling(
            followed[name], lambda at: typer.echo(f"{name}：{at} / {last}", err=True)
        )
    except (FollowerStopped, EventNotReadable) as stopped:
        typer.echo(f"{name} 没有重建完：{stopped}；处置见 docs/runbook.md", err=True)
        raise typer.Exit(2) from stopped
    typer.echo(f"已由事件重建 {name}，至第 {position} 个事件")


@read_models_app.command()
def follow(
    *,
    data: DataDir = None,
    host: Annotated[str, typer.Option(help="健康检查与指标的监听地址")] = "127.0.0.1",
    metrics_port: Annotated[
        int, typer.Option("--metrics-port", min=0, help="健康检查与指标的端口；0 为不开放")
    ] = 0,
) -> None:
    """让读模型随时跟上事件，直到按 Ctrl-C 或收到 SIGTERM；停住的按名称告警并重试，从不跳过。"""
    from http_edge.follow_worker import run_follow_worker  # noqa: PLC0415 -- of this command alone
    from http_edge.following import following_operations  # noqa: PLC0415 -- likewise
    from http_edge.serving import NotStarted  # noqa: PLC0415 -- likewise

    with telling_errors():
        eligibility = open_eligibility(data)
    operations = following_operations(
        "eligibility",
        eligibility.log,
        eligibility.followed,
        (LIST_MEMBERS, PLACED_PEOPLE),
        eligibility.operating,
    )
    try:
        run_follow_worker(eligibility.followed(), operations, host=host, port=metrics_port)
    except NotStarted as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(1) from wrong
