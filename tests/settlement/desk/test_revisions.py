"""Revisions: a policy published late, in force from an earlier day, puts settlements right.

The fund pays 60% of 1,000.00, at most 1,000.00 a year, until a version published on 07-14 says
otherwise from 01-01 on. An office proposes, another operator approves.
"""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from settlement.adapters.plain_yaml import read_plain_text
from settlement.application.ledger_history import settlements_recorded
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.bootstrap import Parts
from settlement.domain.revision import Revision
from settlement.law.book import PolicyBook
from settlement.law.reading import read_policy
from tests.settlement.desk.test_late_amounts import OFFICE, refusal
from tests.settlement.desk.test_undoing_rederives import FUND, LEVEL, OTHER, Story, changes
from tests.support.settlement_desk import P1, P2, Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

SWITCHES = "{underpaid: to_patient, overpaid: from_patient}"


def paying(rate: int, *, cap: int = 1000, layer_id: str = "basic", more: str = "") -> str:
    """A layer that pays a rate of the bill up to a yearly cap."""
    body = f"base: total\nrate: {rate}%\ncaps: [{{per: year, of: payment, amount: {cap}}}]\n"
    return layer_text(body + more, layer_id=layer_id)


def first_version(*layers: str, corrections: str = SWITCHES) -> str:
    """What was known until the summer."""
    return policy_text(*layers, more=f"corrections: {corrections}\n")


def late_version(*layers: str, corrections: str = SWITCHES, if_lower: str = "collect_back") -> str:
    """Published on 07-14, in force from 01-01 on."""
    return policy_text(
        *layers,
        begins=f"2023-01-01, if_lower: {if_lower}",
        more=f"corrections: {corrections}\npublished: 2023-07-14\n",
    )


def book_of(*texts: str) -> PolicyBook:
    """These documents as a book."""
    return PolicyBook([read_policy(read_plain_text(text, {})) for text in texts])


class Office(Desk):
    """An office, by one of its operators."""

    def __init__(self, parts: Parts, operator: str = "officer-1", institution: str = OFFICE):
        super().__init__(parts, institution=institution)
        self.operator = operator

    def write(
        self, path: str, json: Any = None, *, key: str | None = None, content: bytes | None = None
    ) -> Any:
        """As a desk writes, in this operator's name."""
        headers = {
            "Yizhan-Institution": self.institution,
            "Yizhan-Operator": self.operator,
            "Idempotency-Key": key or sha256(f"{path} {json} {self.operator}".encode()).hexdigest(),
        }
        return self.http.post(path, json=json, content=content, headers=headers)

    def propose(self, kind: str = "policy", **scope: Any) -> Any:
        """Propose a revision, whatever is answered."""
        asked = {"kind": kind, "scope": scope, "reason": "宁医保发〔2023〕7 号，自 1 月 1 日起施行"}
        return self.write("/v1/revisions", asked)

    def decide(self, number: str, what: str, **asked: Any) -> Any:
        """Approve, reject or issue, whatever is answered."""
        return self.write(f"/v1/revisions/{number}/{what}", asked)


def summer_story(folder: Path, first: str, late: str) -> tuple[Story, Story]:
    """Before the summer and after it: the same ledger, with the later version in the book."""
    parts, people = open_parts(folder, policies=write_book(folder / "law", first))
    for person in (P1, P2):
        people.add(person, region=REGION)
    desk = Desk(parts)
    desk.import_institutions()
    after = replace(parts, book=book_of(first, late))
    return (
        Story(desk, Desk(parts, institution=OTHER), people),
        Story(Desk(after), Desk(after, institution=OTHER), people),
    )


def revised(story: Story, kind: str = "policy", **scope: Any) -> Any:
    """Proposed by one, approved by another, issued; the last answer."""
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    proposed = one.propose(kind, **scope)
    assert proposed.status_code == 201, proposed.text
    number = proposed.json()["number"]
    assert other.decide(number, "approval").status_code == 200
    issued = one.decide(number, "issue")
    assert issued.status_code == 200, issued.text
    return issued.json()


