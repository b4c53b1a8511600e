"""Connections of the SQLite driver, kept open (常备连接): for what every request reads or notes.

A pool that counts, begins and rolls back costs several times what a look-up by its key does.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class KeptConnections:
    """As many connections to one file as were ever lent at once; each to one thread at a time.

    No transaction is begun: each statement is one by itself, unless the borrower begins one, and
    takes all rows before giving the connection back.
    """

    def __init__(self, open_one: Callable[[], sqlite3.Connection]) -> None:
        """`open_one` opens a connection that begins no transactions and may change threads."""
        self._open_one = open_one
        self._idle: deque[sqlite3.Connection] = deque()

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """A connection; one that something failed on is not lent again."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open_one()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def close(self) -> None:
        """Close those that are not lent; whoever borrows afterwards opens a new one."""
        while self._idle:
            self._idle.pop().close()
