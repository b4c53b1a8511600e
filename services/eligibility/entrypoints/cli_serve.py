"""`yizhan eligibility serve` (运行资格服务): eligibility alone, with several worker processes."""

import os
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from eligibility.entrypoints.cli_running import TOLD_ERRORS, DataDir, telling_errors
from eligibility.settings import Settings, read_settings
from http_edge.operating_settings import MOST_WORKERS

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve_eligibility(
    *,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, help="端口；0 为任一空闲端口")] = 8001,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_WORKERS,
            envvar="YIZHAN_WORKERS",
            help="工作进程数，一般与处理器核数相同",
        ),
    ] = 1,
    data: DataDir = None,
) -> None:
    """单独运行资格服务，直到按 Ctrl-C 或收到 SIGTERM；已受理的请求办完才停。"""
    # What a server takes to read is not read by every other command.
    from http_edge.serving import NotStarted  # noqa: PLC0415 -- see above
    from http_edge.workers import serve  # noqa: PLC0415 -- see above

    with telling_errors():
        settings = read_settings(os.environ, data_dir=data)
        try:
            serve(
                partial(build_app, settings),
                host=host,
                port=port,
                workers=workers,
                told_errors=TOLD_ERRORS,
                when_serving=lambda url: typer.echo(f"资格服务 {url}（接口文档 {url}/docs）"),
            )
        except NotStarted as wrong:
            typer.echo(str(wrong), err=True)
            raise typer.Exit(1) from wrong


def build_app(settings: Settings) -> "FastAPI":
    """The application in the process that serves it. Raises what `bootstrap.build` raises."""
    from eligibility.entrypoints.http.app import (  # noqa: PLC0415 -- of this command alone
        build_app as build,
    )

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return build(settings)
