"""The offices on-line and one person with several certificates or records."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.vocabulary import DataOwner
from standalone.owner_stand_in import Told
from tests.eligibility.conftest import number
from tests.eligibility.owner_office import LOW_INCOME, MARGIN, OnlineDesk, online_desk

BABY = "P340000001"
OWN = number(2, "20230305")
ON_BIRTH = f"出生医学证明,{BABY},样例乙,2023-03-05,,,,421022,居民,,2023-03-05,"
WITHOUT_ENROLMENT = f"居民身份证,{OWN},样例乙,2023-03-05,孤儿,2023-03-05,2023-03-31,,,,,"
SINCE_BIRTH: dict[str, Any] = LOW_INCOME | {"valid_from": "2023-03-05"}


@pytest.fixture
def desk(data_dir: Path) -> Iterator[OnlineDesk]:
    """A newborn known by the birth certificate, and the civil affairs of 421022 on-line."""
    with online_desk(data_dir, minzheng=DataOwner.CIVIL_AFFAIRS) as made:
        made.bring(ON_BIRTH)
        yield made


def baby(desk: OnlineDesk) -> str:
    """Whom the birth certificate finds: once merged, the record of the own number."""
    found = desk.look_up(BABY, certificate_type="birth_certificate")
    return str(found.json()["person_id"])


def baby_of(desk: OnlineDesk, own: str) -> str:
    """The record that was merged into the one of the own number."""
    merges = desk.client.get(f"/v1/persons/{own}/merges", headers=desk.headers()).json()
    return str(merges["merges"][0]["other_id"])


def post(desk: OnlineDesk, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write something that is accepted; a second passes."""
    made = desk.client.post(f"/v1/persons/{path}", json=body, headers=desk.headers())
    desk.now += timedelta(seconds=1)
    assert made.status_code == 200, made.text
    return dict(made.json())


def refresh(desk: OnlineDesk, person_id: str) -> dict[str, Any]:
    """Ask the office; a second passes."""
    made = desk.client.post(f"/v1/persons/{person_id}/refresh", headers=desk.headers())
    desk.now += timedelta(seconds=1)
    assert made.status_code == 200, made.text
    return dict(made.json())


def ask(desk: OnlineDesk, person_id: str, **query: str) -> dict[str, Any]:
    """Who is this on 2023-07-01?"""
    url = f"/v1/persons/{person_id}/entitlements"
    return dict(desk.client.get(url, params={"on": "2023-07-01", **query}).json())


def said(desk: OnlineDesk, person_id: str) -> list[tuple[str, str | None]]:
    """The identities with their last days."""
    return [(e["identity"], e["valid_to"]) for e in ask(desk, person_id)["identities"]]


def tell(desk: OnlineDesk, certificate: str = OWN, **more: Any) -> None:
    """The office decides something about a number or a birth certificate; a second passes."""
    desk.now += timedelta(seconds=1)
    told: dict[str, Any] = {"stated": {}, "withdrawn": {}} | more
    desk.offices["minzheng"].tell(Told(certificate_number=certificate, name="样例乙", **told))
    desk.now += timedelta(seconds=1)


def pull(desk: OnlineDesk) -> Any:
    """Read the next page of the feed; a second passes."""
    pulled = desk.eligibility.follow_owner.pull("minzheng", at=desk.now)
    desk.now += timedelta(seconds=1)
    return pulled


def merged(desk: OnlineDesk) -> str:
    """The record of the own number, which answers for the newborn's too."""
    desk.bring(WITHOUT_ENROLMENT)
    own = desk.person_id(OWN)
    post(desk, f"{own}/merges", {"other_id": baby(desk), "reason": "newborn_got_own_number"})
    return own


def test_an_office_speaks_of_a_person_by_the_certificate_that_was_added(desk: OnlineDesk) -> None:
    """Its change under the number is taken in; asked, it is asked with the number too."""
    person_id = baby(desk)
    number_added = {"certificate_type": "resident_id", "certificate_number": OWN}
    post(desk, f"{person_id}/certificates", number_added)
    tell(desk, stated={"identities": [SINCE_BIRTH]})

    pulled = pull(desk)

    assert (pulled.set_aside, pulled.persons_new) == ((), 0)
    assert said(desk, person_id) == [("subsistence_allowance", None)]
    tell(desk, stated={"identities": [MARGIN]})
    (heard,) = refresh(desk, person_id)["owners"]
    assert (heard["outcome"], heard["found"], heard["stated"]) == ("changed", True, 1)


