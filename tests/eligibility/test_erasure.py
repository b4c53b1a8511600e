"""Erasing a person: nothing in any file tells the name or number, or can be opened any more."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from eligibility.adapters import vault_journal
from eligibility.adapters.sealing import SealBroken, derive_keys, unseal
from eligibility.adapters.vault_journal import ErasureUnfinished
from eligibility.entrypoints.cli import app
from tests.eligibility.conftest import Desk, number, roster
from tests.eligibility.test_personal_data import BIRTH, NAME, NUMBER, in_clear
from tests.support.people_places import ON_BOTH, people_environment

ROW = f"居民身份证,{NUMBER},{NAME},,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
BIRTH_ROW = f"出生医学证明,P340000001,{NAME},1962-09-17,孤儿,2023-01-01,,,,,,"
PASSPORT = {"certificate_type": "passport", "certificate_number": "EA7654321"}
OTHERS = [
    f"居民身份证,{number(n)},样例{n},,低保对象,2023-01-01,,500112,居民,,2015-01-01,"
    for n in range(20, 90)
]


def every_byte(folder: Path) -> bytes:
    """All files of the data folder, journals included, end to end."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def secrets_of(desk: Desk, person_ids: list[str]) -> list[bytes]:
    """What could open these people's data or find them: wrapped keys, keys, hashes."""
    wrap = derive_keys((desk.data_dir / "master.key").read_bytes()).wrap
    with closing(sqlite3.connect(desk.data_dir / "eligibility_vault.sqlite")) as vault:
        found = []
        for text in person_ids:
            key = (UUID(text).hex,)
            rows = vault.execute("SELECT wrapped_key FROM person_keys WHERE person_id = ?", key)
            for (wrapped,) in rows.fetchall():
                about = b"person:" + UUID(text).bytes
                found += [wrapped, unseal(wrapped, key=wrap, about=about)]
            query = "SELECT certificate_hash FROM certificates WHERE person_id = ?"
            found += [row[0] for row in vault.execute(query, key)]
    return found


def sealed_windows(data: bytes, size: int) -> Iterator[bytes]:
    """Every stretch of bytes of a size."""
    yield from (data[start : start + size] for start in range(len(data) - size))


def test_after_an_erasure_no_byte_of_any_file_tells_who_it_was(desk: Desk) -> None:
    """Merged records, several certificates, a roster that waits: all gone; the rest stands."""
    desk.bring(ROW, *OTHERS)
    desk.bring(BIRTH_ROW)
    person_id = desk.person_id(NUMBER)
    child = desk.look_up("P340000001", certificate_type="birth_certificate").json()["person_id"]
    url, headers = f"/v1/persons/{person_id}", desk.headers
    desk.client.post(f"{url}/certificates", json=PASSPORT, headers=headers())
    merge = {"other_id": child, "reason": "registered_twice"}
    desk.client.post(f"{url}/merges", json=merge, headers=headers())
    waiting = desk.stage(roster(ROW.replace("低保对象", "特困人员"), OTHERS[0])).json()
    desk.now += timedelta(seconds=1)
    asked = {"on": "2023-07-01", "known_at": desk.now.isoformat()}
    before = desk.client.get(f"{url}/entitlements", params=asked).json()
    changes, position = desk.client.get("/v1/changes").json(), desk.eligibility.log.last_position()
    secrets = secrets_of(desk, [person_id, child])
    assert len(secrets) == 2 * 2 + 3
    wrapped = [each for each in secrets if each in every_byte(desk.data_dir)]
    assert len(wrapped) == 2 + 3

    erased = desk.eligibility.erase_person(UUID(child))

    assert [str(each) for each in erased] == [person_id, child]
    assert in_clear(desk.data_dir) == []
    left = every_byte(desk.data_dir)
    assert [each for each in secrets if each in left] == []
    assert b"EA7654321" not in left
    # Facts, counts, history and the feed stand; the birth date is gone.
    assert desk.client.get("/v1/changes").json() == changes
    assert desk.eligibility.log.last_position() == position
    after = desk.client.get(f"{url}/entitlements", params=asked).json()
    assert (before["birth_date"], after) == ("1962-09-17", before | {"birth_date": None})
    for kind, its_number in (
        ("resident_id", NUMBER),
        ("passport", "EA7654321"),
        ("birth_certificate", "P340000001"),
    ):
        assert desk.look_up(its_number, certificate_type=kind).status_code == 404
    # The roster that waited no longer has the row.
    activated = desk.activate(waiting["roster_id"]).json()
    assert (activated["persons_new"], activated["facts_new"]) == (0, 0)
    assert desk.look_up(number(21)).status_code == 200


