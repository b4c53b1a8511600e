"""docs/backup.md is followed by the letter: its own commands back up, restore and check."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from contracts.channels import SETTLEMENT
from eligibility.storage import make_tables as make_people_tables
from infra.up.images import postgres_programs
from kafka_edge.exactly_once import ExactlyOnce
from kafka_edge.publisher import LogBehind, LogDiffers, Publisher
from kafka_edge.servers import KafkaServers
from kafka_edge.topics import create_topics
from settlement.bootstrap import Parts, build_parts
from settlement.entrypoints.publish import SettlementFeed
from settlement.settings import Settings
from settlement.storage import make_tables
from tests.eligibility.conftest import Desk as PeopleDesk
from tests.eligibility.conftest import number
from tests.kafka_edge.published_people import Quiet
from tests.kafka_edge.reading import told
from tests.real_parts.postgres_server import fresh_database, server_url
from tests.settlement.finding.test_published_notices import PlayedResidences
from tests.support.people_places import keep_people_in, people_settings
from tests.support.settlement_desk import (
    P1,
    Desk,
    PeopleKnown,
    Ticking,
    shipped_book,
    with_people,
)
from tests.support.storages import NOBODY

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/backup.md"
BLOCKS = dict(re.findall(r"```sh\n# ([a-z-]+)\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL))
BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
ROW = f"居民身份证,{number(1)},样例,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"


def follow_document(block: str, places: dict[str, str]) -> str:
    """Run one block of the document in a shell that stops at the first failure."""
    programs = (str(postgres_programs()), str(Path(sys.executable).parent), os.environ["PATH"])
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", BLOCKS[block]],
        env={**os.environ, **places, "PATH": os.pathsep.join(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{block}：{ran.stdout}{ran.stderr}"
    return ran.stdout


def desk_on(database: str, data: Path) -> Desk:
    """A hospital at settlement on a migrated database."""
    data.mkdir(exist_ok=True)
    settings = Settings(data, None, NOBODY, database=database)
    make_tables(settings)
    people = PeopleKnown()
    people.add(P1, region="500112")
    parts = build_parts(settings, Ticking(), book=shipped_book())
    return Desk(with_people(parts, people))


def people_on(database: str, folder: Path) -> PeopleDesk:
    """An office at eligibility on the same database, with one person."""
    keep_people_in(folder, database)
    make_people_tables(people_settings(folder))
    people = PeopleDesk(folder)
    people.bring(ROW)
    return people


def settle(desk: Desk, stay_number: str) -> str:
    """One bill; the stay it is of."""
    stay = desk.discharged(P1, stay_number, charges=BILL)
    settled = desk.settle(stay)
    assert settled.is_success, settled.text
    return stay


def publish(parts: Parts, servers: KafkaServers) -> int:
    """Tell everything there is; the position reached."""
    publisher = Publisher(
        SettlementFeed(parts.ledger, PlayedResidences()),
        lambda fenced: ExactlyOnce(SETTLEMENT, servers, follows=fenced),
        watched=Quiet(),
        ending=Event(),
    )
    return publisher.catch_up()


def ids(servers: KafkaServers) -> list[str]:
    """The ids of everything told."""
    return sorted(each["id"] for each in told(SETTLEMENT, servers))


@pytest.fixture(name="servers")
def _servers(kafka: str) -> KafkaServers:
    servers = KafkaServers(kafka, f"{uuid4().hex}.")
    create_topics(SETTLEMENT, servers)
    return servers


def test_the_document_is_followed_from_backup_to_publishing(
    tmp_path: Path, servers: KafkaServers
) -> None:
    """What was backed up is there again, to the byte and the fen; publishing goes on once.

    Where Kafka was told more than the restored log holds, nothing is told under ids that others
    have, also after the log went on.
    """
    with fresh_database() as database:
        places = places_of(tmp_path, database)
        people = people_on(database, tmp_path / "people")
        before = desk_on(database, tmp_path / "data")
        before.import_institutions()
        stays = [settle(before, f"A{n}") for n in range(3)]
        statements = {stay: before.read(f"/v1/stays/{stay}/statement").text for stay in stays}
        published = publish(before.parts, servers)
        told_before = ids(servers)
        assert len(told_before) == 6

        follow_document("backup-settlement", places)
        follow_document("backup-eligibility", places)
        settle(before, "lost")
        before.parts.storage.close()
        with restored(places):
            checked = follow_document("check", places)
            assert "3 笔结算" in checked
            assert "差异 0" in checked
            says_how_many_people(checked, people)
            goes_on(tmp_path, places, servers, statements, (published, told_before))
            keep_people_in(tmp_path / "new-people", places["RESTORED"])
            same_people(PeopleDesk(tmp_path / "new-people"), people)


def test_the_document_is_followed_where_people_are_in_files(tmp_path: Path) -> None:
    """The files come back beside the database of settlement, and are those that are checked."""
    people = PeopleDesk(tmp_path / "people")
    people.bring(ROW)
    with fresh_database() as database:
        places = places_of(tmp_path, database)
        before = desk_on(database, tmp_path / "data")
        before.import_institutions()
        settle(before, "A1")
        follow_document("backup-settlement", places)
        follow_document("backup-eligibility", places)
        before.parts.storage.close()
        with restored(places):
            checked = follow_document("check", places)
            assert "1 笔结算" in checked
            says_how_many_people(checked, people)
            same_people(PeopleDesk(tmp_path / "new-people"), people)


def places_of(folder: Path, database: str) -> dict[str, str]:
    """The places that the document names; an address of elsewhere that is lying around."""
    name = f"restored_{uuid4().hex}"
    nowhere = folder / "elsewhere"
    nowhere.write_text("postgresql://nobody@127.0.0.1:1/nowhere", encoding="utf-8")
    return {
        "DATABASE": database,
        "DATA": str(folder / "data"),
        "PEOPLE": str(folder / "people"),
        "BACKUP": str(folder / "backup"),
        "KEYS": str(folder / "keys"),
        "SERVER": server_url(),
        "NAME": name,
        "RESTORED": make_conninfo(server_url(), dbname=name),
        "NEW_DATA": str(folder / "new-data"),
        "NEW_PEOPLE": str(folder / "new-people"),
        "YIZHAN_DATABASE_URL_FILE": str(nowhere),
        "COLUMNS": "200",
    }


@contextmanager
def restored(places: dict[str, str]) -> Iterator[None]:
    """Restored as the document says; the new database is dropped at the end."""
    try:
        follow_document("restore", places)
        yield
    finally:
        with psycopg.connect(server_url(), autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {places['NAME']} WITH (FORCE)")


def says_how_many_people(checked: str, people: PeopleDesk) -> None:
    """What was checked is the log that was backed up, not a new empty one."""
    last = people.eligibility.log.last_position()
    assert last > 0
    assert f"至第 {last} 个事件" in checked


def same_people(after: PeopleDesk, before: PeopleDesk) -> None:
    """The person has the id and the identities that they had: so the key is the right one."""
    assert after.person_id(number(1)) == before.person_id(number(1))
    asked = (number(1), "2023-06-01")
    assert after.entitlements(*asked)["identities"] == before.entitlements(*asked)["identities"]
    for each in (after, before):
        each.eligibility.close()


def goes_on(
    folder: Path,
    places: dict[str, str],
    servers: KafkaServers,
    statements: dict[str, str],
    before: tuple[int, list[str]],
) -> None:
    """The restored ledger answers as before and is published on from where Kafka is."""
    published, told_before = before
    after = desk_on(places["RESTORED"], folder / "new-data")
    assert publish(after.parts, servers) == published
    assert ids(servers) == told_before
    for stay, statement in statements.items():
        assert after.read(f"/v1/stays/{stay}/statement").text == statement

    ahead = KafkaServers(servers.bootstrap, f"{uuid4().hex}.")
    create_topics(SETTLEMENT, ahead)
    longer = Settings(folder / "data", None, NOBODY, database=places["DATABASE"])
    lost = build_parts(longer, Ticking(), book=shipped_book())
    publish(lost, ahead)
    lost.storage.close()
    told_ahead = ids(ahead)
    assert len(told_ahead) == 8
    with pytest.raises(LogBehind, match=r"docs/backup\.md"):
        publish(after.parts, ahead)
    settle(after, "other")
    settle(after, "another")
    with pytest.raises(LogDiffers, match=r"docs/backup\.md"):
        publish(after.parts, ahead)
    assert ids(ahead) == told_ahead

    # A new set of topics, as the document says.
    publish(after.parts, servers)
    assert len(ids(servers)) == 10
    anew = replace(ahead, prefix=f"{uuid4().hex}.")
    create_topics(SETTLEMENT, anew)
    publish(after.parts, anew)
    assert ids(anew) == ids(servers)
    after.parts.storage.close()
