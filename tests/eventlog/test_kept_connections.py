"""A connection is lent to one at a time and kept for the next; after a failure it is let go."""

import sqlite3
from functools import partial
from pathlib import Path

import pytest

from eventlog.kept_connections import KeptConnections


@pytest.fixture
def kept(tmp_path: Path) -> KeptConnections:
    """Connections to a file with one table."""
    file = tmp_path / "notes.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()
    return KeptConnections(partial(sqlite3.connect, file, isolation_level=None))


def test_the_next_gets_the_same_connection_and_two_at_once_get_two(kept: KeptConnections) -> None:
    """One after the other share one; whoever comes while it is lent gets another."""
    with kept.lent() as first:
        pass
    with kept.lent() as again, kept.lent() as second:
        assert again is first
        assert second is not first


def test_what_failed_is_not_lent_again(kept: KeptConnections) -> None:
    """Its transaction is gone with it: the next sees nothing of it and may write at once."""
    failed = []

    def write_half() -> None:
        with kept.lent() as connection:
            failed.append(connection)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO notes VALUES ('half')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()

    with kept.lent() as connection:
        assert connection not in failed
        connection.execute("INSERT INTO notes VALUES ('whole')")
        assert connection.execute("SELECT text FROM notes").fetchall() == [("whole",)]


def test_closing_closes_what_is_kept_and_the_next_opens_anew(kept: KeptConnections) -> None:
    """A closed connection answers nothing any more."""
    with kept.lent() as connection:
        pass
    kept.close()

    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT text FROM notes")
    with kept.lent() as another:
        assert another.execute("SELECT text FROM notes").fetchall() == []
