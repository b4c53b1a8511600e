"""Which requests are being worked on right now (处理中的请求), told by locks of the database.

A request holds an advisory lock while it runs, on one connection of its process. The server lets go
of a dead process's locks, so a request never stays "running" after a crash, and nothing is
written; it is seen by every process on every machine.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import psycopg
from psycopg import Connection

from eventlog.binary_arrays import Bigints
from eventlog.company import Company
from eventlog.group_writer import GroupWriter
from eventlog.log_errors import LogBusy
from eventlog.postgres_connections import (
    AWAY,
    REFUSALS,
    connection_parameters,
    end_of_patience,
    told_as_busy,
    with_patience,
)
from eventlog.postgres_groups import REGISTERED, keys_asked, request_of_row
from eventlog.requests import AnsweredBefore, RequestKey
from eventlog.turns import Turn, this_turn

_HOLD = "SELECT pg_advisory_lock_shared(held) FROM unnest(%b::bigint[]) AS held"
_LET_GO = "SELECT count(pg_advisory_unlock_shared(ended)) FROM unnest(%b::bigint[]) AS ended"
_HOLD_AND_LET_GO = """SELECT pg_advisory_lock_shared(held),
        (SELECT count(pg_advisory_unlock_shared(ended)) FROM unnest(%b::bigint[]) AS ended)
    FROM unnest(%b::bigint[]) AS held"""
# Two numbers make another space of keys than one: ours beside whoever else locks in this database.
_IS_HELD = """SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND objsubid = 1 AND granted
    AND ((classid::bigint << 32) | objid::bigint) = %b)"""


class AdvisoryRunningRequests:
    """The requests that run on the log in one schema."""

    def __init__(self, url: str, schema: str, company: Company | None = None) -> None:
        self._url = url
        self._schema = schema
        self._company = company = company or Company()
        self._arrivals: GroupWriter[tuple[RequestKey, float], AnsweredBefore] = GroupWriter(
            self._hold, company=company, refusals=REFUSALS
        )
        # The connection's; whoever has it may wait for the server.
        self._mutex = threading.Lock()
        # That of the two below; held for a moment.
        self._counting = threading.Lock()
        self._running: Counter[RequestKey] = Counter()
        self._ended = Bigints()
        self._connection: Connection[Any] | None = None

    @contextmanager
    def hold(self, key: RequestKey) -> Iterator[AnsweredBefore]:
        """The request runs as long as this context is open; several may run under one key."""
        turn = this_turn()
        is_held = False
        try:
            # Turns have each other's company already.
            with nullcontext() if turn else self._company.member():
                answered = self._arrivals.write((key, end_of_patience()))
                is_held = True
                yield answered
        finally:
            if is_held:
                self._end(key, turn)

    def _end(self, key: RequestKey, turn: Turn | None) -> None:
        with self._counting:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]
            self._ended.append(self._place(key))
            # Where others run, the next one that comes or ends lets go of it, too.
            is_last = not self._running
        if is_last and turn is not None:
            turn.round.later(self._let_go_soon)
        elif is_last:
            self._let_go_soon()

    def _let_go_soon(self) -> None:
        """Unless whoever has the connection lets go of it."""
        with suppress(LogBusy), self._turn(end_of_patience()):
            self._let_go()

    def is_running(self, key: RequestKey) -> bool:
        """Whether any process works on the request now."""
        until = end_of_patience()
        with self._turn(until):
            if key in self._running:
                return True
            self._let_go()
            return bool(self._ask(_IS_HELD, key, until))

    def close(self) -> None:
        """Let go of everything."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _hold(self, arrived: Sequence[tuple[RequestKey, float]]) -> list[AnsweredBefore]:
        keys = [key for key, _ in arrived]
        # Of who came first: those who wait behind each other for a server that is away wait no
        # longer than one.
        until = min(each for _, each in arrived)
        held = Bigints(map(self._place, keys))

        def attempt(_number: int) -> list[Any]:
            connection = self._open()
            try:
                with connection.pipeline():
                    connection.execute(_HOLD_AND_LET_GO, (self._take_ended(), held))
                    known = connection.execute(REGISTERED, keys_asked(keys), binary=True)
                    return known.fetchall()
            except psycopg.Error:
                # Nothing takes back the locks that it got; the next connection has those of
                # the requests that run, and no others.
                connection.close()
                raise

        with self._turn(until), told_as_busy():
            rows = with_patience(attempt, until=until)
            with self._counting:
                self._running.update(keys)
        answered = {row.key: row for row in map(request_of_row, rows)}
        return [(answered.get(key),) for key in keys]

    @contextmanager
    def _turn(self, until: float) -> Iterator[None]:
        """The connection is this thread's. Raises LogBusy where it is not until then."""
        if not self._mutex.acquire(timeout=max(0.0, until - time.monotonic())):
            raise LogBusy(AWAY)
        try:
            yield
        finally:
            self._mutex.release()

    def _take_ended(self) -> Bigints:
        with self._counting:
            ended, self._ended = self._ended, Bigints()
        return ended

    def _let_go(self) -> None:
        ended = self._take_ended()
        # A connection that broke has let go already.
        with suppress(psycopg.OperationalError, psycopg.InterfaceError):
            if self._connection is not None and ended:
                self._connection.execute(_LET_GO, (ended,))

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
            with self._counting:
                self._ended = Bigints()
                # As often as each is held: a lock is let go of as often.
                held = Bigints(map(self._place, self._running.elements()))
            try:
                self._connection.execute(_HOLD, (held,))
            except psycopg.Error:
                # The next one has them all, or is none of ours.
                self._connection.close()
                raise
        return self._connection

    def _place(self, key: RequestKey) -> int:
        """The number that stands for a request; that two share one is as good as impossible."""
        named = "\0".join((self._schema, key.institution_id, key.operation, key.key)).encode()
        return int.from_bytes(hashlib.sha256(named).digest()[:8], signed=True)
