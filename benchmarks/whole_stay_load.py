"""Many hospitals at once (多家医院同时提交): whole stays over kept connections, by one thread.

The sender takes its share of the machine from the servers, so it is as lean as can be: requests
are bytes with holes, answers are looked at for their status and their end alone.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_ANSWER_BYTES: Final = 1 << 16
_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_CREATED = b"HTTP/1.1 201"


class Unanswered(Exception):
    """An answer was no settlement (没有结算); the message holds its beginning."""


@dataclass(frozen=True)
class Told:
    """What came out of a load: stays that were settled, seconds of the clock, and of each stay.

    `latencies` are seconds from the instant at which a stay was due until its answer was whole.
    """

    stays: int
    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        """Settlements a second."""
        return self.stays / self.seconds

    def quantile_ms(self, share: float) -> float:
        """So many of all answers came within this time, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


class _Line:
    """A kept connection with at most one stay under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self._got = b""

    def send(self, request: bytes, due: float) -> None:
        self.due, self._got = due, b""
        self.socket.sendall(request)

    def read(self) -> bool:
        """Take what has come; whether the answer is whole now. Raises Unanswered."""
        self._got += self.socket.recv(_ANSWER_BYTES)
        head = self._got.find(_END)
        if head < 0:
            if not self._got:
                raise Unanswered
            return False
        if not self._got.startswith(_CREATED):
            raise Unanswered(self._got[:2000].decode())
        at = self._got.lower().index(_LENGTH, 0, head) + len(_LENGTH)
        length = int(self._got[at : self._got.index(b"\r\n", at)])
        return len(self._got) >= head + len(_END) + length


class WholeStayLoad:
    """Sends the requests of an iterator over a number of connections."""

    def __init__(self, address: tuple[str, int], requests: Iterator[bytes], lines: int) -> None:
        self._requests = requests
        self._lines = [_Line(address) for _ in range(lines)]
        self._selector = selectors.DefaultSelector()
        for line in self._lines:
            self._selector.register(line.socket, selectors.EVENT_READ, line)

    def close(self) -> None:
        """Let go of the connections."""
        self._selector.close()
        for line in self._lines:
            line.socket.close()

    def one_after_another(self, seconds: float) -> Told:
        """Each connection sends its next stay when it has the answer to the last one."""
        latencies: list[float] = []
        begun = time.perf_counter()
        for line in self._lines:
            line.send(next(self._requests), time.perf_counter())
        under_way = len(self._lines)
        while under_way:
            for key, _ in self._selector.select():
                line: _Line = key.data
                if not line.read():
                    continue
                now = time.perf_counter()
                latencies.append(now - line.due)
                if now - begun < seconds:
                    line.send(next(self._requests), now)
                else:
                    under_way -= 1
        return Told(len(latencies), time.perf_counter() - begun, latencies)

    def arriving(self, per_second: float, seconds: float) -> Told:
        """Stays arrive at a fixed pace, whether those before are answered or not.

        What waits for a free connection has been waiting since it was due.
        """
        latencies: list[float] = []
        free = deque(self._lines)
        stays = int(per_second * seconds)
        begun = time.perf_counter()
        sent = 0
        while len(latencies) < stays:
            now = time.perf_counter()
            while free and sent < stays and (due := begun + sent / per_second) <= now:
                free.popleft().send(next(self._requests), due)
                sent += 1
            wait = begun + sent / per_second - now if free and sent < stays else None
            for key, _ in self._selector.select(wait if wait is None else max(wait, 0)):
                line: _Line = key.data
                if line.read():
                    latencies.append(time.perf_counter() - line.due)
                    free.append(line)
        return Told(stays, time.perf_counter() - begun, latencies)
