"""People in a schema of PostgreSQL: what holds there beside what holds of files."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from eligibility.adapters import vault_journal
from eligibility.adapters.vault_journal import ErasureUnfinished
from eligibility.bootstrap import build
from tests.eligibility.certificate_race import CERTIFICATES
from tests.eligibility.conftest import Desk, number, roster
from tests.eligibility.list_office import Office, full
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file
from tests.support.people_places import (
    account_of_a_worker,
    behind_the_people,
    people_settings,
)

BEGAN = date(2023, 12, 31)
ROW = f"居民身份证,{number(1)},样例一,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"


@pytest.fixture
def kept_on() -> str:
    """All of these."""
    return "postgres"


def asked(folder: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What the tables say."""
    return behind_the_people(folder, "", statement, *values)


def cut_connections(folder: Path) -> int:
    """As an operator or a failing server does; how many there were."""
    cut = asked(
        folder,
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND datname = current_database()""",
    )
    return len(cut)


def test_two_processes_that_race_for_certificates_agree_whom_each_finds(data_dir: Path) -> None:
    """120 certificates, each asked for by both at once: one person each, one key each."""
    command = [sys.executable, "-m", "tests.eligibility.certificate_race", str(data_dir)]
    pipe = subprocess.PIPE
    racing = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for process in racing:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in racing:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    one, other = (process.communicate()[0].split() for process in racing)

    assert [process.returncode for process in racing] == [0, 0]
    assert len(one) == 2 * CERTIFICATES
    assert one == other
    reserved = {UUID(each).hex for each in one}
    # Each was reserved, or claimed by one of the two, whose own passports come on top.
    keys = {row[0] for row in asked(data_dir, "SELECT person_id FROM person_keys")}
    assert keys >= reserved
    assert len(keys) == CERTIFICATES + 2
    assert asked(data_dir, "SELECT count(*) FROM certificates") == [(2 * CERTIFICATES + 2,)]


def test_of_two_processes_that_import_one_list_at_once_one_does(
    data_dir: Path, tmp_path: Path
) -> None:
    """The other gets its answer, or is told that somebody was first; nothing stands twice."""
    office = Office(data_dir)
    office.bring(csv_file(CIVIL_HEADER, *(civil_row(n) for n in range(300))), full(until=BEGAN))
    position = office.eligibility.log.last_position()
    file = tmp_path / "next.csv"
    file.write_bytes(csv_file(CIVIL_HEADER, *(civil_row(n) for n in range(10, 310))))
    command = [sys.executable, "-m", "tests.eligibility.list_process", str(data_dir), str(file)]
    pipe = subprocess.PIPE
    racing = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(2)
    ]
    for process in racing:
        assert process.stdin is not None
        assert process.stdout is not None
        # Both have begun to read the list before either goes on.
        assert process.stdout.readline() == "读取 300\n"
    for process in racing:
        assert process.stdin is not None
        process.stdin.write("\n" * 20)
        process.stdin.flush()
    told = [process.communicate(timeout=120)[1] for process in racing]

    codes = sorted(process.returncode for process in racing)
    assert codes in ([0, 0], [0, 1]), told
    assert codes == [0, 0] or any("VersionConflict" in each for each in told), told
    # The list itself, ten who are new with a name and a fact each, ten who end.
    assert office.eligibility.log.last_position() == position + 1 + 10 * 2 + 10
    assert asked(data_dir, "SELECT count(*) FROM certificates") == [(310,)]
    again = office.bring(file.read_bytes(), full())
    assert again.is_repeated
    assert (again.figures.persons_new, again.figures.persons_ended) == (10, 10)
    office.close()


def test_two_workers_give_one_answer_to_one_request(desk: Desk) -> None:
    """The second worker, on the same schema, gives the first one's answer byte by byte."""
    other = Desk(desk.data_dir)
    first = desk.stage(roster(ROW), key="one")
    again = other.stage(roster(ROW), key="one")
    roster_id = first.json()["roster_id"]
    activated = other.activate(roster_id, key="two")
    repeated = desk.activate(roster_id, key="two")

    assert again.content == first.content
    assert repeated.content == activated.content
    assert repeated.headers["Idempotency-Replayed"] == "true"
    assert desk.person_id(number(1)) == other.person_id(number(1))
    assert desk.eligibility.log.last_position() == other.eligibility.log.last_position()
    other.eligibility.close()


def test_a_reading_is_never_changed_or_deleted(desk: Desk) -> None:
    """By nobody who writes through the service's own account, either."""
    desk.bring(ROW)
    desk.entitlements(number(1), "2023-07-01")
    for spoiling in ("DELETE FROM person_reads", "UPDATE person_reads SET call = ''"):
        with pytest.raises(psycopg.errors.RaiseException, match="never changed"):
            asked(desk.data_dir, spoiling)
    # The look-up and the answer.
    assert asked(desk.data_dir, "SELECT count(*) FROM person_reads") == [(2,)]


def test_connections_that_were_cut_are_opened_again(desk: Desk) -> None:
    """Nobody who asks next hears of it: the log, the vault, the readings, a read model."""
    desk.bring(ROW)
    before = desk.entitlements(number(1), "2023-07-01")
    assert cut_connections(desk.data_dir) > 0

    assert desk.entitlements(number(1), "2023-07-01") == before
    cut_connections(desk.data_dir)
    desk.bring(ROW.replace(number(1), number(2)))
    assert desk.look_up(number(2)).status_code == 200


def test_a_lock_that_is_held_is_told_as_busy(
    desk: Desk, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with the same request to be sent again; nothing was stored meanwhile."""
    desk.bring(ROW)
    settings = people_settings(data_dir)
    assert settings.database is not None
    monkeypatch.setattr("eventlog.postgres_connections.LOCK_TIMEOUT_SECONDS", 0.2)
    impatient = Desk(data_dir)
    with psycopg.connect(settings.database) as held:
        held.execute(f'LOCK TABLE "{settings.schema}".certificates IN ACCESS EXCLUSIVE MODE')  # type: ignore[arg-type]
        refused = impatient.look_up(number(1))
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:yizhan:problem:busy-try-again"
    assert impatient.look_up(number(1)).status_code == 200
    impatient.eligibility.close()


@pytest.fixture
def pages(data_dir: Path) -> Iterator[str]:
    """The schema of what looks into the pages of tables."""
    schema = people_settings(data_dir).schema
    asked(data_dir, f'CREATE EXTENSION IF NOT EXISTS pageinspect SCHEMA "{schema}"')
    yield schema
    asked(data_dir, "DROP EXTENSION pageinspect")


def test_what_was_erased_stands_in_no_row_of_any_page(
    desk: Desk, pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even as a version that nobody sees: the key, the look-up, what waited to be activated.
    A reader from before is waited for and told."""
    assert pages
    desk.bring(ROW, ROW.replace(number(1), number(2)))
    desk.stage(roster(ROW.replace("低保对象", "孤儿")))
    person_id = desk.person_id(number(1))
    secrets = [
        *asked(
            desk.data_dir,
            "SELECT wrapped_key FROM person_keys WHERE person_id = ?",
            UUID(person_id).hex,
        ),
        *asked(
            desk.data_dir,
            "SELECT certificate_hash FROM certificates WHERE person_id = ?",
            UUID(person_id).hex,
        ),
        *asked(desk.data_dir, "SELECT sealed FROM staged_rosters"),
    ]
    assert len(secrets) == 3
    assert all(in_rows(desk.data_dir, bytes(each)) for (each,) in secrets)
    monkeypatch.setattr(vault_journal, "_PATIENCE_SECONDS", 0.3)
    with desk.eligibility.storage.vault.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM person_keys")
        with pytest.raises(ErasureUnfinished, match="再次执行"):
            desk.eligibility.erase_person(UUID(person_id))
        assert desk.look_up(number(1)).status_code == 404

    desk.eligibility.erase_person(UUID(person_id))

    assert not any(in_rows(desk.data_dir, bytes(each)) for (each,) in secrets)
    assert desk.look_up(number(2)).status_code == 200


def test_an_account_that_may_not_clean_the_tables_deletes_nothing(desk: Desk) -> None:
    """The server would pass them over with a warning, and what was erased would stand there."""
    desk.bring(ROW)
    person_id = UUID(desk.person_id(number(1)))
    with account_of_a_worker(desk.data_dir) as account:
        worker = build(account)
        with pytest.raises(ErasureUnfinished, match="所有者"):
            worker.erase_person(person_id)
    assert desk.person_id(number(1)) == str(person_id)

    desk.eligibility.erase_person(person_id)

    assert desk.look_up(number(1)).status_code == 404


def test_one_who_only_wrote_before_holds_what_was_erased_and_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads nothing any more, and the server keeps the rows all the same."""
    desk.bring(ROW)
    person_id = UUID(desk.person_id(number(1)))
    monkeypatch.setattr(vault_journal, "_PATIENCE_SECONDS", 0.3)
    with psycopg.connect(str(people_settings(desk.data_dir).database)) as writer:
        writer.execute("SELECT pg_current_xact_id()")
        with pytest.raises(ErasureUnfinished, match="再次执行"):
            desk.eligibility.erase_person(person_id)

    desk.eligibility.erase_person(person_id)


def in_rows(folder: Path, secret: bytes) -> bool:
    """Whether a row, living or dead, of the vault's tables holds these bytes."""
    every_item = """SELECT t_data FROM generate_series(0,
        pg_relation_size('{0}') / current_setting('block_size')::int - 1) AS page,
        heap_page_items(get_raw_page('{0}', page::int)) WHERE t_data IS NOT NULL"""
    found = [
        bytes(row[0])
        for table in ("person_keys", "certificates", "staged_rosters")
        for row in asked(folder, every_item.format(table))
    ]
    return any(secret in each for each in found)
