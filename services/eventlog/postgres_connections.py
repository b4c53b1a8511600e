"""Connections to PostgreSQL (数据库连接): one schema each, and nothing that what is
stored depends on left to the server's settings.
"""

import logging
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from eventlog.database_address import DatabaseAddressInvalid
from eventlog.log_errors import LogBusy

LOCK_TIMEOUT_SECONDS = 30
PATIENCE_SECONDS = 10.0
"""How long a database that went away is waited for, before a request is told so."""
REFUSALS: tuple[type[Exception], ...] = (psycopg.Error, UnicodeError)
"""What a statement is refused with, or a value before it is sent; a server out of reach is told
otherwise, by `told_as_busy`."""
_MOST_CONNECTIONS = 16
_POOL_SECONDS = 2.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.5

LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # The server ended a connection that did nothing for long: the driver counts it elsewhere.
    psycopg.errors.IdleInTransactionSessionTimeout,
)

Found = TypeVar("Found")

# Each failed attempt to connect would be a warning; whoever asked is told once.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def connection_settings(schema: str) -> dict[str, str]:
    """What every connection sets for itself, whatever the server's configuration says.

    A commit that was acknowledged is on the disk; a connection that was lost in the middle of a
    transaction does not keep its lock.
    """
    return {
        "search_path": f'"{schema}"',
        "synchronous_commit": "on",
        "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
        "idle_in_transaction_session_timeout": "60s",
        "TimeZone": "UTC",
        "client_encoding": "UTF8",
        # A worker's machine that is gone does not keep its locks.
        "tcp_keepalives_idle": "10s",
        "tcp_keepalives_interval": "5s",
        "tcp_keepalives_count": "3",
    }


def connection_parameters(url: str, schema: str) -> dict[str, Any]:
    """Beside the address: what any connection to the schema is opened with.

    A server that is gone without a word is noticed within seconds, not within hours.
    """
    return {
        "options": options_for(url, schema),
        "connect_timeout": 5,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }


def options_for(url: str, schema: str) -> str:
    """The `options` of a connection to the schema: those of the address, and ours after them."""
    try:
        given = str(conninfo_to_dict(url).get("options") or "")
    except psycopg.ProgrammingError:
        # Its message quotes the address, and the password with it.
        raise DatabaseAddressInvalid from None
    ours = (f"-c {name}={value}" for name, value in connection_settings(schema).items())
    return " ".join(filter(None, (given, *ours)))


def open_pool(url: str, schema: str) -> ConnectionPool[Connection[tuple[object, ...]]]:
    """Connections that begin no transaction by themselves, opened when they are needed."""
    return ConnectionPool(
        url,
        kwargs={"autocommit": True, **connection_parameters(url, schema)},
        min_size=0,
        max_size=_MOST_CONNECTIONS,
        # Those who wait try again; the pool itself gives up soon.
        timeout=_POOL_SECONDS,
        reconnect_timeout=_POOL_SECONDS,
        # One that the server closed meanwhile is not lent.
        check=_require_open,
        open=True,
        name=f"yizhan-{schema}",
    )


def _require_open(connection: Connection[Any]) -> None:
    """Whether a connection may be lent. Raises OperationalError.

    Nothing has come where nothing was asked: the system says so without a round trip. A server
    that closes a connection says something first. One that is gone without a word is noticed by
    whoever borrows, and tried again like any other.
    """
    arrived = select.poll()
    arrived.register(connection.fileno(), select.POLLIN)
    if arrived.poll(0):
        ConnectionPool.check_connection(connection)


def is_out_of_reach(error: Exception) -> bool:
    """Whether a connection was lost or could not be had, rather than a statement refused."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return False
    return isinstance(error, (*LOST, PoolTimeout))


@contextmanager
def told_as_busy() -> Iterator[None]:
    """A lock that was not free, or a server that is away, is told as the log being busy."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise LogBusy(BUSY) from error
    except (PoolTimeout, PoolClosed, *LOST) as error:
        raise LogBusy(AWAY) from error


BUSY = "事件日志正忙，未写入任何内容，请重试 (event log busy, nothing stored)"
AWAY = "数据库暂时连不上，未写入任何内容，请重试 (database out of reach, nothing stored)"


def end_of_patience() -> float:
    """Until when who asks now waits for a server that is away, on the monotonic clock."""
    return time.monotonic() + PATIENCE_SECONDS


def with_patience(attempt: Callable[[int], Found], *, until: float | None = None) -> Found:
    """What `attempt` returns, tried again while the server is away; it is told which try it is.

    Raises what the last attempt raised, at the end of its patience or at `until`.
    """
    deadline = end_of_patience() if until is None else until
    pause, number = _FIRST_PAUSE_SECONDS, 0
    while True:
        try:
            return attempt(number)
        except Exception as error:
            if not is_out_of_reach(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause, number = min(pause * 2, _LONGEST_PAUSE_SECONDS), number + 1
