"""Bills whose parts contradict one another are never settled (费用单自相矛盾)."""

import pytest

from settlement.law.bill import BillDoesNotAddUp
from tests.support.bill_generator import contradict, make_stay, seeded


def test_bills_that_add_up_are_accepted_and_their_contradictions_refused() -> None:
    """A fen more in one part, a part that was forgotten, or two splits that do not agree."""
    chance = seeded(7)
    for _ in range(3_000):
        charges = make_stay(chance, full=True).charges
        charges.check()
        wrong = contradict(chance, charges)
        with pytest.raises(BillDoesNotAddUp):
            wrong.check()


def test_bills_that_state_less_are_accepted_as_well() -> None:
    """Total only, with the scope, with its four parts, classes only, everything."""
    chance = seeded(8)
    stated = set()
    for _ in range(500):
        charges = make_stay(chance, full=False).charges
        charges.check()
        stated.add(charges.granularity)
    assert len(stated) == 5