def test_a_version_published_late_pays_more_and_later_settlements_follow(tmp_path: Path) -> None:
    """600 + 400 + 0 of a cap of 1,000 become 800 + 200 + 0: the second pays for the first."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    first, third = before.settle("A1"), before.settle("A3", person=P2)
    second = before.settle("A2", at=before.other)
    office = Office(story.desk.parts)
    booked = story.balances()

    proposed = office.propose(region="990000", scheme="resident", first_day="2023-01-01")

    assert proposed.status_code == 201, proposed.text
    shown = proposed.json()
    assert (shown["number"], shown["status"]) == ("GZ-2026-000001", "proposed")
    assert (shown["persons"], shown["settlements"], shown["left_out"]) == (2, 3, [])
    assert [
        (line["part"], line["is_revised"], line["funds_before_fen"], line["funds_after_fen"])
        for line in shown["lines"]
    ] == [(1, True, 600_00, 800_00), (1, True, 400_00, 200_00), (2, True, 600_00, 800_00)]
    assert changes(shown["lines"][1]) == [
        ("share", -200_00, "patient"),
        ("patient", 200_00, "patient"),
    ]
    assert shown["lines"][0]["policy_before"].endswith("2020-01-01 v1")
    assert shown["lines"][0]["policy_after"].endswith("2023-01-01 v1")
    assert shown["totals"] == [
        {
            "payer": "basic",
            "payer_label": "基本医疗保险",
            "fund": FUND,
            "to_pay_fen": 400_00,
            "to_reclaim_fen": 200_00,
            "left_unpaid_fen": 0,
            "left_unclaimed_fen": 0,
        }
    ]
    assert story.balances() == booked
    assert story.discrepancies() == ()
    again = office.propose(region="990000", scheme="resident", first_day="2023-01-01")
    assert again.json() == shown
    page = office.read(f"/v1/revisions/{shown['number']}?after=1&limit=1").json()
    assert (page["lines"], page["next_after"]) == (shown["lines"][1:2], 2)
    assert (page["totals"], page["persons"]) == (shown["totals"], 2)

    assert (
        Office(story.desk.parts, "officer-2").decide(shown["number"], "approval").json()["status"]
        == "approved"
    )
    issued = office.decide(shown["number"], "issue").json()

    assert (issued["status"], issued["persons_issued"], issued["persons_lapsed"]) == (
        "issued",
        2,
        0,
    )
    assert [story.paid(first), story.paid(third)] == [800_00, 800_00]
    assert story.paid(second, at=story.other) == 200_00
    statement = story.statement(first)
    assert statement["policy"]["label"].endswith("2023-01-01 v1")
    (adjustment,) = statement["adjustments"]
    assert (adjustment["cause"], adjustment["cause_reference"]) == ("revision", "GZ-2026-000001")
    assert changes(adjustment) == [("share", 200_00, "patient"), ("patient", -200_00, "patient")]
    assert story.discrepancies() == ()
    history = story.desk.read(f"/v1/stays/{first}/history").json()["events"]
    assert "因追溯更正 GZ-2026-000001，基本医疗保险多付 200.00 元" in history[-1]["happened"]
    recorded = settlements_recorded(story.desk.parts.ledger.events())
    assert replay_ledger(recorded, story.desk.parts.book, Scope()).most_changed(1) == ()
    as_it_was = replay_ledger(recorded, before.desk.parts.book, Scope())
    assert [stay.after_fen["basic"] for stay in as_it_was.stays] == [600_00, 600_00, 400_00]
    for stay, at in ((first, story.desk), (second, story.other), (third, story.desk)):
        assert story.undo(stay, at=at).status_code == 200
    assert story.balances() == LEVEL
    assert story.discrepancies() == ()


@pytest.mark.parametrize(
    ("says", "if_lower", "way"),
    [
        ("through_hospital", "collect_back", "hospital"),
        ("from_patient", "collect_back", "patient"),
        ("leave", "collect_back", "left"),
        ("from_patient", "leave", "left"),
    ],
)
def test_a_version_published_late_that_pays_less(
    tmp_path: Path, says: str, if_lower: str, way: str
) -> None:
    """600 become 500: reclaimed as the switch says, or left where the version says so itself."""
    switches = f"{{underpaid: through_hospital, overpaid: {says}}}"
    before, story = summer_story(
        tmp_path,
        first_version(paying(60)),
        late_version(paying(50), corrections=switches, if_lower=if_lower),
    )
    stay = before.settle("A1")
    booked = story.balances()

    issued = revised(story)

    (line,) = issued["lines"]
    assert changes(line) == [("share", -100_00, way), ("patient", 100_00, way)]
    (total,) = issued["totals"]
    assert (total["to_reclaim_fen"], total["left_unclaimed_fen"]) == (
        (0, 100_00) if way == "left" else (100_00, 0)
    )
    assert story.paid(stay) == 500_00
    assert (story.balances() == booked) is (way == "left")
    assert story.discrepancies() == ()


def test_nothing_is_issued_without_a_second_pair_of_eyes(tmp_path: Path) -> None:
    """Its author is refused by name, under any institution; unapproved it is not issued."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    stay = before.settle("A1")
    office = Office(story.desk.parts)
    number = office.propose().json()["number"]
    events = len(list(story.desk.parts.ledger.events()))

    for desk in (office, Office(story.desk.parts, institution="A990100")):
        for what, asked in (("approval", {}), ("rejection", {"reason": "材料不全"})):
            answer = desk.decide(number, what, **asked)
            assert refusal(answer) == (409, "same-operator")
            assert "officer-1" in answer.json()["detail"]
    assert refusal(office.decide(number, "issue")) == (409, "revision-not-open")

    assert len(list(story.desk.parts.ledger.events())) == events
    rejected = Office(story.desk.parts, "officer-2").decide(number, "rejection", reason="依据有误")
    assert rejected.json()["status"] == "rejected"
    assert refusal(Office(story.desk.parts, "officer-3").decide(number, "approval")) == (
        409,
        "revision-not-open",
    )
    assert refusal(office.decide(number, "issue", again=1))[0] == 422
    assert story.paid(stay) == 600_00
    listed = office.read("/v1/revisions?status=rejected").json()["revisions"]
    assert [(r["number"], r["persons"], r["proposed_by"]) for r in listed] == [
        (number, 1, "officer-1")
    ]
    assert office.read("/v1/revisions?status=proposed").json()["revisions"] == []
    assert story.discrepancies() == ()


