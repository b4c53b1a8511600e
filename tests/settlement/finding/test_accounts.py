"""The account of a person and of a village: every settlement once, whichever id it stands under."""

import csv
import io
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from contracts.vocabulary import PersonId
from settlement.application.ports import EligibilityUnreachable
from settlement.application.sum_accounts import Group, MembersPage
from settlement.domain.record import Actor
from settlement.entrypoints.cli import app
from tests.settlement.finding.conftest import HOSPITAL_A, HOSPITAL_B, OFFICE, Story
from tests.support.settlement_desk import P1, P2, P3, Desk

VILLAGE = "500112103201"


class PlayedMembers:
    """Plays eligibility: everybody belongs to one village, a page holds one person."""

    def __init__(self, *people: tuple[str, ...], reachable: bool = True):
        self.people = tuple(tuple(map(PersonId, ids)) for ids in people)
        self.reachable = reachable
        self.readers: set[Actor] = set()

    def members(
        self,
        group: Group,
        *,
        on: date,  # noqa: ARG002 -- everybody lives there always
        known_at: datetime,  # noqa: ARG002 -- as above
        by: Actor,
        after: str | None,
        limit: int,  # noqa: ARG002 -- one a page
    ) -> MembersPage:
        """The port."""
        if not self.reachable:
            raise EligibilityUnreachable
        self.readers.add(by)
        at = int(after or 0)
        here = self.people[at : at + 1] if group.code == VILLAGE else ()
        return MembersPage(here, str(at + 1), has_more=at + 1 < len(self.people))


def desk_with(story: Story, members: PlayedMembers, institution: str = OFFICE) -> Desk:
    """The desk of an institution, with these members."""
    return Desk(replace(story.desk.parts, members=members), institution=institution)


def test_a_persons_account_adds_up_by_year_and_payer(story: Story) -> None:
    """Two stays of P1 in two benefit years; every sum is that of the statements."""
    first, second = story.shown[:2]

    shown = story.as_(OFFICE).read(f"/v1/persons/{P1}/account").json()

    assert [each["settlement_number"] for each in shown["settlements"]] == story.numbers[:2]
    assert [each["benefit_year_from"] for each in shown["years"]] == ["2023-01-01", "2024-01-01"]
    assert [each["sums"]["patient_fen"] for each in shown["years"]] == [
        first["patient_fen"],
        second["patient_fen"],
    ]
    total = shown["total"]
    assert (total["settlements"], total["total_fen"]) == (2, 104_000_00)
    assert sum(p["amount_fen"] for p in total["payers"]) + total["patient_fen"] == 104_000_00
    assert total["patient_fen"] == first["patient_fen"] + second["patient_fen"]


def test_a_year_and_a_hospital_leave_the_rest_out(story: Story) -> None:
    """2024 alone; hospital A sees what was settled there, B the other."""
    only = story.as_(OFFICE).read(f"/v1/persons/{P1}/account?year=2024").json()
    of_a = story.as_(HOSPITAL_A).read(f"/v1/persons/{P1}/account").json()
    of_b = story.as_(HOSPITAL_B).read(f"/v1/persons/{P1}/account").json()

    numbers = [[s["settlement_number"] for s in each["settlements"]] for each in (only, of_a, of_b)]
    assert numbers == [[story.numbers[1]], [story.numbers[0]], [story.numbers[1]]]


def test_ids_of_one_person_come_together_and_what_was_reversed_does_not_count(
    story: Story,
) -> None:
    """P2's settlement was undone; asked under P3, the same person as P1, P1's two are found."""
    assert story.as_(OFFICE).read(f"/v1/persons/{P2}/account").json()["total"] == {
        "settlements": 0,
        "stays": 0,
        "total_fen": 0,
        "payers": [],
        "patient_fen": 0,
    }
    story.people.add(P3, region="500112")
    story.people.same = {P3: (P1,), P1: (P3,)}
    shown = story.desk.read(f"/v1/persons/{P3}/account").json()
    assert (shown["records"], shown["total"]["settlements"]) == ([P3, P1], 2)
    assert story.desk.read("/v1/persons/not-an-id/account").status_code == 422


