"""What settlement tells of corrections that reach it (更正影响). Owner: settlement.

A settlement is touched when eligibility, asked the same questions again as known now, answers
otherwise than it did: somebody recognised retroactively, an identity ended in the past, another
enrolment. Nothing is settled again by being listed. No name and no certificate number.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.vocabulary import FactKind, RecordsChange, Scheme


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DaysShown(Message):
    """The days on which something is true (有效期), both included; no end where `last_day` is
    None."""

    first_day: date
    last_day: date | None = None


class IdentityHeld(DaysShown):
    """The days on which an identity is held (身份有效期).

    Where `benefits_go_on` after them (四个不摘), they do so until `benefits_until`, or without an
    end where that is None.
    """

    benefits_go_on: bool = False
    benefits_until: date | None = None


class IdentityDiffersShown(Message):
    """An identity held otherwise than it was (身份不同) around the day `on`; None: not held."""

    kind: Literal["identity"] = "identity"
    on: date
    identity: str
    was: IdentityHeld | None
    now: IdentityHeld | None


class EnrolmentSelected(Message):
    """An enrolment that selects a policy (参保关系)."""

    region: str
    scheme: Scheme
    plan: str | None
    days: DaysShown
    waiting_to: date | None = None


class EnrolmentDiffersShown(Message):
    """Another enrolment on the day of admission (参保不同).

    `now` is None where none can be settled under, and `why` says so in words.
    """

    kind: Literal["enrolment"] = "enrolment"
    on: date
    was: EnrolmentSelected
    now: EnrolmentSelected | None
    why: str | None = None


class AgeDiffersShown(Message):
    """Another age on the day `on` (年龄不同), in years; None: unknown."""

    kind: Literal["age"] = "age"
    on: date
    was: int | None
    now: int | None


class RecordsDifferShown(Message):
    """Other ids were, and are, the same person's (归并不同): totals of the year are counted
    together under other ids than then."""

    kind: Literal["records"] = "records"
    on: date
    was: tuple[str, ...]
    now: tuple[str, ...]


DifferenceShown = Annotated[
    IdentityDiffersShown | EnrolmentDiffersShown | AgeDiffersShown | RecordsDifferShown,
    Field(discriminator="kind"),
]


class ChangeShown(Message):
    """What eligibility learned since (相关变更): which kind, of which days, and when.

    Records merged or split may touch any day: from 0001-01-01 on.
    """

    kind: FactKind | RecordsChange
    days: DaysShown
    recorded_at: datetime


class TouchedSettlementShown(Message):
    """One settlement whose answers are others now (受更正影响的结算)."""

    settlement_number: str
    stay_id: str
    institution_id: str
    hospital_stay_number: str
    person_id: str
    admission_date: date
    discharge_date: date
    settled_on: date
    changes: tuple[ChangeShown, ...]
    differences: tuple[DifferenceShown, ...]


class TouchedSettlementsShown(Message):
    """`GET /v1/touched-settlements?after=&limit=&institution_id=` (受更正影响的结算清单).

    `next_after` is the cursor to go on from. A page looks at `limit` settlements and shows those
    that differ, which may be none of them: go on while `has_more`.
    """

    touched: tuple[TouchedSettlementShown, ...]
    next_after: int
    has_more: bool


class ReplicaSettlementShown(Message):
    """A settlement for which our replica answered while eligibility was down (副本代答的结算).

    The replica had everything that eligibility knew at `complete_at`, and was asked at `asked_at`
    (UTC). `recheck` is what asking eligibility again gave, as known then: `different` ones are put
    right by a revision (身份更正).
    """

    settlement_number: str
    stay_id: str
    institution_id: str | None
    complete_at: datetime
    asked_at: datetime
    recheck: Literal["waiting", "confirmed", "different"]
    recheck_label: str
    checked_at: datetime | None = None


class ReplicaSettlementsShown(Message):
    """`GET /v1/replica-settlements?recheck=&after=&limit=&institution_id=` (副本代答的结算清单).

    `next_after` is the cursor to go on from.
    """

    settlements: tuple[ReplicaSettlementShown, ...]
    next_after: int
    has_more: bool
