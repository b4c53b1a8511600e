"""Which stay a settlement number belongs to (结算单号索引), from the ledger's events.

Derived and disposable: `rebuild` makes all rows again. A question catches up first.
"""

from uuid import UUID

from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, String, Table, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.schema import CreateTable, DropTable

from eventlog.follower import Follower, ReadsInOrder, create_follower_tables
from eventlog.log import LoggedEvent
from eventlog.sqlite_engine import begin_writing
from settlement.domain.stay import Stay

_metadata = MetaData()
_numbers = Table(
    "settlement_numbers",
    _metadata,
    Column("number", String, primary_key=True),
    Column("stay_id", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


class SqlSettlementNumbers:
    """The port `SettlementNumbers`."""

    def __init__(self, *, log: ReadsInOrder, engine: Engine) -> None:
        self._engine = engine
        self._follower = Follower(name="settlement_numbers", log=log, engine=engine, react=_react)

    def create_tables(self) -> None:
        """Create what is missing; harmless when it is there."""
        create_follower_tables(self._engine)
        with begin_writing(self._engine) as connection:
            connection.execute(CreateTable(_numbers, if_not_exists=True))

    def rebuild(self) -> int:
        """Throw all rows away and make them again from the ledger. Raises FollowerStopped."""
        return self._follower.rebuild(_recreate)

    def stay_of(self, number: str) -> UUID | None:
        """The stay, or None where the number was never given. Raises FollowerStopped."""
        self._follower.catch_up()
        query = select(_numbers.c.stay_id).where(_numbers.c.number == number)
        with self._engine.connect() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return UUID(bytes=found) if found is not None else None


def _react(connection: Connection, logged: LoggedEvent) -> None:
    event = logged.event
    if isinstance(event, Stay.SettlementOpened):
        row = insert(_numbers).values(number=event.number, stay_id=event.originator_id.bytes)
        connection.execute(row.on_conflict_do_nothing())


def _recreate(connection: Connection) -> None:
    connection.execute(DropTable(_numbers, if_exists=True))
    connection.execute(CreateTable(_numbers))
