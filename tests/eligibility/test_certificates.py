"""Several certificates of one person, over HTTP; no number is ever told again."""

import hashlib
import json
import re
from uuid import UUID

import httpx2
import pytest

from tests.eligibility.conftest import Desk, number
from tests.eligibility.difference_lists import civil, insurer, keep
from tests.support.people_places import behind_the_people

TOLD_ON_BOTH = True

BABY = "P340000001"
UNBORN_DATE = f"出生医学证明,{BABY},样例新生儿,,低保对象,2023-03-05,,421022,居民,,2023-03-05,"
OWN_NUMBER = number(2, "20230305")
RESIDENT = {"certificate_type": "resident_id", "certificate_number": OWN_NUMBER}


def add(
    desk: Desk, person_id: str, body: dict[str, str], key: str | None = None
) -> httpx2.Response:
    """Add a certificate."""
    url = f"/v1/persons/{person_id}/certificates"
    return desk.client.post(url, json=body, headers=desk.headers(key))


@pytest.fixture
def baby(desk: Desk) -> str:
    """A newborn, known by the birth certificate; no list told the birth date."""
    desk.bring(UNBORN_DATE)
    found = desk.look_up(BABY, certificate_type="birth_certificate").json()
    return str(found["person_id"])


def test_a_newborn_gets_a_number_and_either_finds_the_child(desk: Desk, baby: str) -> None:
    """The number tells the birth date too; what was known before stays without it."""
    url, on = f"/v1/persons/{baby}/entitlements", {"on": "2023-07-01"}
    before = desk.client.get(url, params=on).json()
    desk.at("2023-07-02T01:00:00+00:00")

    added = add(desk, baby, RESIDENT).json()

    assert (added["added"], added["version"]) == (True, before["version"] + 2)
    assert desk.person_id(OWN_NUMBER) == baby
    assert desk.look_up(BABY, certificate_type="birth_certificate").json() == {"person_id": baby}
    assert desk.client.get(url, params=on).json()["birth_date"] == "2023-03-05"
    then = {"known_at": before["known_at"], "version": str(before["version"])}
    assert desk.client.get(url, params=on | then).json() == before
    card = desk.client.get(f"/v1/persons/{baby}", headers=desk.headers()).json()
    assert (card["certificate_type"], card["certificate_masked"]) == (
        "birth_certificate",
        "P3******01",
    )
    masked = f"990001********{OWN_NUMBER[-4:]}"
    assert card["other_certificates"] == [
        {"certificate_type": "resident_id", "certificate_masked": masked}
    ]


def test_a_list_may_name_the_child_by_either_certificate(desk: Desk, baby: str) -> None:
    """It is about the same person, and the certificate they are named by does not flip."""
    add(desk, baby, RESIDENT)
    position = desk.eligibility.log.last_position()

    made = desk.bring(f"居民身份证,{OWN_NUMBER},样例新生儿,,低保对象,2023-03-05,,,,,,")

    assert (made["persons_new"], made["facts_unchanged"]) == (0, 1)
    # Only the record of the activation: nothing about the person was news.
    assert desk.eligibility.log.last_position() == position + 1


def test_every_kind_of_certificate_can_be_added(desk: Desk, baby: str) -> None:
    """Household register, passport, residence permit, beside the birth certificate."""
    others = {
        "household_register": "户字001234",
        "passport": "EA0000001",
        "residence_permit": "810000199001010017",
    }
    for kind, its_number in others.items():
        body = {"certificate_type": kind, "certificate_number": its_number}
        assert add(desk, baby, body).json()["added"] is True
        assert desk.look_up(its_number, certificate_type=kind).json() == {"person_id": baby}
        assert add(desk, baby, body).json()["added"] is False


def test_somebody_elses_certificate_is_refused_with_what_to_do(desk: Desk, baby: str) -> None:
    """It names the other's id, to be merged; after that it is this person's already."""
    desk.bring(f"居民身份证,{OWN_NUMBER},样例丁,,,,,421022,居民,,2023-03-05,")
    other = desk.person_id(OWN_NUMBER)

    refused = add(desk, baby, RESIDENT)

    assert refused.json()["type"] == "urn:yizhan:problem:certificate-taken"
    assert other in refused.json()["detail"]
    assert OWN_NUMBER not in refused.text
    desk.client.post(
        f"/v1/persons/{other}/merges",
        json={"other_id": baby, "reason": "newborn_got_own_number"},
        headers=desk.headers(),
    )
    assert add(desk, baby, RESIDENT).json()["added"] is False


def test_what_cannot_be_is_refused(desk: Desk, baby: str) -> None:
    """Another birth date, a wrong check character, nobody, and erased people."""
    add(desk, baby, RESIDENT)
    another = {**RESIDENT, "certificate_number": number(2, "19800101")}
    wrong = {**RESIDENT, "certificate_number": OWN_NUMBER[:-1]}

    assert add(desk, baby, another).json()["type"].endswith("certificate-contradicts")
    assert add(desk, baby, wrong).json()["type"].endswith("invalid-certificate")
    assert add(desk, "nobody", RESIDENT).status_code == 404
    desk.eligibility.erase_person(UUID(baby))
    assert add(desk, baby, RESIDENT).json()["type"].endswith("person-erased")
    assert desk.look_up(OWN_NUMBER).status_code == 404


def test_a_repeated_request_is_answered_once_and_its_hash_tells_no_number(
    desk: Desk, baby: str
) -> None:
    """The register holds no hash that trying every number would find."""
    first = add(desk, baby, RESIDENT, key="c-1")
    again = add(desk, baby, RESIDENT, key="c-1")
    passport = {"certificate_type": "passport", "certificate_number": "EA0000001"}
    reused = add(desk, baby, passport, key="c-1")

    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert reused.json()["type"].endswith("request-key-reused")
    canonical = json.dumps(RESIDENT, sort_keys=True, separators=(",", ":"))
    asked = "SELECT body_hash FROM request_register"
    hashes = {row[0] for row in behind_the_people(desk.data_dir, "eligibility", asked)}
    guesses = [b"json\0" + canonical.encode(), b"raw\0" + canonical.encode(), canonical.encode()]
    assert hashes.isdisjoint(hashlib.sha256(guess).hexdigest() for guess in guesses)


def test_a_number_that_only_stood_on_a_compared_list_is_freed_by_erasing_it(desk: Desk) -> None:
    """The refusal names the id to erase; then the number can be added, and finds the person."""
    desk.bring("护照,E00000007,样例7,,低保对象,2015-01-01,,,,,,")
    found = desk.look_up("E00000007", certificate_type="passport").json()
    keep(desk.eligibility, civil(7), insurer(9))
    own = {"certificate_type": "resident_id", "certificate_number": number(7)}

    refused = add(desk, found["person_id"], own)
    (only_compared,) = re.findall(r"yizhan person erase ([0-9a-f-]{36})", refused.json()["detail"])
    desk.eligibility.erase_person(UUID(only_compared))
    added = add(desk, found["person_id"], own)

    assert refused.status_code == 409
    assert added.json()["added"] is True
    assert desk.person_id(number(7)) == found["person_id"]
