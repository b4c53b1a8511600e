"""`yizhan serve`, `yizhan demo` and `yizhan owner-stand-in` (运行、演示、样板服务器)."""

import os
import time
from pathlib import Path
from typing import Annotated

import httpx2 as httpx
import typer
from sqlalchemy.exc import DatabaseError

from contracts.vocabulary import DataOwner
from eligibility.adapters.master_key import MasterKeyUnusable
from eligibility.adapters.owner_sources_file import OwnerSourcesUnusable
from eligibility.adapters.vault_tables import WrongMasterKey
from eligibility.settings import SettingUnusable, people_schema_named
from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log import EventLogMissing, LogBusy
from http_edge.identity.client_register import ClientsUnusable
from http_edge.identity.identity_settings import IdentityUnusable
from http_edge.identity.local_issuer import IssuerKeyUnusable
from http_edge.logs import configure_logs
from http_edge.operating_settings import OperatingSettingUnusable
from http_edge.serving import NotStarted
from http_edge.stopping import stopping_on_signals
from settlement.adapters.policy_files import PolicyFileFaulty
from settlement.adapters.shard_file import ShardsFaulty
from settlement.bootstrap import RegionsReassigned
from settlement.entrypoints.clock import now
from settlement.entrypoints.statement_table import wide_console
from settlement.settings import Settings
from standalone.demo import DemoFailed, load_samples, run_demo
from standalone.demo_owner import OwnerChapterFailed
from standalone.hospital import Refused
from standalone.owner_stand_in import StandInOwner, invented_people, stand_in_app
from standalone.sample_client import say_how_to_get_a_token, show_sample_client
from standalone.serving import running, served
from standalone.shown_commands import CommandFailed
from standalone.signing import signed_as_samples

app = typer.Typer(help="单机运行与演示")

CANNOT_RUN = (
    ClientsUnusable,
    DatabaseAddressInvalid,
    DatabaseError,
    EventLogMissing,
    IdentityUnusable,
    IssuerKeyUnusable,
    LogBusy,
    MasterKeyUnusable,
    NotStarted,
    OperatingSettingUnusable,
    OwnerSourcesUnusable,
    PolicyFileFaulty,
    Refused,
    RegionsReassigned,
    SettingUnusable,
    ShardsFaulty,
    WrongMasterKey,
)
"""What keeps the services from running; each message says what to do."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="结算服务的端口；资格服务用下一个")] = 8000,
    data: Annotated[Path | None, typer.Option(help="数据目录（默认 YIZHAN_DATA 或 var）")] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="导入样例机构与样例名册（均为虚构）")
    ] = False,
) -> None:
    """在一个进程里运行两个服务，直到按 Ctrl-C 或收到 SIGTERM；已受理的请求办完才停。"""
    try:
        settings = Settings.from_environment()
        if samples and settings.identity.issuer is not None:
            message = "用外部签发方时没有样例客户端；去掉 --samples，或不设 YIZHAN_OIDC_ISSUER"
            raise IdentityUnusable(message)
        configure_logs()
        folder = data or settings.data
        with (
            stopping_on_signals() as stopping,
            running(
                data=folder,
                host=host,
                port=port,
                policies=settings.policies,
                drafts=settings.drafts,
                database=None if data else settings.database,
                schema=settings.schema,
                people_schema=people_schema_named(os.environ),
            ) as addresses,
        ):
            if samples:
                tokens = signed_as_samples(folder)
                with httpx.Client(timeout=30, auth=tokens) as client:
                    load_samples(addresses, client, wide_console())
            wide_console().print(
                f"结算服务 {addresses.settlement}（接口文档 {addresses.settlement}/docs）"
            )
            wide_console().print(
                f"资格服务 {addresses.eligibility}（接口文档 {addresses.eligibility}/docs）"
            )
            say_how_to_get_a_token(settings.identity, wide_console(), data=data)
            if samples:
                show_sample_client(addresses, folder, wide_console())
            wide_console().print("按 Ctrl-C 停止")
            stopping.wait()
            wide_console().print("正在停止：办完已受理的请求……")
        wide_console().print("已停止")
    except CANNOT_RUN as wrong:
        wide_console().print(f"[red]{wrong}[/]")
        raise typer.Exit(1) from wrong


@app.command("owner-stand-in")
def owner_stand_in(
    owner: Annotated[DataOwner, typer.Option(help="扮演哪个部门")] = DataOwner.CIVIL_AFFAIRS,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口；0 为任一空闲端口")] = 8010,
    token: Annotated[
        str, typer.Option(envvar="YIZHAN_OWNER_TOKEN_STAND_IN", help="调用方须带的令牌")
    ] = "stand-in-token",  # noqa: S107 -- of the stand-in alone
) -> None:
    """运行样板部门服务器（人员均为虚构），直到按 Ctrl-C；怎样接：docs/owner-connectors.md。"""
    office = StandInOwner(owner, clock=now)
    for told in invented_people():
        office.tell(told)
    try:
        with served(stand_in_app(office, token=token), host=host, port=port) as url:
            typer.echo(f"样板服务器 {url}（接口文档 {url}/docs），扮演{owner.label}")
            typer.echo("POST /stand-in/mode/slow|down|garbage|answering 切换；按 Ctrl-C 停止")
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        typer.echo("已停止")
    except NotStarted as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(1) from wrong


@app.command()
def demo() -> None:
    """用公布的真实账单走一遍：结算、历史、撤销、重演、验账、对账；一分钟之内。"""
    try:
        run_demo(wide_console())
    except (*CANNOT_RUN, DemoFailed, OwnerChapterFailed, CommandFailed) as wrong:
        wide_console().print(f"[bold red]演示没有成功：{wrong}[/]")
        raise typer.Exit(1) from wrong
