"""After any undoings, what counts is what it would be if the undone had never been settled."""

from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.adapters.plain_yaml import read_plain_text
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_policy
from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.law.bill import Charges
from settlement.law.book import PolicyBook
from settlement.law.reading import read_policy
from tests.support.settlement_desk import P1, P2, P3, PeopleKnown
from tests.support.small_policies import REGION, layer_text, policy_text
from tests.support.undoing import (
    SettleStep,
    Step,
    UndoStep,
    everything_undone,
    never_happened,
    play,
)

HOSPITALS = ("H50011200001", "H42000000001", "H37132300001")

LAYERS = (
    (
        "base: total\ndeductible: {amount: 1500, per: year}\nrate: 80%\n"
        "caps: [{per: year, of: payment, amount: 6000}]\n"
    ),
    (
        "base: in_scope\ndeductible: {choose: [{when: {admission_number: {from: 2}}, value: 200},"
        " {otherwise: 900}]}\nrate: 70%\ncaps: [{per: year, of: cost, amount: 9000}]\n"
    ),
    (
        "base: total\ndeductible:\n  per: year\n"
        "  amount: {choose: [{when: {tier: 三级}, value: 1200}, {otherwise: 500}]}\n  each: tier\n"
        "rate: 60%\n"
    ),
    (
        "base: total\ndeductible:\n  per: stay\n"
        "  amount: {choose: [{when: {tier: 三级}, value: 1200}, {otherwise: 500}]}\n"
        "  limit: {per: year, amount: 1800, each: none}\nrate: 75%\n"
    ),
    (
        "base: {fixed: 3000}\nsurplus: hospital\nrate: 70%\n"
        "caps: [{per: year, of: payment, each: tier, amount: 5000}]\n"
    ),
)
LATER_LAYERS = (
    "base: year.patient + total - first\ndeductible: 3000\nrate: 50%\n",
    (
        "base: total - first\nrate: 60%\ncaps: [{per: year, of: payment, amount: 2000}]\n"
        "benefit_year: {begins: 07-01, chosen_by: admission}\n"
    ),
    "base: {fixed: 300}\nrate: 100%\npays: cash\ncaps: [{per: year, of: times, amount: 2}]\n",
    (
        "base: total - first\ndeductible: {amount: 2000, per: year, kind: trigger, passed: above}\n"
        "rate: 40%\n"
    ),
)
BOTH_WAYS = [
    (under, over)
    for under in ("through_hospital", "to_patient", "leave")
    for over in ("through_hospital", "from_patient", "leave")
]


class World(NamedTuple):
    """Which policy there is, where everybody is enrolled, where they are treated, and which
    layers another system decides."""

    policy: str
    region: str
    hospitals: tuple[str, ...]
    switches: tuple[str, str] = ("", "")
    elsewhere: tuple[str, ...] = ()

    @property
    def book(self) -> PolicyBook:
        """The policy as a book."""
        return book_with(self.policy)


@cache
def book_with(policy: str) -> PolicyBook:
    """A shipped policy by its file, or one by its text."""
    if policy.endswith(".yaml"):
        return PolicyBook([load_policy(SHIPPED_POLICIES / policy, SHIPPED_POLICIES)])
    return PolicyBook([read_policy(read_plain_text(policy, {}))])


def small_world(first: int, later: int, switches: tuple[str, str]) -> World:
    """Two layers of the lists above, and what the policy says of differences."""
    text = policy_text(
        layer_text(LAYERS[first], layer_id="first"),
        layer_text(LATER_LAYERS[later], layer_id="second", payer="medical_assistance"),
        more=f"corrections: {{underpaid: {switches[0]}, overpaid: {switches[1]}}}\n",
    )
    return World(text, REGION, HOSPITALS, switches)


SHIPPED = (
    World("500112/resident/2023-01-01.v1.yaml", "500112", HOSPITALS, BOTH_WAYS[0]),
    World(
        "420000/resident/2023-01-01.v1.yaml",
        "420000",
        ("H42000000001", "H42100000001"),
        BOTH_WAYS[0],
        elsewhere=("basic",),
    ),
)
WORLDS = st.one_of(
    st.builds(
        small_world,
        st.sampled_from(range(len(LAYERS))),
        st.sampled_from(range(len(LATER_LAYERS))),
        st.sampled_from(BOTH_WAYS),
    ),
    st.sampled_from(SHIPPED),
)


def stays(world: World) -> st.SearchStrategy[SettleStep]:
    """A stay around the end of a year, of somebody, somewhere."""
    return st.builds(
        lambda who, where, begins, days, fen, merged: SettleStep(
            stay="",
            person=who,
            hospital=where,
            admission=date(2023, 6, 20) + timedelta(days=begins * 28),
            days=days,
            charges=Charges(total_fen=fen, in_scope_fen=fen - fen // 5),
            merged=merged,
            elsewhere_fen=dict.fromkeys(world.elsewhere, fen // 2),
        ),
        st.sampled_from([P1, P1, P1, P2, P3]),
        st.sampled_from(world.hospitals),
        st.integers(0, 12),
        st.integers(1, 40),
        st.one_of(st.integers(0, 12), st.sampled_from([20, 90])).map(lambda n: n * 500_00 + n),
        st.booleans(),
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[World, list[Step]]:
    """Stays and undoings, at least one of them after a few stays."""
    world = draw(WORLDS)
    undoings = st.builds(UndoStep, st.integers(0, 9))
    steps: list[Step] = draw(st.lists(stays(world), min_size=2, max_size=5))
    steps += draw(st.lists(st.one_of(stays(world), undoings), max_size=5))
    steps.append(draw(undoings))
    numbered = [
        SettleStep(**(vars(s) | {"stay": f"S{at}"})) if isinstance(s, SettleStep) else s
        for at, s in enumerate(steps)
    ]
    return world, numbered


def people_of(world: World) -> PeopleKnown:
    """Three ids, two of which may turn out to be one person."""
    people = PeopleKnown()
    for person in (P1, P2, P3):
        people.add(person, region=world.region, identities=("subsistence_margin",))
    return people


@given(histories())
@settings(max_examples=60)
def test_what_counts_is_what_it_would_be_without_the_undone(
    history: tuple[World, list[Step]],
) -> None:
    """Inputs, steps, shares, counters and orders; the ledger verifies; a replay changes nothing."""
    world, steps = history
    played = play(steps, world.book, people_of(world))
    fresh = play(never_happened(steps, played), world.book, people_of(world))

    assert fresh.live == played.live
    assert fresh.said() == played.said()
    assert fresh.counters() == played.counters()
    assert fresh.orders() == played.orders()
    assert verify_ledger(played.ledger, played.laws).discrepancies == ()
    replayed = replay_ledger(settlements_recorded(played.ledger.events()), world.book, Scope())
    assert (replayed.refused, replayed.most_changed(1)) == ((), ())


@given(histories())
@settings(max_examples=30)
def test_the_books_are_level_when_everything_is_undone(
    history: tuple[World, list[Step]],
) -> None:
    """Through the hospital, directly or left: what was booked is taken back the way it went.

    Before that, where every difference goes through the hospital, the books are those of a ledger
    in which the undone never was.
    """
    world, steps = history
    played = play(steps, world.book, people_of(world))
    if world.switches == BOTH_WAYS[0]:
        fresh = play(never_happened(steps, played), world.book, people_of(world))
        assert played.balances() == fresh.balances()

    level = play([*steps, *everything_undone(played)], world.book, people_of(world))

    assert (level.live, level.balances()) == ([], {})
    assert verify_ledger(level.ledger, level.laws).discrepancies == ()