def test_a_person_who_is_not_as_proposed_lapses_alone(tmp_path: Path) -> None:
    """The first person's settlement is undone meanwhile; the second's is issued."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    first, second = before.settle("A1"), before.settle("A2", person=P2)
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    number = one.propose().json()["number"]
    other.decide(number, "approval")
    undone = story.statement(first)["settlement_number"]
    story.undo(first)

    issued = one.decide(number, "issue").json()

    assert (issued["persons_issued"], issued["persons_lapsed"]) == (1, 1)
    assert [(x["status"], x["lapsed_because"]) for x in issued["lines"]] == [
        ("lapsed", f"结算 {undone} 已撤销"),
        ("issued", None),
    ]
    assert story.paid(second) == 800_00
    assert story.discrepancies() == ()


def test_a_crash_between_two_persons_is_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is issued once; asked again, the same request issues the rest."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    stays = [before.settle("A1"), before.settle("A2", person=P2)]
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    number = one.propose().json()["number"]
    other.decide(number, "approval")
    issue = Revision.issue

    def killed(self: Revision, part: int, **told: Any) -> Any:
        if part == 2:
            raise OSError("killed")
        return issue(self, part, **told)

    with monkeypatch.context() as patched:
        patched.setattr(Revision, "issue", killed)
        assert one.decide(number, "issue").status_code == 500

    assert [story.paid(stay) for stay in stays] == [800_00, 600_00]
    assert one.read(f"/v1/revisions/{number}").json()["persons_issued"] == 1
    assert story.discrepancies() == ()
    assert one.decide(number, "issue").json()["persons_issued"] == 2
    assert [story.paid(stay) for stay in stays] == [800_00, 800_00]
    assert [len(story.statement(stay)["adjustments"]) for stay in stays] == [1, 1]
    assert one.decide(number, "issue").json()["status"] == "issued"
    assert story.discrepancies() == ()


def test_the_years_of_the_new_version_are_counted(tmp_path: Path) -> None:
    """Years that begin in July, and two layers in place of one: old totals go, new ones come."""
    late = late_version(
        paying(50, cap=600, more="benefit_year: {begins: 07-01, chosen_by: admission}\n"),
        paying(20, cap=300, layer_id="top_up"),
    )
    before, story = summer_story(tmp_path, first_version(paying(60)), late)
    days = [("2023-03-01", "2023-03-10"), ("2023-08-01", "2023-08-10"), ("2023-09-01", "2023-09-9")]
    stays = [
        before.settle(f"A{n}", admission=first, discharge=last.replace("-9", "-09"))
        for n, (first, last) in enumerate(days, start=1)
    ]
    assert [before.paid(stay) for stay in stays] == [600_00, 400_00, 0]

    revised(story)

    found = [story.statement(stay)["steps"] for stay in stays]
    assert [[step["paid_fen"] for step in steps] for steps in found] == [
        [500_00, 200_00],
        [500_00, 100_00],
        [100_00, 0],
    ]
    assert story.discrepancies() == ()
    recorded = settlements_recorded(story.desk.parts.ledger.events())
    assert replay_ledger(recorded, story.desk.parts.book, Scope()).most_changed(1) == ()
    later = story.settle("A4", admission="2023-10-01", discharge="2023-10-10")
    assert [s["paid_fen"] for s in story.statement(later)["steps"]] == [0, 0]
    assert story.undo(stays[1]).status_code == 200
    assert [s["paid_fen"] for s in story.statement(stays[2])["steps"]] == [500_00, 100_00]
    assert story.discrepancies() == ()


def test_a_settlement_that_cannot_be_made_again_leaves_its_person_out(tmp_path: Path) -> None:
    """Of one person one of two stays lacks what the version asks for: both stay as they are."""
    late = late_version(
        layer_text("base: in_scope\nrate: 80%\n"),
    )
    before, story = summer_story(tmp_path, first_version(paying(60)), late)
    lacking = before.settle("A1")
    bill = {"total_fen": 1_000_00, "in_scope_fen": 900_00}
    stays = [before.desk.discharged(P2, "A2", charges=bill)]
    assert before.desk.settle(stays[0]).status_code == 200

    issued = revised(story)

    number = story.statement(lacking)["settlement_number"]
    (left,) = issued["left_out"]
    assert left["settlement_numbers"] == [number]
    assert number in left["reason"]
    assert (story.paid(lacking), story.paid(stays[0])) == (600_00, 720_00)
    assert story.discrepancies() == ()


def test_where_nothing_is_another_there_is_nothing_to_propose(tmp_path: Path) -> None:
    """No event, and the reason in words; a hospital sees no other's stays."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    before.settle("A1")
    events = len(list(story.desk.parts.ledger.events()))

    assert refusal(Office(before.desk.parts).propose()) == (409, "nothing-to-revise")
    hospital = Office(story.desk.parts, institution=OTHER)
    assert refusal(hospital.propose()) == (409, "nothing-to-revise")
    late = Office(story.desk.parts).propose(first_day="2023-04-01", period_of="discharge")
    assert refusal(late) == (409, "nothing-to-revise")
    assert len(list(story.desk.parts.ledger.events())) == events


