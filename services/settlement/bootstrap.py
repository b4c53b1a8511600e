"""Putting settlement together (组装): the only place that constructs its parts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

import httpx2 as httpx

from eventlog.followed_tables import FollowedTables
from eventlog.log import EventLog
from eventlog.turns import Turns
from http_edge.asking_client import AskingClient
from http_edge.identity.gate import Gate, build_gate, build_own_tokens
from http_edge.identity.identity_settings import IdentitySettings
from http_edge.operating_settings import OperatingSettings
from http_edge.tracing import Tracing, start_tracing
from settlement.adapters.asked_aside import AskedAside
from settlement.adapters.eligibility_health import EligibilityHealth
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.adapters.event_ledger import EventLedger
from settlement.adapters.members_http import MembersHttp
from settlement.adapters.people_on_paper_http import PeopleOnPaperHttp
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.application.ask_when_down import AskWhenDown, ReplicaRules
from settlement.application.find_settlements import SettlementIndex
from settlement.application.law_library import LawLibrary
from settlement.application.list_touched import TouchedSettlements
from settlement.application.paper_ports import PeopleOnPaper, SettlementNumbers
from settlement.application.ports import Clock, Corrections, Eligibility
from settlement.application.read_notices import Residences
from settlement.application.sum_accounts import Members
from settlement.law.book import PolicyBook
from settlement.law.regions import RegionElsewhere, ShardRegions
from settlement.read_models.decision_list import DecisionList
from settlement.read_models.fund_account import FundAccount
from settlement.read_models.people_replica import SqlPeopleReplica
from settlement.read_models.replica_answers import SqlReplicaAnswers
from settlement.read_models.revision_list import RevisionList
from settlement.read_models.settlement_index import SqlSettlementIndex
from settlement.read_models.stay_list import StayList
from settlement.read_models.touched_settlements import SqlTouchedSettlements
from settlement.settings import Settings
from settlement.storage import Storage, open_storage

ELIGIBILITY_SECONDS = 5.0
SERVICE_NAME = "yizhan-settlement"


@dataclass(frozen=True)
class Parts:
    """Everything the entrypoints use.

    `asked_at_desk` is eligibility for deciding about the present: while it is down, the replica
    answers. `eligibility` alone is asked about what was. `turns` are for requests that wait for a
    server of their own accord; among files, writing is quick and waits by itself.
    """

    storage: Storage
    laws: LawLibrary
    eligibility: Eligibility
    asked_at_desk: Eligibility
    touched: TouchedSettlements
    book: PolicyBook
    fund_account: FundAccount
    settlements: SettlementIndex
    members: Members
    residences: Residences
    stay_list: StayList
    decision_list: DecisionList
    clock: Clock
    papers: "PaperParts"
    revision_list: RevisionList
    replica: "ReplicaParts"
    gate: Gate
    followed: tuple[FollowedTables, ...]
    eligibility_is_ready: Callable[[], bool]
    operating: OperatingSettings = field(default_factory=OperatingSettings)
    tracing: Tracing | None = None
    turns: Turns | None = None

    @property
    def ledger(self) -> EventLedger:
        """What settlement remembers."""
        return self.storage.ledger

    @property
    def register(self) -> EventLog:
        """Where the answers to requests are kept: beside the events."""
        return self.ledger.log


def build_members(settings: Settings) -> MembersHttp:
    """Who belongs to households and places, and where people live, as eligibility says."""
    return MembersHttp(_eligibility(settings))


@dataclass(frozen=True)
class PaperParts:
    """What it takes to print a statement, and to check one."""

    ledger: EventLedger
    laws: LawLibrary
    numbers: SettlementNumbers
    people: PeopleOnPaper


def build_papers(settings: Settings, storage: Storage | None = None) -> PaperParts:
    """Statements on paper, without the policies that bills are settled by."""
    storage = storage or open_storage(settings)
    numbers = storage.followed(SqlSettlementIndex)
    people = PeopleOnPaperHttp(_eligibility(settings))
    return PaperParts(storage.ledger, LawLibrary(storage.ledger), numbers, people)


@dataclass(frozen=True)
class CorrectionParts:
    """What it takes to tell which settlements a correction touches."""

    storage: Storage
    eligibility: Eligibility
    touched: SqlTouchedSettlements

    @property
    def ledger(self) -> EventLedger:
        """What settlement remembers."""
        return self.storage.ledger


def build_corrections(settings: Settings, storage: Storage | None = None) -> CorrectionParts:
    """What eligibility corrected of what was settled, brought up to date whenever it is asked."""
    storage = storage or open_storage(settings)
    eligibility = _eligibility_asked(settings)
    touched = storage.followed(SqlTouchedSettlements, corrections=eligibility)
    return CorrectionParts(storage, eligibility, touched)


@dataclass(frozen=True)
class ReplicaParts:
    """The replica of eligibility, and the settlements that rest on it (资格副本)."""

    people: SqlPeopleReplica
    answers: SqlReplicaAnswers
    ledger: EventLedger
    eligibility: Eligibility
    corrections: Corrections


def build_replica(settings: Settings, storage: Storage | None = None) -> ReplicaParts:
    """The replica, for those who keep it and ask it. Raises ReadModelMissing."""
    storage = storage or open_storage(settings)
    people = SqlPeopleReplica(storage.read_models)
    if storage.is_embedded:
        people.create_tables()
    else:
        people.require_tables()
    eligibility = _eligibility_asked(settings)
    answers = storage.followed(SqlReplicaAnswers)
    return ReplicaParts(people, answers, storage.ledger, eligibility, eligibility)


def build_followed(settings: Settings, storage: Storage) -> tuple[FollowedTables, ...]:
    """Every read model of settlement, for what follows or rebuilds them."""
    touched = build_corrections(settings, storage).touched
    return (*build_read_models(storage).every, storage.followed(SqlReplicaAnswers), touched)


class RegionsReassigned(Exception):
    """A ledger holds settlements of regions that the file of the shards gives to another one."""


def _require_own(ledger: EventLedger, shard: ShardRegions) -> None:
    """A person's counters must not begin anew in another ledger. Raises RegionsReassigned."""
    for region in ledger.regions_settled():
        try:
            shard.require(region)
        except RegionElsewhere as elsewhere:
            message = (
                f"分片 {shard.shard} 的账本里已有 {region} 的结算，而{elsewhere}；"
                "有账的地区不能改归别处，请改回分片文件 (regions reassigned)"
            )
            raise RegionsReassigned(message) from elsewhere


