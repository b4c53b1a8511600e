"""Every answer for a day and an instant is the one found by looking at everything said, one by one.

The oracle here knows nothing of the domain's places, days or statements: it reads a plain list of
what was said, backwards, with the rules written out again by hand.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import (
    DataOwner,
    FilingKind,
    MarkKind,
    PremiumPayer,
    Scheme,
    WithdrawalReason,
)
from eligibility.domain.days import Window
from eligibility.domain.facts import (
    BenefitsAfterEnd,
    Death,
    Disability,
    DiseaseListing,
    Enrolment,
    Fact,
    Filing,
    Household,
    Identity,
    Mark,
    Residence,
)
from eligibility.domain.person import FactNotKnown, Person

FIRST_DAY = date(2023, 1, 1)
START = datetime(2023, 1, 1, tzinfo=UTC)
DAYS = 9
KINDS = (Identity, Household, Enrolment, Mark, DiseaseListing, Filing, Disability, Death, Residence)


@dataclass(frozen=True)
class Said:
    """One line of the oracle's list: at which instant, what, and whether it was taken back."""

    instant: int
    fact: Fact
    withdrawn: bool


# --- the oracle -------------------------------------------------------------------------------


def same_matter(one: Any, other: Any) -> bool:
    """Whether one statement stands in the way of the other, by the written rules."""
    if type(one) is not type(other):
        return False
    together = {
        Identity: ("identity", "valid_from"),
        Household: ("register_owner", "valid_from"),
        Enrolment: ("region", "scheme", "valid_from"),
        Mark: ("region", "code", "valid_from"),
        DiseaseListing: ("disease_list", "diagnosis_system", "diagnosis_code", "valid_from"),
        Filing: ("kind", "number"),
        Disability: ("valid_from",),
        Death: (),
        Residence: ("valid_from",),
    }
    return all(getattr(one, name) == getattr(other, name) for name in together[type(one)])


def standing_at(said: list[Said], instant: int) -> list[Any]:
    """What nothing later contradicts, among what was said up to an instant."""
    heard = [each for each in said if each.instant <= instant]
    return [
        each.fact
        for number, each in enumerate(heard)
        if not each.withdrawn
        and not any(same_matter(each.fact, later.fact) for later in heard[number + 1 :])
    ]


def holds(fact: Any, day: date) -> bool:
    """Whether a fact is true on a day, counted day by day from its own words."""
    if isinstance(fact, Death):
        return day >= fact.died_on
    return day >= fact.valid_from and (fact.valid_to is None or day <= fact.valid_to)


def continues(fact: Any, day: date) -> bool:
    """Whether an identity has ended by a day, and its benefits have not."""
    if not isinstance(fact, Identity) or fact.valid_to is None or fact.benefits_after_end is None:
        return False
    until = fact.benefits_after_end.until
    return day > fact.valid_to and (until is None or day <= until)


# --- what may be said -------------------------------------------------------------------------


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date | None]:
    """A first day, and a last one or none."""
    first = draw(st.integers(0, 3))
    length = draw(st.none() | st.integers(0, 4))
    begun = FIRST_DAY + timedelta(days=first)
    return begun, None if length is None else begun + timedelta(days=length)


@st.composite
def identities(draw: st.DrawFn) -> Fact:
    """An identity, ended or not, whose benefits may go on for some days or for good."""
    first, last = draw(spans())
    more = draw(st.none() | st.integers(0, 3))
    after = None
    if last is not None and more is not None:
        after = BenefitsAfterEnd(last + timedelta(days=more) if more else None)
    return Identity(draw(codes), first, last, after)


