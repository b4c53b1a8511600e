"""What eligibility answers (资格查询): who a person was on a day, and what was known when.

Owner: eligibility. No message here carries a name; a certificate number travels in the body of
the look-up alone, and masked in `PersonShown`.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.vocabulary import (
    LARGEST_BILL_FEN,
    CertificateType,
    DataOwner,
    FilingKind,
    MarkKind,
    MergeReason,
    NoAnswerReason,
    PremiumPayer,
    Scheme,
    SplitReason,
    WithdrawalReason,
)

LARGEST_QUERY = 1_000


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_none(value: object) -> bool:
    # A field that came later is left out where it says nothing: old answers keep their bytes.
    return value is None


class PersonLookup(Message):
    """`POST /v1/persons/lookup`: find a person by certificate (按证件查人)."""

    certificate_type: CertificateType = CertificateType.RESIDENT_ID
    certificate_number: Annotated[str, Field(min_length=1, max_length=40)]


class PersonFound(Message):
    """The person's opaque id (人员标识)."""

    person_id: str


class OnePerson(Message):
    """That several records are one person (同一人): the one that answers for all, and the others.

    All of these ids stay valid for ever, and each answers alike; what is counted by person is
    counted for all of them together.
    """

    canonical_id: str
    merged_from: tuple[str, ...]


class CertificateShown(Message):
    """One certificate of a person, masked (证件)."""

    certificate_type: CertificateType
    certificate_masked: str


class PersonShown(Message):
    """`GET /v1/persons/{person_id}`: enough to see that it is the right person (人员卡片).

    Of the certificate number the first six and last four characters, of a short one fewer; both
    are None once the person was erased. Never a name. `other_certificates` are there where
    more were added, `one_person` for merged records.
    """

    person_id: str
    certificate_type: CertificateType | None = None
    certificate_masked: str | None = None
    other_certificates: tuple[CertificateShown, ...] | None = Field(
        default=None, exclude_if=_is_none
    )
    one_person: OnePerson | None = Field(default=None, exclude_if=_is_none)


class PersonOnPaper(Message):
    """`GET /v1/persons/{person_id}/paper`: who a paper is made out to (票据抬头).

    Asked at printing. The one message that tells a name; nobody keeps it. `sex` is what the
    resident number tells.
    All are None once the person was erased.
    """

    person_id: str
    name: str | None = None
    sex: Literal["male", "female"] | None = None
    certificate_type: CertificateType | None = None
    certificate_masked: str | None = None


class BenefitsAfterEnd(Message):
    """Benefits that go on after an identity ended (四个不摘): `until` a day, or without an end."""

    until: date | None = None


class IdentityStated(Message):
    """One identity (身份) and the days it holds, both included."""

    identity: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    valid_from: date
    valid_to: date | None = None
    benefits_after_end: BenefitsAfterEnd | None = None


class HouseholdStated(Message):
    """Membership of a household (家庭户), by its number in its owner's register."""

    register_owner: DataOwner
    number: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,40}$")]
    valid_from: date
    valid_to: date | None = None


class ResidenceStated(Message):
    """Where the person lives (居住地): the township (乡镇、街道) that answers for them.

    Codes of the national division codes below counties: nine digits a township, twelve a village
    (村、社区) of it, where that is known.
    """

    township: Annotated[str, Field(pattern=r"^\d{9}$")]
    village: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    valid_from: date
    valid_to: date | None = None


class EnrolmentStated(Message):
    """One enrolment (参保): the county and scheme whose book settles the person's stays.

    `valid_from` is the first day of effect; `from_birth` marks a newborn enrolled late with effect
    from birth; `waiting_to` is the last day of the waiting period (等待期).
    """

    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    scheme: Scheme
    plan: str | None = None
    valid_from: date
    valid_to: date | None = None
    premium_payer: PremiumPayer | None = None
    premium_paid_on: date | None = None
    from_birth: bool = False
    waiting_to: date | None = None


