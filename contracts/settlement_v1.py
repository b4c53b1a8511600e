"""What settlement promises over HTTP (结算接口). Owner: settlement.

Amounts are integers in fen and their names end in `_fen`; a number that is not an integer is
refused. Dates are business dates in Asia/Shanghai, instants are UTC.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.vocabulary import LARGEST_BILL_FEN, Care, CatalogueClass, Departure, Scheme, Transfer


def _iso_day(value: Any) -> Any:
    """Only YYYY-MM-DD: pydantic alone would take a number of seconds, too."""
    is_written = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
    if not is_written and not isinstance(value, date):
        raise ValueError
    return value


# The field is strict, not the model: a strict model would refuse ISO dates.
AmountFen = Annotated[int, Field(strict=True, ge=0, le=int(LARGEST_BILL_FEN))]
PersonRef = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
"""The opaque id that eligibility gave, in its one spelling: another spelling of the same id would
be another person's counters."""

Reference = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff._/-]{0,63}$")
]
"""A number that people quote (住院号、批次号、发票号): letters, digits, Han characters, `. _ / -`;
no spaces and no full-width forms, so that one number has one spelling."""

Flag = Annotated[bool, Field(strict=True)]
Day = Annotated[date, BeforeValidator(_iso_day)]
"""A business date (业务日期), YYYY-MM-DD."""

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
Region = Annotated[str, Field(pattern=r"^\d{6}$")]
LayerId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
AskName = LayerId
"""Name of a circumstance that a policy asks for beside those that every bill may state."""

Words = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+(?: \S+)*$")]
"""A word or name as the policy writes it, without spaces around it."""

SignedAmountFen = Annotated[
    int, Field(strict=True, ge=-int(LARGEST_BILL_FEN), le=int(LARGEST_BILL_FEN))
]
Decimal = Annotated[str, Field(pattern=r"^[0-9]{1,12}(?:\.[0-9]{1,6})?$")]
"""An exact decimal in text: a number in JSON would pass through a binary fraction."""

SignedDecimal = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(?:\.[0-9]{1,4})?$")]

Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DiagnosisStated(Message):
    """A diagnosis (诊断) with its code system and version."""

    code: Code
    system: Code = "ICD-10"
    version: Annotated[str, Field(min_length=1, max_length=64)] = "医保版 2.0"


class TransferredFromStated(Message):
    """The stay that this one goes on (转院): the hospital it was in, and its stay number there."""

    institution_id: Reference
    hospital_stay_number: Reference


class CircumstancesStated(Message):
    """What the hospital declares about a stay (住院情形); leave out what is not known.

    `transferred_from` is stated where the patient came from another hospital that discharged them
    as transferred (转院住院): both stays then hang together.

    `care` is the kind of care (医疗类别), inpatient where it is left out. `disease` is the listed
    disease the stay is settled under (病种), exactly as the policy writes it; `none` declares that
    there is none. `declared` answers what the policy itself asks for (另须申报的情形), by name: a
    flag, a count or a word.
    """

    referral: Flag | None = None
    emergency: Flag | None = None
    third_party_liability: Flag | None = None
    surgery: Flag | None = None
    diagnosis: DiagnosisStated | None = None
    care: Care | None = None
    disease: Words | None = None
    declared: Annotated[dict[AskName, Flag | Count | Words], Field(max_length=50)] = Field(
        default_factory=dict
    )
    transferred_from: TransferredFromStated | None = None


class ChargesStated(Message):
    """Amounts of a bill or a batch (费用), in fen; every split that is stated must add up.

    total = in_scope + first_self_pay + over_limit + out_of_catalog; total = class_a + class_b +
    class_c; in_scope = sum of item_classes. What is left out is unknown, not zero.
    """

    total_fen: AmountFen
    in_scope_fen: AmountFen | None = None
    first_self_pay_fen: AmountFen | None = None
    over_limit_fen: AmountFen | None = None
    out_of_catalog_fen: AmountFen | None = None
    class_a_fen: AmountFen | None = None
    class_b_fen: AmountFen | None = None
    class_c_fen: AmountFen | None = None
    item_classes_fen: Annotated[dict[LayerId, AmountFen], Field(max_length=50)] = Field(
        default_factory=dict
    )


