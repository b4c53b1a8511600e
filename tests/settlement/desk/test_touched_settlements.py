"""Corrections of who somebody was reach the settlements that rested on it, and no others."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from contracts.vocabulary import FactKind, PersonId, RecordsChange
from eventlog.sqlite_engine import open_engine
from settlement.application.ports import EligibilityUnreachable, PersonChanges, RecordsJoined
from settlement.bootstrap import CorrectionParts, Parts
from settlement.domain.answers_compared import Days, Held, IdentityDiffers, compare_persons
from settlement.domain.record import Actor, IdentityUsed, PersonUsed
from settlement.entrypoints.cli import app
from settlement.entrypoints.cli import touched as touched_command
from settlement.read_models.touched_settlements import SqlTouchedSettlements
from tests.support.settlement_desk import P1, P2, Desk, PeopleKnown, enrolled, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

HALF = policy_text(layer_text("base: total\nrate: 50%\n"))
KEEPS = policy_text(
    layer_text("base: total\nrate: {choose: [{when: {identity: 低保对象}, value: 80%}, "
               "{otherwise: 50%}]}\n"),
    more="people:\n  keeps: [{identity: 低保对象, months: 12}]\n",
)  # fmt: skip
BILL = {"total_fen": 1_000_00}
LOW = "subsistence_allowance"
LATER = datetime(2026, 4, 1, tzinfo=UTC)
SINCE_2015 = (date(2015, 1, 1), None)
NO_BENEFITS = {"benefits_go_on": False, "benefits_until": None}
DURING = (date(2023, 1, 1), date(2023, 12, 31))


class Story:
    """Two people and a hospital; what eligibility learns comes later."""

    def __init__(self, folder: Path, text: str = HALF) -> None:
        self.parts: Parts
        self.people: PeopleKnown
        self.parts, self.people = open_parts(folder, policies=write_book(folder / "law", text))
        for person in (P1, P2):
            self.people.add(person, region=REGION)
        self.desk = Desk(self.parts)
        self.desk.import_institutions()

    def settled(self, person: str = P1, number: str = "A1", **days: str) -> str:
        """The number of a settlement of a stay, by default from 2023-03-01 to 2023-03-10."""
        answer = self.desk.settle(self.desk.discharged(person, number, charges=BILL, **days))
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["settlement_number"]
        return found

    def touched(self, query: str = "") -> dict[str, Any]:
        """The list, as it is answered."""
        answer = self.desk.read(f"/v1/touched-settlements{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def numbers(self) -> list[str]:
        """The settlement numbers of the list."""
        return [each["settlement_number"] for each in self.touched()["touched"]]

    def recognise(self, *days: tuple[date, date | None], person: str = P1) -> None:
        """Somebody is recognised for these days, which eligibility learns now."""
        for held in days:
            self.people.correct(
                person, kind=FactKind.IDENTITY, days=held, at=LATER, held={LOW: held}
            )


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """The two people under a policy that asks for identities on the day of admission."""
    return Story(tmp_path)


def test_recognised_retroactively(story: Story) -> None:
    """Of two people settled, the one recognised later is listed: not held then, held now."""
    number = story.settled(P1)
    story.settled(P2, "A2")
    assert story.touched() == {"touched": [], "next_after": 0, "has_more": False}

    story.recognise(DURING)
    (found,) = story.touched()["touched"]

    assert found["settlement_number"] == number
    assert (found["person_id"], found["hospital_stay_number"]) == (P1, "A1")
    days = {"first_day": "2023-01-01", "last_day": "2023-12-31"}
    held = days | NO_BENEFITS
    assert found["differences"] == [
        {"kind": "identity", "on": "2023-03-01", "identity": LOW, "was": None, "now": held}
    ]
    changes = [{"kind": "identity", "days": days, "recorded_at": "2026-04-01T00:00:00Z"}]
    assert found["changes"] == changes


def test_who_asks_is_told_to_eligibility(story: Story) -> None:
    """Asking again reads a person's facts: in the name of whoever asks, and each day once."""
    story.settled()
    story.recognise(DURING)
    story.people.readers.clear()
    story.people.asked.clear()

    story.touched()

    assert story.people.readers == {Actor("cashier-1", "H50011200001")}
    assert story.people.asked == [(P1, date(2023, 3, 1))]


