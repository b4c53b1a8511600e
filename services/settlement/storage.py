"""Where settlement keeps what it remembers, and what it derives from that (存储).

In files, which are made when they are not there; or in a schema of a server, whose tables `yizhan
migrate` makes and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx2 as httpx
from sqlalchemy import Engine

from eventlog.engines import open_postgres_engine
from eventlog.followed_tables import FollowedTables
from eventlog.migrating import migrate
from eventlog.sqlite_engine import open_engine
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.adapters.event_ledger import EventLedger, open_ledger, open_ledger_on_server
from settlement.read_models.decision_list import DecisionList
from settlement.read_models.fund_account import FundAccount
from settlement.read_models.people_replica import SqlPeopleReplica
from settlement.read_models.replica_answers import SqlReplicaAnswers
from settlement.read_models.revision_list import RevisionList
from settlement.read_models.settlement_index import SqlSettlementIndex
from settlement.read_models.stay_list import StayList
from settlement.read_models.touched_settlements import SqlTouchedSettlements
from settlement.settings import Settings

LEDGER = "settlement.sqlite"
READ_MODELS = "settlement_read_models.sqlite"
MIGRATIONS = Path(__file__).resolve().parent / "migrations"

Followed = TypeVar("Followed", bound=FollowedTables)


@dataclass(frozen=True)
class Storage:
    """What settlement remembers, and where it keeps what it derives from that (存储)."""

    ledger: EventLedger
    read_models: Engine
    is_embedded: bool

    def followed(self, kind: Callable[..., Followed], **more: object) -> Followed:
        """A read model, brought up to date whenever it is asked.

        In files its tables come into being here; on a server `yizhan migrate` makes them. Raises
        ReadModelMissing.
        """
        read_model = kind(log=self.ledger.log, engine=self.read_models, **more)
        if self.is_embedded:
            read_model.create_tables()
        else:
            read_model.require_tables()
        return read_model

    def close(self) -> None:
        """Let go of connections."""
        self.ledger.log.close()
        self.read_models.dispose()


def open_storage(settings: Settings) -> Storage:
    """The database that the settings name, or files that are made when they are not there.

    Raises EventLogMissing, LogBusy.
    """
    if settings.database:
        return Storage(
            open_ledger_on_server(settings.database, settings.schema),
            open_postgres_engine(settings.database, settings.schema),
            is_embedded=False,
        )
    ledger = open_ledger(settings.folder / LEDGER)
    return Storage(ledger, open_engine(settings.folder / READ_MODELS), is_embedded=True)


def has_ledger(settings: Settings) -> bool:
    """Whether anything was ever recorded where the settings say; asking creates nothing."""
    return bool(settings.database) or (settings.folder / LEDGER).is_file()


def has_books(settings: Settings) -> bool:
    """Whether the accounts of the funds were ever made there."""
    return bool(settings.database) or (settings.folder / READ_MODELS).is_file()


def make_tables(settings: Settings) -> None:
    """Create or upgrade the tables on a server; harmless when nothing is to be done.

    What is remembered goes through migrations, what is derived from it is made as it is now.
    """
    if not settings.database:
        raise ValueError(settings)
    migrate(settings.database, settings.schema, versions=MIGRATIONS, service="settlement")
    storage = open_storage(settings)
    # Nobody is asked for this.
    eligibility = EligibilityHttp(httpx.Client(base_url=settings.eligibility_url))
    for kind in (FundAccount, SqlSettlementIndex, StayList, DecisionList, RevisionList):
        kind(log=storage.ledger.log, engine=storage.read_models).create_tables()
    SqlReplicaAnswers(log=storage.ledger.log, engine=storage.read_models).create_tables()
    SqlPeopleReplica(storage.read_models).create_tables()
    SqlTouchedSettlements(
        log=storage.ledger.log, engine=storage.read_models, corrections=eligibility
    ).create_tables()
    storage.close()
