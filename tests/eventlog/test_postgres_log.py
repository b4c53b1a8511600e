"""What a log on PostgreSQL promises beside what every log does."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from psycopg import Connection

import eventlog.postgres_recorder
from eventlog.log import EventLog, EventLogMissing, LogBusy, OutcomeUnknown, open_postgres_log
from eventlog.log_errors import RequestAlreadyAccepted, VersionConflict
from eventlog.measured import LogMeasures
from eventlog.postgres_connections import end_of_patience, options_for
from eventlog.postgres_groups import LOCK, Save, write_group
from eventlog.postgres_running import AdvisoryRunningRequests
from eventlog.postgres_tables import create_log_tables
from eventlog.requests import RequestKey
from tests.eventlog.log_addresses import behind_the_log, connected, new_address, open_at
from tests.eventlog.savings_box import Box, request
from tests.real_parts.postgres_server import (
    StoppableServer,
    database_of_this_process,
    fresh_schema,
)

A, B = UUID(int=1), UUID(int=2)
# Others use this server meanwhile: only who waits for this very log.
WAITING = """SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'stored_events'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@pytest.fixture(name="address")
def _address(tmp_path: Path) -> str:
    return new_address("postgres", tmp_path)


@pytest.fixture(name="log")
def _log(address: str) -> Iterator[EventLog]:
    with open_at(address) as log:
        yield log


def event(of: UUID, version: int, state: bytes = b"{}") -> StoredEvent:
    """A stored event of a kind that nobody reads."""
    return StoredEvent(of, version, "test.kind.v1", state)


def test_each_save_of_a_group_is_judged_by_itself(address: str) -> None:
    """What goes before in the group counts; who is refused leaves nothing, also of what is good."""
    saves = [
        Save((event(A, 1), event(A, 2)), request("k1")),
        Save((event(B, 1), event(A, 2)), request("k2")),
        Save((event(A, 3),), request("k1", n=2)),
        Save((event(A, 3), event(B, 1))),
        Save(request=request("k1", accepted=False)),
        Save(request=request("k3", accepted=False)),
    ]
    with connected(address) as connection:
        outcomes = write_group(connection, saves)

    assert [outcomes[at] for at in (0, 3, 4, 5)] == [[1, 2], [3, 4], [], []]
    assert isinstance(outcomes[1], VersionConflict)
    assert isinstance(outcomes[2], RequestAlreadyAccepted)
    with open_at(address) as log:
        assert [log.recorder.select_positions(each) for each in (A, B)] == [[1, 2, 3], [4]]
        assert log.find_request(request("k1").key) == request("k1")
        assert log.find_request(request("k2").key) is None
        assert log.find_request(request("k3").key) == request("k3", accepted=False)


def test_a_group_sent_again_is_found_and_not_doubled(address: str) -> None:
    """With the first one's positions; another's event at the same place is no repetition."""
    saves = [
        Save((event(A, 1, b"mine"), event(B, 1)), request("k1")),
        Save(request=request("k2")),
    ]
    with connected(address) as connection:
        first = write_group(connection, saves)
        again = write_group(connection, saves, again=True)
        other = write_group(connection, [Save((event(A, 1, b"yours"),))], again=True)
        key = write_group(connection, [Save(request=request("k2", n=9))], again=True)

    assert [list(each) for each in again if not isinstance(each, Exception)] == first
    assert isinstance(other[0], VersionConflict)
    assert isinstance(key[0], RequestAlreadyAccepted)
    with open_at(address) as log:
        assert log.last_position() == 2


