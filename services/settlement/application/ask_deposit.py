"""What deposit may be asked (押金可收多少), by the policy the stay falls under as of now."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from settlement.application.find_stay import own_stay
from settlement.application.ports import Eligibility, Ledger
from settlement.application.prepare_settlement import gather
from settlement.domain.deposits import DepositLimit
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.domain.stay_requirements import require_registered
from settlement.kernel.deposit import deposit_most_fen
from settlement.kernel.report import DepositAllowed, deposit
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook
from settlement.law.policy import Policy

NO_CHARGES = Charges(total_fen=0)
"""A deposit is asked before there are any, and rests on none."""


@dataclass(frozen=True)
class DepositQuestion:
    """The question; `normal_fen` is what the hospital asks of others."""

    stay_id: UUID
    normal_fen: int | None
    by: Actor
    today: date
    at: datetime


@dataclass(frozen=True)
class DepositAnswer:
    """The answer: `allowed` is None where the policy says nothing of deposits."""

    stay: Stay
    policy: Policy
    allowed: DepositAllowed | None
    limit: DepositLimit

    @property
    def may_ask_fen(self) -> int | None:
        """What may be asked beside what is held; None where nothing limits it."""
        most_fen = self.limit.most_fen
        return None if most_fen is None else max(0, most_fen - self.stay.deposit.held_fen)


def ask_deposit(
    question: DepositQuestion, *, ledger: Ledger, eligibility: Eligibility, book: PolicyBook
) -> DepositAnswer:
    """What may be asked of the person.

    Raises StayUnknown, StayCancelled, NormalDepositNotStated, FactNotStated, and what `gather`
    raises.
    """
    stay = own_stay(ledger, question.stay_id, question.by)
    require_registered(stay)
    # A stay that goes on is taken for one that ends today: no deposit depends on the fees.
    gathered = gather(
        stay,
        discharge=stay.discharge or max(stay.admission, question.today),
        charges=NO_CHARGES,
        elsewhere_fen={},
        settled_on=question.today,
        by=question.by,
        at=question.at,
        ledger=ledger,
        eligibility=eligibility,
        book=book,
    )
    policy = gathered.policy
    allowed = deposit(policy, gathered.inputs.facts(policy)) if policy.deposit else None
    most_fen = deposit_most_fen(allowed, question.normal_fen) if allowed else None
    limit = DepositLimit(policy.fingerprint, most_fen, question.normal_fen)
    return DepositAnswer(stay, policy, allowed, limit)
