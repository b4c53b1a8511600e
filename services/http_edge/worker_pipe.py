"""The pipe between a worker and the process that watches it (进程间管道): heartbeats one way, the
request to end the other.

A signal would not do to ask: whoever ends a service may send one to all its processes, and a second
one ends a process at once.
"""

import select
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final

from http_edge.stopping import Stopping

LOOKED_AT_MOST_SECONDS: Final = 1.0
"""What one look may add to a silence: who watches may have been held up itself."""


class Heard:
    """The watching side: how long ago a worker was heard, and asking it to end."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self.is_serving = False
        self.silent_seconds = 0.0

    def listen(self, seconds: float) -> None:
        """Take what the worker said in the `seconds` since it was last listened to."""
        self.silent_seconds += min(seconds, LOOKED_AT_MOST_SECONDS)
        with suppress(EOFError, OSError):  # it has ended, which its process tells
            while self._pipe.poll():
                self._pipe.recv_bytes()
                self.is_serving = True
                self.silent_seconds = 0.0

    def ask_to_end(self) -> None:
        """Ask the worker to finish what it accepted and end."""
        with suppress(OSError):
            self._pipe.send_bytes(b"end")

    def close(self) -> None:
        """Let go of the pipe."""
        self._pipe.close()


class Telling:
    """The worker's side."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self._room = select.poll()
        self._room.register(pipe.fileno(), select.POLLOUT)

    def beat(self) -> None:
        """Say that requests are taken, if somebody listens: nobody must wait for them."""
        with suppress(OSError):
            if self._room.poll(0):
                self._pipe.send_bytes(b"serving")

    def pass_on(self, stopping: Stopping) -> None:
        """From now on ask this process to end, when it is told so or the other one is gone."""

        def wait() -> None:
            try:
                self._pipe.recv_bytes()
            except (EOFError, OSError):
                stopping.ask("the first process has ended")
            else:
                stopping.ask("the first process was asked")

        threading.Thread(target=wait, daemon=True).start()
