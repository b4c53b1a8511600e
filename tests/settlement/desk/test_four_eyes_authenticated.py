"""Four eyes are those of two people who proved who they are (双人复核以令牌为准)."""

from pathlib import Path
from typing import Any

from http_edge.identity.roles import Role
from tests.settlement.desk.test_late_amounts import OFFICE, events_of, refusal, story_of
from tests.settlement.desk.test_revisions import first_version, late_version, paying, summer_story
from tests.settlement.desk.test_undoing_rederives import Story

PROPOSAL = {"layer": "relief", "amount_fen": 100_00, "reason": "家庭困难，经评审"}
BOTH = (Role.FINANCE, Role.APPROVER)


def sent(
    story: Story, path: str, body: Any, *, subject: str, operator: str, is_system: bool = False
) -> Any:
    """A write of an office's person or system, as the token says, under an operator's name."""
    issuer = story.desk.parts.gate.issuer
    assert issuer is not None
    token = issuer.issue(
        subject=subject, roles=BOTH, institutions=["*"], seconds=60, is_system=is_system
    )
    headers = {
        "Authorization": f"Bearer {token}",
        "Yizhan-Institution": OFFICE,
        "Yizhan-Operator": operator,
        "Idempotency-Key": f"{subject}-{operator}-{len(path)}",
    }
    return story.desk.http.post(path, json=body, headers=headers)


def test_the_proposer_cannot_approve_under_another_name(tmp_path: Path) -> None:
    """Not as himself, not as somebody else, not through a system; another person can."""
    story = story_of(tmp_path, corrections="{underpaid: to_patient, overpaid: leave}")
    path = f"/v1/stays/{story.settle('A1')}/decisions"
    proposed = sent(story, path, PROPOSAL, subject="officer-1", operator="officer-1")
    assert proposed.status_code == 201, proposed.text
    approval = f"{path}/1/approval"
    before = events_of(story)

    as_himself = sent(story, approval, {}, subject="officer-1", operator="officer-1")
    as_another = sent(story, approval, {}, subject="officer-1", operator="officer-2")
    by_system = sent(story, approval, {}, subject="system-1", operator="officer-2", is_system=True)

    assert refusal(as_himself) == (409, "same-operator")
    assert refusal(as_another) == (403, "operator-not-you")
    assert refusal(by_system) == (403, "role-not-allowed")
    assert events_of(story) == before
    made = sent(story, approval, {}, subject="officer-2", operator="officer-2")
    assert (made.status_code, made.json()["decision"]["status"]) == (200, "approved")


def test_nobody_proposes_in_anothers_name(tmp_path: Path) -> None:
    """Else he would approve it himself afterwards: neither as a person nor by an office's
    system."""
    story = story_of(tmp_path)
    path = f"/v1/stays/{story.settle('A1')}/decisions"
    before = events_of(story)
    proposed = sent(story, path, PROPOSAL, subject="officer-1", operator="officer-2")
    assert refusal(proposed) == (403, "operator-not-you")
    by_system = sent(story, path, PROPOSAL, subject="system-1", operator="li-si", is_system=True)
    assert refusal(by_system) == (403, "operator-not-you")
    assert events_of(story) == before
    own = sent(story, path, PROPOSAL, subject="system-1", operator="system-1", is_system=True)
    assert (own.status_code, own.json()["proposed_by"]) == (201, "system-1")


def test_a_revision_needs_a_second_person_too(tmp_path: Path) -> None:
    """The same with a version published late: proposed by one, approved by another."""
    before, story = summer_story(tmp_path, first_version(paying(60)), late_version(paying(80)))
    before.settle("A1")
    asked = {"kind": "policy", "scope": {}, "reason": "宁医保发〔2023〕7 号，自 1 月 1 日起施行"}

    proposed = sent(story, "/v1/revisions", asked, subject="officer-1", operator="officer-1")
    assert proposed.status_code == 201, proposed.text
    approval = f"/v1/revisions/{proposed.json()['number']}/approval"

    as_himself = sent(story, approval, {}, subject="officer-1", operator="officer-1")
    as_another = sent(story, approval, {}, subject="officer-1", operator="officer-2")
    assert refusal(as_himself) == (409, "same-operator")
    assert refusal(as_another) == (403, "operator-not-you")
    approved = sent(story, approval, {}, subject="officer-2", operator="officer-2")
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
