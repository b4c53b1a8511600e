"""Asking a real server process over HTTP, one question after another on a kept connection."""

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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


def ask(port: int, ids: Sequence[str], *, times: int, token: str) -> Rush:
    """Ask about people at random; every answer must be one."""
    took = []
    chosen = random.Random(times).choices(ids, k=times)  # noqa: S311 -- whom to ask about
    with _asking(port) as answer_to:
        for each in chosen:
            path = f"/v1/persons/{each}/entitlements?on=2024-01-01"
            begun = time.perf_counter()
            answer_to(f"GET {path} HTTP/1.1\r\n{_headers(token)}\r\n".encode())
            took.append(time.perf_counter() - begun)
    took.sort()
    return Rush(times / sum(took), took[times * 99 // 100] * 1000)


def ask_many(port: int, ids: Sequence[str], *, times: int, size: int, token: str) -> float:
    """Ask about so many people a call, and tell how many were answered a second (批量查询)."""
    took = 0.0
    chooser = random.Random(size)  # noqa: S311 -- whom to ask about
    with _asking(port) as answer_to:
        for _ in range(times):
            people = chooser.choices(ids, k=size)
            body = json.dumps({"person_ids": people, "on": "2024-01-01"}).encode()
            head = (
                f"POST /v1/persons/entitlements HTTP/1.1\r\n{_headers(token)}"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            begun = time.perf_counter()
            answer = answer_to(head.encode() + body)
            took += time.perf_counter() - begun
            assert answer.count(b'"entitlements":{') == size
    return times * size / took


def _headers(token: str) -> str:
    return f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"


@contextmanager
def _asking(port: int) -> Iterator[Callable[[bytes], bytes]]:
    """A kept connection: a request in, the body of its answer out; it must be a 200."""
    # The client is as lean as can be: it takes its share of the machine from the servers.
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")

        def answer_to(request: bytes) -> bytes:
            connection.sendall(request)
            assert b" 200 " in answers.readline()
            length = 0
            while (header := answers.readline()) != b"\r\n":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            body = answers.read(length)
            assert len(body) == length > 0
            return body

        yield answer_to


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
