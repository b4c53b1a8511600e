"""Several worker processes answer at one address, and it stays answered while some of them die."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import httpx2 as httpx
import pytest

from http_edge.serving import NotStarted
from http_edge.workers import serve
from tests.http_edge.served_by_workers import build

PATIENCE_SECONDS = 60
COUNTED = re.compile(r'duration_seconds_count\{[^}]*route="/who"[^}]*\} ([0-9.]+)')


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def served(workers: int, *how: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The address, and the first process."""
    command = [sys.executable, "-m", "tests.http_edge.served_by_workers", str(workers), *how]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def who(url: str) -> int:
    """Which process answers a new connection."""
    told: int = httpx.get(f"{url}/who", timeout=10).json()
    return told


def counted(url: str) -> float:
    """How many such requests were answered, as any worker tells it."""
    told = COUNTED.findall(httpx.get(f"{url}/metrics", timeout=10).text)
    return float(told[0])


def those_who_answer(url: str, workers: int) -> set[int]:
    """Asked until so many different ones have."""
    found: set[int] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found) < workers and time.monotonic() < deadline:
        try:
            found.add(who(url))
        except httpx.TransportError:
            continue  # what stood in a dead worker's queue is sent again
    return found


def is_alive(process_id: int) -> bool:
    """Whether a process runs and is no zombie."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_workers_share_the_work_the_counts_and_the_end() -> None:
    """Both answer; whichever is scraped tells all requests; a killed one is replaced and what it
    counted stays; asked to stop, what was accepted is finished, and the exit code is 0."""
    with served(2) as (url, process):
        first = those_who_answer(url, 2)
        assert len(first) == 2
        for _ in range(20):
            who(url)
        killed = min(first)
        os.kill(killed, signal.SIGKILL)
        until(lambda: not is_alive(killed))
        assert killed not in {who(url) for _ in range(40)}, "all are answered meanwhile"
        now = those_who_answer(url, 2)
        assert killed not in now
        assert len(now) == 2
        # One may have been answered and not yet counted when its worker was killed.
        until(lambda: counted(url) >= 2 + 20 + 40 + 2 - 1)

        with ThreadPoolExecutor(1) as waiting:
            begun = Event()
            answer = waiting.submit(lambda: (begun.set(), httpx.get(f"{url}/slow", timeout=30))[1])
            begun.wait()
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert answer.result().json() in now
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert not any(is_alive(each) for each in now)


def test_a_worker_that_hangs_is_replaced_and_all_may_be_asked_to_stop() -> None:
    """One stands still, though it is alive: it is not left to keep half of all requests. A signal
    to every process, as a service manager sends it, breaks nothing off."""
    with served(2, "3") as (url, process):
        stopped, other = those_who_answer(url, 2)
        os.kill(stopped, signal.SIGSTOP)
        until(lambda: not is_alive(stopped))
        now = those_who_answer(url, 2)
        assert stopped not in now
        assert other in now, "who is heard stays"

        with httpx.Client(timeout=30) as client, ThreadPoolExecutor(4) as waiting:
            answers = [waiting.submit(client.get, f"{url}/slow") for _ in range(4)]
            time.sleep(0.7)
            for each in (*now, process.pid):
                os.kill(each, signal.SIGTERM)
            assert {each.result().json() for each in answers} <= now
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert not any(is_alive(each) for each in now)


def test_workers_do_not_outlive_the_process_that_watches_them() -> None:
    """It is killed in the middle: they end by themselves, and the address is free again."""
    with served(2) as (url, process):
        workers = those_who_answer(url, 2)
        process.kill()
        until(lambda: not any(is_alive(each) for each in workers))
        with closing(socket.socket()) as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", int(url.rpartition(":")[2])))


def test_what_keeps_one_worker_from_starting_is_told_once_for_all() -> None:
    """No endless restarting of what cannot start."""
    command = [sys.executable, "-m", "tests.http_edge.served_by_workers", "2", "wrong"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 3
    assert "少了一样东西" in ran.stderr
    assert ran.stdout.startswith("NotStarted 工作进程没有启动")


def test_an_address_where_another_listens_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that shares its own: two services must not answer at one address by turns."""
    monkeypatch.setattr("http_edge.workers._WAITING_FOR_ADDRESS_SECONDS", 0.3)
    with closing(socket.socket()) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(NotStarted, match="已被占用"):
            serve(
                build,
                host="127.0.0.1",
                port=port,
                workers=2,
                told_errors=(),
                when_serving=lambda _url: None,
            )
