"""Where tokens come from (取令牌): the local issuer's public keys, and client credentials."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from http_edge.acting import BodyBytes
from http_edge.identity.client_register import Client, ClientRegister
from http_edge.identity.local_issuer import LocalIssuer
from http_edge.identity.roles import Role

TOKEN_PATH = "/oauth2/token"  # noqa: S105 -- a path
TOKEN_SECONDS = 900
"""Short: a client that is revoked serves no longer than this."""
LARGEST_TOKEN_REQUEST_BYTES = 4096

_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"const": "client_credentials"},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                    },
                }
            }
        },
    }
}


class _Wrong(Exception):
    """What is wrong with a request for a token, by RFC 6749's own names."""

    def __init__(self, error: str, said: str, status: int = 400) -> None:
        self.error, self.said, self.status = error, said, status
        super().__init__(error)


def token_routes(issuer: LocalIssuer, clients: ClientRegister) -> APIRouter:
    """The routes of the local issuer."""
    routes = APIRouter(tags=["令牌 tokens"])

    @routes.get("/.well-known/jwks.json", summary="公钥集 (public keys, RFC 7517)")
    def key_set() -> dict[str, Any]:
        """本机签发令牌所用密钥的公钥；其他服务凭它校验令牌。"""
        return issuer.key_set()

    @routes.post(TOKEN_PATH, summary="取令牌 (client credentials, RFC 6749)", openapi_extra=_FORM)
    def token(request: Request, body: BodyBytes) -> Response:
        """医院系统凭客户端标识与密钥取令牌，十五分钟内有效；密钥由 yizhan clients add 发给。"""
        try:
            client = _client(clients, request.headers.get("authorization"), body)
        except _Wrong as wrong:
            headers = dict(_NOT_KEPT)
            if wrong.status == 401:  # noqa: PLR2004 -- the status that asks for credentials
                headers["WWW-Authenticate"] = 'Basic realm="yizhan"'
            content = {"error": wrong.error, "error_description": wrong.said}
            return JSONResponse(content, wrong.status, headers)
        issued = issuer.issue(
            subject=client.client_id,
            roles=[Role(role) for role in client.roles],
            institutions=client.institutions,
            seconds=TOKEN_SECONDS,
            is_system=True,
        )
        return JSONResponse(
            {"access_token": issued, "token_type": "Bearer", "expires_in": TOKEN_SECONDS},
            headers=_NOT_KEPT,
        )

    return routes


def _client(clients: ClientRegister, authorization: str | None, body: bytes) -> Client:
    """Who asks. Raises _Wrong."""
    form = _form(body)
    if "grant_type" not in form:
        raise _Wrong("invalid_request", "grant_type is missing")
    if form["grant_type"] != "client_credentials":
        raise _Wrong("unsupported_grant_type", "grant_type must be client_credentials")
    if "scope" in form:
        raise _Wrong("invalid_scope", "scopes are not used: roles belong to the client")
    client_id, secret = _credentials(authorization, form)
    client = clients.check(client_id, secret)
    if client is None:
        raise _Wrong("invalid_client", "unknown client, wrong secret, or revoked", 401)
    return client


def _form(body: bytes) -> dict[str, str]:
    try:
        listed = parse_qsl(body.decode(), strict_parsing=True, max_num_fields=16)
    except ValueError:
        raise _Wrong("invalid_request", "the body must be form-encoded") from None
    if len(dict(listed)) != len(listed):
        raise _Wrong("invalid_request", "a parameter is repeated")
    return dict(listed)


def _credentials(authorization: str | None, form: dict[str, str]) -> tuple[str, str]:
    """From the header or the form, never both (RFC 6749, 2.3). Raises _Wrong."""
    if authorization is None:
        if not {"client_id", "client_secret"} <= form.keys():
            raise _Wrong("invalid_client", "client_id and client_secret are needed", 401)
        return form["client_id"], form["client_secret"]
    if "client_secret" in form:
        raise _Wrong("invalid_request", "credentials are sent twice")
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _Wrong("invalid_client", "use Basic authentication", 401)
    return unquote_plus(client_id), unquote_plus(secret)