class Admission(Message):
    """`POST /v1/stays`: the patient is admitted (入院登记)."""

    person_id: PersonRef
    hospital_stay_number: Reference
    admission_date: Day
    scheme: Scheme | None = None
    circumstances: CircumstancesStated = CircumstancesStated()


class FeeLineStated(Message):
    """One line of fees (费用明细); the national interface's names are in brackets.

    `line_number` (feedetl_sn) is unique among the lines of the stay. `quantity` (cnt),
    `unit_price_yuan` (pric), `price_limit_yuan` (pric_uplmt_amt) and `self_pay_share`
    (selfpay_prop, 0.1 is 10%) are decimals in text. `amount_fen` (det_item_fee_sumamt) is price
    times quantity, within one fen. `item_class` is a key of `item_classes_fen`: every line of a
    stay has one, or none has. A line that takes back from an earlier one (冲账) has a negative
    quantity and amount and names it in `gives_back` (init_feedetl_sn). The last four, where the
    hospital states them, must be what comes out: fulamt_ownpay_amt, overlmt_amt, preselfpay_amt
    and inscp_scp_amt.
    """

    line_number: Reference
    item_code: Annotated[str, Field(min_length=1, max_length=150, pattern=r"^\S+(?: \S+)*$")]
    catalogue_class: CatalogueClass
    quantity: SignedDecimal
    unit_price_yuan: Decimal
    amount_fen: SignedAmountFen
    price_limit_yuan: Decimal | None = None
    self_pay_share: Decimal | None = None
    item_class: LayerId | None = None
    gives_back: Reference | None = None
    out_of_catalog_fen: SignedAmountFen | None = None
    over_limit_fen: SignedAmountFen | None = None
    first_self_pay_fen: SignedAmountFen | None = None
    in_scope_fen: SignedAmountFen | None = None


class FeeBatchStated(Message):
    """`POST /v1/stays/{stay_id}/fees`: one batch of fees (上传费用), as amounts or as lines.

    With lines the amounts follow from them; `charges` beside them must be what comes out.
    `replaces` names a batch that this one takes the place of (重传).
    """

    batch_number: Reference
    charges: ChargesStated | None = None
    lines: Annotated[tuple[FeeLineStated, ...], Field(max_length=5000)] = ()
    replaces: Reference | None = None


class Discharge(Message):
    """`POST /v1/stays/{stay_id}/discharge`: the patient leaves (出院登记)."""

    discharge_date: Day
    invoice_number: Reference | None = None
    circumstances: CircumstancesStated = CircumstancesStated()
    departure: Departure | None = None


class PreviewRequest(Message):
    """`POST /v1/stays/{stay_id}/preview`: what a settlement would be now (预结算)."""

    decided_elsewhere_fen: Annotated[dict[LayerId, AmountFen], Field(max_length=20)] = Field(
        default_factory=dict
    )


class TenderStated(Message):
    """How the patient pays (支付方式); together they are what the patient owes."""

    account_fen: AmountFen = 0
    deposit_fen: AmountFen = 0
    cash_fen: AmountFen = 0


class SettlementRequest(PreviewRequest):
    """`POST /v1/stays/{stay_id}/settlement`: settle (结算).

    `expected_personal_fen` is what the cashier was shown; another result is refused.
    """

    expected_personal_fen: AmountFen | None = None
    tender: TenderStated | None = None


class ReversalRequest(Message):
    """`POST /v1/stays/{stay_id}/settlement/reversal`: undo the settlement (撤销结算).

    Later settlements of the person that rest on it are made again with it, or it is refused.
    """

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class WholeStay(Admission):
    """`POST /v1/settlements`: a whole stay in one call, all or nothing (一次性结算)."""

    discharge_date: Day
    invoice_number: Reference | None = None
    batches: Annotated[tuple[FeeBatchStated, ...], Field(min_length=1, max_length=200)]
    decided_elsewhere_fen: Annotated[dict[LayerId, AmountFen], Field(max_length=20)] = Field(
        default_factory=dict
    )
    expected_personal_fen: AmountFen | None = None
    departure: Departure | None = None
    tender: TenderStated | None = None


