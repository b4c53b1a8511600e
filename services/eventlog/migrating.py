"""Creating and upgrading tables on a server (数据库迁移): a step of its own, by one at a time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.schema import CreateSchema

from eventlog.engines import begin_writing, open_postgres_engine
from eventlog.log_errors import EventLogMissing

# By the value of each character, as files and the embedded default sort.
_BY_VALUE = ("C", "POSIX", "C.UTF-8", "C.utf8")


class DatabaseUnsuited(Exception):
    """The database cannot hold what is to be kept in it; the message says what to do."""


def migrate(url: str, schema: str, *, versions: Path) -> None:
    """Run the steps of a folder that the schema has not seen, all or none; the schema is created
    where it is missing. Any number of processes may do so at once.

    Raises `DatabaseUnsuited`.
    """
    engine = open_postgres_engine(url, schema)
    try:
        with begin_writing(engine) as connection:
            _require_order_by_value(connection)
            connection.execute(CreateSchema(schema, if_not_exists=True))
            _run(connection, schema, versions)
    finally:
        engine.dispose()


def require_migrated(engine: Engine, schema: str, *, newest: str) -> None:
    """That the schema has seen the step `newest`. Raises `EventLogMissing`, `LogBusy`."""
    with engine.connect() as connection:
        # Asked for by name: whether there is such a table at all is the question.
        there = connection.execute(
            text("SELECT to_regclass('alembic_version') IS NOT NULL")
        ).scalar_one()
        seen = (
            connection.execute(text("SELECT max(version_num) FROM alembic_version")).scalar_one()
            if there
            else None
        )
    if seen is None or seen < newest:
        message = (
            f"数据库模式 {schema} 不是本版本的（{seen or '未建表'}，须 {newest}）；"
            "先运行 yizhan migrate (migrate first)"
        )
        raise EventLogMissing(message)


def _require_order_by_value(connection: Connection) -> None:
    found = connection.exec_driver_sql(
        "SELECT datname, datcollate, datlocprovider, pg_encoding_to_char(encoding) AS encoding"
        " FROM pg_database WHERE datname = current_database()"
    ).one()
    by_value = found.datcollate in _BY_VALUE and found.datlocprovider not in ("i", b"i")
    if not by_value or found.encoding != "UTF8":
        message = (
            f"数据库 {found.datname} 的排序规则是 {found.datcollate}、编码是 {found.encoding}，"
            "须为 C 与 UTF8；请另建数据库："
            f"CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' "
            "(the database must collate by value)"
        )
        raise DatabaseUnsuited(message)


def _run(connection: Connection, schema: str, versions: Path) -> None:
    # Only the create step needs it: servers start without.
    from alembic.config import Config  # noqa: PLC0415 -- see above
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415 -- as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- as above

    script = ScriptDirectory(str(versions), version_locations=[str(versions)])

    def missing(revision: Any, _context: Any) -> Iterable[Any]:
        return script._upgrade_revs("head", revision)  # noqa: SLF001 -- the library's own manual says so

    with EnvironmentContext(Config(), script, fn=missing) as environment:
        environment.configure(connection=connection, version_table_schema=schema)
        environment.run_migrations()
