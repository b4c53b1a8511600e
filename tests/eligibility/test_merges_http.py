"""Two records of one person, merged and split again, over HTTP."""

from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.eligibility.conftest import Desk, number

TOLD_ON_BOTH = True

BABY = "P340000001"
ON_BIRTH = f"出生医学证明,{BABY},样例新生儿,2023-03-05,,,,421022,居民,,2023-03-05,"
OWN_NUMBER = number(2, "20230305")
WITH_OWN = f"居民身份证,{OWN_NUMBER},样例丁,,低保对象,2023-05-01,,421022,居民,一档,2023-03-05,"
NOBODY = "00000000-0000-4000-8000-000000000000"
MISTAKE = {"reason": "merged_by_mistake"}


@dataclass
class Family:
    """A newborn who is known twice: `own` under their number, `baby` under the certificate."""

    desk: Desk
    own: str
    baby: str

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> httpx2.Response:
        """Write something; a second passes."""
        made = self.desk.client.post(
            f"/v1/persons/{path}", json=body, headers=self.desk.headers(key)
        )
        self.desk.now += timedelta(seconds=1)
        return made

    def merge(self, into: str | None = None, other: str | None = None) -> httpx2.Response:
        """Find that both records are one person."""
        body = {"other_id": other or self.baby, "reason": "newborn_got_own_number"}
        return self.post(f"{into or self.own}/merges", body)

    def state(self, person_id: str, **facts: Any) -> dict[str, Any]:
        """The civil affairs office states something."""
        made = self.post(f"{person_id}/statements", {"owner": "civil_affairs", **facts})
        assert made.status_code == 200, made.text
        return dict(made.json())

    def ask(self, person_id: str, **query: Any) -> httpx2.Response:
        """Who is this on 2023-07-01?"""
        url = f"/v1/persons/{person_id}/entitlements"
        return self.desk.client.get(url, params={"on": "2023-07-01", **query})

    def said(self, person_id: str, **query: Any) -> tuple[list[str], list[str | None]]:
        """The identities and the plans of the enrolments of an answer."""
        answer = self.ask(person_id, **query).json()
        return (
            [each["identity"] for each in answer["identities"]],
            [each["plan"] for each in answer["enrolments"]],
        )


@pytest.fixture
def family(desk: Desk) -> Family:
    """Both records, a second apart."""
    desk.bring(ON_BIRTH)
    desk.bring(WITH_OWN)
    baby = desk.look_up(BABY, certificate_type="birth_certificate").json()["person_id"]
    return Family(desk, own=desk.person_id(OWN_NUMBER), baby=baby)


def test_either_id_answers_with_the_facts_of_both_and_says_which_ids_are_meant(
    family: Family,
) -> None:
    """Each fact keeps its source and instant; of one place, what was recorded last stands."""
    before = family.ask(family.own).json()
    merged = family.merge()

    own, baby = family.ask(family.own).json(), family.ask(family.baby).json()

    assert merged.status_code == 200
    assert merged.json()["version"] == own["version"] == baby["version"] == 3 + 2 + 2
    assert own["one_person"] == {"canonical_id": family.own, "merged_from": [family.baby]}
    assert baby == own | {"person_id": family.baby}
    assert own["identities"] == before["identities"]
    # Both enrolments begin on the day of birth: that of the later list has the plan.
    assert own["enrolments"] == before["enrolments"]
    assert own["enrolments"][0]["plan"] == "一档"
    assert own["birth_date"] == "2023-03-05"


