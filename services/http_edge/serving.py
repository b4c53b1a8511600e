"""Serving an application (HTTP 服务器): in a thread, started and ended in order."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from http_edge.operating import drain
from http_edge.stopping import GRACE_SECONDS

STARTUP_SECONDS = 30.0
BEAT_SECONDS = 1.0
_CLOSING_SECONDS = 5
_STARTED_SECONDS = 0.02


class NotStarted(Exception):
    """A server did not come up; the message says which address."""


class Server:
    """One application on one address, in a thread of its own.

    Leaving the block stops taking requests and finishes those that were accepted.
    """

    def __init__(
        self,
        app: FastAPI,
        *,
        host: str,
        port: int,
        is_shared: bool = False,
        when_alive: Callable[[], None] | None = None,
    ) -> None:
        """`is_shared`: other processes of this user may listen at the same address. `when_alive`
        is called every `BEAT_SECONDS` by what serves the requests, and must not wait."""
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            log_config=None,  # through the same handler as all other lines
            access_log=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self._app = app
        self._host, self._port, self._is_shared = host, port, is_shared
        self.url = f"http://{host}:{port}"
        self._server = _Server(config, when_alive)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Server":
        self._thread.start()
        deadline = time.monotonic() + STARTUP_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise NotStarted(f"{self.url} 没有启动；端口可能被占用，用 --port 换一个")
            time.sleep(_STARTED_SECONDS)
        return self

    def _run(self) -> None:
        sockets = [shared_socket(self._host, self._port)] if self._is_shared else None
        self._server.run(sockets)

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        time.sleep(drain(self._app))
        self._server.should_exit = True
        self._thread.join(timeout=GRACE_SECONDS + _CLOSING_SECONDS)


class _Server(uvicorn.Server):
    """One that tells, from the loop that takes requests, that it does."""

    def __init__(self, config: uvicorn.Config, when_alive: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._when_alive = when_alive

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        beating = asyncio.create_task(self._beat())
        try:
            await super().serve(sockets)
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while self._when_alive is not None:
            if self.started:
                self._when_alive()
            await asyncio.sleep(BEAT_SECONDS if self.started else _STARTED_SECONDS)


def shared_socket(host: str, port: int) -> socket.socket:
    """A socket at an address that other processes of this user have sockets at; not listening.

    Raises OSError.
    """
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def free_port(host: str) -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
