"""After any late amounts and undoings, every settlement is what it would be if each amount had been
stated when its stay was settled, and the undone had never been."""

from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook
from tests.settlement.desk.test_undone_equals_never import BOTH_WAYS, HOSPITALS, book_with
from tests.support.settlement_desk import P1, P2, P3, PeopleKnown
from tests.support.small_policies import REGION, layer_text, policy_text
from tests.support.undoing import (
    LateStep,
    SettleStep,
    Step,
    UndoStep,
    everything_undone,
    play,
    stated_at_once,
)

CAPPED = (
    "base: total\ndeductible: {amount: 1500, per: year}\nrate: 60%\n"
    "caps: [{per: year, of: payment, amount: 6000}]\n"
)
RELIEF = "decided_elsewhere: {by: 民政局评审, at_most: total - first, may_come_later: 是}\n"
RESTING = (
    "base: year.patient + total - first - relief\ndeductible: 3000\nrate: 50%\n",
    (
        "base: total - first - relief\nrate: 60%\n"
        "caps: [{per: year, of: payment, amount: 2000}]\n"
        "benefit_year: {begins: 07-01, chosen_by: admission}\n"
    ),
    "base: total - first - relief\ndeductible: {amount: 2000, per: year}\nrate: 40%\n",
)


class Told(NamedTuple):
    """A policy with a layer that may come late, what rests on it, and where differences go."""

    resting: int
    switches: tuple[str, str]

    @property
    def book(self) -> PolicyBook:
        """The policy as a book."""
        under, over = self.switches
        return book_with(
            policy_text(
                layer_text(CAPPED, layer_id="first"),
                layer_text(RELIEF, layer_id="relief", payer="civil_assistance"),
                layer_text(RESTING[self.resting], layer_id="last", payer="medical_assistance"),
                more=f"corrections: {{underpaid: {under}, overpaid: {over}}}\n",
            )
        )


STAYS = st.builds(
    lambda who, where, begins, fen, merged, early: SettleStep(
        stay="",
        person=who,
        hospital=where,
        admission=date(2023, 6, 20) + timedelta(days=begins * 28),
        days=9,
        charges=Charges(total_fen=fen, in_scope_fen=fen - fen // 5),
        merged=merged,
        elsewhere_fen={"relief": fen // 9} if early else {},
    ),
    st.sampled_from([P1, P1, P1, P2, P3]),
    st.sampled_from(HOSPITALS),
    st.integers(0, 12),
    st.integers(2, 20).map(lambda n: n * 500_00 + n),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)
AMOUNTS = st.builds(
    LateStep,
    st.integers(0, 9),
    st.just("relief"),
    st.one_of(st.just(0), st.integers(1, 40).map(lambda n: n * 70_01)),
    by_office=st.booleans(),
)
UNDOINGS = st.builds(UndoStep, st.integers(0, 9))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Told, list[Step]]:
    """A few stays, some with their amount at once, then amounts, stays and undoings."""
    told = Told(draw(st.sampled_from(range(len(RESTING)))), draw(st.sampled_from(BOTH_WAYS)))
    steps: list[Step] = draw(st.lists(STAYS, min_size=2, max_size=4))
    steps += draw(st.lists(st.one_of(AMOUNTS, AMOUNTS, STAYS, UNDOINGS), max_size=6))
    steps.append(draw(AMOUNTS))
    numbered = [
        SettleStep(**(vars(s) | {"stay": f"S{at}"})) if isinstance(s, SettleStep) else s
        for at, s in enumerate(steps)
    ]
    return told, _awaited_alone(numbered)


def _awaited_alone(steps: list[Step]) -> list[Step]:
    """An amount that was stated at once is not corrected late: such deliveries are left out."""
    live: list[SettleStep] = []
    kept: list[Step] = []
    for step in steps:
        if isinstance(step, SettleStep):
            live.append(step)
        elif isinstance(step, UndoStep):
            live.pop(step.which % len(live)) if live else None
        elif not live or live[step.which % len(live)].elsewhere_fen:
            continue
        kept.append(step)
    return kept


def people() -> PeopleKnown:
    """Three ids, two of which may turn out to be one person."""
    known = PeopleKnown()
    for person in (P1, P2, P3):
        known.add(person, region=REGION)
    return known


@given(histories())
@settings(max_examples=60)
def test_an_amount_that_came_late_is_as_good_as_one_stated_at_once(
    history: tuple[Told, list[Step]],
) -> None:
    """Inputs, steps, shares, counters and orders; the ledger verifies; a replay changes nothing."""
    told, steps = history
    played = play(steps, told.book, people())
    fresh = play(stated_at_once(steps, played), told.book, people())

    assert fresh.live == played.live
    assert fresh.said() == played.said()
    assert fresh.counters() == played.counters()
    assert fresh.orders() == played.orders()
    assert verify_ledger(played.ledger, played.laws).discrepancies == ()
    replayed = replay_ledger(settlements_recorded(played.ledger.events()), told.book, Scope())
    assert (replayed.refused, replayed.most_changed(1)) == ((), ())


@given(histories())
@settings(max_examples=30)
def test_the_books_are_level_when_everything_is_undone(history: tuple[Told, list[Step]]) -> None:
    """Whichever way the differences went, all of it is taken back the way it went."""
    told, steps = history
    played = play(steps, told.book, people())
    if told.switches == BOTH_WAYS[0]:
        fresh = play(stated_at_once(steps, played), told.book, people())
        assert played.balances() == fresh.balances()

    level = play([*steps, *everything_undone(played)], told.book, people())

    assert (level.live, level.balances()) == ([], {})
    assert verify_ledger(level.ledger, level.laws).discrepancies == ()