codes = st.sampled_from(["local_a", "local_b"])
# Of so few places that statements keep meeting.
facts: list[st.SearchStrategy[Fact]] = [
    identities(),
    st.builds(lambda code, s: Household(DataOwner.POVERTY_OFFICE, code, *s), codes, spans()),
    st.builds(
        lambda plan, s, payer: Enrolment("990001", Scheme.RESIDENT, plan, *s, payer),
        codes,
        spans(),
        st.none() | st.sampled_from(PremiumPayer),
    ),
    st.builds(
        lambda code, fen, s: Mark(
            MarkKind.CHRONIC, "990001", code, "样例病种", None, fen, None, *s
        ),
        codes,
        st.none() | st.just(3_000_00),
        spans(),
    ),
    st.builds(lambda code, s: DiseaseListing("32种", code, "ICD-10", *s), codes, spans()),
    st.builds(
        lambda number, s: Filing(FilingKind.REFERRAL, number, "990001", None, None, None, *s),
        codes,
        spans(),
    ),
    st.builds(lambda level, s: Disability(level, *s), st.integers(1, 4), spans()),
    st.builds(lambda s: Death(s[0]), spans()),
    st.builds(
        lambda village, s: Residence("990001101", village, *s),
        st.none() | st.just("990001101201"),
        spans(),
    ),
]
# A story is about two kinds at most: of more, statements would hardly ever meet.
stories_of_two_kinds = st.tuples(st.sampled_from(facts), st.sampled_from(facts)).flatmap(
    lambda kinds: st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from(["state", "state", "withdraw"]), st.one_of(kinds)
        ),
        min_size=1,
        max_size=14,
    )
)


@given(stories=stories_of_two_kinds)
def test_every_answer_is_the_one_found_by_looking_at_everything_said(
    stories: list[tuple[int, str, Fact]],
) -> None:
    """Statements, corrections and withdrawals of all kinds, asked on every day at every instant.

    And what was answered for an instant stays the answer, whatever is recorded later.
    """
    someone = Person.register(person_id=UUID(int=1), sealed=b"", at=START)
    said: list[Said] = []
    now = 0
    answered: dict[tuple[int, int], Any] = {}
    for pause, verb, fact in stories:
        for instant in range(now, now + pause):
            answered |= {(day, instant): answer(someone, day, instant) for day in range(DAYS)}
        now += pause
        if verb == "state":
            state(someone, said, fact, now)
        else:
            withdraw(someone, said, fact, now)

    for instant in range(now + 1):
        known = standing_at(said, instant)
        for day in range(DAYS):
            on = FIRST_DAY + timedelta(days=day)
            expected = [
                *({fact for fact in known if type(fact) is k and holds(fact, on)} for k in KINDS),
                {fact for fact in known if continues(fact, on)},
            ]
            assert answer(someone, day, instant) == expected
    for (day, instant), first_answer in answered.items():
        assert answer(someone, day, instant) == first_answer


def answer(someone: Person, day: int, instant: int) -> list[set[Any]]:
    """The facts of each kind on a day as known at an instant, and the continued identities."""
    on = FIRST_DAY + timedelta(days=day)
    window, known_at = Window(on, on), START + timedelta(hours=instant)
    found = [
        [each.fact for each in someone.facts_within(kind, window, known_at=known_at)]
        for kind in KINDS
    ]
    found.append([each.fact for each in someone.continued_within(window, known_at=known_at)])
    assert all(len(set(each)) == len(each) for each in found)
    return [set(each) for each in found]


def state(someone: Person, said: list[Said], fact: Fact, now: int) -> None:
    """State a fact to both; what is known already is news to neither."""
    news = someone.state(fact, source="test", at=START + timedelta(hours=now))
    assert news is (fact not in standing_at(said, now))
    if news:
        said.append(Said(now, fact, withdrawn=False))


def withdraw(someone: Person, said: list[Said], fact: Fact, now: int) -> None:
    """Withdraw what stands in the way of a fact, from both; the fact itself is rarely known."""
    known = [each for each in standing_at(said, now) if same_matter(each, fact)]
    at, reason = START + timedelta(hours=now), WithdrawalReason.ENTERED_BY_MISTAKE
    if fact not in known:
        with pytest.raises(FactNotKnown):
            someone.withdraw(fact, reason=reason, source="test", at=at)
    for each in known:
        someone.withdraw(each, reason=reason, source="test", at=at)
        said.append(Said(now, each, withdrawn=True))
