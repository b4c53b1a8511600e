"""`yizhan serve` in a process of its own (服务进程): started, asked over sockets, killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import httpx2 as httpx

from tests.support.signed import signed_in

STARTUP_SECONDS = 60.0


@dataclass
class ServerProcess:
    """Both services on one data directory; leaving the block kills what still runs."""

    data: Path
    log: Path

    def __enter__(self) -> "ServerProcess":
        self.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start, or start again on the same data; returns when both services answer."""
        port = two_free_ports()
        self.settlement = f"http://127.0.0.1:{port}"
        self.eligibility = f"http://127.0.0.1:{port + 1}"
        arguments = ["serve", "--data", str(self.data), "--port", str(port)]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "yizhan", *arguments], stdout=output, stderr=output
            )
        deadline = time.monotonic() + STARTUP_SECONDS
        # The front is started last: when it listens, both are there.
        while not is_listening(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(self.log.read_text(encoding="utf-8", errors="replace"))
            time.sleep(0.02)

    def client(self, url: str) -> httpx.Client:
        """A client of one of them, signed as whom its headers name."""
        return httpx.Client(base_url=url, timeout=30, auth=signed_in(self.data))

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def ask_to_stop(self, number: signal.Signals) -> None:
        """Send a signal that asks the process to end."""
        os.kill(self._process.pid, number)

    def ended(self) -> int:
        """Wait for the process to end by itself; its exit code."""
        return self._process.wait(timeout=60)

    def kill(self) -> None:
        """End the process at once, as a power failure would (SIGKILL)."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)


def is_listening(port: int) -> bool:
    """Whether somebody accepts connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def two_free_ports() -> int:
    """A port that is free, and whose neighbour is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def run_yizhan(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    """One `yizhan` command on a data directory."""
    return subprocess.run(
        [sys.executable, "-m", "yizhan", *arguments],
        env={**os.environ, "YIZHAN_DATA": str(data), "COLUMNS": "240", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
