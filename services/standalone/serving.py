"""Both services in one process (单进程运行): two HTTP servers that meet only over HTTP."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import uvicorn
from fastapi import FastAPI

import eligibility.settings
import settlement.settings
from eligibility.entrypoints.http.app import build_app as build_eligibility
from http_edge.operating import drain
from http_edge.operating_settings import read_operating
from http_edge.stopping import GRACE_SECONDS
from settlement.bootstrap import build_parts
from settlement.entrypoints.clock import now
from settlement.entrypoints.http.app import create_app as create_settlement

STARTUP_SECONDS = 30.0
_CLOSING_SECONDS = 5


class NotStarted(Exception):
    """A server did not come up; the message says which address."""


@dataclass(frozen=True)
class Addresses:
    """Where the two services answer."""

    settlement: str
    eligibility: str


class _Server:
    """One application on one address, in a thread of its own."""

    def __init__(self, app: FastAPI, *, host: str, port: int):
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
        self.url = f"http://{host}:{port}"
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "_Server":
        self._thread.start()
        deadline = time.monotonic() + STARTUP_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise NotStarted(f"{self.url} 没有启动；端口可能被占用，用 --port 换一个")
            time.sleep(0.02)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        drain(self._app)
        self._server.should_exit = True
        self._thread.join(timeout=GRACE_SECONDS + _CLOSING_SECONDS)


@contextmanager
def running(
    *,
    data: Path,
    host: str,
    port: int,
    policies: Path | None = None,
    drafts: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Addresses]:
    """Both services while the block runs: settlement on `port`, eligibility on the next.

    Port 0 takes two free ones. Leaving the block stops taking requests, settlement's first, and
    finishes those that were accepted. Raises NotStarted, PolicyFileFaulty, and what building
    eligibility raises.
    """
    settlement_port = port or _free_port(host)
    eligibility_port = port + 1 if port else _free_port(host)
    data.mkdir(parents=True, exist_ok=True)
    people = build_eligibility(eligibility.settings.read_settings(environment, data_dir=data))
    with _Server(people, host=host, port=eligibility_port) as beside:
        settings = settlement.settings.Settings(
            data=data,
            policies=policies,
            eligibility_url=beside.url,
            drafts=drafts,
            operating=read_operating(environment),
        )
        parts = build_parts(settings, now)
        if not parts.book.policies:
            raise NotStarted(
                f"{policies} 里没有已公布的政策；检查 YIZHAN_POLICIES，"
                "草稿先用 yizhan policy publish 公布（培训环境可设 YIZHAN_DRAFTS=yes）"
            )
        desk = create_settlement(parts)
        with _Server(desk, host=host, port=settlement_port) as front:
            yield Addresses(settlement=front.url, eligibility=beside.url)


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(app: FastAPI, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """One more application while the block runs, at the address given; port 0 takes a free one.

    Raises NotStarted.
    """
    with _Server(app, host=host, port=port or _free_port(host)) as server:
        yield server.url