def test_what_is_sealed_in_the_log_opens_with_no_stretch_of_bytes_that_is_left(
    desk: Desk,
) -> None:
    """Every 32 bytes of every file are tried as the key of the person's own event."""
    desk.bring(ROW)
    person_id = UUID(desk.person_id(NUMBER))
    person = desk.eligibility.log.find(person_id)
    sealed, about = person.sealed[0][1], b"person:" + person_id.bytes
    key = secrets_of(desk, [str(person_id)])[1]
    assert BIRTH[:4].encode() in unseal(sealed, key=key, about=about)

    desk.eligibility.erase_person(person_id)

    vault = desk.data_dir / "eligibility_vault.sqlite"
    left = vault.read_bytes() + (desk.data_dir / "master.key").read_bytes() + b"\0"
    tried = {each for each in sealed_windows(left, 32) if len(set(each)) > 4}
    assert len(tried) > 100
    for each in tried:
        with pytest.raises(SealBroken):
            unseal(sealed, key=each, about=about)


def test_many_keys_are_erased_one_by_one_and_leave_nothing_between_the_pages(
    desk: Desk,
) -> None:
    """Pages that were split and joined while keys came and went hold no stale copy."""
    desk.bring(*OTHERS)
    ids = [desk.person_id(number(n)) for n in range(20, 90)]
    secrets = secrets_of(desk, ids)

    for person_id in ids:
        desk.eligibility.erase_person(UUID(person_id))

    left = every_byte(desk.data_dir)
    assert len(secrets) == 3 * len(ids)
    assert [each for each in secrets if each in left] == []


def test_a_reader_that_holds_the_journal_is_waited_for_and_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short reader delays the erasure, a long one is told; erased again, it is done."""
    desk.bring(ROW)
    person_id = UUID(desk.person_id(NUMBER))
    monkeypatch.setattr(vault_journal, "_PATIENCE_SECONDS", 0.3)
    reader = sqlite3.connect(
        desk.data_dir / "eligibility_vault.sqlite", isolation_level=None, check_same_thread=False
    )
    secrets = secrets_of(desk, [str(person_id)])
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM person_keys").fetchone()

    with pytest.raises(ErasureUnfinished, match="再次执行"):
        desk.eligibility.erase_person(person_id)
    assert desk.look_up(NUMBER).status_code == 404

    monkeypatch.setattr(vault_journal, "_PATIENCE_SECONDS", 20)
    timer = threading.Timer(0.3, reader.execute, args=["ROLLBACK"])
    timer.start()
    desk.eligibility.erase_person(person_id)
    timer.join()
    reader.close()
    left = every_byte(desk.data_dir)
    assert [each for each in secrets if each in left] == []


@ON_BOTH
def test_at_the_command_line_it_is_asked_first(desk: Desk) -> None:
    """A no changes nothing; with --yes it names the ids it erased, and nothing more."""
    desk.bring(ROW)
    person_id, run = desk.person_id(NUMBER), CliRunner()
    arguments, where = ["person", "erase", person_id], people_environment(desk.data_dir)

    assert run.invoke(app, arguments, input="n\n", env=where).exit_code == 1
    assert desk.look_up(NUMBER).status_code == 200
    erased = run.invoke(app, [*arguments, "--yes"], env=where)

    assert erased.output == f"已删除个人信息：{person_id}\n"
    assert desk.look_up(NUMBER).status_code == 404