def test_a_merged_person_is_asked_about_by_all_records_under_either_id(desk: OnlineDesk) -> None:
    """The enrolment stands in one record, the office knows the other: found, and told so."""
    own = merged(desk)
    tell(desk, stated={"identities": [SINCE_BIRTH]})

    for person_id in (own, baby_of(desk, own)):
        asked = refresh(desk, person_id)

        (heard,) = asked["owners"]
        assert heard["found"] is True
        assert said(desk, person_id) == [("subsistence_allowance", None)]
        told = ask(desk, person_id, form="3")
        assert told["owners"][0]["answered_at"] == asked["recorded_at"]
        assert told["version"] == asked["version"]


def test_what_was_said_by_the_birth_certificate_ends_when_the_number_no_longer_has_it(
    desk: OnlineDesk,
) -> None:
    """The office goes over to the number: first it still has the fact, three days later not."""
    desk.bring(WITHOUT_ENROLMENT)
    own, by_birth = desk.person_id(OWN), baby(desk)
    tell(desk, BABY, stated={"identities": [SINCE_BIRTH]}, certificate_type="birth_certificate")
    pull(desk)
    post(desk, f"{own}/merges", {"other_id": by_birth, "reason": "newborn_got_own_number"})
    gone = {"reason": "entered_by_mistake", "identities": [SINCE_BIRTH]}
    tell(desk, stated={"identities": [SINCE_BIRTH]})
    refresh(desk, own)
    assert said(desk, own) == [("subsistence_allowance", None)]
    tell(desk, withdrawn=gone)
    tell(desk, BABY, withdrawn=gone, certificate_type="birth_certificate")
    desk.now += timedelta(days=3)

    refresh(desk, own)

    assert said(desk, own) == [("subsistence_allowance", "2023-07-04")]
    assert refresh(desk, own)["owners"][0]["outcome"] == "unchanged"


def test_an_explicit_newer_word_counts_for_the_person_whatever_another_record_said(
    desk: OnlineDesk,
) -> None:
    """Recognised on-line, ended by hand in the other record, said again: by look-up and feed."""
    own = merged(desk)
    tell(desk, stated={"identities": [SINCE_BIRTH]})
    refresh(desk, own)
    ended = {"owner": "health", "identities": [SINCE_BIRTH | {"valid_to": "2023-03-31"}]}
    post(desk, f"{baby_of(desk, own)}/statements", ended)
    assert said(desk, own) == []
    tell(desk, stated={"identities": [SINCE_BIRTH]})

    asked = refresh(desk, own)

    assert said(desk, own) == [("subsistence_allowance", None)]
    assert asked["version"] == ask(desk, own)["version"]
    again = ask(desk, own, known_at=asked["recorded_at"], version=str(asked["version"]))
    assert [each["identity"] for each in again["identities"]] == ["subsistence_allowance"]
    # Both say otherwise once more, and the office tells it in its feed.
    later = SINCE_BIRTH | {"valid_to": "2023-04-30"}
    post(desk, f"{baby_of(desk, own)}/statements", {"owner": "health", "identities": [later]})
    assert said(desk, own) == []
    tell(desk, stated={"identities": [SINCE_BIRTH]})
    while pull(desk).has_more:
        pass
    assert said(desk, own) == [("subsistence_allowance", None)]


def test_of_changes_under_two_certificates_of_one_person_the_later_one_counts(
    desk: OnlineDesk,
) -> None:
    """Said by number, ended by birth certificate, said by number: page by page, in order."""
    own = merged(desk)
    ended = SINCE_BIRTH | {"valid_to": "2023-04-30"}
    tell(desk, stated={"identities": [SINCE_BIRTH]})
    tell(desk, BABY, stated={"identities": [ended]}, certificate_type="birth_certificate")
    tell(desk, stated={"identities": [MARGIN]})

    pages = [pull(desk)]
    while pages[-1].has_more:
        pages.append(pull(desk))

    assert [(each.changes, each.cursor) for each in pages] == [(1, 1), (1, 2), (1, 3)]
    assert said(desk, own) == [("subsistence_margin", None)]
