"""What settlement promises of a stay before and beside its settlement (住院登记、费用更正、押金).

Owner: settlement. Amounts are integers in fen and their names end in `_fen`; nothing here is part
of a bill's identity of payers, patient and hospital. The answers are those of `settlement_v1`
where a stay is shown.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.settlement_v1 import (
    AdjustedShown,
    AmountFen,
    ChargesStated,
    CircumstancesStated,
    Day,
    FeeLineStated,
    Message,
    NumberShown,
    Reference,
    StayShown,
)
from contracts.vocabulary import Departure, DepositMethod, Scheme

Reason = Annotated[str, Field(min_length=1, max_length=200)]
"""Why something was taken back (原因), in the hospital's words; it names nobody."""

PaidFen = Annotated[AmountFen, Field(gt=0)]


class AdmissionChange(Message):
    """`POST /v1/stays/{stay_id}/admission/change`: the registration as it is to read
    (变更入院登记).

    As a whole: what is left out is no longer stated. Person and stay number stay as they are.
    """

    admission_date: Day
    scheme: Scheme | None = None
    circumstances: CircumstancesStated = CircumstancesStated()


class AdmissionCancellation(Message):
    """`POST /v1/stays/{stay_id}/admission/cancellation`: it never was (撤销入院登记)."""

    reason: Reason


class DischargeCancellation(Message):
    """`POST /v1/stays/{stay_id}/discharge/cancellation`: the patient is still in (取消出院)."""

    reason: Reason


class InterimClose(Message):
    """`POST /v1/stays/{stay_id}/interim`: the part that ends with the day `until` is settled while
    the patient stays in (中途结算).

    What is recorded from then on belongs to the next part, which begins the day after. Undone by
    `…/discharge/cancellation`.
    """

    until: Day
    invoice_number: Reference | None = None
    circumstances: CircumstancesStated = CircumstancesStated()


class InterimClosed(Message):
    """A part that was closed, and the one that goes on (中途结算结果)."""

    closed: StayShown
    following: StayShown


class FeeBatchDeletion(Message):
    """`POST /v1/stays/{stay_id}/fees/deletion`: the batch no longer stands (删除费用批次)."""

    batch_number: Reference


class FeeLineCorrection(Message):
    """`POST /v1/stays/{stay_id}/fees/lines/correction`: the line with this number reads so
    (更正费用明细)."""

    line: FeeLineStated


class FeeLineDeletion(Message):
    """`POST /v1/stays/{stay_id}/fees/lines/deletion`: the line no longer stands (删除费用明细)."""

    line_number: Reference


class FeeLineShown(FeeLineStated):
    """A line that stands (费用明细): `left_fen` and its parts are what is left of it after what was
    given back; a line that gives back has neither of its own."""

    left_fen: AmountFen


class FeeBatchShown(Message):
    """A batch that stands (费用批次), as amounts or as lines."""

    batch_number: str
    charges: ChargesStated | None = None
    lines: tuple[FeeLineShown, ...] = ()


class FeesShown(Message):
    """`GET /v1/stays/{stay_id}/fees`: what stands, and what it comes to (现有费用)."""

    stay_id: str
    batches: tuple[FeeBatchShown, ...]
    charges: ChargesStated | None


class DepositPayment(Message):
    """`POST /v1/stays/{stay_id}/deposits`: a deposit paid or topped up (收押金).

    `normal_deposit_fen` is what the hospital asks of others, where the policy goes by it.
    """

    receipt_number: Reference
    amount_fen: PaidFen
    method: DepositMethod
    normal_deposit_fen: AmountFen | None = None


class DepositRefund(Message):
    """`POST /v1/stays/{stay_id}/deposits/refund`: given back (退押金); without a receipt, from the
    oldest ones."""

    amount_fen: PaidFen
    method: DepositMethod
    receipt_number: Reference | None = None


class DepositReceiptShown(Message):
    """A receipt and what is left of it (押金收据)."""

    receipt_number: str
    left_fen: int


class DepositHeldShown(Message):
    """What is held of a stay (在押金额): `applied_fen` of it went into the settlement."""

    stay_id: str
    held_fen: int
    applied_fen: int
    receipts: tuple[DepositReceiptShown, ...]


