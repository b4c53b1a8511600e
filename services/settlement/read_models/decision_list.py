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
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from contracts.vocabulary import InstitutionId
from eventlog.follower import Follower, ReadsInOrder, create_follower_tables
from eventlog.log import LoggedEvent
from eventlog.sqlite_engine import begin_writing
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
)
_by_hospital = Index("open_decisions_by_hospital", _open.c.institution_id, _open.c.position)
_by_stay = Index("open_decisions_by_stay", _open.c.stay_id, _open.c.proposal)
_tables, _indexes = (_waiting, _open), (_by_hospital, _by_stay)


@dataclass(frozen=True)
class OpenDecision:
    """Where an open proposal is: its stay and its number there; `position` orders them."""

    position: int
    stay_id: UUID
    proposal: int


class DecisionList:
    """The open proposals of all hospitals."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        self._engine = engine
        self._follower = Follower(name="decision_list", log=log, engine=engine, react=_react)

    def create_tables(self) -> None:
        """Create what is missing; harmless when it is there."""
        create_follower_tables(self._engine)
        with begin_writing(self._engine) as connection:
            _create(connection)

    def catch_up(self) -> int:
        """Apply everything new; returns the position reached. Raises FollowerStopped."""
        return self._follower.catch_up()

    def rebuild(self) -> int:
        """Throw all rows away and make them again from the ledger. Raises FollowerStopped."""
        return self._follower.rebuild(_recreate)

    def open_decisions(
        self, institution_id: InstitutionId | None, *, after: int, limit: int
    ) -> tuple[OpenDecision, ...]:
        """Up to `limit` of a hospital's, or of all where it is None, behind a position, in the
        order they were proposed. Raises FollowerStopped."""
        self.catch_up()
        query = select(_open).where(_open.c.position > after).order_by(_open.c.position)
        if institution_id is not None:
            query = query.where(_open.c.institution_id == institution_id)
        with self._engine.connect() as connection:
            return tuple(
                OpenDecision(row.position, UUID(row.stay_id), row.proposal)
                for row in connection.execute(query.limit(limit))
            )


# --- tables and reaction ----------------------------------------------------------------------


def _create(connection: Connection) -> None:
    for table in _tables:
        connection.execute(CreateTable(table, if_not_exists=True))
    for index in _indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))


def _recreate(connection: Connection) -> None:
    for table in _tables:
        connection.execute(DropTable(table, if_exists=True))
    _create(connection)


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
