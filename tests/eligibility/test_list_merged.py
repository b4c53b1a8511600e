"""Lists about people with two records that were merged: one person, whichever number is used."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from eligibility.application.import_list import ListDecisions
from eligibility.application.ports import ActsFor
from eligibility.domain.owner_list import ListFigures, ListMovedOn
from tests.eligibility.list_office import LOW_INCOME, Office, full
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file

TOLD_ON_BOTH = True

ORPHAN = "identity:orphan"
BEGIN, CUT = date(2023, 1, 1), date(2024, 6, 30)
HELD = ("subsistence_allowance", BEGIN, None)
ENDED = ("subsistence_allowance", BEGIN, CUT)
AS_ORPHAN = ("orphan", BEGIN, None)
OTHERS = [civil_row(n) for n in range(10, 40)]


@pytest.fixture
def office(data_dir: Path) -> Iterator[Office]:
    """A service with an empty data folder."""
    with closing(Office(data_dir)) as office:
        yield office


def listed(*rows: list[str]) -> bytes:
    """The civil affairs office's list of thirty people and these."""
    return csv_file(CIVIL_HEADER, *OTHERS, *rows)


def changed(sequence: int, last_day: str, action: str, kind: str = "农村低保") -> bytes:
    """A change list of one row."""
    row = civil_row(sequence, kind=kind)
    row[5] = last_day
    return csv_file([*CIVIL_HEADER, "操作"], [*row, action])


@pytest.mark.parametrize(("canonical", "other"), [(5, 4), (4, 5)])
@pytest.mark.parametrize(("was", "now"), [(5, 4), (4, 5)])
def test_who_is_on_a_full_list_under_another_number_keeps_the_benefit(
    office: Office, canonical: int, other: int, was: int, now: int
) -> None:
    """Whichever record answers for both: nobody is absent, and the same list again says nothing."""
    office.bring(listed(civil_row(was)), full(until=BEGIN))
    office.bring(changed(now, "", "新增", "孤儿"))
    office.merge(canonical, other)

    report = office.bring(listed(civil_row(now)), full())
    again = office.attempt(listed(civil_row(now)), full(until=date(2024, 7, 31)))

    assert report.figures == ListFigures(facts_unchanged=31, persons_before=31)
    assert again.figures == ListFigures(facts_unchanged=31, persons_before=31)
    assert office.together(now) == [AS_ORPHAN, HELD]


def test_a_benefit_ends_for_the_whole_person_under_either_number(office: Office) -> None:
    """退出 under the new number ends what was stated under the old one, after a split as well."""
    office.bring(changed(4, "", "新增"))
    office.bring(changed(5, "", "新增", "孤儿"))
    office.merge(5, 4)

    tried = office.attempt(changed(5, "2024-06-30", "退出"))
    report = office.bring(changed(5, "2024-06-30", "退出"))

    assert tried.rows.rejected == 0
    assert tried.figures == report.figures == ListFigures(facts_ended=1)
    assert office.together(5) == [AS_ORPHAN, ENDED]


def test_who_is_absent_with_two_records_is_one_person(office: Office) -> None:
    """Known under both numbers, on the list under neither: one ends, and both records say so."""
    office.bring(listed(civil_row(4), civil_row(5)), full(until=BEGIN))
    office.merge(5, 4)

    report = office.bring(listed(), full(), confirmed_endings=1)

    assert report.figures == ListFigures(
        facts_unchanged=30, facts_ended=1, persons_before=31, persons_ended=1
    )
    assert office.together(5) == [ENDED]


def test_each_number_may_be_listed_with_another_kind(office: Office) -> None:
    """Low income under one number, orphan under the other: both go on, in trial and import."""
    order = full((LOW_INCOME, ORPHAN))
    rows = [civil_row(4), civil_row(5), civil_row(5, kind="孤儿")]
    office.bring(listed(*rows), full((LOW_INCOME, ORPHAN), until=BEGIN))
    office.merge(5, 4)
    now = listed(civil_row(4), civil_row(5, kind="孤儿"))

    tried = office.attempt(now, order)
    report = office.bring(now, order)

    assert tried.figures == report.figures
    assert report.figures == ListFigures(facts_unchanged=32, persons_before=31)
    assert office.together(5) == [AS_ORPHAN, HELD]


def test_a_row_that_cannot_be_stated_keeps_the_merged_person(office: Office) -> None:
    """Rejected under one number: the other record's benefit is not ended for being absent."""
    office.bring(listed(civil_row(4)), full(until=BEGIN))
    office.bring(changed(5, "", "新增", "孤儿"))
    office.merge(5, 4)
    row = [*civil_row(5), "退出"]
    row[5] = "2022-06-30"
    content = csv_file([*CIVIL_HEADER, "操作"], *([*each, ""] for each in OTHERS), row)

    report = office.bring(content, full(), accept_rejected_rows=True)

    assert (report.rows.rejected, report.figures.persons_before) == (1, 31)
    assert report.figures.persons_ended == 0
    assert office.together(5) == [AS_ORPHAN, HELD]


def test_two_records_merged_while_a_list_is_compared_are_seen_as_one(office: Office) -> None:
    """The trial found one of them absent: nothing is ended, the list has to be sent again."""
    office.bring(listed(civil_row(4)), full(until=BEGIN))
    office.bring(changed(5, "", "新增"), full(until=BEGIN, region="500113"))
    other = Office(office.data_dir, now=office.now)
    with pytest.raises(ListMovedOn):
        office.eligibility.import_list(
            io.BytesIO(listed(civil_row(5))),
            full(),
            decisions=ListDecisions(),
            acting=ActsFor("O500112", "张"),
            at=office.now + timedelta(seconds=60),
            take_rejects=lambda _header, _rejected: other.merge(5, 4),
        )

    office.now += timedelta(seconds=60)
    assert office.together(5) == [HELD]
