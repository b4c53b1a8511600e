"""The door of each shard (分片之门): its application, or why nobody gets through now.

What happens behind one door keeps nobody from another: a ledger that is away is opened when it
comes back, and requests that wait for it take threads of its own number.
"""

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import anyio
import anyio.to_thread
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from eventlog.engines import passes_by_itself
from eventlog.log import EventLogMissing
from http_edge.operating import Operations, operations_of
from http_edge.problems import Problem

THREADS_A_SHARD: Final = 40
"""As many as a process with one ledger has."""
_PAUSE_SECONDS = 2.0
_MOVING_RETRY_SECONDS = 30

_log = logging.getLogger("yizhan.shards")


class ShardDoor:
    """One shard as this process serves it; `build` is None while it is moved."""

    def __init__(self, name: str, build: Callable[[], FastAPI] | None) -> None:
        self.name = name
        self._build = build
        self._app: FastAPI | None = None
        self._inside: anyio.CapacityLimiter | None = None
        self.failed: Exception | None = None

    @property
    def is_moving(self) -> bool:
        """Whether it is on its way to another place."""
        return self._build is None

    @property
    def operations(self) -> Operations | None:
        """What its application is operated by; None while there is none."""
        return operations_of(self._app) if self._app is not None else None

    def open(self) -> None:
        """Make the application. A ledger that is away, or not there, is tried again later.

        Raises what building raises and time does not heal.
        """
        if self._build is None or self._try():
            return
        threading.Thread(target=self._keep_trying, name=f"shard-{self.name}", daemon=True).start()

    def _try(self) -> bool:
        if self._build is None:
            return True
        try:
            self._app = self._build()
        except Exception as error:
            if not isinstance(error, EventLogMissing) and not passes_by_itself(error):
                raise
            self.failed = error
            return False
        self.failed = None
        return True

    def _keep_trying(self) -> None:
        _log.error("shard closed", extra={"shard": self.name, "kind": type(self.failed).__name__})
        opened = False
        while not opened:
            time.sleep(_PAUSE_SECONDS)
            try:
                opened = self._try()
            except Exception as error:  # somebody must look; what was right may be so again
                self.failed = error
                _log.error("shard closed", extra={"shard": self.name, "kind": type(error).__name__})
        _log.info("shard open", extra={"shard": self.name})

    def refusal(self) -> tuple[Problem, int] | None:
        """Why a request goes no further now, and after how many seconds to come again."""
        if self.is_moving:
            problem = Problem(
                "shard-moving",
                HTTPStatus.SERVICE_UNAVAILABLE,
                "分片正在迁移 (shard is being moved)",
                f"分片 {self.name} 正在迁移，本次请求没有受理；请稍后以同一请求键重发",
            )
            return problem, _MOVING_RETRY_SECONDS
        if self._app is None:
            problem = Problem(
                "shard-unavailable",
                HTTPStatus.SERVICE_UNAVAILABLE,
                "分片暂时不可用 (shard unavailable)",
                f"分片 {self.name} 的账本暂时打不开，本次请求没有受理；请稍后以同一请求键重发",
            )
            return problem, int(_PAUSE_SECONDS)
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the application.

        No more of them are inside at once than there are threads for this shard; the others wait
        here and hold none. The application's own bound on requests in flight is not passed.
        """
        app = self._app
        if app is None:
            raise RuntimeError(self.name)
        if self._inside is None:
            self._inside = anyio.CapacityLimiter(THREADS_A_SHARD)
        async with self._inside:
            await app(scope, receive, send)

    def is_full(self, most: int) -> bool:
        """Whether `most` requests wait or are worked on already; 0 is no bound."""
        if self._inside is None or not most:
            return False
        found = self._inside.statistics()
        return found.borrowed_tokens + found.tasks_waiting >= most


def make_room(shards: int) -> None:
    """Threads for so many shards in the running loop."""
    threads = anyio.to_thread.current_default_thread_limiter()
    threads.total_tokens = max(threads.total_tokens, shards * THREADS_A_SHARD)
