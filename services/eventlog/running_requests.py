"""Which requests are being worked on right now (处理中的请求), in whichever process.

A request holds a lock on one byte of a file beside the log while it runs. The system lets go of a
dead process's locks, so a request never stays "running" after a crash, and nothing is written.
That is true for several processes of one machine; where the system has no such locks (Windows),
only the requests of this process are seen.
"""

import hashlib
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary, finalize

from eventlog.requests import AnsweredBefore, RequestKey

if sys.platform != "win32":
    import fcntl

SUFFIX = "-running"
_PLACES = 2**62


class FileRunningRequests:
    """The requests that run on one log; get it by `running_requests_of`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._running: Counter[RequestKey] = Counter()
        self._file: int | None = None

    @contextmanager
    def hold(self, key: RequestKey) -> Iterator[AnsweredBefore]:
        """The request runs as long as this context is open; several may run under one key."""
        with self._mutex:
            if key not in self._running:
                self._lock(key)
            self._running[key] += 1
        try:
            yield ()
        finally:
            with self._mutex:
                self._running[key] -= 1
                if not self._running[key]:
                    del self._running[key]
                    self._unlock(key)

    def is_running(self, key: RequestKey) -> bool:
        """Whether this process, or another one on this machine, works on the request."""
        with self._mutex:
            return key in self._running or self._is_held_elsewhere(key)

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            finalize(self, os.close, self._file)
        return self._file

    if sys.platform != "win32":

        def _lock(self, key: RequestKey) -> None:
            # Shared: a repetition that reaches another process runs beside the first. It waits
            # only for somebody who is just asking.
            fcntl.lockf(self._opened(), fcntl.LOCK_SH, 1, _place(key))

        def _unlock(self, key: RequestKey) -> None:
            fcntl.lockf(self._opened(), fcntl.LOCK_UN, 1, _place(key))

        def _is_held_elsewhere(self, key: RequestKey) -> bool:
            if self._file is None and not self._path.exists():
                return False
            file = self._opened()
            # Locks belong to processes: this never meets a lock of our own, which the counter
            # answers for, and so never lets go of one.
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(key))
            except (BlockingIOError, PermissionError):  # one or the other, by the system
                return True
            self._unlock(key)
            return False

    else:

        def _lock(self, key: RequestKey) -> None:
            """Nothing to lock with."""

        def _unlock(self, key: RequestKey) -> None:
            """Nothing was locked."""

        def _is_held_elsewhere(self, key: RequestKey) -> bool:  # noqa: ARG002 -- as above
            return False


def running_requests_of(log_path: Path) -> FileRunningRequests:
    """Those of a log: one object for all who opened it in this process.

    Closing a file lets go of all locks that the process holds on it, under whichever descriptor.
    """
    path = log_path.with_name(log_path.name + SUFFIX)
    with _opening:
        found = _by_path.get(path)
        if found is None:
            _by_path[path] = found = FileRunningRequests(path)
        return found


_opening = threading.Lock()
_by_path: WeakValueDictionary[Path, FileRunningRequests] = WeakValueDictionary()


def _place(key: RequestKey) -> int:
    """The byte that stands for a request; that two requests share one is as good as impossible."""
    named = "\0".join((key.institution_id, key.operation, key.key)).encode()
    return int.from_bytes(hashlib.sha256(named).digest()[:8]) % _PLACES
