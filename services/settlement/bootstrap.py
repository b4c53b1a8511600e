"""Putting settlement together (组装): the only place that constructs its parts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.adapters.event_ledger import EventLedger, open_ledger
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.application.law_library import LawLibrary
from settlement.application.ports import Eligibility
from settlement.law.book import PolicyBook
from settlement.settings import Settings

ELIGIBILITY_SECONDS = 5.0

Clock = Callable[[], datetime]
"""Gives the present instant, in UTC."""


@dataclass(frozen=True)
class Parts:
    """Everything the entrypoints use."""

    ledger: EventLedger
    laws: LawLibrary
    eligibility: Eligibility
    book: PolicyBook
    clock: Clock


def build_parts(settings: Settings, clock: Clock) -> Parts:
    """Open the ledger and load the policies. Raises PolicyFileFaulty."""
    ledger = open_ledger(settings.data / "settlement.sqlite")
    client = httpx.Client(base_url=settings.eligibility_url, timeout=ELIGIBILITY_SECONDS)
    return Parts(
        ledger=ledger,
        laws=LawLibrary(ledger),
        eligibility=EligibilityHttp(client),
        book=load_book(settings.policies or SHIPPED_POLICIES),
        clock=clock,
    )
