"""How far the replica was checked (核对至): one row beside the replica's others.

It moves only from where it was when a check began: a check in flight while everything is
forgotten, or while another checks, notes nothing.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    select,
    update,
)

from eventlog.engines import insert_or
from settlement.application.check_replica import CheckedTo
from settlement.domain.record import ReplicaUsed

metadata = MetaData()
_complete = Table(
    "replica_complete",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Nothing is missing up to this position of eligibility's log, and when that was all there was.
    Column("checked_to", BigInteger, nullable=False),
    Column("complete_at", String),
    Column("generation", BigInteger, nullable=False, server_default="0"),
    Column("mark", String),
    # Why it can never be complete: an alarm until it is made again.
    Column("another_log", String),
)
_THE_ROW = 1


def require_marks(connection: Connection) -> None:
    """A row without a mark was checked in a way that could pass over something: check it again."""
    unmarked = update(_complete).where(_complete.c.mark.is_(None))
    connection.execute(unmarked.values(checked_to=0, complete_at=None, mark=""))


def completeness(connection: Connection) -> ReplicaUsed | None:
    """When, and up to which position, nothing was missing; None if that was never seen."""
    row = connection.execute(select(_complete)).first()
    if row is None or row.complete_at is None:
        return None
    return ReplicaUsed(datetime.fromisoformat(row.complete_at), row.checked_to)


def another_log(connection: Connection) -> tuple[int, str] | None:
    """Up to where it was checked and why eligibility's log is another; None where it is not."""
    row = connection.execute(select(_complete)).first()
    return None if row is None or row.another_log is None else (row.checked_to, row.another_log)


def checked(connection: Connection, *, held_to: int) -> CheckedTo:
    """How far it was checked."""
    row = connection.execute(select(_complete)).first()
    if row is None:
        return CheckedTo(generation=0, position=0, mark="", held_to=held_to)
    return CheckedTo(row.generation, row.checked_to, row.mark or "", held_to, row.another_log)


def note_checked(
    connection: Connection,
    was: CheckedTo,
    position: int,
    *,
    mark: str,
    complete_at: datetime | None,
) -> CheckedTo | None:
    """As the port `ReplicaBooks` says; an instant is in UTC."""
    values: dict[str, Any] = {"checked_to": position, "mark": mark}
    if complete_at is not None:
        values["complete_at"] = complete_at.astimezone(UTC).isoformat()
    if not _note(connection, was, values):
        return None
    return replace(was, position=position, mark=mark)


def note_another_log(connection: Connection, was: CheckedTo, why: str) -> None:
    """As the port `ReplicaBooks` says."""
    _note(connection, was, {"complete_at": None, "another_log": why})


def forget(connection: Connection) -> None:
    """Nothing was checked; a check in flight comes too late from now on."""
    _begin(connection)
    values = {"checked_to": 0, "complete_at": None, "mark": "", "another_log": None}
    connection.execute(update(_complete).values(**values, generation=_complete.c.generation + 1))


def _note(connection: Connection, was: CheckedTo, values: dict[str, Any]) -> bool:
    _begin(connection)
    own = update(_complete).where(
        _complete.c.generation == was.generation, _complete.c.checked_to == was.position
    )
    return connection.execute(own.values(values)).rowcount == 1


def _begin(connection: Connection) -> None:
    row = insert_or(connection, _complete).values(id=_THE_ROW, checked_to=0, mark="")
    connection.execute(row.on_conflict_do_nothing())