def test_a_hospital_revises_its_own_and_sees_no_other_amounts(tmp_path: Path) -> None:
    """The other hospital's stay only follows, under the version it was settled by."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    before.settle("A1")
    second = before.settle("A2", at=before.other)
    number = story.statement(second, at=story.other)["settlement_number"]
    own = Office(story.desk.parts, institution=story.desk.institution)

    shown = own.propose().json()

    mine, others = shown["lines"]
    assert (mine["is_revised"], mine["funds_after_fen"]) == (True, 800_00)
    assert (others["settlement_number"], others["is_revised"]) == (number, False)
    assert (others["funds_after_fen"], others["changes"]) == (None, [])
    assert others["policy_after"].endswith("2020-01-01 v1")
    # Totals of both would tell the other's amounts, by taking one's own away.
    seen_by_office = Office(story.desk.parts).read(f"/v1/revisions/{shown['number']}").json()
    totals = [seen["totals"][0] for seen in (shown, seen_by_office)]
    assert [(each["to_pay_fen"], each["to_reclaim_fen"]) for each in totals] == [
        (200_00, 0),
        (200_00, 200_00),
    ]
    foreign = Office(story.desk.parts, "officer-2", institution=OTHER)
    assert refusal(foreign.decide(shown["number"], "approval")) == (404, "revision-unknown")
    assert foreign.read("/v1/revisions").json()["revisions"] == []
    assert story.discrepancies() == ()


def test_two_who_issue_at_once_issue_each_person_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes in between and finishes; the first is told that it is done."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    stays = [before.settle("A1"), before.settle("A2", person=P2)]
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    number = one.propose().json()["number"]
    other.decide(number, "approval")
    issue = Revision.issue
    answers: list[Any] = []

    def overtaken(self: Revision, part: int, **told: Any) -> Any:
        if not answers:
            answers.append(None)
            answers[0] = other.decide(number, "issue")
        return issue(self, part, **told)

    monkeypatch.setattr(Revision, "issue", overtaken)
    late = one.decide(number, "issue")

    assert (answers[0].status_code, answers[0].json()["persons_issued"]) == (200, 2)
    assert refusal(late) == (409, "revision-not-open")
    assert "已执行" in late.json()["detail"]
    assert [story.paid(stay) for stay in stays] == [800_00, 800_00]
    assert [len(story.statement(stay)["adjustments"]) for stay in stays] == [1, 1]
    assert story.discrepancies() == ()


def test_who_is_settled_meanwhile_and_is_not_reached_changes_nothing(tmp_path: Path) -> None:
    """A stay of the next year does not matter; one of this year, which follows, does."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    first, second = before.settle("A1"), before.settle("A2", person=P2)
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    number = one.propose().json()["number"]
    other.decide(number, "approval")
    story.settle("A3", admission="2024-02-01", discharge="2024-02-10")
    follows = story.settle("A4", person=P2)
    assert story.paid(follows) == 400_00

    issued = one.decide(number, "issue").json()

    late = story.statement(follows)["settlement_number"]
    assert [line["lapsed_because"] for line in issued["lines"]] == [
        None,
        f"其后的结算 {late} 也要随之更正",
    ]
    assert [story.paid(stay) for stay in (first, second, follows)] == [800_00, 600_00, 400_00]
    assert story.discrepancies() == ()
