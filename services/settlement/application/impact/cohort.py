"""A cohort (人群数据): claims of many persons, each person's together and in order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from settlement.law.bill import Charges
from settlement.law.book import StayDates
from settlement.law.document import Fault, Node
from settlement.law.facts import Ask, Facts
from settlement.law.policy import Policy
from settlement.law.reading_facts import read_answer
from settlement.law.stay_facts import with_dates


class AnswerUnreadable(Exception):
    """What a claim declares is not what the policy asks for."""

    def __init__(self, ask: Ask, answer: str):
        """Name the question and the answer."""
        self.fact = ask.id
        super().__init__(f"“{ask.label}”（{ask.id}）申报为“{answer}”，政策不认得")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim (一笔费用) of a cohort; `reference` says where it stands in its file.

    `facts` hold what nothing else tells: days, counts of stays and what policies ask by names of
    their own are added under each policy. `declared` are answers as written; `elsewhere_fen` are
    amounts decided by other systems, by layer id.
    """

    reference: str
    person: str
    dates: StayDates
    charges: Charges
    facts: Facts
    declared: Mapping[str, str]
    elsewhere_fen: Mapping[str, int]


def facts_under(policy: Policy, claim: Claim) -> Facts:
    """The claim's facts as a policy asks for them, stays not counted. Raises AnswerUnreadable.

    The person is taken for the same on every day that layers ask about.
    """
    facts = with_dates(claim.facts, policy, claim.dates)
    declared = {
        ask.id: _answer(ask, claim.declared[ask.id])
        for ask in policy.asks
        if ask.id in claim.declared
    }
    return replace(facts, declared=declared) if declared else facts


def _answer(ask: Ask, written: str) -> bool | int | str:
    faults: list[Fault] = []
    answer = read_answer(ask, Node(written, (ask.id,), faults))
    if answer is None or faults:
        raise AnswerUnreadable(ask, written)
    return answer


def elsewhere_under(policy: Policy, claim: Claim, applied: Iterable[str]) -> dict[str, int]:
    """The claim's amounts for the layers that this policy leaves to others.

    An amount of zero for a layer that is not for this claim says nothing.
    """
    taken = {layer.id for layer in policy.layers if layer.elsewhere}
    for_claim = set(applied)
    return {
        layer: fen
        for layer, fen in claim.elsewhere_fen.items()
        if layer in taken and (fen or layer in for_claim)
    }


def in_batches(claims: Iterable[Claim], size: int) -> Iterator[list[Claim]]:
    """Whole persons together, about `size` claims at a time."""
    batch: list[Claim] = []
    for _, own in groupby(claims, key=lambda claim: claim.person):
        batch += own
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