class FactsStated(Message):
    """Facts of a bill that is settled without a person (情形), for `POST /v1/previews`.

    Identities and age are taken for the same on every day that rules go by, and identities for
    all that count: rules by which one counts beyond its own days need a person. `part` and
    `transfer` are stated here; a stay named in `circumstances.transferred_from` is not looked up.
    """

    identities: Annotated[tuple[str, ...], Field(max_length=30)] = ()
    tier: str | None = None
    level: str | None = None
    place: str | None = None
    plan: str | None = None
    designations: Annotated[tuple[str, ...], Field(max_length=30)] = ()
    age: Annotated[int, Field(strict=True, ge=0, le=150)] | None = None
    admission_number: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    same_tier_admission_number: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    part: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    transfer: Transfer | None = None
    circumstances: CircumstancesStated = CircumstancesStated()


class StatelessBill(Message):
    """`POST /v1/previews`: a bill that nothing is stored of (无状态试算).

    `counters_before_fen` are the year's totals before the stay, in fen; those that a policy keeps
    apart for several values are named with the value, such as `basic.paid@level_3`.
    """

    region: Region
    scheme: Scheme
    admission_date: Day
    discharge_date: Day
    charges: ChargesStated
    facts: FactsStated = FactsStated()
    counters_before_fen: Annotated[dict[str, AmountFen], Field(max_length=50)] = Field(
        default_factory=dict
    )
    decided_elsewhere_fen: Annotated[dict[LayerId, AmountFen], Field(max_length=20)] = Field(
        default_factory=dict
    )


class NumberShown(Message):
    """One number a step used, with its evidence (所用参数)."""

    name: str
    value: str
    status: Literal["stated", "inferred", "assumed"]
    source: str
    place: str | None = None
    note: str | None = None


class BandShown(Message):
    """One band of a step: the amount inside it, and its rate (分段)."""

    amount_fen: int
    rate: str


class StepShown(Message):
    """One step of a settlement (一步), which can be worked out again from what it shows.

    base_fen is base_before_cap_fen held under cost_cap_left_fen; base − deductible = eligible =
    sum of bands (with `first_is_before`, base − first self-pay − deductible); bands × rates, after
    first self-pay and × factor, rounded once, − already paid, at least not_below_fen where there
    is a base, then at most not_above_fen = computed; amount is computed held under cap_left_fen,
    and under left_fen where it pays the bill. Limits that are null do not hold.
    `cost_cap_left_fen` and `cap_left_fen` are what caps left for this very part; `left_fen` is
    what was unpaid of the bill before it.

    `kind` says what becomes of the amount: `payment` pays the bill and `patient` is the patient's
    own part of it, both paid_fen; `measure` (只测算) is computed for other steps and paid by
    nobody; `cash` (现金补助) is owed to the patient beside the bill, outside_fen. surplus_fen
    (定额结余) is owed to the hospital beside the bill. `borne_by` is who bears it in the end,
    `pending` that another system is still to send the amount.
    """

    layer: str
    part: str
    name: str
    payer: str
    payer_label: str
    fund: str | None
    applied: bool
    decided_by: str | None
    article: str | None
    left_fen: int
    base: str
    base_before_cap_fen: int
    cost_cap_left_fen: int | None
    base_fen: int
    deductible_fen: int
    eligible_fen: int
    first_self_pay: str | None
    first_self_pay_fen: int
    bands: tuple[BandShown, ...]
    rate: str
    already_paid: str | None
    already_paid_fen: int
    computed_fen: int
    cap_left_fen: int | None
    rounding: str
    paid_fen: int
    numbers: tuple[NumberShown, ...]
    kind: Literal["payment", "measure", "patient", "cash"] = "payment"
    amount_fen: int = 0
    first_is_before: bool = False
    factor: str | None = None
    not_below: str | None = None
    not_below_fen: int | None = None
    not_above: str | None = None
    not_above_fen: int | None = None
    surplus_fen: int = 0
    outside_fen: int = 0
    borne_by: str | None = None
    pending: bool = False


