"""Versions published late, and revisions (追溯更正): proposed, decided by another, issued."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from contracts.vocabulary import InstitutionId
from settlement.application.decide_revision import (
    ApproveRevision,
    IssueRevision,
    RejectRevision,
    approve_revision,
    issue_revision,
    reject_revision,
)
from settlement.application.ports import Accept
from settlement.application.propose_revision import (
    ProposeRevision,
    RevisionSources,
    propose_revision,
)
from settlement.domain.record import Actor
from settlement.domain.revised_parts import RevisionAsked, RevisionKind, RevisionScope
from tests.settlement.whole_life import sent
from tests.settlement.whole_life.model_revisions import Revision
from tests.settlement.whole_life.real_desk import OFFICE, date_of
from tests.settlement.whole_life.rules_of_settlement import Settling
from tests.settlement.whole_life.two_regions import HOSPITALS, book
from tests.support.memory_index import NothingTouched

_DESKS = st.sampled_from([None, None, None, *HOSPITALS])
"""An office, or a hospital, which revises its own settlements alone."""


class Revising(Settling):
    """The rules."""

    @precondition(lambda self: not self.model.is_published)
    @rule()
    def publish(self) -> None:
        """Versions become known that have been in force for months."""
        self.begin("publish")
        self.model.is_published = True
        self.desk.book = book(is_published=True)

    @precondition(lambda self: self.model.is_published)
    @rule(
        pick=sent.PICKS,
        hospital=_DESKS,
        meanwhile=st.sampled_from(["nothing", "nothing", "undone", "undone before"]),
        decided=st.sampled_from(["approved", "approved", "approved", "by the same", "rejected"]),
    )
    def revise(self, pick: int, hospital: str | None, meanwhile: str, decided: str) -> None:
        """What is under another version now is put right, after somebody else approved it; perhaps
        a settlement is undone in between, and that person's part lapses."""
        revision = self.propose_revision(hospital)
        if revision is None:
            return
        if decided == "by the same":
            self.decide("approve_revision", revision, "reviser-1", {"SameOperator"})
            self.issue(revision, {"RevisionNotOpen"})
        if decided == "rejected":
            self.decide("reject_revision", revision, "reviser-2", set())
            self.decide("approve_revision", revision, "reviser-2", {"RevisionNotOpen"})
            return
        if meanwhile == "undone before":
            self.undo_one_of(revision, pick)
        self.decide("approve_revision", revision, "reviser-2", set())
        if meanwhile == "undone":
            self.undo_one_of(revision, pick)
        self.issue(revision, set())
        self.issue(revision, {"RevisionNotOpen"})

    def undo_one_of(self, revision: Revision, pick: int) -> None:
        """A settlement that waits to be put right is undone."""
        part = revision.parts[pick % len(revision.parts)]
        self.reverse_one(part[pick // 7 % len(part)][0])

    def propose_revision(self, hospital: str | None) -> Revision | None:
        """A proposal on its way; None where there is nothing to put right, or nobody can be."""
        self.begin("propose_revision")
        asked = RevisionAsked(RevisionKind.POLICY, RevisionScope(), "追溯施行")
        by = Actor("reviser-1", InstitutionId(hospital or OFFICE))
        command = ProposeRevision(asked, proposed_on=date_of(self.now), by=by, at=self.now)
        sources = RevisionSources(
            ledger=self.desk.ledger,
            laws=self.desk.laws,
            book=self.desk.book,
            eligibility=self.desk.people,
            index=self.desk.index,
            touched=NothingTouched(),
        )
        parts = self.model.to_revise(hospital)
        body = self.carry_out(
            "propose_revision",
            (by.institution_id, "revision"),
            set() if parts else {"NothingToRevise"},
            lambda accept: propose_revision(command, sources=sources, accept=accept),
        )
        if body is None:
            return None
        said = json.loads(body)
        assert said["persons"] == len(parts)
        return Revision(said["revision"], by.institution_id, parts)

    def decide(self, what: str, revision: Revision, operator: str, why: set[str]) -> None:
        """An approval or a rejection on its way."""
        self.begin(what)
        by = Actor(operator, InstitutionId(revision.by))
        decisions: dict[str, Callable[[Accept], Any]] = {
            "approve_revision": lambda accept: approve_revision(
                ApproveRevision(revision.number, by, self.now),
                ledger=self.desk.ledger,
                accept=accept,
            ),
            "reject_revision": lambda accept: reject_revision(
                RejectRevision(revision.number, "不属实", by, self.now),
                ledger=self.desk.ledger,
                accept=accept,
            ),
        }
        key = (revision.by, "revision")
        self.carry_out(what, key, why, decisions[what], number=revision.number)

    def issue(self, revision: Revision, why: set[str]) -> None:
        """Everybody's part on its way, one after another."""
        self.begin("issue_revision")
        command = IssueRevision(
            revision.number,
            booked_on=date_of(self.now),
            by=Actor("reviser-1", InstitutionId(revision.by)),
            at=self.now,
        )
        issued: list[bool] = []
        if not why:
            with self.watching_what_follows("changed by revisions"):
                issued = self.model.issue(revision)
        body = self.carry_out(
            "issue_revision",
            (revision.by, "revision"),
            why,
            lambda accept: issue_revision(
                command,
                ledger=self.desk.ledger,
                laws=self.desk.laws,
                book=self.desk.book,
                eligibility=self.desk.people,
                accept=accept,
            ),
            number=revision.number,
        )
        if body is not None:
            said = json.loads(body)
            assert (said["issued"], said["lapsed"]) == (issued.count(True), issued.count(False))
            self.tally["parts issued"] += issued.count(True)
            self.tally["parts lapsed"] += issued.count(False)
