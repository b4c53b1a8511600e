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

_TABLES = "person_keys, certificates, person_keys_next, certificates_next, staged_rosters"
_NEXT_TRANSACTION = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
# Whoever began before may still read what was deleted. Ages, since numbers come round.
_READERS_FROM_BEFORE = text("""SELECT count(*) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
    AND datname = current_database() AND age(backend_xmin) > age(CAST(:next AS text)::xid)""")


class ErasureUnfinished(Exception):
    """The key is deleted; a copy of it may still stand where it was (尚未清除残留)."""


def empty_journal(engine: Engine) -> None:
    """Take away what is left of what was deleted before.

    Raises `ErasureUnfinished` if readers hold it long.
    """
    if engine.dialect.name == "sqlite":
        _empty_journal_of_file(engine)
    else:
        _vacuum(engine)


def _vacuum(engine: Engine) -> None:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        following = connection.execute(_NEXT_TRANSACTION).scalar_one() % 2**32
        _patiently(
            lambda: connection.execute(_READERS_FROM_BEFORE, {"next": following}).scalar_one()
        )
        connection.execute(text(f"VACUUM (INDEX_CLEANUP ON) {_TABLES}"))


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