class OutsideShown(Message):
    """What is owed beside the bill (账外): `cash` to the patient, `surplus` to the hospital."""

    layer: str
    name: str
    kind: Literal["cash", "surplus"]
    payer: str
    payer_label: str
    fund: str | None
    amount_fen: int


class ReportedShown(Message):
    """A value that is computed and told, never paid (指标).

    An amount (`amount_fen`), or a share: `numerator_fen` of `denominator_fen`, which has no value
    where the denominator is not above 0; `met` says whether it reaches `target`, `missing` names
    the amount of the bill that nobody stated.
    """

    id: str
    name: str
    amount_fen: int | None = None
    numerator_fen: int | None = None
    denominator_fen: int | None = None
    target: str | None = None
    met: bool | None = None
    missing: str | None = None


class DepositShown(Message):
    """What may be asked on admission (押金); never part of a settlement.

    A share of what the hospital asks of others, an amount, or both; null where not stated.
    """

    share_of_normal: str | None = None
    amount_fen: int | None = None


class PendingShown(Message):
    """A layer whose amount is still to come (待定): recorded as 0, and from whom it comes."""

    layer: str
    name: str
    decided_by: str


class SourceShown(Message):
    """A document that numbers come from (出处)."""

    id: str
    title: str
    publisher: str | None = None
    url: str | None = None
    date: str | None = None


class PolicyShown(Message):
    """The policy a settlement followed (适用政策).

    `not_entered` are rules of its sources that are known and were not applied.
    """

    label: str
    title: str
    region: str
    scheme: str
    in_force_from: date
    version: int
    fingerprint: str
    fictional: bool
    sources: tuple[SourceShown, ...]
    not_entered: tuple[str, ...] = ()


class ChangeShown(Message):
    """One difference that an adjustment made (差额), new minus old, in fen; never 0.

    `kind`: a payer's `share` of the bill, `cash` or `surplus` beside it, or what is left to the
    `patient`. `way` is how it is carried: through the `hospital`, between fund and `patient`
    directly (the hospital's books do not change), or `left` where it is (不补不追).
    """

    kind: Literal["share", "cash", "surplus", "patient"]
    layer: str | None = None
    name: str
    payer: str
    payer_label: str
    fund: str | None = None
    delta_fen: int
    way: Literal["hospital", "patient", "left"]


class AdjustmentShown(Message):
    """An adjustment of a settlement (更正): the amounts shown are those after the last one.

    `cause` is `reversal`: the settlement `cause_reference` before it was undone; or `late-layer`:
    an amount came late (后到金额) for the settlement `cause_settlement`, this one or one before it,
    which the other system knows as `cause_reference`; or `decision`: people decided such an
    amount, by the decision `cause_reference`; or `revision`: it was put right by the revision
    (追溯更正) `cause_reference`, it itself or what it rests on.
    """

    adjustment: int
    cause: Literal["reversal", "late-layer", "decision", "revision"]
    cause_reference: str
    cause_settlement: str | None = None
    booked_on: date
    changes: tuple[ChangeShown, ...]


class AdjustedShown(Message):
    """A settlement that a reversal or a late amount adjusted (随之更正的结算).

    Of another institution's, no more than its number and whose it is.
    """

    settlement_number: str
    institution_id: str
    hospital_stay_number: str | None = None
    adjustment: int
    changes: tuple[ChangeShown, ...] = ()


def _is_none(value: object) -> bool:
    # A field that came later is left out where it says nothing: old answers keep their bytes.
    return value is None


class ReplicaShown(Message):
    """That eligibility did not answer, and the replica of it did (资格副本).

    At the instant `complete_at` (UTC) the replica had everything that eligibility knew, up to the
    `position` of its log; `age_seconds` later it was asked. The answer is asked for again.
    """

    complete_at: datetime
    position: int
    age_seconds: int


