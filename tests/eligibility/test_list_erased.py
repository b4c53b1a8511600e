"""Somebody erased while a list is compared: the list has to be sent again, nobody is lost."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from contracts.vocabulary import CertificateType
from eligibility.application.import_list import ListDecisions
from eligibility.application.ports import ActsFor
from eligibility.domain.certificate import Certificate
from eligibility.domain.owner_list import ListMovedOn
from tests.eligibility import difference_lists
from tests.eligibility.conftest import number
from tests.eligibility.list_office import Office, changes
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file

TOLD_ON_BOTH = True


@pytest.fixture
def office(data_dir: Path) -> Iterator[Office]:
    """A service with an empty data folder."""
    with closing(Office(data_dir)) as office:
        yield office


def bring_while_erasing(office: Office, content: bytes, sequence: int) -> None:
    """Import a list; between trial and stating somebody is erased."""
    vault = office.eligibility.import_list._vault
    (person_id,) = vault.find_many([Certificate(CertificateType.RESIDENT_ID, number(sequence))])
    assert person_id is not None
    office.eligibility.import_list(
        io.BytesIO(content),
        changes(),
        decisions=ListDecisions(),
        acting=ActsFor("O500112", "张"),
        at=office.now + timedelta(seconds=1),
        take_rejects=lambda _header, _rejected: office.eligibility.erase_person(person_id) and None,
    )


def test_who_was_found_unchanged_and_is_erased_is_registered_the_next_time(office: Office) -> None:
    """Two known people and a new one: with one erased meanwhile, nobody is changed."""
    office.bring(csv_file(CIVIL_HEADER, civil_row(1), civil_row(2)))
    content = csv_file(CIVIL_HEADER, *(civil_row(n) for n in (1, 2, 3)))

    with pytest.raises(ListMovedOn):
        bring_while_erasing(office, content, 1)

    assert office.person(3) is None
    assert office.bring(content).figures.persons_new == 2


def test_who_was_only_compared_and_is_erased_is_registered_the_next_time(office: Office) -> None:
    """The id that the comparison had reserved is of no use any more."""
    lists = (difference_lists.civil(1, 2), difference_lists.insurer())
    difference_lists.keep(office.eligibility, *lists, date(2024, 7, 1))
    content = csv_file(CIVIL_HEADER, civil_row(1), civil_row(2))

    with pytest.raises(ListMovedOn):
        bring_while_erasing(office, content, 1)

    assert office.bring(content).figures.persons_new == 2
