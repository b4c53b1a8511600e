"""Sealing a log (封存账本): before a ledger is copied to another database, the old one takes
nothing more, from whichever process, and is not opened again by mistake.

The seal is in the database itself: triggers refuse every insert, also of processes that have the
log open, and the comment that says the version says that it is sealed. Both are copied with the
tables; whoever takes over the copy removes them there, and is refused in the place they were made.
"""

import json
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql

from eventlog.log_errors import EventLogMissing
from eventlog.postgres_connections import connection_parameters, told_as_busy
from eventlog.postgres_tables import LOG_VERSION

_SEALED = f"{LOG_VERSION}, sealed "
_TABLES = ("stored_events", "request_register", "serials")
_COMMENT = "SELECT obj_description(to_regclass('stored_events'), 'pg_class')"
# Which database this is, whatever its address: of a copy by pg_restore it is another.
_PLACE = """SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' || oid::text
    FROM pg_database WHERE datname = current_database()"""
_LAST = "SELECT coalesce(max(notification_id), 0) FROM stored_events"
# Told to a process that has it open as a lock that is not free: nothing stored, try again.
_REFUSING = """CREATE OR REPLACE FUNCTION ledger_is_sealed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'this ledger is sealed' USING ERRCODE = '55P03'; END $$"""


class SealRefused(Exception):
    """The seal is not as the step needs it; the message says what to do."""


@dataclass(frozen=True)
class Seal:
    """What a seal says (封条): where it was made, where the ledger goes, its last position."""

    place: str
    moved_to: str
    last_position: int


def seal(url: str, schema: str, *, moved_to: str) -> Seal:
    """Seal the log of a schema, when what is being saved is stored; a sealed one stays as it is.

    Raises SealRefused where it was sealed elsewhere (it is a copy), EventLogMissing, LogBusy.
    """
    with told_as_busy(), _open(url, schema) as connection, connection.transaction():
        found = _seal_in(connection, schema)
        place = _one(connection, _PLACE)
        if found is not None:
            if found.place != place:
                message = f"{schema} 是封存后的副本，尚未接管；不能再次封存 (a sealed copy)"
                raise SealRefused(message)
            return found
        # Waits for whoever saves; what comes after finds the triggers.
        connection.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(_names()))
        made = Seal(place, moved_to, int(_one(connection, _LAST)))
        connection.execute(_REFUSING)
        for table in _TABLES:
            connection.execute(
                sql.SQL(
                    "CREATE TRIGGER ledger_is_sealed BEFORE INSERT OR UPDATE ON {}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_sealed()"
                ).format(sql.Identifier(table))
            )
        _say(connection, _SEALED + json.dumps(vars(made), ensure_ascii=False))
        return made


def take_over(url: str, schema: str) -> Seal:
    """Open the sealed copy of a log in its new place, if all of it is there.

    Raises SealRefused where it is no copy, or not whole; EventLogMissing, LogBusy.
    """
    with told_as_busy(), _open(url, schema) as connection, connection.transaction():
        found = _seal_in(connection, schema)
        if found is None:
            raise SealRefused(f"{schema} 没有封存：已经接管，或从未封存 (not sealed)")
        if found.place == _one(connection, _PLACE):
            message = (
                f"{schema} 就是被封存的原账本（迁往 {found.moved_to}），不是副本；"
                "请把地址改为新的数据库再接管 (the original, not a copy)"
            )
            raise SealRefused(message)
        last = int(_one(connection, _LAST))
        if last != found.last_position:
            message = f"副本不完整：应至第 {found.last_position} 个事件，只到 {last}；请重新复制"
            raise SealRefused(message)
        _remove(connection)
        return found


def unseal(url: str, schema: str) -> Seal:
    """Go on with the log where it was sealed: whoever asks says that no copy goes on.

    Raises SealRefused where it is not the sealed original, EventLogMissing, LogBusy.
    """
    with told_as_busy(), _open(url, schema) as connection, connection.transaction():
        found = _seal_in(connection, schema)
        if found is None or found.place != _one(connection, _PLACE):
            raise SealRefused(f"{schema} 不是被封存的原账本 (not a sealed original)")
        _remove(connection)
        return found


def seal_of_comment(comment: str | None) -> Seal | None:
    """What the comment of the table of events says of a seal; None where there is none."""
    if comment is None or not comment.startswith(_SEALED):
        return None
    said: dict[str, Any] = json.loads(comment.removeprefix(_SEALED))
    return Seal(**said)


def _seal_in(connection: Connection[Any], schema: str) -> Seal | None:
    comment = _one(connection, _COMMENT)
    found = seal_of_comment(comment)
    if found is None and comment != LOG_VERSION:
        raise EventLogMissing(f"数据库模式 {schema} 里没有本版本的事件日志 (no log here)")
    return found


def _remove(connection: Connection[Any]) -> None:
    for table in _TABLES:
        connection.execute(
            sql.SQL("DROP TRIGGER ledger_is_sealed ON {}").format(sql.Identifier(table))
        )
    connection.execute("DROP FUNCTION ledger_is_sealed()")
    _say(connection, LOG_VERSION)


def _say(connection: Connection[Any], comment: str) -> None:
    statement = sql.SQL("COMMENT ON TABLE stored_events IS {}").format(sql.Literal(comment))
    connection.execute(statement)


def _names() -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, _TABLES))


def _one(connection: Connection[Any], statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


def _open(url: str, schema: str) -> Connection[Any]:
    return psycopg.connect(url, autocommit=True, **connection_parameters(url, schema))