class StatementShown(Message):
    """A settlement as users read it (结算单): payers + patient + hospital = total.

    `assumed` lists every number used that no document states; it is printed with the statement.
    Of a stay that is settled in parts, `part` and `part_label` say which (第2段（中途结算）).
    `outside` is owed beside the bill, and in no sum of it; `reported` is never paid; a preview
    tells the `deposit` that may be asked, where the policy says anything of it. A settlement that
    was adjusted (更正) since it was made is shown as it is now, with its `adjustments`. `replica`
    is there where who the patient is was answered by our replica of eligibility.
    """

    stay_id: str | None = None
    settlement_number: str | None = None
    hospital_stay_number: str | None = None
    invoice_number: str | None = None
    institution_id: str | None = None
    institution_name: str | None = None
    person_id: str | None = None
    admission_date: date
    discharge_date: date
    settled_on: date
    status: Literal["preview", "settled", "reversed"]
    policy: PolicyShown
    total_fen: int
    funds_fen: int
    hospital_fen: int
    patient_fen: int
    steps: tuple[StepShown, ...]
    assumed: tuple[NumberShown, ...]
    outside: tuple[OutsideShown, ...] = ()
    reported: tuple[ReportedShown, ...] = ()
    pending: tuple[PendingShown, ...] = ()
    deposit: DepositShown | None = None
    adjustments: tuple[AdjustmentShown, ...] = ()
    part: int | None = None
    part_label: str | None = None
    replica: ReplicaShown | None = Field(default=None, exclude_if=_is_none)


class StayShown(Message):
    """`GET /v1/stays/{stay_id}` (住院), or a part of one that is settled in parts (分段).

    `part` counts from 1; `goes_on` says that an interim close (中途结算) ended it, and
    `next_stay_id` is the part after it; `former_stay_id` the one before.
    """

    stay_id: str
    institution_id: str
    hospital_stay_number: str
    person_id: str
    status: Literal["admitted", "discharged", "settled", "cancelled"]
    admission_date: date
    discharge_date: date | None
    invoice_number: str | None
    batches: tuple[str, ...]
    charges: ChargesStated | None
    settlement_number: str | None
    patient_fen: int | None
    departure: Departure | None = None
    deposit_held_fen: int = 0
    tender: TenderStated | None = None
    part: int = 1
    goes_on: bool = False
    former_stay_id: str | None = None
    next_stay_id: str | None = None


class ReversalShown(Message):
    """What was undone (撤销结果), as the hospital had booked it.

    `cash_taken_back_fen` and `surplus_taken_back_fen` stood beside the bill; `adjustments` are the
    later settlements of the person that had to be made again.
    """

    stay_id: str
    settlement_number: str
    returned_to_patient_fen: int
    returned_by_hospital_to_funds_fen: int
    booked_on: date
    cash_taken_back_fen: int = 0
    surplus_taken_back_fen: int = 0
    adjustments: tuple[AdjustedShown, ...] = ()


class EventShown(Message):
    """One event of a stay (事件): what happened in words, and all that was recorded.

    `business_day` is the day of `recorded_at` in Asia/Shanghai; `operator` is who did it, None
    where another event of the same moment says it.
    """

    version: int
    topic: str
    recorded_at: datetime
    content: dict[str, Any]
    business_day: date
    happened: str
    operator: str | None = None


class HistoryShown(Message):
    """`GET /v1/stays/{stay_id}/history` (事件历史): everything that happened, in order."""

    stay_id: str
    events: tuple[EventShown, ...]


class StatementChecked(Message):
    """`GET /v1/settlements/check`: whether a paper says what the ledger says (核对结算单).

    `matches` (相符), `reversed` (相符，其后已撤销), `changed` (相符，其后已调整), or `differs`
    (不符), which is the answer for a number that was never given, too.
    """

    settlement_number: str
    result: Literal["matches", "reversed", "changed", "differs"]
    said: str


class InstitutionsImported(Message):
    """`POST /v1/institutions`: how many institutions the file named (机构目录导入)."""

    institutions: int
