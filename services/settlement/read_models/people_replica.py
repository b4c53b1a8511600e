"""The replica of eligibility (资格副本): what was told of each person last, how far it was read.

Derived and disposable: read from the beginning of the topic it is made again. Each record is kept
with its effect in one transaction, so that it counts once whatever dies. What was told earlier
never takes the place of what was told later: of one id the higher version counts, whichever
partition it came by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.schema import CreateTable

from contracts.vocabulary import PersonId
from eventlog.engines import begin_writing, insert_or, refuses_content, written_apart
from eventlog.followed_tables import add_missing_columns, require_tables
from settlement.application.answer_from_replica import PersonKept
from settlement.application.check_replica import CheckedTo
from settlement.application.ports import PersonChange, RecordsJoined
from settlement.domain.record import ReplicaUsed
from settlement.read_models import replica_checked

NAME = "people_replica"

_metadata = MetaData()
_people = Table(
    "replica_people",
    _metadata,
    Column("person_id", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("kept", LargeBinary, nullable=False),
)
_partitions = Table(
    "replica_partitions",
    _metadata,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
)
# Records before which a partition stands, and why: an alarm until somebody has looked.
_refused = Table(
    "replica_refused",
    _metadata,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
    Column("why", String, nullable=False),
)
_TABLES = (_metadata, replica_checked.metadata)
NO_PARTITION = -1

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(PersonKept)


@dataclass(frozen=True)
class PartitionRead:
    """A stretch of one partition that was read (已读区间).

    `refused` says why the record at `next_offset` cannot be taken, if it cannot.
    """

    topic: str
    partition: int
    read_from: int
    next_offset: int
    refused: str | None = None


class NotKept(Exception):
    """The database refuses what a record tells (无法保存): it never will keep it."""


class ReadElsewhere(Exception):
    """Less was taken of a partition than this reader believes (副本读取位置不符): look again."""


class SqlPeopleReplica:
    """The rows of the replica; implements the ports `PeopleKept` and `ReplicaBooks`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = written_apart(engine, NAME)

    def create_tables(self) -> None:
        """Create what is missing; harmless when all of it is there."""
        with begin_writing(self._engine) as connection:
            for tables in _TABLES:
                for table in tables.sorted_tables:
                    connection.execute(CreateTable(table, if_not_exists=True))
                    add_missing_columns(connection, table)
            replica_checked.require_marks(connection)

    def require_tables(self) -> None:
        """That all of it is there, as a migration made it. Raises `ReadModelMissing`."""
        for tables in _TABLES:
            require_tables(self._engine, tables)

    # --- reading --------------------------------------------------------------------------------

    def find(self, person_id: PersonId) -> PersonKept | None:
        """What was told of a person last; None of somebody never told of."""
        query = select(_people.c.kept).where(_people.c.person_id == person_id)
        with self._engine.connect() as connection:
            kept = connection.execute(query).scalar_one_or_none()
        return None if kept is None else _decoder.decode(kept)

    def completeness(self) -> ReplicaUsed | None:
        """When, and up to which position, nothing was missing; None if that was never seen."""
        with self._engine.connect() as connection:
            return replica_checked.completeness(connection)

    def count(self) -> int:
        """How many people (ids) it knows."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(_people)).scalar_one()

    def refusals(self) -> Mapping[tuple[int, int], str]:
        """Why a partition stands before an offset, by both.

        By (-1, how far it was checked) besides, why it is not a replica of eligibility's log.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(select(_refused)).all()
            another = replica_checked.another_log(connection)
        found = {(row.partition, row.offset): row.why for row in rows}
        return found if another is None else {**found, (NO_PARTITION, another[0]): another[1]}

    # --- following the topic --------------------------------------------------------------------

    def next_offset(self, topic: str, partition: int) -> int:
        """Where the reading of a partition goes on; 0 before the first."""
        with self._engine.connect() as connection:
            return _next_offset(connection, topic, partition) or 0

    def take(self, read: PartitionRead, told: Sequence[tuple[int, Iterable[PersonKept]]]) -> None:
        """Take what the records at these offsets told, each once, with how far it was read.

        Raises ReadElsewhere; NotKept, and takes nothing, where the database refuses the content.
        """
        try:
            self._take(read, told)
        except Exception as wrong:
            if refuses_content(wrong):
                raise NotKept(type(wrong).__name__) from wrong
            raise

    def _take(self, read: PartitionRead, told: Sequence[tuple[int, Iterable[PersonKept]]]) -> None:
        with begin_writing(self._engine) as connection:
            stored = _next_offset(connection, read.topic, read.partition)
            if (stored or 0) < read.read_from:
                raise ReadElsewhere(f"{read.partition}: {stored} < {read.read_from}")
            new = [kept for offset, people in told if offset >= (stored or 0) for kept in people]
            _put(connection, new)
            _move(connection, read, stored, max((each.position for each in new), default=0))

    def forget(self) -> None:
        """Throw everything away: the topic is to be read from its beginning."""
        with begin_writing(self._engine) as connection:
            for table in _metadata.sorted_tables:
                connection.execute(delete(table))
            replica_checked.forget(connection)

    # --- being complete -------------------------------------------------------------------------

    def checked(self) -> CheckedTo:
        """How far it was checked."""
        with self._engine.connect() as connection:
            held_to = connection.execute(select(func.max(_partitions.c.position))).scalar_one()
            return replica_checked.checked(connection, held_to=held_to or 0)

    def holds(self, changes: Sequence[PersonChange | RecordsJoined]) -> bool:
        """Whether all of these are told of here: the person's version is theirs, or later."""
        wanted: dict[str, int] = {}
        for each in changes:
            wanted[each.person_id] = max(each.version, wanted.get(each.person_id, 0))
        query = select(_people.c.person_id, _people.c.version)
        with self._engine.connect() as connection:
            rows = connection.execute(query.where(_people.c.person_id.in_(wanted))).all()
        known = {row.person_id: row.version for row in rows}
        return all(known.get(person, 0) >= version for person, version in wanted.items())

    def note_checked(
        self, was: CheckedTo, position: int, *, mark: str, complete_at: datetime | None
    ) -> CheckedTo | None:
        """Nothing is missing up to a position; `complete_at` (UTC) says that it was all there was
        at that instant. None where it no longer stands as it `was`."""
        with begin_writing(self._engine) as connection:
            return replica_checked.note_checked(
                connection, was, position, mark=mark, complete_at=complete_at
            )

    def note_another_log(self, was: CheckedTo, why: str) -> None:
        """It is not a replica of eligibility's log any more: not complete, and an alarm."""
        with begin_writing(self._engine) as connection:
            replica_checked.note_another_log(connection, was, why)


