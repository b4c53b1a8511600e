"""What a settlement was made from (结算依据), as stored: enough to compute it again.

No name and no certificate number: a person is an opaque id, an age, identities and an enrolment.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from contracts.vocabulary import InstitutionId, PersonId, Place, RegionCode, Scheme
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from settlement.law.policy import BENEFIT_ADMISSIONS

_MUNICIPALITIES = {"11", "12", "31", "50"}


@dataclass(frozen=True)
class Actor:
    """Who acts, and for which institution (经办人)."""

    operator: str
    institution_id: InstitutionId


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis (诊断) with its code system and version, such as ICD-10 医保版 2.0."""

    code: str
    system: str
    version: str


@dataclass(frozen=True)
class Circumstances:
    """What the hospital declares about a stay (住院情形); None where nobody said."""

    referral: bool | None = None
    emergency: bool | None = None
    third_party_liability: bool | None = None
    surgery: bool | None = None
    diagnosis: Diagnosis | None = None

    def amended(self, later: "Circumstances") -> "Circumstances":
        """What is known after a later declaration: what it states replaces what was stated."""
        return Circumstances(
            referral=self.referral if later.referral is None else later.referral,
            emergency=self.emergency if later.emergency is None else later.emergency,
            third_party_liability=self.third_party_liability
            if later.third_party_liability is None
            else later.third_party_liability,
            surgery=self.surgery if later.surgery is None else later.surgery,
            diagnosis=later.diagnosis or self.diagnosis,
        )


@dataclass(frozen=True)
class IdentityUsed:
    """One identity as eligibility answered it (认定的身份)."""

    identity: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    source: str


@dataclass(frozen=True)
class EnrolmentUsed:
    """The enrolment that selected the book (参保关系)."""

    region: RegionCode
    scheme: Scheme
    plan: str | None
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    source: str


@dataclass(frozen=True)
class EligibilityUsed:
    """Eligibility's answer as it was used (资格认定): enough to ask the same question again."""

    person_id: PersonId
    enrolment_on: date
    identities_on: date
    known_at: datetime
    version: int
    age: int | None
    enrolment: EnrolmentUsed
    identities: tuple[IdentityUsed, ...]


@dataclass(frozen=True)
class InstitutionUsed:
    """The institution as the reference data described it on the day of admission (机构)."""

    institution_id: InstitutionId
    name: str
    region: RegionCode
    tier: str | None
    level: str | None
    designations: tuple[str, ...]


@dataclass(frozen=True)
class SettlementInputs:
    """Everything a settlement was computed from (结算输入), in fen.

    `counters_before` are the yearly totals before it (`admissions` is a count), `counter_years`
    the first day of the benefit year each of them belongs to.
    """

    fingerprint: str
    arithmetic_version: str
    admission: date
    discharge: date
    settled_on: date
    eligibility: EligibilityUsed
    institution: InstitutionUsed
    circumstances: Circumstances
    charges: Charges
    counters_before: dict[str, int] = field(default_factory=dict)
    counter_years: dict[str, date] = field(default_factory=dict)
    elsewhere_fen: dict[str, int] = field(default_factory=dict)

    def facts(self) -> Facts:
        """What look-ups may ask about this stay."""
        diagnosis = self.circumstances.diagnosis
        return Facts(
            identities=frozenset(i.identity for i in self.eligibility.identities),
            tier=self.institution.tier,
            level=self.institution.level,
            place=place_of(
                enrolled=self.eligibility.enrolment.region, treated=self.institution.region
            ).value,
            plan=self.eligibility.enrolment.plan,
            referral=self.circumstances.referral,
            emergency=self.circumstances.emergency,
            third_party_liability=self.circumstances.third_party_liability,
            surgery=self.circumstances.surgery,
            diagnosis=diagnosis.code if diagnosis else None,
            designations=frozenset(self.institution.designations),
            age=self.eligibility.age,
            admission_number=self.counters_before.get(BENEFIT_ADMISSIONS, 0) + 1,
        )


def place_of(*, enrolled: RegionCode, treated: RegionCode) -> Place:
    """Where a hospital is, seen from the enrolment (就医地).

    An enrolment pooled by a whole prefecture or province counts all of it as its own place.
    """
    own = enrolled[:2] if enrolled.endswith("0000") else enrolled.removesuffix("00")
    if treated.startswith(own):
        return Place.IN_COUNTY
    if _city_of(treated) == _city_of(enrolled):
        return Place.IN_CITY
    return Place.IN_PROVINCE if treated[:2] == enrolled[:2] else Place.OUT_OF_PROVINCE


def _city_of(region: RegionCode) -> str:
    """The city a county belongs to: a municipality is one city; a county under its province
    directly (xx90xx) is its own."""
    if region[:2] in _MUNICIPALITIES:
        return region[:2]
    return region if region[2:4] == "90" else region[:4]


def age_on(birth: date | None, day: date) -> int | None:
    """Completed years (周岁) on a day; None when the birth date is not known."""
    if birth is None:
        return None
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
