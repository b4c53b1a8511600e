"""What a log in a file promises beside what every log does (SQLite)."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import EventLogMissing, LogBusy, create_event_log, open_event_log
from tests.end_to_end.full_disk import disk_full
from tests.eventlog.savings_box import Box, request


def test_a_log_is_created_by_its_own_step_before_it_is_opened(tmp_path: Path) -> None:
    """Opening creates nothing: a missing file, and a file that is no log, are refused."""
    with pytest.raises(EventLogMissing):
        open_event_log(tmp_path / "missing.sqlite")
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(EventLogMissing):
        open_event_log(tmp_path / "empty.sqlite")

    assert not (tmp_path / "missing.sqlite").exists()


def test_creating_again_changes_nothing(sqlite_path: Path) -> None:
    """The create step may be run on a log in use."""
    log = open_event_log(sqlite_path)
    log.save(Box.open("li"))

    create_event_log(sqlite_path)

    assert log.last_position() == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE stored_events SET topic = 'x'", "DELETE FROM stored_events"]
)
def test_stored_events_can_be_neither_changed_nor_deleted(
    sqlite_path: Path, statement: str
) -> None:
    """The file itself refuses to edit the past."""
    open_event_log(sqlite_path).save(Box.open("li"))
    connection = sqlite3.connect(sqlite_path)

    with pytest.raises(sqlite3.IntegrityError, match="never"):
        connection.execute(statement)
    connection.close()


def test_an_acknowledged_write_is_flushed_to_the_disk(sqlite_path: Path) -> None:
    """Every writing connection runs in WAL mode with synchronous=FULL (2)."""
    log = open_event_log(sqlite_path)
    recorder: Any = log.recorder
    with recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute("PRAGMA synchronous")
        synchronous = cursor.fetchone()[0]
        cursor.execute("PRAGMA journal_mode")
        journal_mode = cursor.fetchone()[0]

    assert (synchronous, journal_mode) == (2, "wal")


def test_a_lock_that_is_not_released_is_reported_as_busy(
    sqlite_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that cannot get the lock in time says so, and has stored nothing."""
    monkeypatch.setattr("eventlog.sqlite_recorder.LOCK_TIMEOUT_SECONDS", 1)
    impatient = open_event_log(sqlite_path)
    holder = sqlite3.connect(sqlite_path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(LogBusy):
        impatient.save(Box.open("li"), accepted=request("k1"))
    holder.execute("ROLLBACK")
    holder.close()

    assert impatient.last_position() == 0
    assert impatient.find_request(request("k1").key) is None
    impatient.save(Box.open("li"))


def test_a_full_disk_stores_nothing_and_holds_nobody_up_afterwards(sqlite_path: Path) -> None:
    """Saves, refusals and numbers say so, readers go on; with room again the next save stands."""
    with open_event_log(sqlite_path) as log:
        box = Box.open("li")
        log.save(box)
        for fen in range(20):
            box.add_coin(fen)
        with disk_full(os.getpid()):
            with pytest.raises(LogBusy, match="磁盘已满或不可写，未写入任何内容"):
                log.save(box, accepted=request("k1"))
            with pytest.raises(LogBusy, match="磁盘已满"):
                log.next_serial("a")
            with pytest.raises(LogBusy, match="磁盘已满"):
                log.record_refusal(request("k1", accepted=False))
            assert log.last_position() == 1
            assert log.find_request(request("k1").key) is None

        again = log.find(Box.create_id("li"), Box)
        assert again is not None
        again.add_coin(5)
        log.save(again, accepted=request("k1"))
        assert (log.last_position(), log.next_serial("a")) == (2, 1)


def test_the_environment_of_the_process_does_not_decide_how_events_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would take its persistence and a cipher from environment variables."""
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    monkeypatch.setenv("COMPRESSOR_TOPIC", "zlib")
    create_event_log(tmp_path / "log.sqlite")
    log = open_event_log(tmp_path / "log.sqlite")
    log.save(Box.open("li"))

    again = open_event_log(tmp_path / "log.sqlite")

    assert again.has(Box.create_id("li"))
    assert again.recorder.select_events(Box.create_id("li"))[0].state.startswith(b"{")
