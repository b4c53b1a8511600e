"""What became of a claim under a policy (结算结果), and by what names refusals are counted."""

from dataclasses import dataclass
from enum import StrEnum

from settlement.application.impact.cohort import AnswerUnreadable
from settlement.kernel.resolving import NumberUnfit
from settlement.kernel.settle import (
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
    NumberMissing,
)
from settlement.law.bill import AmountNotStated, BillDoesNotAddUp, BillTooLarge
from settlement.law.facts import FactNotStated


@dataclass(frozen=True, slots=True)
class Settled:
    """A claim that was settled, in fen: what each layer of the policy came to, in its order, what
    it owes the hospital beyond the bill, and what was left to the patient."""

    layers_fen: tuple[int, ...]
    surplus_fen: tuple[int, ...]
    patient_fen: int


class WhyRefused(StrEnum):
    """Why a claim cannot be settled (拒绝的原因)."""

    NUMBER = "number"
    FACT = "fact"
    AMOUNT = "amount"
    ELSEWHERE_MISSING = "elsewhere_missing"
    ELSEWHERE_TOO_LARGE = "elsewhere_too_large"
    ELSEWHERE_UNEXPECTED = "elsewhere_unexpected"
    BILL = "bill"
    AFTER_REFUSED = "after_refused"
    """An earlier claim of the year was refused, so that nobody knows the year's totals."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A claim that was not settled: why, and the name of what was wanting."""

    why: WhyRefused
    name: str


AFTER_REFUSED = Refused(WhyRefused.AFTER_REFUSED, "")

REFUSALS = (
    AmountNotStated,
    AnswerUnreadable,
    BillDoesNotAddUp,
    BillTooLarge,
    ElsewhereAmountMissing,
    ElsewhereAmountTooLarge,
    ElsewhereAmountUnexpected,
    FactNotStated,
    NumberMissing,
    NumberUnfit,
)
"""Everything a claim of a cohort may be refused for."""


def refused(wrong: Exception) -> Refused:
    """The refusal behind an exception of REFUSALS."""
    if isinstance(wrong, NumberMissing | NumberUnfit):
        return Refused(WhyRefused.NUMBER, wrong.name)
    if isinstance(wrong, FactNotStated | AnswerUnreadable):
        return Refused(WhyRefused.FACT, wrong.fact)
    if isinstance(wrong, AmountNotStated):
        return Refused(WhyRefused.AMOUNT, wrong.amount)
    for kind, why in _ELSEWHERE.items():
        if isinstance(wrong, kind):
            return Refused(why, wrong.layer_id)  # type: ignore[attr-defined]  # all of them have it
    return Refused(WhyRefused.BILL, type(wrong).__name__)


_ELSEWHERE: dict[type[Exception], WhyRefused] = {
    ElsewhereAmountMissing: WhyRefused.ELSEWHERE_MISSING,
    ElsewhereAmountTooLarge: WhyRefused.ELSEWHERE_TOO_LARGE,
    ElsewhereAmountUnexpected: WhyRefused.ELSEWHERE_UNEXPECTED,
}
