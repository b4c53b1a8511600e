"""Settling a bill that nothing is stored of (无状态试算)."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.vocabulary import RegionCode, Scheme
from settlement.kernel.cascade import compile_policy
from settlement.kernel.explain import NumberUsed, Step, assumed_numbers, explain
from settlement.kernel.settle import Inputs, settle_bill
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook, StayDates
from settlement.law.facts import Facts
from settlement.law.policy import Policy


@dataclass(frozen=True)
class BillToPreview:
    """A bill with its facts and the year's counters before it, in fen."""

    region: RegionCode
    scheme: Scheme
    dates: StayDates
    charges: Charges
    facts: Facts
    counters: Mapping[str, int]
    elsewhere: Mapping[str, int]


@dataclass(frozen=True)
class BillPreviewed:
    """What the settlement would be."""

    policy: Policy
    steps: tuple[Step, ...]
    assumed: tuple[NumberUsed, ...]
    patient_fen: int


def preview_bill(bill: BillToPreview, book: PolicyBook) -> BillPreviewed:
    """Settle without storing. Raises what `PolicyBook.in_force` and `settle_bill` raise, and
    BillDoesNotAddUp."""
    bill.charges.check()
    policy = book.in_force(region=bill.region, scheme=bill.scheme, dates=bill.dates)
    outcome = settle_bill(
        compile_policy(policy),
        Inputs(bill.charges, bill.facts, bill.counters, bill.elsewhere),
    )
    steps = explain(policy, outcome)
    return BillPreviewed(policy, steps, assumed_numbers(policy, steps), outcome.patient_fen)