class MarkStated(Message):
    """A chronic or special disease with outpatient benefits (慢特病待遇).

    The limit is an amount (fen), or the approval's words where it is none, or neither.
    """

    kind: MarkKind
    region: Annotated[str, Field(pattern=r"^\d{6}$")]
    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,40}$")]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    disease_list: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    limit_fen: Annotated[int, Field(strict=True, ge=0, le=LARGEST_BILL_FEN)] | None = None
    limit_text: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    valid_from: date
    valid_to: date | None = None


class DiseaseListingStated(Message):
    """A diagnosis of the person that stands on a list of serious diseases (大病病种名单)."""

    disease_list: Annotated[str, Field(min_length=1, max_length=40)]
    diagnosis_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+*\-]{1,40}$")]
    diagnosis_system: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,40}$")]
    valid_from: date
    valid_to: date | None = None


class FilingStated(Message):
    """A referral, or care elsewhere filed before it began (转诊、异地备案)."""

    kind: FilingKind
    number: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
    from_region: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    from_institution: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")] | None = None
    to_region: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    to_institution: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")] | None = None
    valid_from: date
    valid_to: date | None = None


class DisabilityStated(Message):
    """A disability with its level (残疾等级), 1 the most severe."""

    level: Annotated[int, Field(strict=True, ge=1, le=4)]
    valid_from: date
    valid_to: date | None = None


class DeathStated(Message):
    """A death (死亡)."""

    died_on: date


class _Known(Message):
    """When we learned a fact (UTC), from which document, and which office answers for it.

    `owner` is None where the document came from no named office.
    """

    recorded_at: datetime
    source: str
    owner: DataOwner | None = None


# `_Known` comes first so that its fields stand last: fields follow the bases backwards.
class IdentityFact(_Known, IdentityStated):
    """An identity as known (已知身份)."""


class HouseholdFact(_Known, HouseholdStated):
    """Membership of a household as known (已知家庭户)."""


class ResidenceFact(_Known, ResidenceStated):
    """A residence as known (已知居住地)."""


class EnrolmentFact(_Known, EnrolmentStated):
    """An enrolment as known (已知参保)."""


class MarkFact(_Known, MarkStated):
    """A disease mark as known (已知慢特病待遇)."""


class DiseaseListingFact(_Known, DiseaseListingStated):
    """A listed diagnosis as known (已知大病病种)."""


class FilingFact(_Known, FilingStated):
    """A filing as known (已知备案)."""


class DisabilityFact(_Known, DisabilityStated):
    """A disability as known (已知残疾)."""


class DeathFact(_Known, DeathStated):
    """A death as known (已知死亡)."""


class OwnerAnswered(Message):
    """When an office's server last spoke of the person, as known at `known_at` (联机应答时效).

    `answered_at` is our instant (UTC), `as_of` the office's own; all are None where it never did.
    `unanswered_at` is the last attempt since then that brought no answer, and `reason` why.
    """

    connector: str
    owner: DataOwner
    answered_at: datetime | None = None
    as_of: datetime | None = None
    age_seconds: int | None = None
    unanswered_at: datetime | None = None
    reason: NoAnswerReason | None = None


def _is_left_out(value: object) -> bool:
    return value is None


class Entitlements(Message):
    """`GET /v1/persons/{person_id}/entitlements?on=&known_at=&from=&to=` (待遇资格).

    All facts true on the day `on`, as known at the instant `known_at` (UTC); choosing among them
    is the policy's business. `form` is the version of this message's form. `version` is the
    person's event version the answer was made from: the same question may be asked again later,
    with `known_at` and `version`, and is answered with the same bytes.
    Asked with `from` and `to`, both inclusive, `identities` are those true on any day of that
    window, each with its dates, and `identities_from`, `identities_to` repeat the window; all other
    facts are always those of the day `on`.
    `continued` are identities that ended before that day (or window) and whose benefits go on in
    it (四个不摘); none of them is in `identities`. `death` is one on or before the day.
    `birth_date` allows rules by age; it is None where no roster stated it.
    Asked with `form=3`, `owners` tells of each office that is asked on-line how old its last answer
    is; the answer is otherwise that of form 2. A form 3 answer asked again is the same as long as
    the same servers are configured.
    `one_person` is there where other records were the same person by then, as known at that
    instant: the facts are those of all of them. `residences` is there where any is known.
    """

    contract: Literal["eligibility.v1"] = "eligibility.v1"
    form: Literal[2, 3] = 2
    person_id: str
    on: date
    identities_from: date | None = None
    identities_to: date | None = None
    known_at: datetime
    version: int
    birth_date: date | None = None
    identities: tuple[IdentityFact, ...] = ()
    continued: tuple[IdentityFact, ...] = ()
    households: tuple[HouseholdFact, ...] = ()
    enrolments: tuple[EnrolmentFact, ...] = ()
    marks: tuple[MarkFact, ...] = ()
    disease_listings: tuple[DiseaseListingFact, ...] = ()
    filings: tuple[FilingFact, ...] = ()
    disabilities: tuple[DisabilityFact, ...] = ()
    death: DeathFact | None = None
    # Left out of form 2 altogether, so that its bytes stay what they were.
    owners: Annotated[tuple[OwnerAnswered, ...] | None, Field(exclude_if=_is_left_out)] = None
    one_person: OnePerson | None = Field(default=None, exclude_if=_is_none)
    residences: tuple[ResidenceFact, ...] | None = Field(default=None, exclude_if=_is_none)