def _next_offset(connection: Connection, topic: str, partition: int) -> int | None:
    query = select(_partitions.c.next_offset).where(
        _partitions.c.topic == topic, _partitions.c.partition == partition
    )
    return connection.execute(query).scalar_one_or_none()


def _put(connection: Connection, people: Sequence[PersonKept]) -> None:
    latest: dict[str, PersonKept] = {}
    for kept in people:
        known = latest.get(kept.person_id)
        if known is None or (kept.version, kept.position) >= (known.version, known.position):
            latest[kept.person_id] = kept
    if not latest:
        return
    rows = [
        {
            "person_id": kept.person_id,
            "version": kept.version,
            "position": kept.position,
            "kept": _encoder.encode(kept),
        }
        for kept in latest.values()
    ]
    statement = insert_or(connection, _people)
    new = statement.excluded
    is_newer = or_(
        _people.c.version < new.version,
        (_people.c.version == new.version) & (_people.c.position <= new.position),
    )
    own = {"version": new.version, "position": new.position, "kept": new.kept}
    upsert = statement.on_conflict_do_update(index_elements=["person_id"], set_=own, where=is_newer)
    connection.execute(upsert, rows)


def _move(connection: Connection, read: PartitionRead, stored: int | None, position: int) -> None:
    place = {"topic": read.topic, "partition": read.partition}
    own = (_partitions.c.topic == read.topic) & (_partitions.c.partition == read.partition)
    if stored is None:
        row = insert(_partitions).values(**place, next_offset=read.next_offset, position=position)
        connection.execute(row)
    else:
        further = update(_partitions).where(own, _partitions.c.next_offset < read.next_offset)
        connection.execute(further.values(next_offset=read.next_offset))
        later = update(_partitions).where(own, _partitions.c.position < position)
        connection.execute(later.values(position=position))
    stands = (_refused.c.topic == read.topic) & (_refused.c.partition == read.partition)
    connection.execute(delete(_refused).where(stands))
    if read.refused is not None:
        refused = insert(_refused).values(**place, offset=read.next_offset, why=read.refused)
        connection.execute(refused)