@pytest.mark.parametrize(
    "days",
    [
        (date(2023, 3, 2), None),
        (date(2022, 1, 1), date(2023, 2, 28)),
    ],
    ids=["from the day after admission", "until the day before"],
)
def test_other_days_touch_nothing(story: Story, days: tuple[date, date | None]) -> None:
    """The policy asked who the person was on the day of admission, and on no other."""
    story.settled()

    story.recognise(days)

    assert story.numbers() == []
    assert story.people.asked[-1][1] == date(2023, 3, 1)


def test_a_window_is_touched_by_its_days(tmp_path: Path) -> None:
    """Where an identity counts for twelve months more, one that ended in those months touches."""
    story = Story(tmp_path, KEEPS)
    number = story.settled()

    story.recognise((date(2020, 1, 1), date(2022, 3, 2)))

    assert story.numbers() == [number]


def test_all_answers_of_a_settlement_know_the_same(tmp_path: Path) -> None:
    """What is learned between two questions stays out of the second answer."""
    story = Story(tmp_path, KEEPS)
    story.people.correct(P1, kind=FactKind.IDENTITY, days=DURING, at=LATER, held={})

    story.settled()

    assert story.people.versions == {None, 2}


def test_corrected_and_corrected_back_is_not_listed(story: Story) -> None:
    """Answers are compared, not counted: what is again as it was touches nothing."""
    story.settled()
    story.recognise(DURING)
    story.people.correct(P1, kind=FactKind.IDENTITY, days=DURING, at=LATER, held={})

    assert story.numbers() == []


def test_days_that_changed_are_one_difference(story: Story) -> None:
    """An identity that ended earlier than was known, though not before admission, is told."""
    story.people.correct(
        P1, kind=FactKind.IDENTITY, days=SINCE_2015, at=LATER, held={LOW: SINCE_2015}
    )
    story.settled()
    held = (date(2015, 1, 1), date(2023, 6, 30))
    story.people.correct(P1, kind=FactKind.IDENTITY, days=SINCE_2015, at=LATER, held={LOW: held})

    (found,) = story.touched()["touched"]

    assert found["differences"] == [
        {
            "kind": "identity",
            "on": "2023-03-01",
            "identity": LOW,
            "was": {"first_day": "2015-01-01", "last_day": None} | NO_BENEFITS,
            "now": {"first_day": "2015-01-01", "last_day": "2023-06-30"} | NO_BENEFITS,
        }
    ]


def test_an_enrolment_withdrawn(story: Story) -> None:
    """Nobody could settle this stay now: the list says so in words."""
    story.settled()
    story.people.correct(P1, kind=FactKind.ENROLMENT, days=SINCE_2015, at=LATER, enrolments=())

    (found,) = story.touched()["touched"]

    (difference,) = found["differences"]
    assert difference["kind"] == "enrolment"
    assert difference["was"]["region"] == REGION
    assert difference["now"] is None
    assert "没有参保记录" in difference["why"]


def test_an_enrolment_elsewhere(story: Story) -> None:
    """Another county's policy would apply."""
    story.settled()
    there = (enrolled("500112"),)
    story.people.correct(P1, kind=FactKind.ENROLMENT, days=SINCE_2015, at=LATER, enrolments=there)

    (found,) = story.touched()["touched"]

    assert found["differences"][0]["now"]["region"] == "500112"