class EntitlementsQuery(Message):
    """`POST /v1/persons/entitlements`: the same question about up to 1,000 people (批量查询).

    `identities_from` and `identities_to` are given together or not at all.
    """

    person_ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=LARGEST_QUERY)]
    on: date
    known_at: AwareDatetime | None = None
    identities_from: date | None = None
    identities_to: date | None = None


class EntitlementsAnswered(Message):
    """One person's answer; `entitlements` is None where `problem` says why (problem type).

    What was asked for and is no id at all comes back masked: it might be a certificate number.
    """

    person_id: str
    entitlements: Entitlements | None = None
    problem: str | None = None


class EntitlementsFound(Message):
    """The answers in the order of the question, all as known at one instant (批量答复)."""

    on: date
    known_at: datetime
    answers: tuple[EntitlementsAnswered, ...]


class _Facts(Message):
    owner: DataOwner
    identities: tuple[IdentityStated, ...] = ()
    households: tuple[HouseholdStated, ...] = ()
    enrolments: tuple[EnrolmentStated, ...] = ()
    marks: tuple[MarkStated, ...] = ()
    disease_listings: tuple[DiseaseListingStated, ...] = ()
    filings: tuple[FilingStated, ...] = ()
    disabilities: tuple[DisabilityStated, ...] = ()
    death: DeathStated | None = None
    residences: tuple[ResidenceStated, ...] = ()


class FactsStated(_Facts):
    """`POST /v1/persons/{person_id}/statements`: what an office says of one person (单项认定).

    Recorded at one instant, all or none. A fact takes the place of the earlier one it corrects.
    """


class FactsWithdrawal(_Facts):
    """`POST /v1/persons/{person_id}/withdrawals`: what was said by mistake (撤回).

    Each fact exactly as it stands; as known from then on it never was.
    """

    reason: WithdrawalReason


class FactsRecorded(Message):
    """What a statement or withdrawal changed (已记录); `source` names it on its facts from now on.

    `unchanged` facts were known already.
    """

    person_id: str
    source: str
    recorded_at: datetime
    version: int
    stated: int
    unchanged: int
    withdrawn: int


class OwnerAsked(Message):
    """One office after being asked (一家的核实结果).

    `reason` says why there is no answer. `answered_at` (UTC) is when it last did answer about this
    person, now or earlier, and `age_seconds` how long ago that was; None where it never did.
    `stated` and `withdrawn` count the facts that became different.
    """

    connector: str
    owner: DataOwner
    outcome: Literal["changed", "unchanged", "no_answer"]
    reason: NoAnswerReason | None = None
    found: bool | None = None
    stated: int = 0
    withdrawn: int = 0
    answered_at: datetime | None = None
    as_of: datetime | None = None
    age_seconds: int | None = None


class OwnersAsked(Message):
    """`POST /v1/persons/{person_id}/refresh`: what each office answered just now (联机核实).

    What they said is recorded at this one instant; `version` is the person's from then on.
    """

    person_id: str
    recorded_at: datetime
    version: int
    owners: tuple[OwnerAsked, ...]


