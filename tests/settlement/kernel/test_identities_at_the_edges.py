"""Identities on the last day that counts, the first that does not, and the ends of time (身份)."""

from datetime import date

import pytest

from settlement.law.people import (
    HeldIdentity,
    Keeping,
    People,
    ReachingBack,
    identities_counted,
    window,
)

POOR = frozenset({"subsistence_allowance"})


def _counts(people: People, held: HeldIdentity, on: date) -> bool:
    return identities_counted(people, [held], on=on) == {held.identity}


@pytest.mark.parametrize(
    ("on", "counts"),
    [
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), True),
        (date(2020, 6, 30), True),
        (date(2020, 7, 1), False),
    ],
)
def test_an_identity_counts_from_its_first_to_its_last_day(on: date, counts: bool) -> None:  # noqa: FBT001 - a column of the table
    """Both days inclusive, without any rule."""
    held = HeldIdentity("subsistence_allowance", date(2020, 1, 1), date(2020, 6, 30))

    assert _counts(People(), held, on) is counts
    assert _counts(People(), HeldIdentity("orphan", date(2020, 1, 1)), date(2090, 1, 1))


@pytest.mark.parametrize(("on", "counts"), [(date(2025, 12, 31), True), (date(2026, 1, 1), False)])
def test_an_identity_kept_until_a_day_counts_on_that_day(on: date, counts: bool) -> None:  # noqa: FBT001 - a column of the table
    """The day itself counts; other identities are not kept; the past must be known to decide."""
    people = People(keeps=(Keeping(POOR, date(2025, 12, 31), None),))

    ended = HeldIdentity("subsistence_allowance", date(2015, 1, 1), date(2016, 1, 1))
    other = HeldIdentity("orphan", date(2015, 1, 1), date(2016, 1, 1))
    assert _counts(people, ended, on) is counts
    assert not _counts(people, other, on)
    assert window(people, on) == ((date.min if counts else on), on)


@pytest.mark.parametrize(("on", "counts"), [(date(2021, 2, 28), True), (date(2021, 3, 1), False)])
def test_an_identity_kept_for_months_counts_to_the_same_day(on: date, counts: bool) -> None:  # noqa: FBT001 - a column of the table
    """Twelve months after the leap day end on 28 February."""
    people = People(keeps=(Keeping(POOR, None, 12),))
    ended = HeldIdentity("subsistence_allowance", date(2015, 1, 1), date(2020, 2, 29))

    assert _counts(people, ended, on) is counts


@pytest.mark.parametrize(
    ("on", "counts"), [(date(2019, 12, 29), False), (date(2019, 12, 30), True)]
)
def test_an_identity_reaches_back_for_months(on: date, counts: bool) -> None:  # noqa: FBT001 - a column of the table
    """Six months after 30 December is 30 June, the day it begins; others do not reach back."""
    people = People(reaches_back=(ReachingBack(POOR, 6),))

    assert _counts(people, HeldIdentity("subsistence_allowance", date(2020, 6, 30)), on) is counts
    assert not _counts(people, HeldIdentity("orphan", date(2020, 6, 30)), on)


def test_the_days_to_be_known_follow_the_rules() -> None:
    """Back as far as something may be kept from, ahead as far as something may reach back from."""
    people = People(
        keeps=(Keeping(POOR, None, 12), Keeping(POOR, None, 3)),
        reaches_back=(ReachingBack(POOR, 6), ReachingBack(POOR, 1)),
    )

    assert window(People(), date(2020, 5, 31)) == (date(2020, 5, 31), date(2020, 5, 31))
    assert window(people, date(2020, 5, 31)) == (date(2019, 5, 31), date(2020, 11, 30))


def test_months_stop_at_the_ends_of_time() -> None:
    """What would fall past the calendar's last year, 9999, is open."""
    people = People(keeps=(Keeping(POOR, None, 24),), reaches_back=(ReachingBack(POOR, 24),))

    assert window(people, date(9998, 3, 31)) == (date(9996, 3, 31), date.max)
    assert window(people, date(9997, 12, 31)) == (date(9995, 12, 31), date.max)
    assert window(people, date(9997, 3, 31)) == (date(9995, 3, 31), date(9999, 3, 31))
    assert window(people, date(9996, 3, 31)) == (date(9994, 3, 31), date(9998, 3, 31))
    assert window(people, date(2, 3, 31)) == (date.min, date(4, 3, 31))
    assert window(people, date(3, 3, 31)) == (date(1, 3, 31), date(5, 3, 31))
