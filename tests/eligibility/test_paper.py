"""Who a paper is made out to is told once, at printing, and every telling is recorded."""

from uuid import UUID

from eligibility.application.ports import ReadBy
from tests.eligibility.conftest import Desk, number

MAN = f"居民身份证,{number(1)},样例甲,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"
WOMAN = f"居民身份证,{number(2)},样例乙,,,,,421022,居民,,2015-01-01,"
FOREIGNER = "护照,P340000001,样例丙,1988-02-03,,,,421022,居民,,2015-01-01,"


def test_a_paper_names_the_person_and_masks_the_number(desk: Desk) -> None:
    """Name, sex as the resident number tells it, and the number without its middle."""
    desk.bring(MAN, WOMAN, FOREIGNER)

    found = [
        desk.client.get(f"/v1/persons/{desk.person_id(each)}/paper", headers=desk.headers()).json()
        for each in (number(1), number(2))
    ]

    assert [(each["name"], each["sex"]) for each in found] == [
        ("样例甲", "male"),
        ("样例乙", "female"),
    ]
    assert found[0]["certificate_type"] == "resident_id"
    assert found[0]["certificate_masked"] == f"990001********{number(1)[-4:]}"


def test_a_passport_tells_no_sex(desk: Desk) -> None:
    """What no number tells is left open, not guessed."""
    desk.bring(FOREIGNER)
    person_id = desk.look_up("P340000001", certificate_type="passport").json()["person_id"]

    found = desk.client.get(f"/v1/persons/{person_id}/paper", headers=desk.headers()).json()

    assert (found["name"], found["sex"]) == ("样例丙", None)
    assert found["certificate_masked"] == "P3******01"


def test_the_reading_is_recorded_and_needs_a_name(desk: Desk) -> None:
    """Nobody reads a name without saying who they are."""
    desk.bring(MAN)
    person_id = desk.person_id(number(1))

    nameless = desk.client.get(f"/v1/persons/{person_id}/paper")
    named = desk.client.get(f"/v1/persons/{person_id}/paper", headers=desk.headers())

    assert (nameless.status_code, named.status_code) == (400, 200)
    reads = desk.client.get(f"/v1/persons/{person_id}/reads", headers=desk.headers()).json()
    named = [(each["call"], each["operator"]) for each in reads["reads"]]
    assert named == [("paper", "张"), ("lookup", None)]


def test_of_an_erased_person_a_paper_says_nothing(desk: Desk) -> None:
    """The id is still known, and nobody can tell whose it was."""
    desk.bring(MAN)
    person_id = desk.person_id(number(1))
    desk.eligibility.erase_person(UUID(person_id))

    found = desk.client.get(f"/v1/persons/{person_id}/paper", headers=desk.headers())

    assert found.json() == {
        "person_id": person_id,
        "name": None,
        "sex": None,
        "certificate_type": None,
        "certificate_masked": None,
    }


def test_nobody_unknown_is_printed(desk: Desk) -> None:
    """An id that nobody has is refused, and the heading shows nothing in a log."""
    unknown = "00000000-0000-4000-8000-000000000001"
    answer = desk.client.get(f"/v1/persons/{unknown}/paper", headers=desk.headers())
    assert answer.status_code == 404

    desk.bring(MAN)
    by = ReadBy(desk.now, "paper", None)
    heading = desk.eligibility.show_person.on_paper(UUID(desk.person_id(number(1))), by=by)
    assert "样例甲" not in repr(heading)
    assert number(1) not in repr(heading)
