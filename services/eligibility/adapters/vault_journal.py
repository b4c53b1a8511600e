"""The vault's journal (个人信息库日志): emptied where something was deleted for good."""

import time
from typing import Final

from sqlalchemy import Engine

_PATIENCE_SECONDS: Final = 10
_ATTEMPT_MILLISECONDS: Final = 100


class ErasureUnfinished(Exception):
    """The key is deleted; a copy of its page may still stand in the journal (尚未清除日志)."""


def empty_journal(engine: Engine) -> None:
    """Write the journal back and empty it. Raises `ErasureUnfinished` if readers hold it long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    raw = engine.raw_connection()
    cursor = raw.cursor()
    (waits_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    # Otherwise each attempt would wait as long as a transaction may.
    cursor.execute(f"PRAGMA busy_timeout={_ATTEMPT_MILLISECONDS}")
    try:
        while True:
            is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not is_busy:
                return
            if time.monotonic() > deadline:
                message = (
                    "密钥已删除，但个人信息库正被长时间读取，日志尚未清空；"
                    "请稍后对同一人员再次执行 (journal in use, erase again)"
                )
                raise ErasureUnfinished(message)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={waits_ms}")
        raw.close()
