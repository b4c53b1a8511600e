"""Tokens of our own (服务令牌): how one service of ours calls another."""

import threading
import time
from collections.abc import Callable, Generator

import httpx2 as httpx

from http_edge.identity.local_issuer import LocalIssuer
from http_edge.identity.roles import EVERY_INSTITUTION, Role

SERVICE_TOKEN_SECONDS = 600
_SPARE_SECONDS = 60.0


class NoToken(httpx.TransportError):
    """The provider gave no token: for whoever calls, the service cannot be reached."""


class _Kept:
    """The token at hand, until a minute before it ends."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._token, self._until = "", 0.0

    def token(self) -> str | None:
        return self._token if self._clock() < self._until else None

    def keep(self, token: str, seconds: float) -> str:
        self._token, self._until = token, self._clock() + seconds - _SPARE_SECONDS
        return token

    def drop(self) -> None:
        self._until = 0.0


class LocalServiceTokens(httpx.Auth):
    """Signs requests with tokens of the local issuer, made when they are needed."""

    def __init__(
        self, issuer: LocalIssuer, name: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`name` is the service that calls, the token's subject."""
        self._issuer = issuer
        self._name = name
        self._kept = _Kept(clock)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["Authorization"] = f"Bearer {self._kept.token() or self._new()}"
        yield request

    def _new(self) -> str:
        token = self._issuer.issue(
            subject=self._name,
            roles=[Role.SERVICE],
            institutions=[EVERY_INSTITUTION],
            seconds=SERVICE_TOKEN_SECONDS,
            is_system=True,
        )
        return self._kept.keep(token, SERVICE_TOKEN_SECONDS)


class FetchedServiceTokens(httpx.Auth):
    """Signs requests with tokens that a provider gives for client credentials (RFC 6749)."""

    requires_response_body = True

    def __init__(
        self,
        token_url: str,
        *,
        client_id: str,
        client_secret: str,
        audience: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token_url = token_url
        self._form = {"grant_type": "client_credentials", "audience": audience}
        self._basic = httpx.BasicAuth(client_id, client_secret)
        self._kept = _Kept(clock)
        self._lock = threading.Lock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token; one that is refused is fetched anew, once."""
        kept = self._kept.token()
        token = kept if kept is not None else (yield from self._fetched())
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if kept is None or response.status_code != httpx.codes.UNAUTHORIZED:
            return
        self._kept.drop()
        token = yield from self._fetched()
        request.headers["Authorization"] = f"Bearer {token}"
        yield request

    def _fetched(self) -> Generator[httpx.Request, httpx.Response, str]:
        asked = httpx.Request("POST", self._token_url, data=self._form)
        response = yield next(self._basic.auth_flow(asked))
        try:
            answer = response.json() if response.is_success else {}
            token, seconds = str(answer["access_token"]), float(answer.get("expires_in", 60))
        except (ValueError, KeyError, TypeError):
            raise NoToken("the provider gave no token") from None
        return self._kept.keep(token, seconds)
