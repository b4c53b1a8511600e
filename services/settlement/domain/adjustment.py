"""An adjustment (更正): what became of a settlement when something before it was undone, when an
amount it was still waiting for came, or when it was revised.

The settlement keeps its number. What it was made from changed in the counters before it, in the
amounts decided elsewhere, or, where it was revised, in the law and in what eligibility answers;
what each payer and the patient owe of it may differ; every difference says how it is carried.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from settlement.domain.record import Actor


class CauseKind(StrEnum):
    """What an adjustment comes from (更正原因)."""

    REVERSAL = "reversal"
    """An earlier settlement of the person was undone."""
    LATE_LAYER = "late-layer"
    """Another system sent an amount that it or an earlier settlement was waiting for (后到金额)."""
    DECISION = "decision"
    """People decided an amount that it or an earlier settlement was waiting for (事后裁定)."""
    REVISION = "revision"
    """It or an earlier settlement is to rest on another version or another answer (追溯更正)."""


@dataclass(frozen=True)
class Cause:
    """Why a settlement was adjusted: the kind, and what people quote of it.

    Of an undoing `reference` is the number of the settlement that was undone. Of an amount that
    came late it is the other system's, of one that people decided the decision's, and `settlement`
    is the number of the settlement the amount is of. Of a revision it is the revision's number.
    """

    kind: str
    reference: str
    settlement: str | None = None


class Way(StrEnum):
    """How a difference is carried (差额走向)."""

    HOSPITAL = "hospital"
    """Between fund and hospital, and between the hospital and the patient (经医院)."""
    PATIENT = "patient"
    """Between fund and patient; the hospital's books do not change (直接对个人)."""
    LEFT = "left"
    """It stays where it is, told and never booked (不补不追)."""


class ChangeKind(StrEnum):
    """Of what a difference is (差额项目): a payer's share, cash or surplus beside the bill, or what
    is left to the patient."""

    SHARE = "share"
    CASH = "cash"
    SURPLUS = "surplus"
    PATIENT = "patient"


@dataclass(frozen=True)
class Change:
    """One difference (一项差额) in fen, new minus old, never 0, and its way.

    `layer` is None for the patient's, `fund` None where no fund pays. `switch` names the switch
    of the policy that decided the way ("underpaid", "overpaid", "if_lower"), None where none was
    asked.
    """

    kind: str
    layer: str | None
    payer: str
    fund: str | None
    delta_fen: int
    way: str
    switch: str | None = None


@dataclass(frozen=True)
class Adjustment:
    """One adjustment of a settlement, as the stay remembers it; `adjustment` counts from 1."""

    adjustment: int
    cause: Cause
    changes: tuple[Change, ...]
    booked_on: date
    by: Actor
