"""What the oracle reads for made-up stays (对照算法的答案), asked once before anything is mutated:
it takes longer than a mutant may.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from contracts.vocabulary import LARGEST_BILL_FEN
from settlement.kernel.cascade import Cascade
from tests.support import oracle_text
from tests.support.bill_generator import MadeUpStay, make_person
from tests.support.fact_generator import asked_by
from tests.support.settling import Verdict, verdict_of_oracle
from tests.support.yearly_totals import YearlyTotals

_A_FEW_FEN = 4


@dataclass(frozen=True)
class Read:
    """A stay with the totals before it, and what the oracle reads in the text for it."""

    stay: MadeUpStay
    before: dict[str, int]
    verdict: Verdict


def read_by_oracle(
    cascade: Cascade, chance: Random, *, people: int, most_alike: int
) -> Iterator[Read]:
    """Persons with several stays; of stays that come to something on the same lines a few.

    One in three has bills in whole yuan, so that shares come to exact halves, one in three bills
    of a few fen. The cascade gives its text and no arithmetic.
    """
    document = json.loads(cascade.policy.canonical_text)
    alike: Counter[frozenset[str]] = Counter()
    for person in range(people):
        totals = YearlyTotals()
        elsewhere, asked = cascade.shape.elsewhere, asked_by(document)
        size = {"largest_fen": _A_FEW_FEN} if person % 3 == 2 else {}
        for made_up in make_person(chance, elsewhere=elsewhere, asked=asked, full=True, **size):
            stay = _in_yuan(made_up) if person % 3 == 1 else made_up
            years = oracle_text.years_of(document, stay.dates)
            before = totals.before(years)
            found = verdict_of_oracle(cascade, stay, before)
            if not found.refused:
                totals.keep(years, found.counters)
            came_to = _came_to(found)
            alike[came_to] += 1
            if alike[came_to] <= most_alike:
                yield Read(stay, before, found)


def _in_yuan(stay: MadeUpStay) -> MadeUpStay:
    """The same stay with as many yuan as it had fen; one too large stays as it is."""
    if stay.charges.total_fen > LARGEST_BILL_FEN // 100:
        return stay
    amounts = {name: fen * 100 for name, fen in vars(stay.charges).items() if isinstance(fen, int)}
    items = {name: fen * 100 for name, fen in stay.charges.item_classes_fen.items()}
    return replace(
        stay,
        charges=replace(stay.charges, **amounts, item_classes_fen=items),
        amounts={name: fen * 100 for name, fen in stay.amounts.items()},
        elsewhere={name: fen * 100 for name, fen in stay.elsewhere.items()},
    )


def _came_to(found: Verdict) -> frozenset[str]:
    """The lines on which something stands."""
    amounts = {**found.paid, **found.inside}
    return frozenset(name for name, fen in amounts.items() if fen) | found.assumed
