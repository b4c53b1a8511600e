"""Where a log is kept (日志所在): in a file, or in a schema of a database server."""

from contextlib import AbstractContextManager
from typing import Protocol

from eventlog.recorder import EventLogRecorder
from eventlog.requests import AnsweredBefore, RequestKey


class RunningRequests(Protocol):
    """Which requests are being worked on right now (处理中的请求), in whichever process."""

    def hold(self, key: RequestKey) -> AbstractContextManager[AnsweredBefore]:
        """The request runs as long as this context is open; several may run under one key."""

    def is_running(self, key: RequestKey) -> bool:
        """Whether anybody works on the request now; never after its process died."""


class LogPlace(Protocol):
    """A place where the create step was run; what is kept there outlives every process."""

    def open_recorder(self) -> EventLogRecorder:
        """The recorder of this place. Raises `EventLogMissing`."""

    def require_usable(self) -> None:
        """Look whether a new process could open it now, without patience.

        Raises `EventLogMissing`, and what the database raises.
        """

    def running_requests(self) -> RunningRequests:
        """The requests that run on this log."""

    def close(self) -> None:
        """Let go of connections."""
