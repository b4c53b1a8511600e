"""The proposals that nobody has decided on yet (待批准的裁定), over all stays of a hospital.

Derived and disposable: `rebuild` makes all rows again. Queries catch up first. Whether a proposal
has lapsed is for its stay to say: here is only where the open ones are.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
)

from contracts.vocabulary import InstitutionId
from eventlog.followed_tables import FollowedTables
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent
from settlement.domain.stay import Stay

_metadata = MetaData()
# A proposal does not say whose stay it is of; the settlement that waits for its amount does.
_waiting = Table(
    "settlements_waiting",
    _metadata,
    Column("number", String, primary_key=True),
    Column("institution_id", String, nullable=False),
)
_open = Table(
    "open_decisions",
    _metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stay_id", String, nullable=False),
    Column("proposal", Integer, nullable=False),
    Column("institution_id", String, nullable=False),
    Index("open_decisions_by_hospital", "institution_id", "position"),
    Index("open_decisions_by_stay", "stay_id", "proposal"),
)


@dataclass(frozen=True)
class OpenDecision:
    """Where an open proposal is: its stay and its number there; `position` orders them."""

    position: int
    stay_id: UUID
    proposal: int


class DecisionList(FollowedTables):
    """The open proposals of all hospitals."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        super().__init__(
            name="decision_list", tables=_metadata, react=_react, log=log, engine=engine
        )

    def open_decisions(
        self, institution_id: InstitutionId | None, *, after: int, limit: int
    ) -> tuple[OpenDecision, ...]:
        """Up to `limit` of a hospital's, or of all where it is None, behind a position, in the
        order they were proposed. Raises FollowerStopped."""
        query = select(_open).where(_open.c.position > after).order_by(_open.c.position)
        if institution_id is not None:
            query = query.where(_open.c.institution_id == institution_id)
        with self.caught_up() as connection:
            return tuple(
                OpenDecision(row.position, UUID(row.stay_id), row.proposal)
                for row in connection.execute(query.limit(limit))
            )


# --- reaction ---------------------------------------------------------------------------------


def _react(connection: Connection, logged: LoggedEvent) -> None:
    match logged.event:
        case (Stay.SettlementCompleted() | Stay.SettlementAdjusted()) as event if event.pending:
            # A layer may come to wait only when the settlement is made again.
            connection.execute(delete(_waiting).where(_waiting.c.number == event.number))
            whose = {"number": event.number, "institution_id": event.institution_id}
            connection.execute(insert(_waiting).values(**whose))
        case Stay.DiscretionProposed() as event:
            institution = select(_waiting.c.institution_id).where(_waiting.c.number == event.number)
            row: dict[str, Any] = {
                "position": logged.position,
                "stay_id": str(event.originator_id),
                "proposal": event.proposed.proposal,
                "institution_id": institution.scalar_subquery(),
            }
            connection.execute(insert(_open).values(**row))
        case Stay.DiscretionApproved() | Stay.DiscretionRejected() as event:
            connection.execute(
                delete(_open).where(
                    _open.c.stay_id == str(event.originator_id),
                    _open.c.proposal == event.proposed.proposal,
                )
            )
