"""Explaining one bill (说明一张费用单): every payment as sums, with what each rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

from settlement.application.explaining.unfolding import StepUnfolded, unfold
from settlement.application.fit_answers import require_fit_answers
from settlement.application.preview_bill import BillToPreview
from settlement.kernel.cascade import compile_policy
from settlement.kernel.explain import NumberUsed, assumed_numbers, explain
from settlement.kernel.report import Told, report
from settlement.kernel.settle import Inputs, Outside, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from settlement.law.policy import Policy
from settlement.law.stay_facts import with_dates

__all__ = ["BillExplained", "explain_bill", "explain_preview"]


@dataclass(frozen=True)
class BillExplained:
    """A bill under a policy, step by step (逐步说明), in fen.

    `counters_after` are the yearly totals the bill leaves, as the next one begins with them.
    """

    policy: Policy
    total_fen: int
    steps: tuple[StepUnfolded, ...]
    patient_fen: int
    outside: tuple[Outside, ...]
    reported: tuple[Told, ...]
    assumed: tuple[NumberUsed, ...]
    counters_after: Mapping[str, int]


def explain_bill(
    policy: Policy,
    *,
    charges: Charges,
    facts: Facts,
    counters: Mapping[str, int],
    elsewhere: Mapping[str, int],
) -> BillExplained:
    """Settle a bill and unfold it; nothing is stored.

    Raises what `settle_bill` raises, BillDoesNotAddUp and BillTooLarge.
    """
    charges.check()
    inputs = Inputs(charges, facts, counters, elsewhere)
    cascade = compile_policy(policy)
    outcome = settle_bill(cascade, inputs)
    return BillExplained(
        policy=policy,
        total_fen=charges.total_fen,
        steps=unfold(cascade, outcome, counters),
        patient_fen=outcome.patient_fen,
        outside=outcome.outside,
        reported=report(policy, outcome, facts),
        assumed=assumed_numbers(policy, explain(cascade, outcome)),
        counters_after=outcome.counters,
    )


def explain_preview(bill: BillToPreview, policy: Policy) -> BillExplained:
    """Explain a bill as it is previewed, under this policy.

    Raises what `explain_bill` raises, and AnswerUnfit.
    """
    require_fit_answers(policy, bill.facts.declared)
    return explain_bill(
        policy,
        charges=bill.charges,
        facts=with_dates(bill.facts, policy, bill.dates),
        counters=bill.counters,
        elsewhere=bill.elsewhere,
    )
