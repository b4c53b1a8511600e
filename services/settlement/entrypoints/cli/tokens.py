"""`yizhan token` and `yizhan clients …` (令牌、客户端): who may call, with the local issuer."""

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from http_edge.acting import LONGEST_OPERATOR_CHARACTERS
from http_edge.identity.caller import is_institution
from http_edge.identity.client_register import (
    CLIENTS_FILE,
    ClientExists,
    ClientRegister,
    ClientsUnusable,
    ClientUnknown,
)
from http_edge.identity.local_issuer import IssuerKeyUnusable, open_local_issuer
from http_edge.identity.roles import EVERY_INSTITUTION, Role, are_of_an_office, in_words
from settlement.entrypoints import clock
from settlement.entrypoints.cli.refusing import refuse, settings_from_environment
from settlement.entrypoints.statement_table import wide_console
from settlement.settings import Settings

clients_app = typer.Typer(help="客户端：医院系统取令牌的凭据。", no_args_is_help=True)

_MOST_HOURS = 24
_ISSUE_AGAIN = "密钥为旧格式，须以同一标识重新 add"
_SECONDS_AN_HOUR = 3600

Data = Annotated[Path | None, typer.Option("--data", help="数据目录（默认 YIZHAN_DATA 或 var）")]
Institutions = Annotated[
    list[str],
    typer.Option("--institution", help="机构编码，可写多次；* 为全部，只用于经办机构的角色"),
]
RolesAsked = Annotated[list[Role], typer.Option("--role", help="角色，可写多次")]


def token(
    operator: Annotated[str, typer.Option("--operator", help="经办人，一人一名，记入每次办理")],
    institution: Institutions,
    role: RolesAsked,
    hours: Annotated[int, typer.Option("--hours", help="有效小时数", min=1, max=_MOST_HOURS)] = 8,
    data: Data = None,
) -> None:
    """为一名人员签发令牌（本机签发方），印在标准输出 (a token for a person)."""
    _require_fitting(institution, role)
    name = operator.strip()
    if not name.isprintable() or not 1 <= len(name) <= LONGEST_OPERATOR_CHARACTERS:
        refuse(f"--operator 须为 1 至 {LONGEST_OPERATOR_CHARACTERS} 个可见字符")
    settings = _local(data)
    try:
        issuer = open_local_issuer(settings.data, audience=settings.identity.audience)
    except IssuerKeyUnusable as wrong:
        refuse(str(wrong))
    typer.echo(
        issuer.issue(
            subject=name,
            roles=role,
            institutions=institution,
            seconds=hours * _SECONDS_AN_HOUR,
        )
    )


@clients_app.command()
def add(
    institution: Institutions,
    role: RolesAsked,
    client_id: Annotated[
        str | None, typer.Option("--client-id", help="客户端标识，默认由机构编码生成")
    ] = None,
    data: Data = None,
) -> None:
    """登记一个客户端；密钥只显示这一次 (add a client)."""
    _require_fitting(institution, role)
    if Role.APPROVER in role:
        refuse("系统自行写明经办人，不能作复核批准；批准须用人员的令牌（yizhan token）")
    made = client_id or f"{institution[0]}-{secrets.token_hex(4)}"
    if not is_institution(made) or ":" in made or made == EVERY_INSTITUTION:
        refuse("--client-id 须为 1 至 64 个可见 ASCII 字符，不含冒号")
    try:
        secret = _register(data).add(
            made,
            institutions=tuple(institution),
            roles=tuple(role),
            at=clock.now().isoformat(timespec="seconds"),
        )
    except (ClientExists, ClientsUnusable) as wrong:
        refuse(str(wrong))
    typer.echo(f"客户端标识 client_id: {made}")
    typer.echo(f"密钥 client_secret: {secret}")
    typer.echo("密钥不再显示，请妥善保存；取令牌：POST /oauth2/token")


@clients_app.command("list")
def list_clients(data: Data = None) -> None:
    """列出客户端，不含密钥 (list clients)."""
    table = Table("客户端", "机构", "角色", "登记于", "撤销于或须办")
    try:
        for each in _register(data).clients():
            roles = in_words(Role(role) for role in each.roles)
            state = each.revoked_at or ("" if each.is_usable else _ISSUE_AGAIN)
            shown = (", ".join(each.institutions), roles, each.added_at, state)
            table.add_row(each.client_id, *shown)
    except ClientsUnusable as wrong:
        refuse(str(wrong))
    wide_console().print(table)


@clients_app.command()
def revoke(client_id: Annotated[str, typer.Argument(help="客户端标识")], data: Data = None) -> None:
    """撤销一个客户端：不能再取令牌，已取的至多十五分钟后失效 (revoke a client)."""
    try:
        _register(data).revoke(client_id, at=clock.now().isoformat(timespec="seconds"))
    except (ClientUnknown, ClientsUnusable) as wrong:
        refuse(str(wrong))
    typer.echo(f"已撤销 {client_id}")


def _require_fitting(institutions: list[str], roles: list[Role]) -> None:
    if not all(is_institution(each) for each in institutions):
        refuse("--institution 须为 1 至 64 个可见 ASCII 字符，如 H50011200001")
    if EVERY_INSTITUTION in institutions and not are_of_an_office(frozenset(roles)):
        refuse("医院收费须写明机构编码；* 只用于经办机构的角色")


def _register(data: Path | None) -> ClientRegister:
    return ClientRegister(_local(data).data / CLIENTS_FILE)


def _local(data: Path | None) -> Settings:
    """The settings, which must leave issuing to us."""
    settings = settings_from_environment()
    if settings.identity.issuer is not None:
        refuse(f"令牌由 {settings.identity.issuer} 签发；本机不签发，请向它取得")
    return replace(settings, data=data or settings.data)
