"""Several worker processes behind one address (多进程服务): started, watched, replaced, ended.

Each worker listens on a socket of its own at the shared address; the kernel spreads connections
over them, and those of a worker that died go to the others. The first process serves nobody: it
holds the address, replaces workers that end or are not heard any more, and passes the request to
stop on. Should it be killed itself, its workers finish what they accepted and end.
"""

import gc
import logging
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client.multiprocess import mark_process_dead

from http_edge.logs import configure_logs
from http_edge.serving import STARTUP_SECONDS, NotStarted, Server, shared_socket
from http_edge.shared_counts import counts_added_up, counts_in_use
from http_edge.stopping import HANGING_SECONDS, Stopping, stopping_on_signals
from http_edge.worker_pipe import Heard, Telling

WORKERS_VARIABLE: Final = "YIZHAN_WORKERS"
CANNOT_START: Final = 2
SILENT_SECONDS = 30.0
"""A worker that takes requests and is not heard for so long hangs: it is killed and replaced."""
_LOOKING_SECONDS = 0.2
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_KILLING_SECONDS = 5.0
# A predecessor's workers may still be finishing what they accepted.
_WAITING_FOR_ADDRESS_SECONDS = 15.0

_log = logging.getLogger("yizhan.workers")
# New from the start: what threads hold while a process is copied stays held for ever.
_spawn = multiprocessing.get_context("spawn")

Build = Callable[[], FastAPI]
"""Makes the application in the process that serves it; found by its name in a new process."""
Serving = Callable[[str], None]
"""Told the address when requests are taken."""
ToldErrors = tuple[type[Exception], ...]
"""What keeps an application from being made; each message says what to do."""


def serve(
    build: Build,
    *,
    host: str,
    port: int,
    workers: int,
    told_errors: ToldErrors,
    when_serving: Serving,
) -> None:
    """Serve until SIGTERM or SIGINT; accepted requests are finished, for `GRACE_SECONDS` at most.

    One worker is this process itself. Raises NotStarted, and for one worker `told_errors`.
    """
    configure_logs()
    with stopping_on_signals() as stopping:
        if workers == 1:
            with Server(built(build), host=host, port=port) as server:
                when_serving(server.url)
                stopping.wait()
            return
        with _held(host, port, stopping) as held, counts_added_up():
            group = _Workers(build, host=host, port=held, told_errors=told_errors)
            try:
                group.start(workers, stopping)
                when_serving(f"http://{host}:{held}")
                group.watch(stopping)
            finally:
                group.end()