class DepositStandingShown(DepositHeldShown):
    """`GET /v1/stays/{stay_id}/deposit`: what may be asked and what is held (押金).

    `policy_says` is false where the policy has nothing about deposits: nothing then limits it.
    `most_fen` is the most that may be held, `may_ask_fen` that without what is held; both are null
    where nothing limits them. `numbers` are those the policy states, with their evidence.
    """

    policy: str
    policy_says: bool
    numbers: tuple[NumberShown, ...]
    normal_deposit_fen: int | None
    most_fen: int | None
    may_ask_fen: int | None


class StayListed(Message):
    """A stay in the hospital's list (住院), or a part of one; `days_since_discharge` is null while
    the patient is in. `part` counts from 1, `goes_on` says that an interim close ended it."""

    stay_id: str
    hospital_stay_number: str
    person_id: str
    status: Literal["admitted", "discharged", "settled", "cancelled"]
    admission_date: date
    discharge_date: date | None
    departure: Departure | None
    total_fen: int
    days_since_discharge: int | None
    part: int = 1
    goes_on: bool = False


class StaysListed(Message):
    """`GET /v1/stays?status=`: the hospital's own stays in order of admission (住院清单); with
    `next_after` the next page is asked, null where there is none."""

    stays: tuple[StayListed, ...]
    next_after: int | None


class LateAmountStated(Message):
    """`POST /v1/stays/{stay_id}/settlement/late-amounts`: what another system came to for a layer
    after the settlement (后到金额).

    `layer` is one the settlement waits for (待定), or one whose amount came late before and was
    wrong. `amount_fen` is all that it comes to, not the difference; `reference` is the number the
    other system has for it, and names nobody.
    """

    layer: Reference
    amount_fen: AmountFen
    reference: Reference


class LateAmountShown(Message):
    """What a late amount changed (后到金额登记结果).

    `was_fen` is what the layer came to before, None where it was still to come. `adjustments`
    begin with this settlement's; behind it are the later ones of the person that had to be made
    again.
    """

    stay_id: str
    settlement_number: str
    layer: str
    amount_fen: int
    was_fen: int | None = None
    patient_fen: int
    booked_on: date
    adjustments: tuple[AdjustedShown, ...]


class DecisionProposal(Message):
    """`POST /v1/stays/{stay_id}/decisions`: what people propose a layer to come to (提议裁定).

    `layer` and `amount_fen` as of a late amount. Nothing moves until somebody else approves it.
    """

    layer: Reference
    amount_fen: AmountFen
    reason: Reason


class DecisionApproval(Message):
    """`POST /v1/stays/{stay_id}/decisions/{decision}/approval`: by another operator (批准裁定).

    With `expected_personal_fen`, another personal share than this is refused with the difference.
    """

    expected_personal_fen: AmountFen | None = None


class DecisionRejection(Message):
    """`POST /v1/stays/{stay_id}/decisions/{decision}/rejection`: by another operator (退回裁定)."""

    reason: Reason


class DecisionShown(Message):
    """A proposal and what became of it (裁定).

    `decision` counts the stay's, `reference` is what people quote. A proposal that is `lapsed`
    can no longer be approved: `lapsed_because` says what changed since it was checked.
    """

    stay_id: str
    decision: int
    reference: str
    settlement_number: str
    layer: str
    amount_fen: int
    was_fen: int | None = None
    reason: str
    proposed_by: str
    proposed_for: str
    status: Literal["proposed", "lapsed", "approved", "rejected"]
    lapsed_because: str | None = None


class DecisionsShown(Message):
    """`GET /v1/stays/{stay_id}/decisions`: every proposal of a stay, in order (裁定列表)."""

    decisions: tuple[DecisionShown, ...]


class DecisionsListed(Message):
    """`GET /v1/decisions?status=proposed`: what waits for somebody's approval (待批准的裁定), over
    all stays, in the order it was proposed; those that have lapsed are told as such.

    With `next_after` the next page is asked, null where there is none.
    """

    decisions: tuple[DecisionShown, ...]
    next_after: int | None


class DecisionMade(Message):
    """What an approval changed (批准结果); `adjustments` as of a late amount."""

    decision: DecisionShown
    patient_fen: int
    booked_on: date
    adjustments: tuple[AdjustedShown, ...]
