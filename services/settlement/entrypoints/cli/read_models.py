"""`yizhan rebuild` and `yizhan follow` (读模型：重建、跟随)."""

from pathlib import Path
from typing import Annotated

import typer

from eventlog.followed_tables import FollowedTables
from eventlog.follower import FollowerStopped
from eventlog.following import rebuild_telling
from eventlog.log import EventNotReadable
from settlement.application.ports import EligibilityUnreachable
from settlement.bootstrap import build_followed
from settlement.entrypoints.cli.ledger_place import ShardOption, existing_place, opened
from settlement.entrypoints.cli.refusing import refuse

Data = Annotated[
    Path | None, typer.Option("--data", help="数据目录，默认 YIZHAN_DATA 或 var", file_okay=False)
]
Host = Annotated[str, typer.Option(help="健康检查与指标的监听地址")]
MetricsPort = Annotated[
    int, typer.Option("--metrics-port", min=0, help="健康检查与指标的端口；0 为不开放")
]

_WHAT = {
    "fund_account": "基金账",
    "settlement_index": "结算索引",
    "stay_list": "住院一览",
    "decision_list": "待审批",
    "revision_list": "更正一览",
    "replica_answers": "副本代答的结算（重建后逐笔再复核）",
    "touched_settlements": "受资格更正影响的结算（须能连上资格服务）",
}


def rebuild(
    read_models: Annotated[
        list[str] | None, typer.Argument(metavar="READ_MODEL...", help="读模型名称；all 为全部")
    ] = None,
    *,
    data: Data = None,
    shard: ShardOption = None,
) -> None:
    """由账本重建读模型；不写名称则列出各读模型与进度。服务与跟随进程可照常运行。"""
    settings = existing_place(data, shard)
    storage = opened(settings)
    known = {each.name: each for each in build_followed(settings, storage)}
    last = storage.ledger.log.last_position()
    if not read_models:
        _list(known, last)
        return
    for name in known if read_models == ["all"] else read_models:
        if name not in known:
            refuse(f"没有读模型 {name}；有：{'、'.join(known)}，或 all")
        _rebuild(known[name], last)


def _list(known: dict[str, FollowedTables], last: int) -> None:
    typer.echo(f"账本至第 {last} 个事件；读模型（名称、内容、已至）：")
    for name, each in known.items():
        typer.echo(f"  {name}  {_WHAT.get(name, '')}  {each.position()}")


def _rebuild(read_model: FollowedTables, last: int) -> None:
    def tell(position: int) -> None:
        typer.echo(f"{read_model.name}：{position} / {last}", err=True)

    try:
        position = rebuild_telling(read_model, tell)
    except (FollowerStopped, EventNotReadable) as stopped:
        refuse(f"{read_model.name} 没有重建完：{stopped}；请先运行 yizhan verify")
    except EligibilityUnreachable as away:
        refuse(f"{read_model.name} 没有重建完：{away}")
    typer.echo(f"已由账本重建 {read_model.name}，至第 {position} 个事件")


def follow(
    *,
    data: Data = None,
    host: Host = "127.0.0.1",
    metrics_port: MetricsPort = 0,
    shard: ShardOption = None,
) -> None:
    """让全部读模型随时跟上账本，直到按 Ctrl-C 或收到 SIGTERM；停住的按名称告警并重试，从不跳过。"""
    from http_edge.follow_worker import run_follow_worker  # noqa: PLC0415 -- of this command alone
    from http_edge.following import following_operations  # noqa: PLC0415 -- likewise
    from http_edge.serving import NotStarted  # noqa: PLC0415 -- likewise

    settings = existing_place(data, shard)
    storage = opened(settings)
    followed = build_followed(settings, storage)
    names = [each.name for each in followed]
    operations = following_operations(
        "settlement", storage.ledger.log, lambda: followed, names, settings.operating
    )
    try:
        run_follow_worker(followed, operations, host=host, port=metrics_port)
    except NotStarted as wrong:
        refuse(str(wrong))
