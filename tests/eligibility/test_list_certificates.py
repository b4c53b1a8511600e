"""Lists about people with two certificates: one person, whichever of them a row names."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from contracts.vocabulary import CertificateType
from eligibility.application.ports import ActsFor
from eligibility.domain.certificate import Certificate
from eligibility.domain.owner_list import ListFigures
from tests.eligibility.conftest import number
from tests.eligibility.list_office import LOW_INCOME, Office, full
from tests.eligibility.owner_files import csv_file

TOLD_ON_BOTH = True

BOTH = full((LOW_INCOME, "identity:extreme_hardship"))
ON_ID = Certificate(CertificateType.RESIDENT_ID, number(1))
ON_PASSPORT = Certificate(CertificateType.PASSPORT, "E12345678")
HEADER = ("姓名", "证件类型", "身份证号", "救助类别", "批准日期", "停发日期")


@pytest.fixture
def office(data_dir: Path) -> Iterator[Office]:
    """A service with an empty data folder."""
    with closing(Office(data_dir)) as office:
        yield office


def with_kinds(*rows: tuple[Certificate, str] | tuple[Certificate, str, str]) -> bytes:
    """A list of one person: certificate, kind and, if any, the last day."""
    made = [
        ["样例1", on.type.label, on.number, kind, "2023-01-01", *(last or [""])]
        for on, kind, *last in rows
    ]
    return csv_file(HEADER, *made)


def add_passport(office: Office) -> None:
    """The person gets a second certificate."""
    person = office.person(1)
    assert person is not None
    office.eligibility.add_certificate(
        person.id, ON_PASSPORT, acting=ActsFor("O500112", "张"), at=office.now
    )


def test_who_is_listed_with_two_certificates_comes_once(office: Office) -> None:
    """The same fact under both is known once; another kind under the other does not end."""
    office.bring(
        with_kinds((ON_ID, "低保"), (ON_ID, "特困")), full(BOTH.kinds, until=date(2023, 1, 1))
    )
    add_passport(office)
    once = with_kinds((ON_ID, "低保"), (ON_PASSPORT, "特困"))
    twice = with_kinds((ON_ID, "低保"), (ON_PASSPORT, "低保"), (ON_PASSPORT, "特困"))

    reports = [office.attempt(once, BOTH), office.bring(once, BOTH), office.bring(twice, BOTH)]

    assert [report.figures for report in reports] == [
        ListFigures(facts_unchanged=2, persons_before=1),
        ListFigures(facts_unchanged=2, persons_before=1),
        ListFigures(facts_unchanged=3, persons_before=1),
    ]
    assert [code for code, _, last in office.facts(1) if last is None] == [
        "extreme_hardship",
        "subsistence_allowance",
    ]


def test_two_certificates_of_one_person_may_not_contradict_each_other(office: Office) -> None:
    """One fact with two last days: both rows are rejected, as they are under one certificate."""
    office.bring(with_kinds((ON_ID, "低保")))
    add_passport(office)

    office.attempt(with_kinds((ON_ID, "低保", "2024-01-31"), (ON_PASSPORT, "低保", "2024-02-29")))

    assert [row.row for row in office.rejected] == [2, 3]
