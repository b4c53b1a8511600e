"""After a revision, whatever happened before and after, every settlement is what it would be if the
version published late had been known from the first."""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.law.book import PolicyBook
from tests.settlement.desk.test_revisions import book_of
from tests.settlement.desk.test_undone_equals_never import (
    BOTH_WAYS,
    HOSPITALS,
    LATER_LAYERS,
    LAYERS,
    World,
    people_of,
    stays,
)
from tests.support.small_policies import REGION, layer_text, policy_text
from tests.support.undoing import (
    Played,
    ReviseStep,
    SettleStep,
    Step,
    UndoStep,
    everything_undone,
    never_happened,
    play,
)


class Told(NamedTuple):
    """Two versions by their layers, and what the later says of differences."""

    was: tuple[int, int]
    now: tuple[int, int]
    switches: tuple[str, str]
    if_lower: str
    asked_as_of: str

    @property
    def books(self) -> tuple[PolicyBook, PolicyBook]:
        """As it was known, and as it is."""
        under, over = self.switches
        corrections = f"corrections: {{underpaid: {under}, overpaid: {over}}}\n"
        first = policy_text(*_layers(*self.was), more=corrections)
        late = policy_text(
            *_layers(*self.now),
            more=f"{corrections}published: 2023-12-14\n",
            begins=f"2023-09-01, if_lower: {self.if_lower}",
            person_asked_as_of=self.asked_as_of,
        )
        return book_of(first), book_of(first, late)


def _layers(first: int, later: int) -> tuple[str, str]:
    return (
        layer_text(LAYERS[first], layer_id="first"),
        layer_text(LATER_LAYERS[later], layer_id="second", payer="medical_assistance"),
    )


PAIRS = st.tuples(st.sampled_from(range(len(LAYERS))), st.sampled_from(range(len(LATER_LAYERS))))
TOLD = st.builds(
    Told,
    PAIRS,
    PAIRS,
    st.sampled_from(BOTH_WAYS),
    st.sampled_from(["collect_back", "leave"]),
    st.sampled_from(["admission", "discharge"]),
)
WORLD = World("", REGION, HOSPITALS)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Told, list[Step]]:
    """A few stays and undoings, a revision, and more of both."""
    undoings = st.builds(UndoStep, st.integers(0, 9))
    steps: list[Step] = draw(st.lists(stays(WORLD), min_size=2, max_size=5))
    steps += draw(st.lists(undoings, max_size=1))
    steps.append(ReviseStep())
    steps += draw(st.lists(st.one_of(stays(WORLD), undoings), max_size=3))
    numbered = [
        SettleStep(**(vars(s) | {"stay": f"S{at}"})) if isinstance(s, SettleStep) else s
        for at, s in enumerate(steps)
    ]
    return draw(TOLD), numbered


def played_and_fresh(told: Told, steps: list[Step]) -> tuple[Played, Played]:
    """The history, and one that knew everything from the first."""
    was, now = told.books
    played = play(steps, was, people_of(WORLD), later=now)
    return played, play(never_happened(steps, played), now, people_of(WORLD))


@given(histories())
@settings(max_examples=60)
def test_a_revised_settlement_is_as_good_as_one_that_knew(
    history: tuple[Told, list[Step]],
) -> None:
    """Inputs, steps, shares, counters and orders; the ledger verifies; a replay changes nothing."""
    told, steps = history
    played, fresh = played_and_fresh(told, steps)

    assert verify_ledger(played.ledger, played.laws).discrepancies == ()
    if played.left_out:
        return
    assert fresh.live == played.live
    assert fresh.said() == played.said()
    assert fresh.counters() == played.counters()
    assert fresh.orders() == played.orders()
    book = told.books[1]
    replayed = replay_ledger(settlements_recorded(played.ledger.events()), book, Scope())
    assert (replayed.refused, replayed.most_changed(1)) == ((), ())


@given(histories())
@settings(max_examples=30)
def test_the_books_are_level_when_everything_is_undone(
    history: tuple[Told, list[Step]],
) -> None:
    """Whichever way the differences of the revision went."""
    told, steps = history
    was, now = told.books
    played = play(steps, was, people_of(WORLD), later=now)

    level = play([*steps, *everything_undone(played)], was, people_of(WORLD), later=now)

    assert (level.live, level.balances()) == ([], {})
    assert verify_ledger(level.ledger, level.laws).discrepancies == ()
