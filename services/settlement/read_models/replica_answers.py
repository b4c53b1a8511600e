"""Settlements that rest on the replica's answers (副本代答的结算), and what asking again gave.

Derived and disposable: after a `rebuild` all of them wait again, and asking again says the same,
since it asks what was known at the instant of the settlement.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from contracts.vocabulary import InstitutionId
from eventlog.engines import begin_writing
from eventlog.followed_tables import FollowedTables
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent
from settlement.application.recheck_replica import Recheck, ReplicaAnswer
from settlement.domain.record import SettlementInputs
from settlement.domain.stay import Stay

_metadata = MetaData()
_answers = Table(
    "replica_answers",
    _metadata,
    Column("number", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("stay_id", String, nullable=False),
    Column("institution_id", String),
    Column("complete_at", String, nullable=False),
    Column("known_at", String, nullable=False),
    Column("recheck", String, nullable=False),
    Column("checked_at", String),
    Index("replica_answers_by_position", "position"),
    Index("replica_answers_by_recheck", "recheck"),
)


class SqlReplicaAnswers(FollowedTables):
    """Implements the port `ReplicaAnswers`."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        super().__init__(
            name="replica_answers", tables=_metadata, react=_react, log=log, engine=engine
        )

    def page(
        self,
        *,
        after: int,
        limit: int,
        recheck: Recheck | None,
        institution_id: InstitutionId | None,
    ) -> tuple[ReplicaAnswer, ...]:
        """Up to `limit` of them behind a position of the ledger, in its order, up to date."""
        query = select(_answers).where(_answers.c.position > after)
        if recheck is not None:
            query = query.where(_answers.c.recheck == recheck.value)
        if institution_id is not None:
            query = query.where(_answers.c.institution_id == institution_id)
        with self.caught_up() as connection:
            rows = connection.execute(query.order_by(_answers.c.position).limit(limit)).all()
        return tuple(
            ReplicaAnswer(
                position=row.position,
                number=row.number,
                stay_id=UUID(row.stay_id),
                institution_id=InstitutionId(row.institution_id) if row.institution_id else None,
                complete_at=datetime.fromisoformat(row.complete_at),
                known_at=datetime.fromisoformat(row.known_at),
                recheck=Recheck(row.recheck),
                checked_at=datetime.fromisoformat(row.checked_at) if row.checked_at else None,
            )
            for row in rows
        )

    def note(self, number: str, recheck: Recheck, *, at: datetime) -> None:
        """What asking again at an instant (UTC) gave; nothing where it no longer rests on it."""
        own = update(_answers).where(_answers.c.number == number)
        with begin_writing(self._engine) as connection:
            connection.execute(own.values(recheck=recheck.value, checked_at=at.isoformat()))

    def counts(self) -> dict[Recheck, int]:
        """How many there are, by what asking again gave; as far as it has followed."""
        query = select(_answers.c.recheck, func.count()).group_by(_answers.c.recheck)
        with self.reading() as connection:
            found = {Recheck(each): count for each, count in connection.execute(query)}
        return {each: found.get(each, 0) for each in Recheck}


def _react(connection: Connection, logged: LoggedEvent) -> None:
    event = logged.event
    if isinstance(event, Stay.SettlementOpened):
        _add(connection, logged.position, str(event.originator_id), event.number, event.inputs)
    elif isinstance(event, Stay.SettlementCompleted):
        own = update(_answers).where(_answers.c.number == event.number)
        connection.execute(own.values(institution_id=event.institution_id))
    elif isinstance(event, Stay.SettlementReversed) or (
        # Revised to what eligibility itself answered.
        isinstance(event, Stay.SettlementAdjusted) and event.inputs.eligibility.replica is None
    ):
        connection.execute(delete(_answers).where(_answers.c.number == event.number))


def _add(
    connection: Connection, position: int, stay_id: str, number: str, inputs: SettlementInputs
) -> None:
    used = inputs.eligibility
    if used.replica is None:
        return
    connection.execute(
        insert(_answers).values(
            number=number,
            position=position,
            stay_id=stay_id,
            complete_at=used.replica.complete_at.isoformat(),
            known_at=used.known_at.isoformat(),
            recheck=Recheck.WAITING.value,
        )
    )
