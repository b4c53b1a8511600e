"""Who was ever stated to be of a household, village or township (曾登记的成员), from the events.

It says whom to look at; whether they belong on a day, the people themselves decide. Derived and
disposable: deleted, it is made again from the log.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, select

from eligibility.application.list_members import Group, OfHousehold, OfTownship, OfVillage
from eligibility.domain.person import Person
from eventlog.engines import insert_or
from eventlog.followed_tables import FollowedTables, Prepare
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent

PLACED_PEOPLE = "placed_people"
"""Under this name its position is kept."""

_metadata = MetaData()
_placed = Table(
    "placed_people",
    _metadata,
    # `household:poverty_office:H-7`, `village:500112103201`, `township:500112103`.
    Column("of", String, primary_key=True),
    Column("person_id", String(32), primary_key=True),
    sqlite_with_rowid=False,
)


class SqlPlacedPeople:
    """The port `PlacedPeople`; its tables are prepared with the first question."""

    def __init__(
        self, *, log: ReadsInOrder, open_engine: Callable[[], Engine], prepare: Prepare
    ) -> None:
        self._log = log
        self._open_engine = open_engine
        self._prepare = prepare

    def after(self, group: Group, person_id: UUID | None, limit: int) -> Sequence[UUID]:
        """Up to `limit` ids behind one, in order, up to date. Raises `FollowerStopped`."""
        columns = _placed.c
        query = select(columns.person_id).where(columns.of == _key(group))
        if person_id is not None:
            query = query.where(columns.person_id > person_id.hex)
        with self.tables.caught_up() as connection:
            found = connection.execute(query.order_by(columns.person_id).limit(limit)).scalars()
            return [UUID(each) for each in found]

    def among(self, group: Group, person_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Those of a few ids that were, in order."""
        columns, ids = _placed.c, [each.hex for each in person_ids]
        query = select(columns.person_id).where(columns.of == _key(group))
        query = query.where(columns.person_id.in_(ids)).order_by(columns.person_id)
        with self.tables.reading() as connection:
            return [UUID(each) for each in connection.execute(query).scalars()]

    @cached_property
    def tables(self) -> FollowedTables:
        """The tables it keeps. Raises `ReadModelMissing`."""
        engine = self._open_engine()
        tables = FollowedTables(
            name=PLACED_PEOPLE, tables=_metadata, react=_react, log=self._log, engine=engine
        )
        self._prepare(tables)
        return tables


def _key(group: Group) -> str:
    match group:
        case OfHousehold():
            return f"household:{group.register_owner.value}:{group.number}"
        case OfVillage():
            return f"village:{group.code}"
        case OfTownship():
            return f"township:{group.code}"


def _react(connection: Connection, logged: LoggedEvent) -> None:
    rows = [
        {"of": _key(group), "person_id": logged.event.originator_id.hex}
        for group in _groups_of(logged.event)
    ]
    if rows:
        connection.execute(insert_or(connection, _placed).on_conflict_do_nothing(), rows)


def _groups_of(event: object) -> Iterator[Group]:
    if isinstance(event, Person.HouseholdStated):
        yield OfHousehold(event.fact.register_owner, event.fact.number)
    elif isinstance(event, Person.ResidenceStated):
        yield OfTownship(event.fact.township)
        if event.fact.village is not None:
            yield OfVillage(event.fact.village)
