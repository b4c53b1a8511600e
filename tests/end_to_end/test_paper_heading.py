"""Settlement asks eligibility over HTTP who a paper is made out to."""

from pathlib import Path

import pytest

from contracts.vocabulary import CertificateType, InstitutionId, PersonId
from settlement.adapters.people_on_paper_http import PeopleOnPaperHttp
from settlement.application.paper_ports import PersonOnPaper
from settlement.application.ports import PersonUnknown
from settlement.domain.record import Actor
from tests.eligibility.conftest import Desk, number

WOMAN = f"居民身份证,{number(2)},样例乙,,,,,421022,居民,,2015-01-01,"
CASHIER = Actor("王芳", InstitutionId("H50011200001"))


def test_the_heading_arrives_and_the_reading_is_the_printers(tmp_path: Path) -> None:
    """Name, sex and masked number; eligibility remembers who printed. A stranger is refused."""
    desk = Desk(tmp_path)
    desk.bring(WOMAN)
    person_id = PersonId(desk.person_id(number(2)))
    people = PeopleOnPaperHttp(desk.client)

    found = people.on_paper(person_id, by=CASHIER)

    masked = f"990001********{number(2)[-4:]}"
    assert found == PersonOnPaper("样例乙", False, CertificateType.RESIDENT_ID, masked)
    reads = desk.client.get(f"/v1/persons/{person_id}/reads", headers=desk.headers()).json()
    last = reads["reads"][0]
    assert (last["call"], last["operator"], last["institution_id"]) == (
        "paper",
        "王芳",
        "H50011200001",
    )
    with pytest.raises(PersonUnknown):
        people.on_paper(PersonId("00000000-0000-4000-8000-000000000001"), by=CASHIER)
