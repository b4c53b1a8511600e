"""How somebody gets a token, said when the services start (取令牌说明)."""

from pathlib import Path
from typing import Final

from rich.console import Console

from http_edge.identity.client_register import CLIENTS_FILE, ClientRegister
from http_edge.identity.identity_settings import IdentitySettings
from http_edge.identity.roles import Role
from settlement.entrypoints.clock import now
from standalone.serving import Addresses

SAMPLE_CLIENT: Final = "sample-H50011200001"
_SAMPLE_HOSPITAL: Final = "H50011200001"


def say_how_to_get_a_token(
    identity: IdentitySettings, console: Console, *, data: Path | None = None
) -> None:
    """Where tokens come from here; `data` is a folder that the commands must be told."""
    if identity.issuer is not None:
        _say(console, f"令牌由 {identity.issuer} 签发（audience：{identity.audience}）")
        return
    there = f" --data {data}" if data else ""
    _say(console, "每个请求都须带令牌：")
    _say(
        console,
        f"  人员：yizhan token --operator 姓名 --institution '*' --role auditor{there}",
    )
    _say(console, f"  医院系统：yizhan clients add --institution 机构编码 --role biller{there}")


def show_sample_client(addresses: Addresses, data: Path, console: Console) -> None:
    """A client of a sample hospital with a new secret, and the call that gets its token.

    Raises ClientsUnusable.
    """
    secret = ClientRegister(data / CLIENTS_FILE).add(
        SAMPLE_CLIENT,
        institutions=(_SAMPLE_HOSPITAL,),
        roles=(Role.BILLER,),
        at=now().isoformat(timespec="seconds"),
        in_place=True,
    )
    _say(console, "样例医院的客户端（每次启动换新密钥），在另一个终端取令牌：")
    _say(
        console,
        f"TOKEN=$(curl -s -u {SAMPLE_CLIENT}:{secret} -d grant_type=client_credentials "
        f"{addresses.settlement}/oauth2/token "
        "| python3 -c 'import json,sys; print(json.load(sys.stdin)[\"access_token\"])')",
    )
    _say(
        console,
        f'curl -s {addresses.settlement}/v1/stays -H "Authorization: Bearer $TOKEN" '
        f"-H Yizhan-Institution:{_SAMPLE_HOSPITAL} -H Yizhan-Operator:cashier",
    )


def _say(console: Console, line: str) -> None:
    # To be copied: neither coloured nor broken.
    console.print(line, markup=False, highlight=False, soft_wrap=True)
