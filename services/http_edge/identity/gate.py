"""Putting the gate together (身份组装): who is trusted, and whether tokens are issued here."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
from fastapi import FastAPI

from http_edge.backpressure import CallerRate
from http_edge.identity.checking import TokenChecker
from http_edge.identity.client_register import CLIENTS_FILE, ClientRegister
from http_edge.identity.guard import Guard
from http_edge.identity.identity_settings import (
    TOKEN_URL_VARIABLE,
    IdentitySettings,
    IdentityUnusable,
)
from http_edge.identity.institutions import Institutions
from http_edge.identity.key_sets import keys_at
from http_edge.identity.local_issuer import LOCAL_ISSUER, LocalIssuer, open_local_issuer
from http_edge.identity.own_tokens import FetchedServiceTokens, LocalServiceTokens
from http_edge.identity.roles import Role, Roles
from http_edge.identity.route_table import RouteTable, is_open


@dataclass(frozen=True)
class Gate:
    """What an application checks its callers with; the issuer and its clients where they are
    local, and which institutions are offices."""

    checker: TokenChecker
    issuer: LocalIssuer | None = None
    clients: ClientRegister | None = None
    offices: frozenset[str] = frozenset()


def build_gate(settings: IdentitySettings, data: Path) -> Gate:
    """The gate of a data folder. Raises IssuerKeyUnusable."""
    if settings.issuer is not None and settings.keys is not None:
        keys = keys_at(settings.keys)
        # Nobody waits for it: a provider that is down keeps no service from starting.
        threading.Thread(target=keys.warm, daemon=True).start()
        return Gate(
            TokenChecker(
                issuer=settings.issuer,
                audience=settings.audience,
                keys=keys,
                operator_claim=settings.operator_claim,
            ),
            offices=settings.offices,
        )
    issuer = open_local_issuer(data, audience=settings.audience)
    checker = TokenChecker(issuer=LOCAL_ISSUER, audience=settings.audience, keys=issuer.keys())
    return Gate(checker, issuer, ClientRegister(data / CLIENTS_FILE), settings.offices)


def build_own_tokens(settings: IdentitySettings, data: Path, *, name: str) -> httpx.Auth:
    """How a service signs what it asks another one. Raises IssuerKeyUnusable, IdentityUnusable."""
    if settings.token_url and settings.client_id and settings.client_secret:
        return FetchedServiceTokens(
            settings.token_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            audience=settings.audience,
        )
    if settings.issuer is not None:
        raise IdentityUnusable(
            f"用外部签发方时，须设 {TOKEN_URL_VARIABLE} 及客户端标识与密钥，结算才能向资格服务查询"
        )
    return LocalServiceTokens(open_local_issuer(data, audience=settings.audience), name)


def install_guard(
    app: FastAPI,
    gate: Gate,
    rows: Mapping[str, Roles | None],
    *,
    rate: CallerRate,
    is_hospital: Callable[[str], bool] | None = None,
) -> None:
    """Put the guard before every route of an application, and say so in its description.

    The last thing that is added comes first: a request without a token is refused before anything
    of it is read.
    """
    table = RouteTable(rows)
    app.state.gate = gate
    app.add_middleware(
        Guard,
        checker=gate.checker,
        table=table,
        institutions=Institutions(gate.offices, is_hospital),
        rate=rate,
    )
    _declare(app, table)


def _declare(app: FastAPI, table: RouteTable) -> None:
    described = app.openapi

    def openapi() -> dict[str, Any]:
        schema = described()
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        schema.setdefault("components", {})["securitySchemes"] = {"bearer": bearer}
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                row = table.find(method.upper(), path)
                roles = row.roles if row and not is_open(path) else None
                operation["security"] = [{"bearer": []}] if roles else []
                if roles:
                    operation["x-roles"] = [role.value for role in Role if role in roles]
                if row and row.is_province_wide:
                    operation["x-offices-only"] = True
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's own way to extend it
