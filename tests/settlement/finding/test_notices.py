"""Whoever answers for a township is told of admissions and discharges; none is ever left out."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from contracts.vocabulary import PersonId
from settlement.application.ports import EligibilityUnreachable
from settlement.domain.record import Actor
from tests.settlement.finding.conftest import HOSPITAL_A, HOSPITAL_B, OFFICE, Story
from tests.support.settlement_desk import P1, P2, Desk

TOWN, OTHER_TOWN = "500112103", "500112104"


@dataclass
class PlayedResidences:
    """Plays eligibility: P1 moved in 2024, nobody knows where P2 lives; it answers so often."""

    answers: int = 1_000
    asked: list[tuple[str, date]] = field(default_factory=list)

    def township_of(self, person_id: PersonId, *, on: date, by: Actor) -> str | None:  # noqa: ARG002 -- the port's signature
        """The port."""
        if len(self.asked) == self.answers:
            raise EligibilityUnreachable
        self.asked.append((person_id, on))
        if person_id == P2:
            return None
        return TOWN if on < date(2024, 1, 1) else OTHER_TOWN


def desk_with(story: Story, residences: PlayedResidences, institution: str = OFFICE) -> Desk:
    """The desk of an institution, with these residences."""
    return Desk(replace(story.desk.parts, residences=residences), institution=institution)


def told(page: dict[str, Any]) -> list[tuple[str, str, str, str | None]]:
    """Kind, person, day and township of each notice."""
    return [
        (
            each["event"].removeprefix("settlement.patient-").removesuffix(".v1"),
            each["person_id"],
            each["day"],
            each["township"],
        )
        for each in page["notices"]
    ]


EVERYTHING = [
    ("admitted", P1, "2023-03-01", TOWN),
    ("discharged", P1, "2023-03-10", TOWN),
    ("admitted", P1, "2024-03-01", OTHER_TOWN),
    ("discharged", P1, "2024-03-10", OTHER_TOWN),
    ("admitted", P2, "2024-04-01", None),
    ("discharged", P2, "2024-04-10", None),
]


def test_everything_is_told_in_order_with_the_township_of_the_day(story: Story) -> None:
    """Six notices; a notice says who, where, when and nothing of the bill."""
    page = desk_with(story, PlayedResidences()).read("/v1/notices").json()

    assert told(page) == EVERYTHING
    assert page["has_more"] is False
    assert page["next_after"] == story.desk.parts.ledger.log.last_position()
    assert set(page["notices"][0]) == {
        "event",
        "position",
        "person_id",
        "township",
        "institution_id",
        "day",
        "recorded_at",
    }


def test_pages_follow_each_other(story: Story) -> None:
    """Two at a time: each once, in order."""
    desk, seen, after, has_more = desk_with(story, PlayedResidences()), [], 0, True
    while has_more:
        page = desk.read(f"/v1/notices?limit=2&after={after}").json()
        seen += told(page)
        after, has_more = page["next_after"], page["has_more"]

    assert seen == EVERYTHING


def test_a_township_and_a_hospital_are_told_of_their_own(story: Story) -> None:
    """By township; a hospital by its own stays, and nobody else's people are asked about."""
    page = desk_with(story, PlayedResidences()).read(f"/v1/notices?township={TOWN}").json()
    assert told(page) == EVERYTHING[:2]

    residences = PlayedResidences()
    page = desk_with(story, residences, HOSPITAL_B).read("/v1/notices").json()
    assert told(page) == EVERYTHING[2:4]
    assert residences.asked == [(P1, date(2024, 3, 1)), (P1, date(2024, 3, 10))]
    page = desk_with(story, residences, HOSPITAL_A).read("/v1/notices").json()
    assert told(page) == EVERYTHING[:2] + EVERYTHING[4:]


def test_an_unreachable_eligibility_leaves_notices_for_later(story: Story) -> None:
    """After three answers the page ends; from its cursor the rest is told, and none is skipped."""
    first = desk_with(story, PlayedResidences(answers=3)).read("/v1/notices").json()
    assert told(first) == EVERYTHING[:3]
    assert first["has_more"] is True

    url = f"/v1/notices?after={first['next_after']}"
    rest = desk_with(story, PlayedResidences()).read(url).json()
    assert told(rest) == EVERYTHING[3:]


def test_where_the_first_cannot_be_asked_the_answer_is_try_again(story: Story) -> None:
    """503, again and again without moving, as long as eligibility is out of reach."""
    desk = desk_with(story, PlayedResidences(answers=0))
    after = 0
    for _ in range(3):
        answer = desk.read(f"/v1/notices?after={after}")
        if answer.status_code == 200:
            assert answer.json()["notices"] == []
            after = answer.json()["next_after"]
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:yizhan:problem:eligibility-unreachable"


def another_under_the_number(desk: Desk) -> None:
    """An admission that never was, with all that was told of it, and somebody else's instead."""
    stay_id = desk.discharged(
        P1,
        "A9",
        charges={"total_fen": 1_000_00},
        admission="2023-12-30",
        discharge="2024-01-05",
    )
    path = f"/v1/stays/{stay_id}"
    for what, said in (
        ("discharge/cancellation", {"reason": "病人未离院"}),
        ("fees/deletion", {"batch_number": "1"}),
        ("admission/change", {"admission_date": "2024-01-02"}),
        ("admission/change", {"admission_date": "2024-01-02", "scheme": "resident"}),
        ("admission/cancellation", {"reason": "登记错人"}),
    ):
        assert desk.write(f"{path}/{what}", said).status_code == 200
    again = {"person_id": P2, "hospital_stay_number": "A9", "admission_date": "2024-01-02"}
    assert desk.write("/v1/stays", again).status_code == 201


def test_what_was_not_after_all_is_told_too_and_of_whom_it_was_told(story: Story) -> None:
    """Discharge undone, day changed, admission cancelled; the number then is somebody else's, and
    what was told before still tells of the first."""
    until = story.desk.parts.ledger.log.last_position()
    desk = desk_with(story, PlayedResidences(), HOSPITAL_A)
    another_under_the_number(desk)

    page = desk.read(f"/v1/notices?after={until}").json()

    assert told(page) == [
        ("admitted", P1, "2023-12-30", TOWN),
        ("discharged", P1, "2024-01-05", OTHER_TOWN),
        ("discharge-undone", P1, "2024-01-05", OTHER_TOWN),
        ("admission-changed", P1, "2024-01-02", OTHER_TOWN),
        ("admission-cancelled", P1, "2024-01-02", OTHER_TOWN),
        ("admitted", P2, "2024-01-02", None),
    ]
    assert page["notices"][3]["was_day"] == "2023-12-30"