def test_an_undone_settlement_is_not_listed_and_the_new_one_rests_on_the_new_answer(
    story: Story,
) -> None:
    """Undone and settled again after the correction, nothing is touched any more."""
    stay = story.desk.discharged(P1, "A1", charges=BILL)
    story.desk.settle(stay)
    story.recognise(DURING)
    assert len(story.numbers()) == 1

    undone = story.desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "身份更正"})
    assert undone.status_code == 200, undone.text
    assert story.numbers() == []
    again = story.desk.settle(stay)

    assert again.status_code == 200, again.text
    assert story.numbers() == []


def test_pages_go_by_the_ledger(story: Story) -> None:
    """Three settlements touched, looked at one by one; one institution's alone."""
    numbers = [
        story.settled(
            P1, f"A{at}", admission=f"2023-03-0{at}", discharge=f"2023-03-0{at}"
        )
        for at in (1, 2, 3)
    ]  # fmt: skip
    story.recognise(DURING)

    pages = [story.touched("?limit=1")]
    while pages[-1]["has_more"]:
        pages.append(story.touched(f"?limit=1&after={pages[-1]['next_after']}"))

    assert [[t["settlement_number"] for t in page["touched"]] for page in pages] == [
        [number] for number in numbers
    ]
    assert len(story.touched("?institution_id=H50011200001")["touched"]) == 3
    # An office asks for whichever it wants.
    story.desk.institution = "O500112"
    assert story.touched("?institution_id=H50011200009")["touched"] == []
    assert len(story.touched("?institution_id=H50011200001")["touched"]) == 3


def test_a_change_recorded_between_asking_and_saving_is_not_missed(tmp_path: Path) -> None:
    """The list is brought up to date while a settlement is on its way: it is listed afterwards."""
    story = Story(tmp_path)
    entitlements = story.people.entitlements

    def learns_meanwhile(*asked: Any, **more: Any) -> Any:
        answer = entitlements(*asked, **more)
        if story.people.people[P1].version == 1:
            story.recognise(DURING)
            assert story.numbers() == []
        return answer

    stay = story.desk.discharged(P1, "A1", charges=BILL)
    story.people.entitlements = learns_meanwhile  # type: ignore[method-assign]
    answer = story.desk.settle(stay)
    story.people.entitlements = entitlements  # type: ignore[method-assign]

    assert answer.status_code == 200, answer.text
    assert story.numbers() == [answer.json()["settlement_number"]]


def test_merged_records_touch_what_was_settled_under_either(story: Story) -> None:
    """P2 turns out to be P1, who holds an identity: their stay would be settled otherwise now.

    What is learned under the one id afterwards touches what was settled under the other, until
    they are split.
    """
    own, other = story.settled(P1, "A1"), story.settled(P2, "A2")
    held = {LOW: DURING}
    story.people.join(P1, P2, kind=RecordsChange.MERGED, at=LATER, held=held)

    assert story.numbers() == [own, other]
    seen = story.touched()["touched"][1]["changes"]
    assert [change["kind"] for change in seen] == ["persons_merged"]

    story.people.correct(P1, kind=FactKind.IDENTITY, days=DURING, at=LATER, held=held)
    seen = story.touched()["touched"][1]["changes"]
    assert [change["kind"] for change in seen] == ["persons_merged", "identity"]

    story.people.join(P1, P2, kind=RecordsChange.SPLIT, at=LATER, held={})
    assert story.numbers() == []
    story.recognise(DURING, person=P1)
    assert story.numbers() == [own]


def test_merged_records_touch_by_what_is_counted_alone(story: Story) -> None:
    """Nothing is known otherwise of either; but caps of the year are one person's now."""
    number = story.settled(P1, "A1")
    story.people.join(P1, P2, kind=RecordsChange.MERGED, at=LATER, held={})

    (found,) = story.touched()["touched"]

    assert found["settlement_number"] == number
    assert found["differences"] == [{"kind": "records", "on": "2023-03-01", "was": [], "now": [P2]}]


