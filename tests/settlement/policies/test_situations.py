"""Situations: few combinations that stand for all."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.law.facts import Condition, Facts
from settlement.law.facts import Test as Asked
from settlement.law.situations import TooManySituations, describe, situations

CODES = ["level_1", "level_2", "level_3", "township"]
PEOPLE = ["orphan", "extreme_hardship", "subsistence_allowance"]


def when(fact: str, *values: str) -> Condition:
    """A condition on one fact."""
    return Condition(when=(Asked(fact, frozenset(values)),))


def test_codes_treated_alike_stand_for_one_another() -> None:
    """Three identities in one test are two situations: one of them, or none."""
    found = [f.identities for f in situations([when("identity", *PEOPLE)])]

    assert found == [frozenset(), frozenset({"extreme_hardship"})]


def test_people_may_have_several_identities() -> None:
    """Two tests of one identity each are four situations."""
    asked = [when("identity", "orphan"), when("identity", "extreme_hardship")]

    assert len(list(situations(asked))) == 4


def test_a_fact_with_a_list_has_its_other_values_too() -> None:
    """Asking for 二级 tells it from any other tier."""
    assert [f.tier for f in situations([when("tier", "level_2")])] == ["level_2", "township"]


def test_nothing_asked_is_one_situation() -> None:
    """Facts nobody asks about make no difference."""
    assert list(situations([Condition()])) == [Facts()]
    assert describe(Facts(), [Condition()]) == "任何情形"


def test_the_calendar_ends() -> None:
    """Until 9999-12-31 there is a day before and the day itself, and none after."""
    forever = Asked(
        "settlement_date", least=date(2023, 1, 1).toordinal(), most=date.max.toordinal()
    )

    found = [f.settlement_date for f in situations([Condition(when=(forever,))])]

    assert found == [date.min, date(2022, 12, 31), date(2023, 1, 1), date.max]


def test_too_many_combinations_are_refused_before_the_first() -> None:
    """2^15 subsets are more than are tried."""
    with pytest.raises(TooManySituations):
        next(situations([when("designation", f"d{at}") for at in range(15)]))


def test_combinations_are_counted_over_all_facts() -> None:
    """2^14 subsets are tried; twice as many, of two tiers each, are not."""
    subsets = [when("designation", f"d{at}") for at in range(14)]
    assert next(situations(subsets)) == Facts()
    with pytest.raises(TooManySituations, match=r"^32768 种情形组合$"):
        next(situations([*subsets, when("tier", "level_2")]))


conditions = st.builds(
    lambda when_codes, people, least: Condition(
        when=(Asked("tier", when_codes), Asked("age", least=least)),
        unless=(Asked("identity", people),),
    ),
    st.frozensets(st.sampled_from(CODES), min_size=1),
    st.frozensets(st.sampled_from(PEOPLE), min_size=1),
    st.integers(0, 20),
)


@given(
    asked=st.lists(conditions, min_size=1, max_size=3),
    tier=st.sampled_from(CODES),
    people=st.frozensets(st.sampled_from(PEOPLE)),
    age=st.integers(0, 30),
)
def test_every_real_person_is_stood_for(
    asked: list[Condition], tier: str, people: frozenset[str], age: int
) -> None:
    """Some situation answers every condition just as the person does."""
    real = Facts(tier=tier, identities=people, age=age)
    answers = [c.holds(real) for c in asked]

    assert any([c.holds(f) for c in asked] == answers for f in situations(asked))
