"""What is left of deleted rows of the vault (个人信息库残留): taken away where they stood.

In a file that is the journal, which is emptied. On a server it is the row's last version, which
stays in the table as long as anybody may still read it; the server's own journal and whatever was
made of it keep theirs until they are dropped (docs/runbook.md).
"""

import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Engine, text

_PATIENCE_SECONDS: Final = 10
_ATTEMPT_MILLISECONDS: Final = 100

_TABLES = ("person_keys", "certificates", "person_keys_next", "certificates_next", "staged_rosters")
_NEXT_TRANSACTION = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
# Whoever began before may still read what was deleted, or keeps the server from taking it away: one
# that only wrote, too, one that was prepared, a standby. Ages, since numbers come round.
_HOLDERS_FROM_BEFORE = text("""SELECT count(*) FROM (
    SELECT greatest(age(backend_xmin), age(backend_xid)) AS age FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
    UNION ALL SELECT age(transaction) FROM pg_prepared_xacts WHERE database = current_database()
    UNION ALL SELECT age(xmin) FROM pg_replication_slots
    ) AS holders WHERE age > age(CAST(:next AS text)::xid)""")
# As the server asks before it cleans a table, or passes it over with no more than a warning.
_MAY_CLEAN = """SELECT bool_and(
        pg_has_role(relowner, 'USAGE') OR pg_has_role(datdba, 'USAGE'){more})
    FROM pg_class, pg_database WHERE datname = current_database()
    AND pg_class.oid = ANY (CAST(:tables AS text[])::regclass[])"""
_OR_MAINTAINS = " OR has_table_privilege(pg_class.oid, 'MAINTAIN')"
_HAS_MAINTAIN = (17,)


class ErasureUnfinished(Exception):
    """A copy of the key may still stand where it was, or nothing was begun (尚未清除残留)."""


def require_cleaner(engine: Engine) -> None:
    """Let only those pass who may take away what is left. Raises `ErasureUnfinished`."""
    if engine.dialect.name == "sqlite":
        return
    with engine.connect() as connection:
        is_newer = (connection.dialect.server_version_info or ()) >= _HAS_MAINTAIN
        query = text(_MAY_CLEAN.format(more=_OR_MAINTAINS if is_newer else ""))
        may_clean = connection.execute(query, {"tables": list(_TABLES)}).scalar_one()
    if not may_clean:
        message = (
            "此数据库账号无权清理个人信息库的表，密钥没有删除；"
            "请用表的所有者再次执行 (not the owner of the tables, run as the owner)"
        )
        raise ErasureUnfinished(message)


def empty_journal(engine: Engine) -> None:
    """Take away what is left of what was deleted before.

    Raises `ErasureUnfinished` if readers hold it long, or this account may not.
    """
    if engine.dialect.name == "sqlite":
        _empty_journal_of_file(engine)
    else:
        require_cleaner(engine)
        _vacuum(engine)


def _vacuum(engine: Engine) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        following = connection.execute(_NEXT_TRANSACTION).scalar_one() % 2**32
        _patiently(
            lambda: connection.execute(_HOLDERS_FROM_BEFORE, {"next": following}).scalar_one()
        )
        connection.execute(text(f"VACUUM (INDEX_CLEANUP ON) {', '.join(_TABLES)}"))


def _patiently(held: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while held():
        if time.monotonic() > deadline:
            message = (
                "密钥已删除，但个人信息库正被长时间读取，残留尚未清空；"
                "请稍后对同一人员再次执行 (vault in use, erase again)"
            )
            raise ErasureUnfinished(message)
        time.sleep(_ATTEMPT_MILLISECONDS / 1000)


def _empty_journal_of_file(engine: Engine) -> None:
    raw = engine.raw_connection()
    cursor = raw.cursor()
    (waits_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    # Otherwise each attempt would wait as long as a transaction may.
    cursor.execute(f"PRAGMA busy_timeout={_ATTEMPT_MILLISECONDS}")
    try:
        _patiently(lambda: cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
    finally:
        cursor.execute(f"PRAGMA busy_timeout={waits_ms}")
        raw.close()