def test_what_is_said_of_a_joined_id_touches_whatever_its_version(story: Story) -> None:
    """The histories of two ids have different lengths: versions of one say nothing of the other."""
    for _ in range(9):
        story.recognise(SINCE_2015, person=P2)
    number = story.settled(P2, "A1")
    story.people.same = {P1: (P2,), P2: (P1,)}
    story.people.learned.append(
        RecordsJoined(
            position=len(story.people.learned) + 1,
            person_id=PersonId(P1),
            other_id=PersonId(P2),
            version=4,
            kind=RecordsChange.MERGED,
            recorded_at=LATER,
        )
    )

    assert story.numbers() == [number]


def test_a_corrected_end_is_told_although_benefits_went_on(tmp_path: Path) -> None:
    """Months that a policy keeps begin when the identity ended: its end is part of the answer."""
    story = Story(tmp_path, KEEPS)
    held: dict[str, tuple[date, date | None]] = {LOW: (date(2020, 1, 1), date(2022, 6, 30))}
    story.people.add(P1, region=REGION, held=held, benefits_to=date(2023, 1, 31))
    number = story.settled()
    later: dict[str, tuple[date, date | None]] = {LOW: (date(2020, 1, 1), date(2022, 12, 31))}
    story.people.add(P1, region=REGION, held=later, benefits_to=date(2023, 1, 31))
    story.people.correct(P1, kind=FactKind.IDENTITY, days=DURING, at=LATER)

    (found,) = story.touched()["touched"]

    assert found["settlement_number"] == number
    (difference,) = found["differences"]
    assert difference["was"] == {
        "first_day": "2020-01-01",
        "last_day": "2022-06-30",
        "benefits_go_on": True,
        "benefits_until": "2023-01-31",
    }
    assert difference["now"]["last_day"] == "2022-12-31"


def test_in_the_waiting_period_nothing_is_settled_and_its_correction_is_told(story: Story) -> None:
    """Enrolled since February, waiting until April: admitted in March is refused by name."""
    waiting = replace(enrolled(REGION), waiting_to=date(2023, 4, 30))
    settled = story.settled()
    story.people.correct(
        P1, kind=FactKind.ENROLMENT, days=SINCE_2015, at=LATER, enrolments=(waiting,)
    )

    refused = story.desk.settle(story.desk.discharged(P1, "A2", charges=BILL))
    (found,) = story.touched()["touched"]

    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:yizhan:problem:in-waiting-period"
    assert "等待期至 2023-04-30" in refused.json()["detail"]
    assert found["settlement_number"] == settled
    assert found["differences"][0]["now"]["waiting_to"] == "2023-04-30"


def test_changes_are_kept_for_four_days_only(tmp_path: Path) -> None:
    """What is older than the newest by more can meet no settlement any more."""
    story = Story(tmp_path)
    story.recognise(DURING)
    story.people.correct(
        P2, kind=FactKind.IDENTITY, days=DURING, at=LATER + timedelta(days=4, seconds=1), held={}
    )
    story.numbers()

    with open_engine(tmp_path / "settlement_read_models.sqlite").connect() as connection:
        kept = connection.exec_driver_sql("SELECT person_id FROM touched_recent_changes").all()

    assert kept == [(P2,)]


def test_made_again_the_list_is_the_same(tmp_path: Path) -> None:
    """It is derived from two logs and can be thrown away."""
    story = Story(tmp_path)
    number = story.settled()
    story.settled(P2, "A2")
    story.recognise(DURING)
    before = story.touched()

    touched = story.parts.touched
    assert isinstance(touched, SqlTouchedSettlements)
    touched.rebuild()

    assert story.touched() == before
    assert story.numbers() == [number]


def test_without_eligibility_nothing_is_said(story: Story) -> None:
    """Out of reach is an error, never an empty list."""
    story.settled()

    def unreachable(*, after: int, limit: int) -> PersonChanges:
        raise EligibilityUnreachable(f"{after} {limit}")

    story.people.changes = unreachable  # type: ignore[method-assign]
    answer = story.desk.read("/v1/touched-settlements")

    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:yizhan:problem:eligibility-unreachable"


