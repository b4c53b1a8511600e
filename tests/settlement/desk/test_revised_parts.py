"""A version published late, where stays were settled in parts or go on after a transfer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.settlement.desk.parts_of_a_stay import (
    ABOVE_500,
    CORRECTIONS,
    OF_PART,
    OF_STAY,
    Story,
    law,
    said,
)
from tests.settlement.desk.test_episodes import ONCE, deducted, gone_on, transferred
from tests.settlement.desk.test_revisions import Office, book_of
from tests.support.settlement_desk import Desk
from tests.support.small_policies import layer_text, policy_text

LATE = "2020-02-01, if_lower: collect_back"
EACH_STAY = ONCE.replace("per: episode", "per: stay")


def late_law(body: str, *, parts: str = OF_PART) -> str:
    """A version that was published when the stays had long been settled."""
    return policy_text(
        layer_text(body), begins=LATE, more=f"{parts}{CORRECTIONS}published: 2023-07-14\n"
    )


def know(story: Story, first: str, late: str) -> None:
    """From now on the book has the later version, too."""
    after = replace(story.desk.parts, book=book_of(first, late))
    story.desk = Desk(after)
    story.other = Desk(after, institution=story.other.institution)


def propose(story: Story) -> Any:
    """What an office's proposal says."""
    return said(Office(story.desk.parts).propose(), 201)


def issue(story: Story, number: str) -> Any:
    """Approved by another, issued by the first."""
    one, other = Office(story.desk.parts), Office(story.desk.parts, "officer-2")
    said(other.decide(number, "approval"))
    return said(one.decide(number, "issue"))


def test_every_part_comes_under_the_late_version(tmp_path: Path) -> None:
    """80% of what is above 500.00 of 30,000.00 and of 10,000.00 become 90%."""
    first, late = law(ABOVE_500), late_law(ABOVE_500.replace("80%", "90%"))
    story = Story(tmp_path, first)
    one = story.admit("L1", "2022-09-01")
    story.fees(one, 30_000_00)
    two = story.interim(one, "2022-10-30")
    assert story.settle(one)["funds_fen"] == 23_600_00
    story.fees(two, 10_000_00)
    story.leave(two, "2022-12-30")
    assert story.settle(two)["funds_fen"] == 7_600_00
    know(story, first, late)

    issued = issue(story, propose(story)["number"])

    assert (issued["persons_issued"], issued["persons_lapsed"]) == (1, 0)
    assert [story.statement(part)["funds_fen"] for part in (one, two)] == [26_550_00, 8_550_00]
    assert story.discrepancies() == ()


def test_a_version_that_goes_by_another_day_leaves_the_person_out(tmp_path: Path) -> None:
    """The first went by each part's own first day, the late one goes by the stay's."""
    first, late = law(ABOVE_500), late_law(ABOVE_500, parts=OF_STAY)
    story = Story(tmp_path, first)
    one = story.admit("L1", "2022-09-01")
    story.fees(one, 30_000_00)
    two = story.interim(one, "2022-10-30")
    story.settle(one)
    story.fees(two, 10_000_00)
    story.leave(two, "2022-12-30")
    story.settle(two)
    know(story, first, late)

    answer = Office(story.desk.parts).propose()

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:yizhan:problem:nothing-to-revise"
    assert "入院日" in answer.text
    assert story.discrepancies() == ()


def test_a_deductible_comes_to_be_taken_once_of_an_episode(tmp_path: Path) -> None:
    """400.00 at level 2 and 1,000.00 at level 3 each; the late version takes 600.00 of the second:
    (3,000.00 − 600.00) × 80%. Undone, the first leaves the second with all of it."""
    first, late = law(EACH_STAY), late_law(ONCE)
    story = Story(tmp_path, first)
    before = transferred(story, "U1", at=story.desk)
    assert deducted(story.settle(before)) == 400_00
    after = gone_on(story, "U2", "U1", at=story.other, frm=story.desk)
    assert deducted(story.settle(after, at=story.other)) == 1_000_00
    know(story, first, late)

    shown = propose(story)
    assert [(line["funds_before_fen"], line["funds_after_fen"]) for line in shown["lines"]] == [
        (1_280_00, 1_280_00),
        (1_600_00, 1_920_00),
    ]
    issue(story, shown["number"])

    now = story.statement(after, at=story.other)
    assert (deducted(now), now["funds_fen"]) == (600_00, 1_920_00)
    assert story.discrepancies() == ()
    story.undo(before)
    now = story.statement(after, at=story.other)
    assert (deducted(now), now["funds_fen"]) == (1_000_00, 1_600_00)
    assert story.discrepancies() == ()


def test_what_was_taken_once_comes_to_be_taken_each_time(tmp_path: Path) -> None:
    """The other way round: no total of an episode is kept any more."""
    first, late = law(ONCE), late_law(EACH_STAY)
    story = Story(tmp_path, first)
    before = transferred(story, "U1", at=story.desk)
    story.settle(before)
    after = gone_on(story, "U2", "U1", at=story.other, frm=story.desk)
    assert deducted(story.settle(after, at=story.other)) == 600_00
    know(story, first, late)

    issue(story, propose(story)["number"])

    assert deducted(story.statement(after, at=story.other)) == 1_000_00
    assert story.discrepancies() == ()
