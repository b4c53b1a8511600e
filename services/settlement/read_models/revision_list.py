"""All revisions by where they stand (追溯更正清单), such as those that wait to be decided.

Derived and disposable: `rebuild` makes all rows again. Queries catch up first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
    update,
)

from contracts.vocabulary import InstitutionId
from eventlog.followed_tables import FollowedTables
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent
from settlement.domain.revised_parts import RevisionStatus
from settlement.domain.revision import Revision

_metadata = MetaData()
_revisions = Table(
    "revision_list",
    _metadata,
    Column("number", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("institution_id", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("persons", Integer, nullable=False),
    Column("proposed_at", String, nullable=False),
)


@dataclass(frozen=True)
class RevisionListed:
    """A revision in the list; `position` is its place in the order of proposals."""

    position: int
    number: str
    institution_id: str
    operator: str
    kind: str
    status: RevisionStatus
    persons: int
    proposed_at: datetime


class RevisionList(FollowedTables):
    """The list of all institutions' revisions."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        super().__init__(
            name="revision_list", tables=_metadata, react=_react, log=log, engine=engine
        )

    def revisions(
        self,
        *,
        institution_id: InstitutionId | None,
        status: RevisionStatus | None,
        after: int,
        limit: int,
    ) -> tuple[RevisionListed, ...]:
        """Up to `limit` behind a position, of one institution or of all. Raises
        FollowerStopped."""
        query = (
            select(_revisions)
            .where(_revisions.c.position > after)
            .order_by(_revisions.c.position)
            .limit(limit)
        )
        if institution_id is not None:
            query = query.where(_revisions.c.institution_id == institution_id)
        if status is not None:
            query = query.where(_revisions.c.status == status.value)
        with self.caught_up() as connection:
            return tuple(_listed(row) for row in connection.execute(query))


def _listed(row: Any) -> RevisionListed:
    return RevisionListed(
        position=row.position,
        number=row.number,
        institution_id=row.institution_id,
        operator=row.operator,
        kind=row.kind,
        status=RevisionStatus(row.status),
        persons=row.persons,
        proposed_at=datetime.fromisoformat(row.proposed_at),
    )


# --- reaction ---------------------------------------------------------------------------------


_STATUS: dict[type, RevisionStatus] = {
    Revision.Approved: RevisionStatus.APPROVED,
    Revision.Rejected: RevisionStatus.REJECTED,
    Revision.Closed: RevisionStatus.ISSUED,
}


def _react(connection: Connection, logged: LoggedEvent) -> None:
    event: Any = logged.event
    if isinstance(event, Revision.Created):
        connection.execute(
            insert(_revisions).values(
                number=event.number,
                position=logged.position,
                institution_id=event.by.institution_id,
                operator=event.by.operator,
                kind=event.asked.kind.value,
                status=RevisionStatus.PROPOSED.value,
                persons=len(event.parts),
                proposed_at=event.timestamp.isoformat(),
            )
        )
    elif type(event) in _STATUS:
        own = _revisions.c.number == event.number
        status = _STATUS[type(event)].value
        connection.execute(update(_revisions).where(own).values(status=status))