def test_a_save_whose_answer_was_lost_is_stored_once(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks after the commit: the save is looked for, found, and returns."""
    lost = _answers_lost(monkeypatch, times=2)

    log.save(Box.open("li"), accepted=request("k1"))

    assert lost == [1, 2]
    assert log.last_position() == 1
    assert log.find_request(request("k1").key) == request("k1")


def test_where_the_server_does_not_come_back_the_outcome_is_not_guessed(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither done nor refused: unknown. Sent again, the first one's acceptance is heard."""
    with monkeypatch.context() as patched:
        patched.setattr("eventlog.postgres_connections.PATIENCE_SECONDS", 0.2)
        _answers_lost(patched, times=100)
        with pytest.raises(OutcomeUnknown, match="结果未知"):
            log.save(Box.open("li"), accepted=request("k1"))

    with pytest.raises(RequestAlreadyAccepted):
        log.save(Box.open("li"), accepted=request("k1"))


def test_a_lock_that_is_not_free_after_a_lost_answer_is_no_refusal(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try may have been stored: unknown, not 'nothing stored'."""
    monkeypatch.setattr("eventlog.postgres_connections.LOCK_TIMEOUT_SECONDS", 1)
    with open_at(address) as log:
        _answers_lost(monkeypatch, times=1, lock_after=address)
        with pytest.raises(OutcomeUnknown, match="结果未知"):
            log.save(Box.open("li"))
        monkeypatch.undo()
        assert log.last_position() == 1


def _answers_lost(
    monkeypatch: pytest.MonkeyPatch, *, times: int, lock_after: str | None = None
) -> list[int]:
    """The first groups are written, and nobody hears of it; which ones. Then somebody may hold the
    lock."""
    lost: list[int] = []
    holders: list[Any] = []

    def write_and_lose(connection: Connection[Any], saves: list[Save], *, again: bool) -> Any:
        outcomes = write_group(connection, saves, again=again)
        if len(lost) < times:
            lost.append(len(lost) + 1)
            connection.close()
            if lock_after is not None:
                holders.append(held(lock_after))
                holders[-1].__enter__()
            raise psycopg.OperationalError
        return outcomes

    monkeypatch.setattr(eventlog.postgres_recorder, "write_group", write_and_lose)
    return lost


def test_a_connection_that_is_cut_in_a_transaction_is_made_up_for(
    address: str, log: EventLog
) -> None:
    """The server ends the session of a writer who waits for the lock: it writes in another."""
    with held(address) as holder:
        writer = threading.Thread(target=log.save, args=(Box.open("li"),))
        writer.start()
        cut = _wait_for(holder, WAITING)
        holder.execute("SELECT pg_terminate_backend(%s)", (cut,))
    writer.join(20)

    assert log.has(Box.create_id("li"))
    assert log.last_position() == 1


def test_a_lock_that_is_not_released_is_reported_as_busy(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that cannot get the lock in time says so, and has stored nothing; readers go on."""
    monkeypatch.setattr("eventlog.postgres_connections.LOCK_TIMEOUT_SECONDS", 1)
    with open_at(address) as impatient:
        with held(address):
            with pytest.raises(LogBusy, match="未写入"):
                impatient.save(Box.open("li"), accepted=request("k1"))
            with pytest.raises(LogBusy, match="未写入"):
                impatient.save_portions([[Box.open("li")]])
            assert impatient.last_position() == 0
        assert impatient.find_request(request("k1").key) is None
        impatient.save(Box.open("li"))


def test_whoever_measures_hears_how_many_saves_shared_a_transaction(
    address: str, log: EventLog
) -> None:
    """One alone; five who came while nobody could write are told of together."""
    sizes: list[int] = []
    log.measures = LogMeasures(committed=sizes.append)
    log.save(Box.open("first"))
    with held(address) as holder:
        writers = [threading.Thread(target=log.save, args=(Box.open(str(n)),)) for n in range(6)]
        writers[0].start()
        _wait_for(holder, WAITING)
        for writer in writers[1:]:
            writer.start()
        groups: Any = log.recorder
        while len(groups._groups._waiting) < 5:
            time.sleep(0.001)
    for writer in writers:
        writer.join(20)

    assert sizes == [1, 1, 5]


def test_what_the_server_refuses_of_one_is_not_refused_of_the_others(log: EventLog) -> None:
    """A group with one save that no column takes: those before and behind it are stored."""
    recorder: Any = log.recorder
    bad = StoredEvent(B, 1, "a topic with\0", b"{}")

    first, refused, last = recorder._groups._outcomes(
        [Save((event(A, 1),)), Save((bad,)), Save((event(A, 2),))]
    )

    assert isinstance(refused, psycopg.DataError)
    assert ([*first], [*last], log.last_position()) == ([1], [2], 2)


def test_what_is_refused_of_one_question_is_answered_of_the_others(log: EventLog) -> None:
    """Serials, answers and running requests asked for together: each hears of its own."""
    recorder: Any = log.recorder
    bad, good = RequestKey("H", "op", "\0"), request("known", accepted=False)
    log.record_refusal(good)

    drawn = recorder._serials._outcomes(["a", "a\0", "a"])
    found = recorder._requests._outcomes([good.key, bad])
    assert isinstance(drawn[1], psycopg.DataError)
    assert isinstance(found[1], psycopg.DataError)
    assert (drawn[0], drawn[2], found[0]) == (1, 2, [good])

    running: Any = log._running
    unsayable = RequestKey("H", "op", "\ud800")
    held = running._arrivals._outcomes(
        [(each, end_of_patience()) for each in (unsayable, good.key)]
    )
    assert (type(held[0]), held[1]) == (UnicodeEncodeError, (good,))
    assert running.is_running(good.key)


def test_those_who_wait_for_a_server_that_is_away_do_not_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Eight requests that begin at once hear at once that the database is away."""
    monkeypatch.setattr("eventlog.postgres_connections.PATIENCE_SECONDS", 0.5)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        running = AdvisoryRunningRequests(
            f"postgresql://127.0.0.1:{nobody.getsockname()[1]}/none", "none"
        )
        told: list[float] = []

        def begin(number: int) -> None:
            started = time.monotonic()
            with pytest.raises(LogBusy), running.hold(request(f"k{number}").key):
                pass
            told.append(time.monotonic() - started)

        threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    assert len(told) == 8
    assert max(told) < 4 * 0.5


def test_a_serial_does_not_wait_for_those_who_save(address: str, log: EventLog) -> None:
    """Numbers are handed out while the table of events is locked."""
    with held(address):
        assert [log.next_serial("a"), log.next_serial("a")] == [1, 2]


@contextmanager
def held(address: str) -> Iterator[Connection[Any]]:
    """Somebody else holds the lock of all who write."""
    with connected(address) as connection, connection.transaction():
        connection.execute(LOCK)
        yield connection


def _wait_for(connection: Connection[Any], query: str) -> Any:
    while (row := connection.execute(query).fetchone()) is None:
        time.sleep(0.01)
    return row[0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stored_events SET topic = 'x'",
        "DELETE FROM stored_events",
        "TRUNCATE stored_events",
        "UPDATE stored_events SET topic = 'x' WHERE false",
    ],
)
def test_stored_events_can_be_neither_changed_nor_deleted(
    address: str, log: EventLog, statement: str
) -> None:
    """The database itself refuses to edit the past."""
    log.save(Box.open("li"))

    with pytest.raises(psycopg.errors.RaiseException, match="never changed"):
        behind_the_log(address, statement)


def test_what_no_migration_made_is_not_opened() -> None:
    """Opening creates nothing: an empty schema is refused, and the step named that is missing."""
    schema = fresh_schema()

    with pytest.raises(EventLogMissing, match="yizhan migrate"):
        open_postgres_log(database_of_this_process(), schema)


def test_a_commit_that_was_answered_is_on_the_disk(address: str) -> None:
    """Every connection asks for it, whatever the server's configuration says."""
    with connected(address) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    assert "statement_timeout=7" in options_for(
        "postgresql://h/d?options=-c%20statement_timeout%3D7", "s"
    )


def test_a_number_is_never_given_again_by_a_server_that_was_killed() -> None:
    """Whoever drew one may save with it once the server is back: nobody else may get it then."""
    server = StoppableServer()
    try:
        with psycopg.connect(server.url) as connection:
            create_log_tables(connection)
        with open_postgres_log(server.url, "public") as log:
            drawn = [log.next_serial("settlement") for _ in range(3)]
            server.stop()
            server.start()
            assert log.next_serial("settlement") == max(drawn) + 1
    finally:
        server.remove()