def test_the_command_prints_what_was_and_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table a settlement, one line a difference; exit code 1 says that there are some."""
    story = Story(tmp_path)
    number = story.settled()
    parts = CorrectionParts(story.parts.storage, story.parts.eligibility, story.parts.touched)
    monkeypatch.setattr(touched_command, "build_corrections", lambda _settings: parts)
    asked = ["touched", "--operator", "审核员", "--acting-for", "O500112"]
    nothing = CliRunner().invoke(app, asked)
    story.recognise(DURING)

    found = CliRunner().invoke(app, asked, env={"COLUMNS": "120"})
    as_json = CliRunner().invoke(app, [*asked, "--json"])

    assert nothing.exit_code == 0, nothing.output
    assert "没有结算受资格更正影响" in nothing.output
    assert found.exit_code == 1, found.output
    assert f"结算 {number}  机构 H50011200001  住院号 A1" in found.output
    (line,) = [line for line in found.output.splitlines() if "低保对象" in line]
    assert [cell.strip() for cell in line.strip("│┃ ").split("│")] == [
        "2023-03-01",
        "低保对象",
        "无",
        "2023-01-01 至 2023-12-31",
    ]
    assert "2026-04-01 得知：身份 2023-01-01 至 2023-12-31" in found.output
    assert "受影响的结算 1 笔" in found.output
    assert json.loads(as_json.output)["settlement_number"] == number


def test_the_command_says_where_eligibility_was_looked_for(tmp_path: Path) -> None:
    """Out of reach: nothing is said of any settlement, and how to point it elsewhere."""
    asked = ["touched", "--operator", "审核员", "--acting-for", "O500112"]

    found = CliRunner().invoke(
        app,
        [*asked, "--data", str(tmp_path)],
        env={"YIZHAN_ELIGIBILITY_URL": "http://127.0.0.1:9"},
    )

    assert found.exit_code == 2
    assert "http://127.0.0.1:9" in found.output
    assert "YIZHAN_ELIGIBILITY_URL" in found.output


days_held = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 3) | st.none()), max_size=3, unique=True
)


def _person(held: list[tuple[int, int | None]], *, age: int | None = 40) -> PersonUsed:
    day = date(2023, 1, 1)
    identities = tuple(
        IdentityUsed(
            LOW,
            day + timedelta(days=first),
            None if more is None else day + timedelta(days=first + more),
            LATER,
            "名册",
        )
        for first, more in held
    )
    return PersonUsed(on=day, known_at=LATER, version=1, age=age, identities=identities)


@settings(max_examples=100)
@given(was=days_held, now=days_held)
def test_differences_tell_the_new_from_the_old(
    was: list[tuple[int, int | None]], now: list[tuple[int, int | None]]
) -> None:
    """Take away what was and add what is: the new answer, and nothing if they are the same."""
    found = list(compare_persons(_person(was), _person(now)))

    held = {Held(Days(i.valid_from, i.valid_to)) for i in _person(was).identities}
    for each in found:
        assert isinstance(each, IdentityDiffers)
        held -= {each.was} if each.was else set()
        held |= {each.now} if each.now else set()
    assert held == {Held(Days(i.valid_from, i.valid_to)) for i in _person(now).identities}
    assert bool(found) == (set(was) != set(now))


def test_only_validity_counts() -> None:
    """Who said it, and when, makes no difference; an age does."""
    was = _person([(1, None)])
    said_anew = replace(
        was,
        known_at=LATER + timedelta(days=9),
        version=7,
        identities=tuple(
            replace(i, source="另一名册", recorded_at=LATER + timedelta(days=1))
            for i in was.identities
        ),
    )

    assert list(compare_persons(was, said_anew)) == []
    assert [d.now for d in compare_persons(was, replace(said_anew, age=41))] == [41]