def test_what_was_answered_before_stays_to_the_byte(family: Family) -> None:
    """Both ids, asked again with instant and version after merge, statement and split."""
    asked = {"known_at": family.desk.now.isoformat()}
    first = [family.ask(each, **asked) for each in (family.own, family.baby)]
    family.merge()
    together = {"known_at": family.desk.now.isoformat()}
    merged = [family.ask(each, **together) for each in (family.own, family.baby)]
    family.state(family.baby, disabilities=[{"level": 2, "valid_from": "2023-06-01"}])
    family.post(f"{family.own}/merges/1/undo", MISTAKE)
    family.state(family.own, disabilities=[{"level": 4, "valid_from": "2023-06-01"}])

    for answers, query in ((first, asked), (merged, together)):
        for answer in answers:
            said = answer.json()
            again = family.ask(said["person_id"], **query, version=said["version"])
            assert again.content == answer.content
    assert "one_person" not in first[0].json()
    assert family.ask(family.own, version=99).status_code == 404


def test_any_certificate_finds_the_canonical_person(family: Family) -> None:
    """And after a split each its own again."""
    look_up = family.desk.look_up
    family.merge()

    found = look_up(BABY, certificate_type="birth_certificate").json()
    card = family.desk.client.get(f"/v1/persons/{family.baby}", headers=family.desk.headers())

    assert found == look_up(OWN_NUMBER).json() == {"person_id": family.own}
    assert card.json()["one_person"]["canonical_id"] == family.own
    assert card.json()["certificate_masked"] == "P3******01"
    family.post(f"{family.own}/merges/1/undo", MISTAKE)
    found = look_up(BABY, certificate_type="birth_certificate").json()
    assert found == {"person_id": family.baby}


def test_a_split_gives_each_its_own_and_leaves_what_was_stated_since_where_it_was(
    family: Family,
) -> None:
    """Stated under either id, withdrawn under the canonical one: the split says where it stays."""
    family.merge()
    orphan = {"identity": "orphan", "valid_from": "2023-06-01"}
    local = {"identity": "local_x", "valid_from": "2023-06-01"}
    assert family.state(family.own, identities=[orphan])["version"] == 8
    assert family.state(family.baby, identities=[local])["version"] == 9
    both = (["local_x", "orphan", "subsistence_allowance"], ["一档"])
    assert family.said(family.own) == family.said(family.baby) == both

    undone = family.post(f"{family.own}/merges/1/undo", MISTAKE).json()

    assert (undone["number"], undone["said_since"], undone["version"]) == (1, 1, 10)
    assert family.said(family.own) == (["orphan", "subsistence_allowance"], ["一档"])
    assert family.said(family.baby) == (["local_x"], [None])
    assert family.ask(family.own).json()["version"] == 10
    shown = family.desk.client.get(f"/v1/persons/{family.own}/merges").json()
    assert shown["canonical_id"] == family.own
    assert [(each["number"], each["other_id"]) for each in shown["merges"]] == [(1, family.baby)]
    assert shown["merges"][0]["split_at"] == undone["recorded_at"]


def test_a_fact_of_either_record_is_corrected_and_withdrawn_under_either_id(
    family: Family,
) -> None:
    """A withdrawal is recorded where the fact was stated, so that a split does not undo it."""
    family.merge()
    enrolment = {
        "region": "421022",
        "scheme": "resident",
        "plan": "一档",
        "valid_from": "2023-03-05",
    }
    withdrawal = {"owner": "health_insurance", "reason": "entered_by_mistake"}
    url = f"{family.baby}/withdrawals"
    stale = family.post(url, withdrawal | {"enrolments": [enrolment | {"plan": None}]})
    assert stale.json()["type"] == "urn:yizhan:problem:fact-not-known"

    family.post(url, withdrawal | {"enrolments": [enrolment]})

    assert family.said(family.own) == (["subsistence_allowance"], [])
    # What the birth certificate's record had said before comes back once it is said again.
    family.state(family.baby, enrolments=[enrolment | {"plan": None}])
    assert family.said(family.own) == (["subsistence_allowance"], [None])
    family.post(f"{family.own}/merges/1/undo", MISTAKE)
    assert family.said(family.own) == (["subsistence_allowance"], [])


