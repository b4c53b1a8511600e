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


_OWNER = "yizhan "
_OWNER_OF_STEPS = text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")


class DatabaseUnsuited(Exception):
    """The database cannot hold what is to be kept in it; the message says what to do."""


def migrate(url: str, schema: str, *, versions: Path, service: str) -> None:
    """Run the steps of a folder that the schema has not seen, all or none; the schema is created
    where it is missing. Any number of processes may do so at once. A schema belongs to one service.

    Raises `DatabaseUnsuited`.
    """
    engine = open_postgres_engine(url, schema)
    try:
        with begin_writing(engine) as connection:
            _require_order_by_value(connection)
            connection.execute(CreateSchema(schema, if_not_exists=True))
            _require_owner(connection, schema, service)
            _run(connection, schema, versions)
            connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{_OWNER}{service}'")
    finally:
        engine.dispose()


def require_migrated(engine: Engine, schema: str, *, newest: str, service: str) -> None:
    """That the schema is the service's and has seen the step `newest`.

    Raises `EventLogMissing`, `LogBusy`.
    """
    with engine.connect() as connection:
        seen = None
        if connection.execute(_OWNER_OF_STEPS).scalar_one() == f"{_OWNER}{service}":
            steps = text("SELECT max(version_num) FROM alembic_version")
            seen = connection.execute(steps).scalar_one()
    if seen is None or seen < newest:
        message = (
            f"数据库模式 {schema} 不是本版本的（{seen or '未建表'}，须 {newest}）；"
            "先运行 yizhan migrate (migrate first)"
        )
        raise EventLogMissing(message)


def _require_owner(connection: Connection, schema: str, service: str) -> None:
    # Who migrated before schemas had owners told nothing.
    owner = connection.execute(_OWNER_OF_STEPS).scalar_one() or f"{_OWNER}{service}"
    if owner != f"{_OWNER}{service}":
        message = (
            f"数据库模式 {schema} 已属于 {owner}；每个服务用自己的模式"
            "（YIZHAN_SETTLEMENT_SCHEMA、YIZHAN_ELIGIBILITY_SCHEMA） (another service's schema)"
        )
        raise DatabaseUnsuited(message)


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
