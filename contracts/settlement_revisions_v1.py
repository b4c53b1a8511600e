"""What settlement promises of revisions (追溯更正): proposed, approved by another, then issued.

Owner: settlement. A revision puts settlements right after a retroactive policy or a corrected
identity. Amounts are integers in fen and their names end in `_fen`. Originals never change.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from contracts.settlement_stays_v1 import Reason
from contracts.settlement_v1 import ChangeShown, Day, Message, PersonRef, Reference
from contracts.vocabulary import Scheme

Kind = Literal["policy", "identity"]
Status = Literal["proposed", "approved", "rejected", "issued"]


class RevisionScopeStated(Message):
    """Which settlements are looked at (范围); what is left out is not narrowed by.

    `region` is the enrolment's or one that it belongs to; the period, both days included, is of
    admissions or of discharges. A hospital's revisions reach its own settlements alone, and those
    of others only as far as they rest on them.
    """

    region: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    scheme: Scheme | None = None
    period_of: Literal["admission", "discharge"] = "admission"
    first_day: Day | None = None
    last_day: Day | None = None
    person_ids: Annotated[tuple[PersonRef, ...], Field(max_length=1000)] = ()
    settlement_numbers: Annotated[tuple[Reference, ...], Field(max_length=1000)] = ()


class RevisionProposal(Message):
    """`POST /v1/revisions`: look for settlements that are to be put right (提议追溯更正).

    `policy`: those for which another version is in force now; `identity`: those of which
    eligibility answers otherwise now. Nothing moves until somebody else approves it.
    """

    kind: Kind
    scope: RevisionScopeStated = RevisionScopeStated()
    reason: Reason


class RevisionApproval(Message):
    """`POST /v1/revisions/{number}/approval`: by another operator (批准追溯更正)."""


class RevisionRejection(Message):
    """`POST /v1/revisions/{number}/rejection`: by another operator (退回追溯更正)."""

    reason: Reason


class RevisionIssue(Message):
    """`POST /v1/revisions/{number}/issue`: person by person (执行追溯更正).

    Where it is broken off, whoever asks again goes on where it stopped.
    """


class RevisedTotalShown(Message):
    """What a revision comes to for one fund (基金合计), in fen, none negative.

    To be paid on top (补差), to be taken back (追回), and what is left as it is: unpaid, or not
    reclaimed.
    """

    payer: str
    payer_label: str
    fund: str | None = None
    to_pay_fen: int
    to_reclaim_fen: int
    left_unpaid_fen: int
    left_unclaimed_fen: int


class RevisedLineShown(Message):
    """One settlement of a revision, before and after (更正明细).

    `is_revised` where it comes to rest on another version or other answers itself; otherwise it
    follows, since what is counted before it moves. `status` is that of its person's part. Of
    another institution's, a hospital sees no amounts.
    """

    part: int
    settlement_number: str
    institution_id: str
    is_revised: bool
    policy_before: str
    policy_after: str
    answers_changed: bool
    status: Literal["open", "issued", "lapsed"]
    lapsed_because: str | None = None
    funds_before_fen: int | None = None
    funds_after_fen: int | None = None
    patient_before_fen: int | None = None
    patient_after_fen: int | None = None
    changes: tuple[ChangeShown, ...] = ()


class LeftOutShown(Message):
    """Settlements of one person that could not be revised, and why (未列入): all or none."""

    settlement_numbers: tuple[str, ...]
    reason: str


class RevisionShown(Message):
    """A revision as it stands (追溯更正); `GET /v1/revisions/{number}?after=&limit=` pages its
    lines: with `next_after` the next page is asked, null where there is none.

    `persons` are those it proposes to revise: each issued, lapsed since what it was checked
    against changed, or still open.
    """

    number: str
    kind: Kind
    scope: RevisionScopeStated
    reason: str
    status: Status
    proposed_by: str
    proposed_for: str
    persons: int
    persons_issued: int
    persons_lapsed: int
    settlements: int
    totals: tuple[RevisedTotalShown, ...]
    left_out: tuple[LeftOutShown, ...]
    lines: tuple[RevisedLineShown, ...]
    next_after: int | None


class RevisionListed(Message):
    """A revision in the list (追溯更正)."""

    number: str
    kind: Kind
    status: Status
    persons: int
    proposed_by: str
    proposed_for: str
    proposed_at: datetime


class RevisionsListed(Message):
    """`GET /v1/revisions?status=`: in the order they were proposed (追溯更正清单)."""

    revisions: tuple[RevisionListed, ...]
    next_after: int | None