def test_merges_that_cannot_be_are_refused_with_what_to_do(family: Family) -> None:
    """With oneself, with nobody, twice, in a circle, of erased people; and undone twice."""
    desk = family.desk
    third = f"居民身份证,{number(9)},样例戊,,低保对象,2023-01-01,,421022,居民,,2015-01-01,"
    desk.bring(third)
    other = desk.person_id(number(9))

    def refused(response: httpx2.Response) -> tuple[int, str]:
        return response.status_code, response.json()["type"].rpartition(":")[2]

    undo = f"{family.own}/merges/1/undo"
    assert refused(family.merge(other=family.own)) == (422, "merge-impossible")
    assert refused(family.merge(other=NOBODY)) == (404, "unknown-person")
    assert refused(family.post(undo, MISTAKE)) == (404, "unknown-merge")
    assert family.merge().status_code == 200
    assert refused(family.merge()) == (409, "already-merged")
    assert refused(family.merge(into=family.baby, other=family.own)) == (409, "already-merged")
    assert refused(family.merge(into=family.baby, other=other)) == (409, "already-merged")
    assert refused(family.merge(into=other, other=family.baby)) == (409, "already-merged")
    assert family.own in family.merge(into=other, other=family.baby).json()["detail"]
    assert family.post(undo, MISTAKE).status_code == 200
    assert refused(family.post(undo, MISTAKE)) == (409, "merge-already-undone")
    desk.eligibility.erase_person(UUID(other))
    assert refused(family.merge(other=other)) == (409, "person-erased")


def test_the_same_request_merges_once(family: Family) -> None:
    """Sent again with its key, it gets the first answer."""
    body = {"other_id": family.baby, "reason": "registered_twice"}
    first = family.post(f"{family.own}/merges", body, key="m-1")

    again = family.post(f"{family.own}/merges", body, key="m-1")

    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


def test_of_two_desks_that_merge_the_other_way_round_one_is_told(family: Family) -> None:
    """Both at once, six times over: exactly one merge, and never a circle."""
    for _ in range(6):
        start, told = Barrier(2), []

        def at_the_desk(into: str, other: str, start: Barrier = start, told: Any = told) -> None:
            headers = family.desk.headers()
            start.wait()
            body = {"other_id": other, "reason": "registered_twice"}
            made = family.desk.client.post(f"/v1/persons/{into}/merges", json=body, headers=headers)
            told.append((made.status_code, into, made.json()))

        pairs = ((family.own, family.baby), (family.baby, family.own))
        desks = [Thread(target=at_the_desk, args=pair) for pair in pairs]
        for desk in desks:
            desk.start()
        for desk in desks:
            desk.join()

        assert sorted(status for status, _, _ in told) == [200, 409]
        ((into, made),) = [(into, made) for status, into, made in told if status == 200]
        assert family.ask(family.own).json()["one_person"]["canonical_id"] == into
        family.post(f"{into}/merges/{made['number']}/undo", MISTAKE)


def test_settlement_is_told_in_order_that_two_ids_are_one_person(family: Family) -> None:
    """Merge, a correction of the other's fact, split: with version and instant from which."""
    page = "/v1/changes?reaching_back=true&after="
    after = family.desk.client.get(f"{page}0").json()["next_after"]
    merged = family.merge().json()
    corrected = {"region": "421022", "scheme": "resident", "valid_from": "2023-03-05"}
    family.state(family.baby, enrolments=[corrected | {"plan": None, "valid_to": "2023-12-31"}])
    split = family.post(f"{family.own}/merges/1/undo", MISTAKE).json()

    told = family.desk.client.get(f"{page}{after}").json()["changes"]

    ids = {"person_id": family.own, "other_person_id": family.baby, "merge_number": 1}
    assert [each["event"].split(".")[1] for each in told] == [
        "persons-merged",
        "enrolment-changed",
        "persons-split",
    ]
    assert told[0] == ids | {
        "event": "eligibility.persons-merged.v1",
        "position": after + 1,
        "version": 6,
        "reaches_back": True,
        "recorded_at": merged["recorded_at"],
    }
    # The plan of the other record is replaced too, so that all of its days are touched.
    assert (told[1]["person_id"], told[1]["first_day"]) == (family.baby, "2023-03-05")
    assert (told[1]["last_day"], told[1]["version"]) == (None, 8)
    assert (told[2]["version"], told[2]["recorded_at"]) == (9, split["recorded_at"])


