"""Who counts as what: identities kept after they end, reaching back, and one of several."""

from datetime import date, timedelta

import pytest

from settlement.law.facts import FactNotStated, Facts, PersonOn
from settlement.law.people import (
    HeldIdentity,
    Keeping,
    People,
    ReachingBack,
    identities_counted,
    seen_by_layer,
    window,
)
from tests.settlement.policies.drafts import RIGHT, errors_of, policy_of

EXITED, ALLOWANCE, HARDSHIP = "poverty_exited", "subsistence_allowance", "extreme_hardship"
KEPT = People(
    keeps=(
        Keeping(frozenset({EXITED}), until=date(2025, 12, 31), months=None),
        Keeping(frozenset({ALLOWANCE}), until=None, months=12),
    ),
    reaches_back=(ReachingBack(frozenset({ALLOWANCE}), months=12),),
)


def counted(held: HeldIdentity, on: date, people: People = KEPT) -> bool:
    """Whether this one identity counts on a day."""
    return bool(identities_counted(people, [held], on=on))


def test_an_identity_counts_from_its_first_day_to_its_last() -> None:
    """Both ends are inclusive, and nothing more without a rule."""
    held = HeldIdentity(HARDSHIP, date(2020, 3, 1), date(2020, 9, 30))

    days = [date(2020, 2, 29), date(2020, 3, 1), date(2020, 9, 30), date(2020, 10, 1)]
    assert [counted(held, day) for day in days] == [False, True, True, False]
    assert counted(HeldIdentity(HARDSHIP, date(2020, 3, 1)), date(2099, 1, 1))


def test_an_identity_kept_until_a_day_counts_up_to_it_whenever_it_ended() -> None:
    """The exit of 2019 still counts in 2025, and no longer in 2026."""
    held = HeldIdentity(EXITED, date(2016, 1, 1), date(2019, 6, 30))

    assert counted(held, date(2025, 12, 31))
    assert not counted(held, date(2026, 1, 1))


def test_an_identity_kept_for_months_counts_to_the_same_day_of_the_month() -> None:
    """Twelve months after 29 February end on 28 February."""
    held = HeldIdentity(ALLOWANCE, date(2018, 1, 1), date(2020, 2, 29))

    assert counted(held, date(2021, 2, 28))
    assert not counted(held, date(2021, 3, 1))


def test_an_identity_reaches_back_to_stays_before_its_recognition() -> None:
    """Recognised on 1 June 2021, it counts for a stay of 1 June 2020, not of the day before."""
    held = HeldIdentity(ALLOWANCE, date(2021, 6, 1))

    assert counted(held, date(2020, 6, 1))
    assert not counted(held, date(2020, 5, 31))
    assert not counted(HeldIdentity(EXITED, date(2021, 6, 1)), date(2021, 5, 31))


def test_months_are_counted_up_to_the_last_day_there_is() -> None:
    """A month after 30 November 9999 there is a day; two months after there is none."""
    held = HeldIdentity(ALLOWANCE, date(9999, 1, 1), date(9999, 11, 30))
    one, two = (People(keeps=(Keeping(frozenset({ALLOWANCE}), None, n),)) for n in (1, 2))

    assert identities_counted(one, [held], on=date(9999, 12, 30))
    assert not identities_counted(one, [held], on=date(9999, 12, 31))
    assert identities_counted(two, [held], on=date(9999, 12, 31))


def test_the_window_holds_every_day_that_may_decide() -> None:
    """Eligibility is asked for all identities that one of the rules could let count."""
    on = date(2024, 3, 31)

    assert window(People(), on) == (on, on)
    assert window(KEPT, on) == (date.min, date(2025, 3, 31))
    assert window(KEPT, date(2026, 3, 31)) == (date(2025, 3, 31), date(2027, 3, 31))
    months = People(keeps=(Keeping(frozenset({ALLOWANCE}), None, 1),))
    assert window(months, on) == (date(2024, 2, 29), on)


def test_of_several_identities_the_first_in_the_list_counts() -> None:
    """Those the list does not name are untouched."""
    facts = Facts(identities=frozenset({ALLOWANCE, HARDSHIP, "local_teacher"}))

    seen = seen_by_layer(facts, asked_as_of=None, precedence=(HARDSHIP, ALLOWANCE))
    assert seen.identities == {HARDSHIP, "local_teacher"}
    same = seen_by_layer(facts, asked_as_of=None, precedence=(EXITED, HARDSHIP))
    assert same.identities == facts.identities


def test_a_layer_sees_the_person_of_its_own_day() -> None:
    """Identity and age are those of discharge; who that was must have been asked."""
    facts = Facts(
        identities=frozenset({ALLOWANCE}),
        age=17,
        person_on={"discharge": PersonOn(identities=frozenset({HARDSHIP}), age=18)},
    )

    seen = seen_by_layer(facts, asked_as_of="discharge", precedence=())
    assert (seen.identities, seen.age) == ({HARDSHIP}, 18)
    with pytest.raises(FactNotStated, match="身份"):
        seen_by_layer(facts, asked_as_of="settlement", precedence=())


def test_people_are_read_from_a_document() -> None:
    """Precedence, keeping and reaching back, by label or code."""
    text = RIGHT.replace(
        "layers:",
        "people:\n"
        "  precedence: [特困人员, subsistence_allowance]\n"
        "  keeps: [{identity: 脱贫人口, until: 2025-12-31}, {identity: 低保对象, months: 12}]\n"
        "  reaches_back: [{identity: 低保对象, months: 12}]\n"
        "layers:",
    )

    people = policy_of(text).people
    assert people.precedence == (HARDSHIP, ALLOWANCE)
    assert (people.keeps, people.reaches_back) == (KEPT.keeps, KEPT.reaches_back)
    assert errors_of(text) == []
    both = text.replace("months: 12}]\n  reaches", "months: 12, until: 2020-01-01}]\n  reaches")
    assert errors_of(both) == ["until 与 months 必须写且只写一个"]
    unknown = text.replace("identity: 脱贫人口", "identity: 贫困户")
    assert errors_of(unknown) == ["“贫困户”不在代码表中"]


@pytest.mark.parametrize(
    ("ended", "months", "last"),
    [
        (date(2020, 10, 31), 1, date(2020, 11, 30)),
        (date(2020, 11, 30), 1, date(2020, 12, 30)),
        (date(2020, 12, 15), 12, date(2021, 12, 15)),
        (date(2020, 12, 31), 2, date(2021, 2, 28)),
        (date(2019, 8, 31), 6, date(2020, 2, 29)),
        (date(2020, 1, 31), 11, date(2020, 12, 31)),
        (date(2020, 1, 31), 23, date(2021, 12, 31)),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(
    ended: date, months: int, last: date
) -> None:
    """Over the turn of a year as well."""
    people = People(keeps=(Keeping(frozenset({ALLOWANCE}), until=None, months=months),))
    held = [HeldIdentity(ALLOWANCE, date(2010, 1, 1), ended)]

    assert identities_counted(people, held, on=last) == {ALLOWANCE}
    assert identities_counted(people, held, on=last + timedelta(days=1)) == set()
