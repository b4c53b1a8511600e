"""Putting settlement together (组装): the only place that constructs its parts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import httpx2 as httpx

from eventlog.followed_tables import FollowedTables
from eventlog.log import EventLog
from eventlog.sqlite_engine import open_engine
from http_edge.asking_client import AskingClient
from http_edge.operating_settings import OperatingSettings
from http_edge.tracing import Tracing, start_tracing
from settlement.adapters.eligibility_health import EligibilityHealth
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.adapters.event_ledger import EventLedger, open_ledger
from settlement.adapters.members_http import MembersHttp
from settlement.adapters.people_on_paper_http import PeopleOnPaperHttp
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.application.find_settlements import SettlementIndex
from settlement.application.law_library import LawLibrary
from settlement.application.list_touched import TouchedSettlements
from settlement.application.paper_ports import PeopleOnPaper, SettlementNumbers
from settlement.application.ports import Clock, Eligibility
from settlement.application.read_notices import Residences
from settlement.application.sum_accounts import Members
from settlement.law.book import PolicyBook
from settlement.read_models.decision_list import DecisionList
from settlement.read_models.fund_account import FundAccount
from settlement.read_models.revision_list import RevisionList
from settlement.read_models.settlement_index import SqlSettlementIndex
from settlement.read_models.stay_list import StayList
from settlement.read_models.touched_settlements import SqlTouchedSettlements
from settlement.settings import Settings

ELIGIBILITY_SECONDS = 5.0
READ_MODELS = "settlement_read_models.sqlite"


@dataclass(frozen=True)
class Parts:
    """Everything the entrypoints use."""

    ledger: EventLedger
    laws: LawLibrary
    eligibility: Eligibility
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
    followed: tuple[FollowedTables, ...]
    eligibility_is_ready: Callable[[], bool]
    operating: OperatingSettings = field(default_factory=OperatingSettings)
    tracing: Tracing | None = None

    @property
    def register(self) -> EventLog:
        """Where the answers to requests are kept: beside the events."""
        return self.ledger.log


def build_ledger(settings: Settings) -> EventLedger:
    """The ledger alone, for what needs neither policies nor eligibility."""
    return open_ledger(settings.data / "settlement.sqlite")


def build_fund_account(settings: Settings, ledger: EventLedger) -> FundAccount:
    """The accounts of the funds, brought up to date whenever they are asked."""
    engine = open_engine(settings.data / READ_MODELS)
    account = FundAccount(log=ledger.log, engine=engine)
    account.create_tables()
    return account


def build_settlement_index(settings: Settings, ledger: EventLedger) -> SqlSettlementIndex:
    """All settlements as people look for them, brought up to date whenever it is asked."""
    index = SqlSettlementIndex(log=ledger.log, engine=open_engine(settings.data / READ_MODELS))
    index.create_tables()
    return index


def build_members(settings: Settings) -> MembersHttp:
    """Who belongs to households and places, and where people live, as eligibility says."""
    return MembersHttp(_eligibility_at(settings.eligibility_url))


def build_stay_list(settings: Settings, ledger: EventLedger) -> StayList:
    """The list of stays, brought up to date whenever it is asked."""
    listed = StayList(log=ledger.log, engine=open_engine(settings.data / READ_MODELS))
    listed.create_tables()
    return listed


def build_decision_list(settings: Settings, ledger: EventLedger) -> DecisionList:
    """The proposals that nobody has decided on, brought up to date whenever it is asked."""
    listed = DecisionList(log=ledger.log, engine=open_engine(settings.data / READ_MODELS))
    listed.create_tables()
    return listed


def build_revision_list(settings: Settings, ledger: EventLedger) -> RevisionList:
    """The list of revisions, brought up to date whenever it is asked."""
    listed = RevisionList(log=ledger.log, engine=open_engine(settings.data / READ_MODELS))
    listed.create_tables()
    return listed


@dataclass(frozen=True)
class PaperParts:
    """What it takes to print a statement, and to check one."""

    ledger: EventLedger
    laws: LawLibrary
    numbers: SettlementNumbers
    people: PeopleOnPaper


def build_papers(settings: Settings, ledger: EventLedger | None = None) -> PaperParts:
    """Statements on paper, without the policies that bills are settled by."""
    ledger = ledger or build_ledger(settings)
    numbers = build_settlement_index(settings, ledger)
    people = PeopleOnPaperHttp(_eligibility_at(settings.eligibility_url))
    return PaperParts(ledger, LawLibrary(ledger), numbers, people)


@dataclass(frozen=True)
class CorrectionParts:
    """What it takes to tell which settlements a correction touches."""

    ledger: EventLedger
    eligibility: Eligibility
    touched: SqlTouchedSettlements


def build_corrections(settings: Settings, ledger: EventLedger | None = None) -> CorrectionParts:
    """What eligibility corrected of what was settled, brought up to date whenever it is asked."""
    ledger = ledger or build_ledger(settings)
    eligibility = EligibilityHttp(_eligibility_at(settings.eligibility_url))
    engine = open_engine(settings.data / READ_MODELS)
    touched = SqlTouchedSettlements(log=ledger.log, engine=engine, corrections=eligibility)
    touched.create_tables()
    return CorrectionParts(ledger, eligibility, touched)


def build_followed(settings: Settings, ledger: EventLedger) -> tuple[FollowedTables, ...]:
    """Every read model of settlement, for what follows or rebuilds them."""
    touched = build_corrections(settings, ledger).touched
    return (*build_read_models(settings, ledger).every, touched)


def build_parts(settings: Settings, clock: Clock, *, book: PolicyBook | None = None) -> Parts:
    """Open the ledger and load the policies that bills are settled by: the published ones, or a
    `book` that was loaded before.

    Raises PolicyFileFaulty, also where a published file is not as it was published.
    """
    ledger = build_ledger(settings)
    corrections = build_corrections(settings, ledger)
    members = build_members(settings)
    followed = build_read_models(settings, ledger)
    return Parts(
        ledger=ledger,
        laws=LawLibrary(ledger),
        eligibility=corrections.eligibility,
        touched=corrections.touched,
        book=load_book(settings.policies or SHIPPED_POLICIES, published_only=not settings.drafts)
        if book is None
        else book,
        fund_account=followed.fund_account,
        settlements=followed.settlements,
        members=members,
        residences=members,
        stay_list=followed.stay_list,
        decision_list=followed.decision_list,
        clock=clock,
        papers=build_papers(settings, ledger),
        revision_list=followed.revision_list,
        followed=(*followed.every, corrections.touched),
        eligibility_is_ready=EligibilityHealth(_eligibility_at(settings.eligibility_url)).is_ready,
        operating=settings.operating,
        tracing=start_tracing("settlement") if settings.operating.traces else None,
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


def build_read_models(settings: Settings, ledger: EventLedger) -> ReadModels:
    """All read models of the ledger, brought up to date whenever they are asked."""
    return ReadModels(
        fund_account=build_fund_account(settings, ledger),
        settlements=build_settlement_index(settings, ledger),
        stay_list=build_stay_list(settings, ledger),
        decision_list=build_decision_list(settings, ledger),
        revision_list=build_revision_list(settings, ledger),
    )


@cache
def _eligibility_at(url: str) -> httpx.Client:
    """One pool of connections for all who ask."""
    return AskingClient(base_url=url, timeout=ELIGIBILITY_SECONDS)