class RecordMerge(Message):
    """`POST /v1/persons/{person_id}/merges`: another record is this person (人员归并).

    The person in the path answers for both from now on.
    """

    other_id: str
    reason: MergeReason


class RecordSplit(Message):
    """`POST /v1/persons/{person_id}/merges/{number}/undo`: they are two after all (拆分)."""

    reason: SplitReason


class MergeRecorded(Message):
    """The merge as it was recorded (已归并); `number` is what it is undone by."""

    person_id: str
    other_id: str
    number: int
    recorded_at: datetime
    version: int


class SplitRecorded(Message):
    """The split as it was recorded (已拆分): each record answers for itself again.

    `said_since` counts what was stated or withdrawn under `person_id` while both were one: it
    stays there, and should be looked through.
    """

    person_id: str
    other_id: str
    number: int
    recorded_at: datetime
    version: int
    said_since: int


class CertificateStated(Message):
    """`POST /v1/persons/{person_id}/certificates`: one more certificate of a person (增加证件)."""

    certificate_type: CertificateType
    certificate_number: Annotated[str, Field(min_length=1, max_length=40)]


class CertificateRecorded(Message):
    """The certificate finds the person from now on (已登记); `added` is false if it did before.

    The number is not repeated.
    """

    person_id: str
    certificate_type: CertificateType
    added: bool
    recorded_at: datetime
    version: int


class MergeShown(Message):
    """One merge into a person, and its undoing where it was undone (归并记录)."""

    number: int
    other_id: str
    reason: MergeReason
    merged_at: datetime
    split_at: datetime | None = None


class MergesShown(Message):
    """`GET /v1/persons/{person_id}/merges`: the merges into the canonical record (归并记录)."""

    canonical_id: str
    merges: tuple[MergeShown, ...]


class MembersQuery(Message):
    """`POST /v1/members`: who belongs to a household, village or township on a day (成员查询).

    Exactly one of `household`, `village` and `township` is asked for; a household by its number
    in the register of `register_owner`, by default the poverty office's. Of several places a person
    lives at on the day, the one that began last counts. As known at `known_at`, by default now. A
    page holds at most `limit` people; `after` is the `next_after` of the page before.
    """

    on: date
    household: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,40}$")] | None = None
    register_owner: DataOwner | None = None
    village: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    township: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    known_at: AwareDatetime | None = None
    after: str | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=LARGEST_QUERY)] = LARGEST_QUERY


class MemberFound(Message):
    """One person who belongs (成员): the canonical id, and all ids that are this person's."""

    person_id: str
    person_ids: tuple[str, ...]


class MembersFound(Message):
    """Those who belong, by id (成员清单); each is kept as a reading of that person.

    Whoever wants the next page asks with this `next_after`, and with this `known_at`.
    """

    on: date
    known_at: datetime
    members: tuple[MemberFound, ...]
    next_after: str | None = None
    has_more: bool


class PersonRead(Message):
    """One reading of a person's facts (查阅记录): by whom, and with which call.

    Institution and operator are None where the caller did not say.
    """

    read_at: datetime
    institution_id: str | None = None
    operator: str | None = None
    call: str


class PersonReads(Message):
    """`GET /v1/persons/{person_id}/reads`: the latest 1,000, the latest first (查阅记录)."""

    person_id: str
    reads: tuple[PersonRead, ...]


class RosterRowError(Message):
    """One rejected row (错误行): `row` counts the header as 1."""

    row: int
    column: str | None = None
    message: str


class RosterStaged(Message):
    """`POST /v1/rosters`: rows read and checked, nothing changed yet (已暂存)."""

    roster_id: str
    rows: int
    accepted: int
    rejected: int
    errors: tuple[RosterRowError, ...] = ()


class RosterActivation(Message):
    """`POST /v1/rosters/{roster_id}/activation`: make a staged roster true.

    `accept_rejected_rows` is the confirmed decision to go on in spite of rejected rows.
    """

    accept_rejected_rows: bool = False


class RosterActivated(Message):
    """All accepted rows became known at this one instant (已生效)."""

    roster_id: str
    recorded_at: datetime
    persons_new: int
    facts_new: int
    facts_unchanged: int
