"""`yizhan settlement-serve` (运行结算服务): settlement alone, with several worker processes."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from http_edge.operating_settings import MOST_WORKERS
from settlement.entrypoints.cli.ledger_place import settings_of_service
from settlement.entrypoints.cli.refusing import refuse
from settlement.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve_settlement(
    *,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, help="端口；0 为任一空闲端口")] = 8000,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_WORKERS,
            envvar="YIZHAN_WORKERS",
            help="工作进程数，一般与处理器核数相同",
        ),
    ] = 1,
    data: Annotated[
        Path | None, typer.Option("--data", help="数据目录（默认取 YIZHAN_DATA，或 var）")
    ] = None,
) -> None:
    """单独运行结算服务，直到按 Ctrl-C 或收到 SIGTERM；资格服务在 YIZHAN_ELIGIBILITY_URL。"""
    # What a server takes to read is not read by every other command.
    from eventlog.log import EventLogMissing, LogBusy  # noqa: PLC0415 -- see above
    from http_edge.identity.client_register import ClientsUnusable  # noqa: PLC0415 -- see above
    from http_edge.identity.identity_settings import IdentityUnusable  # noqa: PLC0415 -- see above
    from http_edge.identity.local_issuer import IssuerKeyUnusable  # noqa: PLC0415 -- see above
    from http_edge.serving import NotStarted  # noqa: PLC0415 -- see above
    from http_edge.workers import serve  # noqa: PLC0415 -- see above
    from settlement.adapters.policy_files import PolicyFileFaulty  # noqa: PLC0415 -- see above
    from settlement.adapters.shard_file import ShardsFaulty  # noqa: PLC0415 -- see above
    from settlement.bootstrap import RegionsReassigned  # noqa: PLC0415 -- see above

    told = (
        ClientsUnusable,
        EventLogMissing,
        IdentityUnusable,
        IssuerKeyUnusable,
        LogBusy,
        PolicyFileFaulty,
        RegionsReassigned,
        ShardsFaulty,
    )
    settings = settings_of_service(data)
    try:
        serve(
            partial(build_app, settings),
            host=host,
            port=port,
            workers=workers,
            told_errors=told,
            when_serving=lambda url: typer.echo(f"结算服务 {url}（接口文档 {url}/docs）"),
        )
    except (*told, NotStarted) as wrong:
        refuse(str(wrong))


def build_app(settings: Settings) -> "FastAPI":
    """The application in the process that serves it. Raises ShardsFaulty, and what
    `build_settlement` raises."""
    from settlement.entrypoints.clock import now  # noqa: PLC0415 -- of this command alone
    from settlement.entrypoints.http.settlement_app import (  # noqa: PLC0415 -- likewise
        build_settlement,
    )
    from settlement.entrypoints.shards import read_ledgers  # noqa: PLC0415 -- likewise

    if not settings.database:
        settings.data.mkdir(parents=True, exist_ok=True)
    return build_settlement(settings, now, ledgers=read_ledgers(settings))
