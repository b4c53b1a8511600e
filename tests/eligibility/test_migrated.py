"""Tables on a server are made by `yizhan migrate`, and by nothing else."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect
from typer.testing import CliRunner

from eligibility.adapters import feed_contacts, person_reads, vault_tables
from eligibility.bootstrap import build
from eligibility.entrypoints.cli import app
from eligibility.migrations import NEWEST
from eligibility.settings import Settings
from eligibility.storage import MIGRATIONS, make_tables
from eventlog.log import EventLogMissing
from eventlog.migrating import DatabaseUnsuited
from settlement.storage import make_tables as make_settlement_tables
from tests.eligibility.conftest import Desk
from tests.real_parts.postgres_server import database_of_this_process, fresh_schema
from tests.support.people_places import behind_the_people, people_environment, people_settings
from tests.support.storages import settings_on
from yizhan.command import gather
from yizhan.migrating import migrate_offered


@pytest.fixture
def kept_on() -> str:
    """All of these."""
    return "postgres"


def test_a_start_makes_no_table_and_says_what_to_do(tmp_path: Path) -> None:
    """Neither does a command; both name the step that is missing."""
    settings = Settings(
        tmp_path,
        master_key=bytes(32),
        database=database_of_this_process(),
        schema=fresh_schema(),
    )
    with pytest.raises(EventLogMissing, match="yizhan migrate"):
        build(settings)

    (tmp_path / "server.json").write_text(
        f'{{"database": "{settings.database}", "schema": "{settings.schema}"}}'
    )
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
    assert behind_the_people(tmp_path, "", tables) == [(0,)]
    told = CliRunner().invoke(app, ["owner", "status"], env=people_environment(tmp_path))
    assert told.exit_code == 1
    assert "yizhan migrate" in told.stderr


def test_a_schema_belongs_to_one_service(tmp_path: Path, data_dir: Path) -> None:
    """Two services in one would write into each other's log: each refuses the other's."""
    of_settlement = settings_on("postgres", tmp_path)
    taken = people_settings(data_dir)
    mixed_up = Settings(tmp_path, database=taken.database, schema=of_settlement.schema)

    with pytest.raises(DatabaseUnsuited, match="yizhan settlement"):
        make_tables(mixed_up)
    with pytest.raises(EventLogMissing):
        build(mixed_up)
    with pytest.raises(DatabaseUnsuited, match="yizhan eligibility"):
        make_settlement_tables(
            type(of_settlement)(tmp_path, None, "", schema=taken.schema, database=taken.database)
        )


def test_the_steps_make_the_tables_that_are_written_to(desk: Desk) -> None:
    """Every table and column that an adapter names, and no step behind the newest."""
    assert (
        ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS)]).get_current_head()
        == NEWEST
    )
    with desk.eligibility.storage.vault.connect() as connection:
        looked = inspect(connection)
        for metadata in (vault_tables.metadata, person_reads.metadata, feed_contacts.metadata):
            assert isinstance(metadata, MetaData)
            for table in metadata.tables.values():
                made = {each["name"]: each for each in looked.get_columns(table.name)}
                assert {name: each["nullable"] for name, each in made.items()} == {
                    each.name: each.nullable for each in table.columns
                }
                key = looked.get_pk_constraint(table.name)["constrained_columns"]
                assert key == [each.name for each in table.primary_key]


def test_migrate_makes_the_tables_of_every_service_or_of_one(tmp_path: Path) -> None:
    """Twice without harm; an unknown service and an unnamed database are refused."""
    environment = {
        "YIZHAN_DATABASE_URL": database_of_this_process(),
        "YIZHAN_ELIGIBILITY_SCHEMA": fresh_schema(),
        "YIZHAN_SETTLEMENT_SCHEMA": fresh_schema(),
        "YIZHAN_DATA": str(tmp_path),
    }
    root = gather([]).app

    def run(*names: str, **more: str) -> tuple[int, str]:
        done = CliRunner().invoke(root, ["migrate", *names], env={**environment, **more})
        return done.exit_code, done.output

    told = "资格：数据库模式 {YIZHAN_ELIGIBILITY_SCHEMA} 已是本版本\n".format(**environment)
    assert run("eligibility") == (0, told)
    both = told + "结算：数据库模式 {YIZHAN_SETTLEMENT_SCHEMA} 已是本版本\n".format(**environment)
    assert run() == (0, both)
    assert run() == (0, both)
    assert run("nobody")[0] == 2
    assert run(YIZHAN_DATABASE_URL="") == (
        2,
        "没有指明数据库：请设 YIZHAN_DATABASE_URL；数据目录（SQLite）里的表自动建立\n",
    )
    assert run(YIZHAN_DATABASE_URL="nonsense://")[0] == 2


def test_a_service_that_is_not_installed_is_passed_over_unless_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An image holds one service; one that is broken is never passed over."""
    here = EntryPoint("here", "platform:node", "yizhan.migrations")
    absent = EntryPoint("absent", "absent.entrypoints:migrate", "yizhan.migrations")
    broken = EntryPoint("broken", "platform.nothing:migrate", "yizhan.migrations")

    migrate_offered([here, absent], [])
    assert capsys.readouterr().err == ""
    for offered, wanted in (([here, absent], ["absent"]), ([here, broken], []), ([absent], [])):
        with pytest.raises(typer.Exit) as refused:
            migrate_offered(offered, wanted)
        assert refused.value.exit_code == 2
