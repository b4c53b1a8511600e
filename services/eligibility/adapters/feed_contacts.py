"""When each office's feed was last asked (变更清单联系记录): one row a feed, written over.

Not events: a feed is asked every few seconds, and mostly tells nothing new.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import BigInteger, Column, Engine, MetaData, String, Table, select
from sqlalchemy.schema import CreateTable

from contracts.vocabulary import NoAnswerReason
from eligibility.application.owner_ports import FeedContact
from eligibility.domain.online_facts import Connector
from eventlog.engines import begin_writing, insert_or

metadata = MetaData()
_contacts = Table(
    "feed_contacts",
    metadata,
    Column("connector", String, primary_key=True),
    Column("at", String, nullable=False),
    Column("last_position", BigInteger, nullable=True),
    Column("no_answer", String, nullable=True),
)


class SqlFeedContacts:
    """The port `FeedContacts`; a file comes into being with the first contact."""

    def __init__(self, *, open_engine: Callable[[], Engine]) -> None:
        self._open_engine = open_engine

    def note(self, connector: Connector, contact: FeedContact) -> None:
        """Keep the last contact; where it failed, the last known end of the feed stays."""
        row: dict[str, str | int | None] = {
            "at": contact.at.astimezone(UTC).isoformat(),
            "no_answer": contact.no_answer.value if contact.no_answer is not None else None,
        }
        if contact.last_position is not None:
            row["last_position"] = contact.last_position
        with begin_writing(self._engine) as connection:
            statement = insert_or(connection, _contacts).values(connector=_key(connector), **row)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["connector"], set_=row)
            )

    def latest(self, connector: Connector) -> FeedContact | None:
        """The last contact, or None before the first."""
        columns = _contacts.c
        query = select(columns.at, columns.last_position, columns.no_answer)
        with self._engine.connect() as connection:
            row = connection.execute(query.where(columns.connector == _key(connector))).first()
        if row is None:
            return None
        at, last_position, no_answer = row
        return FeedContact(
            datetime.fromisoformat(at),
            last_position,
            NoAnswerReason(no_answer) if no_answer is not None else None,
        )

    @cached_property
    def _engine(self) -> Engine:
        engine = self._open_engine()
        if engine.dialect.name == "sqlite":
            with begin_writing(engine) as connection:
                connection.execute(CreateTable(_contacts, if_not_exists=True))
        return engine


def _key(connector: Connector) -> str:
    return f"{connector.owner.value}/{connector.name}"
