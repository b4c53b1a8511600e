"""Asking a real server process over HTTP, one question after another on a kept connection."""

import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_READY_SECONDS = 60


@dataclass(frozen=True)
class Rush:
    """Questions asked one after another (连续查询)."""

    per_second: float
    p99_ms: float


@contextmanager
def serving(which: str, where: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """A server of `lookup_servers` on a free port; gone afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "benchmarks.lookup_servers", which, str(where), str(port)]
    process = subprocess.Popen(command, env=dict(environment))
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


def ask(port: int, ids: Sequence[str], *, times: int) -> Rush:
    """Ask about people at random; every answer must be one."""
    # The client is as lean as can be: it takes its share of the machine from the servers.
    took = []
    chosen = random.Random(times).choices(ids, k=times)  # noqa: S311 -- whom to ask about
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        for each in chosen:
            path = f"/v1/persons/{each}/entitlements?on=2024-01-01"
            begun = time.perf_counter()
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert b" 200 " in answers.readline()
            length = 0
            while (header := answers.readline()) != b"\r\n":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            assert len(answers.read(length)) == length > 0
            took.append(time.perf_counter() - begun)
    took.sort()
    return Rush(times / sum(took), took[times * 99 // 100] * 1000)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"the server on port {port} did not start"
    raise RuntimeError(message)