class _Workers:
    """The worker processes of one address."""

    def __init__(self, build: Build, *, host: str, port: int, told_errors: ToldErrors) -> None:
        self._build, self._told_errors = build, told_errors
        self._host, self._port = host, port
        self._running: list[_Worker] = []

    def start(self, workers: int, stopping: Stopping) -> None:
        """Start all of them, and wait until each serves or the process is asked to end.

        Raises NotStarted where one does not: what keeps one from starting keeps all.
        """
        self._running = [self._started() for _ in range(workers)]
        deadline = time.monotonic() + STARTUP_SECONDS * 2
        while not all(each.is_serving() for each in self._running):
            if any(not each.process.is_alive() for each in self._running):
                raise NotStarted("工作进程没有启动，原因见上一行 (a worker did not start)")
            if time.monotonic() > deadline:
                raise NotStarted("工作进程迟迟没有启动；请看日志 (workers did not start in time)")
            if stopping.wait(_LOOKING_SECONDS):
                return

    def watch(self, stopping: Stopping) -> None:
        """Replace whichever ends or hangs, until the process is asked to end."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        while not stopping.wait(_LOOKING_SECONDS):
            for each in self._running:
                each.kill_if_hanging()
            ended = [each for each in self._running if not each.process.is_alive()]
            for each in ended:
                _log.error("worker ended", extra={"exit_code": each.process.exitcode})
                _forget_gauges(each.process)
                each.close()
            if not ended:
                if all(each.is_serving() for each in self._running):
                    pause_seconds = _FIRST_PAUSE_SECONDS
                continue
            alive = [each for each in self._running if each not in ended]
            self._running = [*alive, *(self._started() for _ in ended)]
            if stopping.wait(pause_seconds):
                return
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def end(self) -> None:
        """Ask all of them to end, and wait for what they accepted; who hangs is killed then."""
        for each in self._running:
            each.ask_to_end()
        deadline = time.monotonic() + HANGING_SECONDS
        for each in self._running:
            each.process.join(max(0.0, deadline - time.monotonic()))
            each.process.kill()

    def _started(self) -> "_Worker":
        ours, theirs = _spawn.Pipe()
        arguments = (self._build, self._host, self._port, self._told_errors, theirs)
        process = _spawn.Process(target=_work, args=arguments, name="yizhan-worker")
        process.start()
        theirs.close()
        return _Worker(process, ours)


class _Worker:
    """One process, and what is heard of it."""

    def __init__(self, process: SpawnProcess, pipe: "Connection[Any, Any]") -> None:
        self.process, self._heard = process, Heard(pipe)
        self._looked_at = time.monotonic()

    def is_serving(self) -> bool:
        """Whether it takes requests."""
        self._listen()
        return self._heard.is_serving

    def kill_if_hanging(self) -> None:
        """A worker that takes requests and never answers is worse than none."""
        self._listen()
        longest = SILENT_SECONDS if self._heard.is_serving else STARTUP_SECONDS * 2
        if self._heard.silent_seconds > longest and self.process.is_alive():
            _log.error("worker hangs", extra={"silent_seconds": longest})
            self.process.kill()
            self.process.join(_KILLING_SECONDS)

    def ask_to_end(self) -> None:
        """Ask it to finish what it accepted and end."""
        self._heard.ask_to_end()

    def close(self) -> None:
        """Let go of a process that ended."""
        self._heard.close()
        self.process.close()

    def _listen(self) -> None:
        before, self._looked_at = self._looked_at, time.monotonic()
        self._heard.listen(self._looked_at - before)


def _work(
    build: Build,
    host: str,
    port: int,
    told_errors: ToldErrors,
    pipe: "Connection[Any, Any]",
) -> None:
    """What a worker process does."""
    # Ctrl-C goes to a whole group: the first process alone passes it on, once.
    os.setpgid(0, 0)
    configure_logs()
    told: ToldErrors = (*told_errors, NotStarted)
    telling = Telling(pipe)
    with stopping_on_signals() as stopping, counts_in_use():
        telling.pass_on(stopping)
        try:
            app = built(build)
            with Server(app, host=host, port=port, is_shared=True, when_alive=telling.beat):
                stopping.wait()
        except told as wrong:
            sys.stderr.write(f"{wrong}\n")
            raise SystemExit(CANNOT_START) from None


def built(build: Build) -> FastAPI:
    """The application, counted among what stays: the collector would go through all of it again
    and again, a fifth of a second during which nobody is answered."""
    app = build()
    gc.collect()
    gc.freeze()
    return app


def _forget_gauges(process: SpawnProcess) -> None:
    """What a dead worker has in flight is nothing; what it counted stays counted."""
    if process.pid is not None:
        mark_process_dead(process.pid)  # type: ignore[no-untyped-call]  # the library has no types there


@contextmanager
def _held(host: str, port: int, stopping: Stopping) -> Iterator[int]:
    """The port, held without listening, so that it stays ours while workers come and go.

    Raises NotStarted where somebody else listens there.
    """
    deadline = time.monotonic() + _WAITING_FOR_ADDRESS_SECONDS
    while not _is_free(host, port):
        if time.monotonic() > deadline or stopping.wait(_LOOKING_SECONDS):
            raise NotStarted(f"http://{host}:{port} 已被占用；用 --port 换一个 (address in use)")
    with closing(shared_socket(host, port)) as holder:
        yield int(holder.getsockname()[1])


def _is_free(host: str, port: int) -> bool:
    # Shared sockets let each other in: who else listens is told to one that does not share.
    try:
        with closing(socket.create_server((host, port))):
            return True
    except OSError:
        return False
