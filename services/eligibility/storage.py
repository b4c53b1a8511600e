"""Where eligibility keeps what it remembers, and what it derives from that (存储).

Among files each kind has one of its own and comes into being when it is first needed. On a server
all are in one schema, whose tables `yizhan migrate` makes and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from eligibility.adapters.person_reads import create_person_reads
from eligibility.adapters.sealing import MasterKeys
from eligibility.adapters.vault_tables import create_vault, has_key, is_key_of, note_key
from eligibility.migrations import NEWEST
from eligibility.read_models.difference_rows import (
    create_difference_rows,
    require_difference_rows,
)
from eligibility.read_models.list_members import SqlListMembers
from eligibility.read_models.placed_people import SqlPlacedPeople
from eligibility.settings import Settings
from eventlog.engines import open_postgres_engine, written_apart
from eventlog.followed_tables import FollowedTables, Prepare
from eventlog.log import EventLog, create_event_log, open_event_log, open_postgres_log
from eventlog.migrating import migrate, require_migrated
from eventlog.sqlite_engine import open_engine

_SERVICE = "eligibility"
MIGRATIONS = Path(__file__).resolve().parent / "migrations"


@dataclass(frozen=True)
class Storage:
    """Open places of everything that eligibility keeps."""

    log: EventLog
    vault: Engine
    reads: Engine
    open_contacts: Callable[[], Engine]
    open_read_models: Callable[[], Engine]
    is_embedded: bool

    def belong_to(self, keys: MasterKeys) -> None:
        """Note the master key, or know it again. Raises `WrongMasterKey`."""
        if self.is_embedded:
            create_vault(self.vault, keys)
        else:
            note_key(self.vault, keys)

    def list_members(self) -> SqlListMembers:
        """Who was on owners' lists."""
        return SqlListMembers(
            log=self.log, open_engine=self.open_read_models, prepare=self._prepare
        )

    def placed_people(self) -> SqlPlacedPeople:
        """Who was stated to be where."""
        return SqlPlacedPeople(
            log=self.log, open_engine=self.open_read_models, prepare=self._prepare
        )

    def close(self) -> None:
        """Let go of connections."""
        self.log.close()
        for engine in (self.vault, self.reads):
            engine.dispose()

    @property
    def _prepare(self) -> Prepare:
        return FollowedTables.create_tables if self.is_embedded else FollowedTables.require_tables


def has_vault(settings: Settings) -> bool:
    """Whether a vault is there that belongs to some master key; asking creates nothing.

    Raises `EventLogMissing`, `LogBusy`.
    """
    if not settings.database:
        return settings.vault_file.exists()
    return _asked(_open_server(settings.database, settings.schema), has_key)


def belongs_to(settings: Settings, keys: MasterKeys) -> bool:
    """Whether a vault that is there belongs to these keys."""
    engine = (
        _open_server(settings.database, settings.schema)
        if settings.database
        else open_engine(settings.vault_file)
    )
    return _asked(engine, partial(is_key_of, keys=keys))


def _asked(engine: Engine, question: Callable[[Engine], bool]) -> bool:
    try:
        return question(engine)
    finally:
        engine.dispose()


def open_storage(settings: Settings) -> Storage:
    """The database that the settings name, or files that are made when they are not there.

    Raises `EventLogMissing`, `ReadModelMissing`, `LogBusy`.
    """
    if settings.database:
        return _on_server(settings.database, settings.schema)
    create_event_log(settings.log_file)
    # Not durable: each answer would wait for the disk. A power failure may lose the readings of
    # the last moment; a process that is killed loses none.
    reads = open_engine(settings.reads_file)
    create_person_reads(reads)
    return Storage(
        log=open_event_log(settings.log_file),
        vault=open_engine(settings.vault_file, durable=True),
        reads=reads,
        open_contacts=partial(open_engine, settings.feed_contacts_file),
        open_read_models=partial(open_engine, settings.read_models_file),
        is_embedded=True,
    )


def make_tables(settings: Settings) -> None:
    """Create or upgrade the tables on a server; harmless when nothing is to be done.

    What is remembered goes through migrations, what is derived from it is made as it is now.
    Raises `DatabaseUnsuited`, `LogBusy`.
    """
    if not settings.database:
        raise ValueError(settings)
    migrate(settings.database, settings.schema, versions=MIGRATIONS, service=_SERVICE)
    engine = open_postgres_engine(settings.database, settings.schema)
    log = open_postgres_log(settings.database, settings.schema)
    try:
        for kind in (SqlListMembers, SqlPlacedPeople):
            model = kind(log=log, open_engine=lambda: engine, prepare=FollowedTables.create_tables)
            model.tables.require_tables()
        create_difference_rows(engine)
    finally:
        log.close()
        engine.dispose()


def _on_server(url: str, schema: str) -> Storage:
    engine = _open_server(url, schema)
    require_difference_rows(engine)
    storage = Storage(
        log=open_postgres_log(url, schema),
        vault=written_apart(engine, "vault"),
        reads=engine,
        open_contacts=lambda: written_apart(engine, "feed_contacts"),
        open_read_models=lambda: engine,
        is_embedded=False,
    )
    for model in (storage.list_members(), storage.placed_people()):
        model.tables.require_tables()
    return storage


def _open_server(url: str, schema: str) -> Engine:
    engine = open_postgres_engine(url, schema)
    require_migrated(engine, schema, newest=NEWEST, service=_SERVICE)
    return engine