def test_a_villages_account_counts_each_person_once(story: Story) -> None:
    """P3 and P1 are one person with two settlements; P2 belongs and has none that count."""
    members = PlayedMembers((P3, P1), (P2,))
    shown = desk_with(story, members).read(f"/v1/accounts?village={VILLAGE}").json()

    assert (shown["kind"], shown["code"], shown["members"]) == ("village", VILLAGE, 2)
    (person,) = shown["people"]
    assert (person["person_id"], person["records"]) == (P3, [P3, P1])
    assert person["sums"] == shown["total"]
    assert shown["total"]["total_fen"] == 104_000_00
    assert members.readers == {Actor(operator="cashier-1", institution_id=OFFICE)}  # type: ignore[arg-type]  # an office of the story
    other = desk_with(story, members).read("/v1/accounts?township=500112199").json()
    assert (other["members"], other["people"]) == (0, [])


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), (f"village={VILLAGE}&township=500112103", 422), ("village=1", 422)],
)
def test_one_group_is_asked_for(story: Story, query: str, status: int) -> None:
    """None, two, or what is no code: refused."""
    assert desk_with(story, PlayedMembers()).read(f"/v1/accounts?{query}").status_code == status


def test_an_unreachable_eligibility_is_no_empty_village(story: Story) -> None:
    """503, to be asked again: never an account without its people."""
    desk = desk_with(story, PlayedMembers(reachable=False))
    for path in (f"/v1/accounts?village={VILLAGE}", f"/v1/accounts/export?village={VILLAGE}"):
        answer = desk.read(path)
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:yizhan:problem:eligibility-unreachable"


def test_an_exported_account_ends_with_its_sum(story: Story) -> None:
    """A row for each person who has settlements, without names, and the total."""
    desk = desk_with(story, PlayedMembers((P1,), (P2,)))
    answer = desk.read(f"/v1/accounts/export?village={VILLAGE}&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert [row["人员标识"] for row in rows] == [P1, "合计"]
    assert {row["总费用(元)"] for row in rows} == {"104000.00"}
    assert {row["结算笔数"] for row in rows} == {"2"}
    assert answer.headers["content-disposition"] == 'attachment; filename="account.csv"'


def run(story: Story, *options: str) -> Any:
    """`yizhan account` on the story's data, with eligibility out of reach."""
    command = ["account", "--operator", "样例", "--acting-for", OFFICE, "--data", str(story.data)]
    environment = {"YIZHAN_ELIGIBILITY_URL": "http://127.0.0.1:9", "COLUMNS": "200"}
    return CliRunner().invoke(app, [*command, *options], env=environment)


def test_the_command_says_what_is_missing(story: Story) -> None:
    """Nobody named, and nobody reached: exit code 2 with what to do."""
    nobody = run(story)
    assert (nobody.exit_code, "指定一项" in nobody.output) == (2, True)
    unreached = run(story, "--person", P1)
    assert (unreached.exit_code, "YIZHAN_ELIGIBILITY_URL" in unreached.output) == (2, True)


def test_the_command_prints_a_person_and_a_village(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chinese tables in yuan: each settlement, each year, each person and the sum."""
    module = "settlement.entrypoints.cli.accounts"
    parts = story.desk.parts
    monkeypatch.setattr(f"{module}.build_corrections", lambda _: parts)
    monkeypatch.setattr(f"{module}.build_members", lambda _: PlayedMembers((P1,), (P2,)))

    person = run(story, "--person", P1)
    village = run(story, "--village", VILLAGE, "--year", "2024")

    assert person.exit_code == 0, person.output
    assert story.numbers[1] in person.output
    assert "104000.00" in person.output
    assert "2024-01-01" in person.output
    assert village.exit_code == 0, village.output
    assert "成员 2 人，2024 年开始的待遇年度" in village.output
    assert "52000.00" in village.output
