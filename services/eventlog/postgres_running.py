"""Which requests are being worked on right now (处理中的请求), told by locks of the database.

A request holds an advisory lock while it runs, on one connection of its process. The server lets go
of a dead process's locks, so a request never stays "running" after a crash, and nothing is
written; it is seen by every process on every machine.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection

from eventlog.log_errors import LogBusy
from eventlog.postgres_connections import (
    AWAY,
    connection_parameters,
    end_of_patience,
    told_as_busy,
    with_patience,
)
from eventlog.requests import RequestKey

_HOLD = "SELECT pg_advisory_lock_shared(%b)"
_LET_GO = "SELECT pg_advisory_unlock_shared(%b)"
# Two numbers make another space of keys than one: ours beside whoever else locks in this database.
_IS_HELD = """SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND objsubid = 1 AND granted
    AND ((classid::bigint << 32) | objid::bigint) = %b)"""


class AdvisoryRunningRequests:
    """The requests that run on the log in one schema."""

    def __init__(self, url: str, schema: str) -> None:
        self._url = url
        self._schema = schema
        self._mutex = threading.Lock()
        self._running: Counter[RequestKey] = Counter()
        self._connection: Connection[Any] | None = None

    @contextmanager
    def hold(self, key: RequestKey) -> Iterator[None]:
        """The request runs as long as this context is open; several may run under one key."""
        with self._turn() as until:
            if key not in self._running:
                self._ask(_HOLD, key, until)
            self._running[key] += 1
        try:
            yield
        finally:
            with self._mutex:
                self._running[key] -= 1
                if not self._running[key]:
                    del self._running[key]
                    # A connection that broke has let go already.
                    with suppress(psycopg.OperationalError, psycopg.InterfaceError):
                        if self._connection is not None:
                            self._connection.execute(_LET_GO, (self._place(key),))

    def is_running(self, key: RequestKey) -> bool:
        """Whether any process works on the request now."""
        with self._turn() as until:
            return key in self._running or bool(self._ask(_IS_HELD, key, until))

    def close(self) -> None:
        """Let go of everything."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _turn(self) -> Iterator[float]:
        """The connection is this thread's, until its patience ends: it began when it came, so
        that those who wait behind each other for a server that is away wait no longer than one.
        """
        until = end_of_patience()
        if not self._mutex.acquire(timeout=max(0.0, until - time.monotonic())):
            raise LogBusy(AWAY)
        try:
            yield until
        finally:
            self._mutex.release()

    def _ask(self, statement: str, key: RequestKey, until: float) -> Any:
        def attempt(_number: int) -> Any:
            found = self._open().execute(statement, (self._place(key),), binary=True).fetchone()
            return found and found[0]

        with told_as_busy():
            return with_patience(attempt, until=until)

    def _open(self) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url, autocommit=True, **connection_parameters(self._url, self._schema)
            )
            for key in self._running:
                self._connection.execute(_HOLD, (self._place(key),))
        return self._connection

    def _place(self, key: RequestKey) -> int:
        """The number that stands for a request; that two share one is as good as impossible."""
        named = "\0".join((self._schema, key.institution_id, key.operation, key.key)).encode()
        return int.from_bytes(hashlib.sha256(named).digest()[:8], signed=True)