def test_a_reading_of_one_id_is_recorded_for_both(family: Family) -> None:
    """Whoever reads the merged person reads both records."""
    family.merge()
    family.ask(family.own)

    url = f"/v1/persons/{family.baby}/reads"
    reads = family.desk.client.get(url, headers=family.desk.headers()).json()["reads"]

    assert [each["call"] for each in reads if each["call"] != "lookup"] == ["entitlements"]


def test_a_list_that_names_one_certificate_speaks_of_its_record(family: Family) -> None:
    """After the merge a roster with the birth certificate states of that record, for both ids."""
    family.merge()
    family.desk.bring(f"出生医学证明,{BABY},样例新生儿,2023-03-05,孤儿,2023-06-01,,,,,,")

    assert family.said(family.own)[0] == ["orphan", "subsistence_allowance"]
    family.post(f"{family.own}/merges/1/undo", MISTAKE)
    assert family.said(family.own)[0] == ["subsistence_allowance"]
    assert family.said(family.baby)[0] == ["orphan"]


def test_erasing_either_id_erases_the_person(family: Family) -> None:
    """Both keys go; facts stand, no certificate finds anybody, and old answers lack the birth."""
    family.merge()
    before = family.ask(family.own).json()

    family.desk.eligibility.erase_person(UUID(family.baby))

    assert family.ask(family.own).json() == before | {
        "birth_date": None,
        "known_at": family.ask(family.own).json()["known_at"],
    }
    assert family.desk.look_up(OWN_NUMBER).status_code == 404
    assert family.desk.look_up(BABY, certificate_type="birth_certificate").status_code == 404


def test_what_was_withdrawn_last_does_not_come_back_from_the_other_record(family: Family) -> None:
    """Both records said it, one took it back as a mistake: merged, the later word is that."""
    said = {"identities": [{"identity": "orphan", "valid_from": "2023-05-01"}]}
    family.state(family.baby, **said)
    family.state(family.own, **said)
    taken_back = {"owner": "civil_affairs", "reason": "entered_by_mistake", **said}
    assert family.post(f"{family.own}/withdrawals", taken_back).status_code == 200

    family.merge()

    assert family.said(family.own)[0] == family.said(family.baby)[0] == ["subsistence_allowance"]
    # Said again after that, it is the later word.
    assert family.post(f"{family.own}/merges/1/undo", MISTAKE).status_code == 200
    family.state(family.baby, identities=[said["identities"][0] | {"valid_to": "2023-12-31"}])
    family.merge()
    assert family.said(family.own)[0] == ["orphan", "subsistence_allowance"]


def test_a_roster_recorded_with_the_clock_set_back_changes_no_earlier_answer(
    family: Family,
) -> None:
    """One record was written to an hour ahead: the other's rows become known after that."""
    family.merge()
    family.desk.now += timedelta(hours=2)
    family.state(family.own, identities=[{"identity": "orphan", "valid_from": "2023-05-01"}])
    asked_of = (family.desk.now - timedelta(hours=1)).isoformat()
    before = family.ask(family.own, known_at=asked_of).json()
    family.desk.now -= timedelta(minutes=90)

    made = family.desk.bring(ON_BIRTH.replace(",,,,421022", ",孤儿,2023-04-01,,421022"))

    family.desk.now += timedelta(hours=3)
    after = family.ask(family.own, known_at=asked_of).json()
    assert after["identities"] == before["identities"]
    assert made["recorded_at"] == "2023-07-01T03:00:03Z"
