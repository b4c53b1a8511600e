"""What was true when, and what we knew of it when: nothing is overwritten."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import Scheme
from eligibility.domain.person import (
    Enrolment,
    Identity,
    Person,
    RecordedBackwards,
    Window,
    WindowInvalid,
)

START = datetime(2023, 1, 1, tzinfo=UTC)
LOW_INCOME = "subsistence_allowance"


def person() -> Person:
    return Person.register(person_id=UUID(int=1), sealed=b"sealed", at=START)


def days(after: int) -> datetime:
    return START + timedelta(days=after)


def state(someone: Person, first: date, last: date | None, *, at: datetime) -> bool:
    return someone.state_identity(Identity(LOW_INCOME, first, last), source="test", at=at)


def held(someone: Person, on: date, *, known_at: datetime) -> list[Identity]:
    return [each.fact for each in someone.identities_on(on, known_at=known_at)]


def test_an_identity_holds_from_its_first_day_to_its_last_both_included() -> None:
    """2023-02-01 to 2023-03-31 holds on both of these days and on none outside."""
    someone = person()
    state(someone, date(2023, 2, 1), date(2023, 3, 31), at=days(0))

    held_on = [
        bool(held(someone, day, known_at=days(1)))
        for day in (date(2023, 1, 31), date(2023, 2, 1), date(2023, 3, 31), date(2023, 4, 1))
    ]

    assert held_on == [False, True, True, False]


def test_a_window_finds_what_holds_on_any_of_its_days() -> None:
    """2023-02-01 to 2023-03-31, asked by windows that touch it on one day or miss it by one."""
    someone = person()
    state(someone, date(2023, 2, 1), date(2023, 3, 31), at=days(0))

    def found(first: date, last: date) -> bool:
        return bool(someone.identities_within(Window(first, last), known_at=days(1)))

    assert found(date(2022, 1, 1), date(2023, 2, 1))
    assert found(date(2023, 3, 31), date(2024, 1, 1))
    assert found(date(2022, 1, 1), date(2024, 1, 1))
    assert not found(date(2022, 1, 1), date(2023, 1, 31))
    assert not found(date(2023, 4, 1), date(2024, 1, 1))
    with pytest.raises(WindowInvalid, match="2023-04-02 晚于 to 2023-04-01"):
        Window(date(2023, 4, 2), date(2023, 4, 1))


def test_a_later_statement_takes_the_earlier_ones_place_from_its_instant_on() -> None:
    """Open-ended in January, ended in March: asked as of February it still had no end."""
    someone = person()
    state(someone, date(2023, 1, 1), None, at=days(0))
    state(someone, date(2023, 1, 1), date(2023, 2, 28), at=days(60))
    on = date(2023, 6, 1)

    assert held(someone, on, known_at=days(59)) == [Identity(LOW_INCOME, date(2023, 1, 1), None)]
    assert held(someone, on, known_at=days(60)) == []


def test_what_was_recorded_later_was_not_known_before() -> None:
    """An identity recorded in March for January is not known in February."""
    someone = person()
    state(someone, date(2023, 1, 1), None, at=days(60))

    assert held(someone, date(2023, 1, 15), known_at=days(60) - timedelta(microseconds=1)) == []
    assert len(held(someone, date(2023, 1, 15), known_at=days(60))) == 1


def test_stating_what_is_known_changes_nothing() -> None:
    """The same statement again is no event, however late it comes."""
    someone = person()
    assert state(someone, date(2023, 1, 1), None, at=days(0)) is True

    assert state(someone, date(2023, 1, 1), None, at=days(9)) is False
    assert someone.version == 2


def test_a_statement_taken_back_and_made_again_is_known_again() -> None:
    """Open-ended, ended, open-ended again: three statements, the last one holds."""
    someone = person()
    for at, last in ((1, None), (2, date(2023, 1, 31)), (3, None)):
        assert state(someone, date(2023, 1, 1), last, at=days(at)) is True

    held_at = [len(held(someone, date(2023, 6, 1), known_at=days(at))) for at in (1, 2, 3)]
    assert held_at == [1, 0, 1]


def test_enrolments_of_other_counties_or_schemes_stand_beside_each_other() -> None:
    """Only county, scheme and first day decide whether a statement takes another's place."""
    someone = person()
    first = date(2023, 1, 1)
    for region, scheme, plan in (
        ("500112", Scheme.RESIDENT, "一档"),
        ("500112", Scheme.EMPLOYEE, None),
        ("421022", Scheme.RESIDENT, None),
        ("500112", Scheme.RESIDENT, "二档"),
    ):
        someone.state_enrolment(
            Enrolment(region, scheme, plan, first, None), source="test", at=days(0)
        )

    enrolled = [each.fact for each in someone.enrolments_on(first, known_at=days(0))]

    assert [(fact.region, fact.scheme, fact.plan) for fact in enrolled] == [
        ("421022", Scheme.RESIDENT, None),
        ("500112", Scheme.EMPLOYEE, None),
        ("500112", Scheme.RESIDENT, "二档"),
    ]


def test_a_clock_set_back_is_refused() -> None:
    """Nothing is recorded before what the person already has."""
    someone = person()
    state(someone, date(2023, 1, 1), None, at=days(5))

    with pytest.raises(RecordedBackwards):
        state(someone, date(2023, 2, 1), None, at=days(4))
    assert someone.version == 2


@given(
    statements=st.lists(
        st.tuples(st.integers(0, 20), st.none() | st.integers(0, 20), st.integers(0, 3)),
        max_size=12,
    ),
    asked_day=st.integers(0, 20),
    asked_known=st.integers(0, 36),
)
def test_what_was_answered_for_an_instant_is_answered_ever_after(
    statements: list[tuple[int, int | None, int]], asked_day: int, asked_known: int
) -> None:
    """Statements recorded after an instant never change the answer as known at that instant."""
    someone, now = person(), 0
    answer: list[Identity] | None = None
    on = date(2023, 1, 1) + timedelta(days=asked_day)
    for first, length, pause in statements:
        now += pause
        if now > asked_known and answer is None:
            answer = held(someone, on, known_at=days(asked_known))
        first_day = date(2023, 1, 1) + timedelta(days=first)
        last_day = None if length is None else first_day + timedelta(days=length)
        state(someone, first_day, last_day, at=days(now))

    if answer is not None:
        assert held(someone, on, known_at=days(asked_known)) == answer
