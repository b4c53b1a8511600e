"""Who was ever on an owner's lists (名单成员): owner's source, kind, person; from the events.

It says whom to look at when a full list leaves people out; what of them still stands, the people
themselves decide. Derived and disposable: deleted, it is made again from the log.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from uuid import UUID

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
)

from eligibility.domain.owner_list import ListOrder
from eligibility.domain.person import Person
from eligibility.domain.roster import enrolment_kind, identity_kind
from eventlog.driver_statements import rows_within
from eventlog.followed_tables import FollowedTables, Prepare
from eventlog.follower import ReadsInOrder
from eventlog.log import LoggedEvent

LIST_MEMBERS = "list_members"
"""Under this name its position is kept."""

_metadata = MetaData()
_members = Table(
    "list_members",
    _metadata,
    # Owner and region, as the source of a fact begins: `civil_affairs/list:500112:`.
    Column("list", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("person_id", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
# Run for every fact of a list, within the follower's transaction, by the driver itself: the engine
# takes twenty times as long to pass such a statement on as the database takes to run it.
_ADD_MEMBER = """INSERT INTO list_members (list, kind, person_id) VALUES (?, ?, ?)
    ON CONFLICT DO NOTHING"""


class SqlListMembers:
    """The port `ListMembers`; its tables are prepared with the first owner's list."""

    def __init__(
        self, *, log: ReadsInOrder, open_engine: Callable[[], Engine], prepare: Prepare
    ) -> None:
        self._log = log
        self._open_engine = open_engine
        self._prepare = prepare

    def catch_up(self) -> None:
        """Take in what was recorded since. Raises `FollowerStopped`."""
        self.tables.catch_up()

    def members(self, order: ListOrder, size: int) -> Iterator[Sequence[UUID]]:
        """Everybody who was on these lists with one of the order's kinds, each once."""
        columns = _members.c
        query = (
            select(columns.person_id)
            .distinct()
            .where(columns.list == order.source_start, columns.kind.in_(order.kinds))
            .order_by(columns.person_id)
            .limit(size)
        )
        after = b""
        while True:
            # A page at a time: no read stays open while the people of a page are worked on.
            with self.tables.reading() as connection:
                found = list(connection.execute(query.where(columns.person_id > after)).scalars())
            if not found:
                return
            yield [UUID(bytes=each) for each in found]
            after = found[-1]

    @cached_property
    def tables(self) -> FollowedTables:
        """The tables it keeps. Raises `ReadModelMissing`."""
        engine = self._open_engine()
        tables = FollowedTables(
            name=LIST_MEMBERS, tables=_metadata, react=_react, log=self._log, engine=engine
        )
        self._prepare(tables)
        return tables


def _react(connection: Connection, logged: LoggedEvent) -> None:
    event = logged.event
    if isinstance(event, Person.IdentityStated):
        kind = identity_kind(event.identity)
    elif isinstance(event, Person.EnrolmentStated):
        kind = enrolment_kind(event.scheme)
    else:
        return
    owner, slash, document = event.source.partition("/list:")
    if not slash:
        return
    region = document.partition(":")[0]
    member = (f"{owner}/list:{region}:", kind, event.originator_id.bytes)
    rows_within(connection, _ADD_MEMBER, member)
