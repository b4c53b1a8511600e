"""Settling a bill that nothing is stored of (无状态试算)."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.vocabulary import RegionCode, Scheme
from settlement.application.compiled_policies import cascade_for
from settlement.application.deposit_allowed import deposit_allowed
from settlement.application.fit_answers import require_fit_answers
from settlement.domain.settlement import NOTHING_BESIDE, Beside, beside_of
from settlement.kernel.explain import NumberUsed, Step, assumed_numbers, explain
from settlement.kernel.report import DepositAllowed
from settlement.kernel.settle import Inputs, settle_bill
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook, StayDates
from settlement.law.facts import Facts
from settlement.law.policy import Policy
from settlement.law.stay_facts import with_dates


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
    beside: Beside = NOTHING_BESIDE
    deposit: DepositAllowed | None = None


def preview_bill(bill: BillToPreview, book: PolicyBook) -> BillPreviewed:
    """Settle without storing. Raises what `PolicyBook.in_force` and `settle_bill` raise,
    BillDoesNotAddUp, AnswerUnfit."""
    bill.charges.check()
    policy = book.in_force(region=bill.region, scheme=bill.scheme, dates=bill.dates)
    require_fit_answers(policy, bill.facts.declared)
    facts = with_dates(bill.facts, policy, bill.dates)
    cascade = cascade_for(policy)
    inputs = Inputs(bill.charges, facts, bill.counters, bill.elsewhere)
    outcome = settle_bill(cascade, inputs)
    steps = explain(cascade, outcome)
    return BillPreviewed(
        policy=policy,
        steps=steps,
        assumed=assumed_numbers(policy, steps),
        patient_fen=outcome.patient_fen,
        beside=beside_of(policy, outcome, facts),
        deposit=deposit_allowed(policy, facts),
    )