@dataclass(frozen=True)
class Shared:
    """What the shards of one process have in common (共用部件): read and connected once."""

    book: PolicyBook
    gate: Gate
    tracing: Tracing | None


def build_shared(settings: Settings, book: PolicyBook | None = None) -> Shared:
    """Load it: the published policies, unless a `book` was loaded before.

    Raises PolicyFileFaulty, IssuerKeyUnusable, IdentityUnusable.
    """
    return Shared(
        book=load_book(settings.policies or SHIPPED_POLICIES, published_only=not settings.drafts)
        if book is None
        else book,
        gate=build_gate(settings.identity, settings.data),
        tracing=start_tracing("settlement") if settings.operating.traces else None,
    )


def build_parts(
    settings: Settings,
    clock: Clock,
    *,
    book: PolicyBook | None = None,
    shared: Shared | None = None,
) -> Parts:
    """Open the ledger and load the policies that bills are settled by: the published ones, or a
    `book` that was loaded before, alone or as part of what is `shared`.

    Raises PolicyFileFaulty, also where a published file is not as it was published,
    IssuerKeyUnusable, IdentityUnusable, RegionsReassigned.
    """
    storage = open_storage(settings)
    if settings.shard is not None:
        _require_own(storage.ledger, settings.shard)
    shared = shared or build_shared(settings, book)
    corrections = build_corrections(settings, storage)
    members = build_members(settings)
    followed = build_read_models(storage)
    replica = build_replica(settings, storage)
    rules = ReplicaRules(oldest=timedelta(hours=settings.replica_hours))
    return Parts(
        storage=storage,
        laws=LawLibrary(storage.ledger),
        eligibility=corrections.eligibility,
        asked_at_desk=AskedAside(
            AskWhenDown(corrections.eligibility, replica.people, clock=clock, rules=rules)
        ),
        touched=corrections.touched,
        book=shared.book.of_shard(settings.shard) if settings.shard else shared.book,
        fund_account=followed.fund_account,
        settlements=followed.settlements,
        members=members,
        residences=members,
        stay_list=followed.stay_list,
        decision_list=followed.decision_list,
        clock=clock,
        papers=build_papers(settings, storage),
        revision_list=followed.revision_list,
        replica=replica,
        gate=shared.gate,
        followed=(*followed.every, replica.answers, corrections.touched),
        eligibility_is_ready=EligibilityHealth(_anybody_at(settings.eligibility_url)).is_ready,
        operating=settings.operating,
        tracing=shared.tracing,
        turns=None if storage.is_embedded else Turns(),
    )


@dataclass(frozen=True)
class ReadModels:
    """What is derived from the ledger alone (读模型)."""

    fund_account: FundAccount
    settlements: SqlSettlementIndex
    stay_list: StayList
    decision_list: DecisionList
    revision_list: RevisionList

    @property
    def every(self) -> tuple[FollowedTables, ...]:
        """All of them."""
        return (
            self.fund_account,
            self.settlements,
            self.stay_list,
            self.decision_list,
            self.revision_list,
        )


def build_read_models(storage: Storage) -> ReadModels:
    """All read models of the ledger, brought up to date whenever they are asked."""
    return ReadModels(
        fund_account=storage.followed(FundAccount),
        settlements=storage.followed(SqlSettlementIndex),
        stay_list=storage.followed(StayList),
        decision_list=storage.followed(DecisionList),
        revision_list=storage.followed(RevisionList),
    )


def _eligibility_asked(settings: Settings) -> EligibilityHttp:
    return EligibilityHttp(_eligibility(settings), asking_seconds=settings.eligibility_seconds)


def _eligibility(settings: Settings) -> httpx.Client:
    return _eligibility_at(settings.eligibility_url, settings.data, settings.identity)


@cache
def _eligibility_at(url: str, data: Path, identity: IdentitySettings) -> httpx.Client:
    """One pool of connections for all who ask, with settlement's own token."""
    tokens = build_own_tokens(identity, data, name=SERVICE_NAME)
    return AskingClient(base_url=url, timeout=ELIGIBILITY_SECONDS, auth=tokens)


@cache
def _anybody_at(url: str) -> httpx.Client:
    """The same for what is told to everybody."""
    return AskingClient(base_url=url, timeout=ELIGIBILITY_SECONDS)
