"""What a settlement was made from (结算依据), as stored: enough to compute it again.

No name and no certificate number: a person is an opaque id, an age, identities and an enrolment.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from contracts.vocabulary import (
    Care,
    InstitutionId,
    InstitutionTier,
    Occasion,
    PersonId,
    Place,
    RegionCode,
    Scheme,
    Transfer,
)
from settlement.domain.chain import EpisodeUsed, PartUsed
from settlement.domain.circumstances import Circumstances
from settlement.law.bill import Charges
from settlement.law.book import StayDates
from settlement.law.facts import Facts, PersonOn
from settlement.law.people import HeldIdentity, People, identities_counted
from settlement.law.policy import BENEFIT_ADMISSIONS, KEY_OF_COUNTER, Policy
from settlement.law.stay_facts import with_dates
from settlement.law.stays_in_parts import PartsDates

_TIERS: list[str | None] = [tier.value for tier in InstitutionTier]
"""From the lowest to the highest."""

_MUNICIPALITIES = {"11", "12", "31", "50"}


@dataclass(frozen=True)
class Actor:
    """Who acts, and for which institution (经办人)."""

    operator: str
    institution_id: InstitutionId


@dataclass(frozen=True)
class BenefitsGoOn:
    """Benefits that go on after an identity ended (四个不摘), until a day or without an end."""

    until: date | None = None


@dataclass(frozen=True)
class IdentityUsed:
    """One identity as eligibility answered it (认定的身份).

    Where its owner said that benefits go on, it counts until they end, whatever a policy says of
    identities that ended.
    """

    identity: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    source: str
    benefits_go_on: BenefitsGoOn | None = None

    @property
    def counts_to(self) -> date | None:
        """The last day on which it counts by itself; None where there is none."""
        return self.benefits_go_on.until if self.benefits_go_on else self.valid_to

    def held_on(self, day: date) -> HeldIdentity:
        """The identity as a policy is to see it on a day."""
        ended = self.valid_to is not None and self.valid_to < day
        if ended and day <= (self.counts_to or date.max):
            return HeldIdentity(self.identity, self.valid_from, day)
        return HeldIdentity(self.identity, self.valid_from, self.valid_to)


@dataclass(frozen=True)
class EnrolmentUsed:
    """The enrolment that selected the book (参保关系).

    Until `waiting_to`, the last day of its waiting period (等待期), nothing is paid.
    """

    region: RegionCode
    scheme: Scheme
    plan: str | None
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    source: str
    waiting_to: date | None = None


@dataclass(frozen=True)
class PersonUsed:
    """Who the person was on a day (某日的认定), as eligibility answered it.

    `identities` are those true on the day `on`, or on any day of a window where the policy lets
    an identity count beyond its own days, and those that ended and whose benefits went on then;
    `age` is that of the day `on`.
    """

    on: date
    known_at: datetime
    version: int
    age: int | None
    identities: tuple[IdentityUsed, ...]
    identities_from: date | None = None
    identities_to: date | None = None

    @property
    def window(self) -> tuple[date, date]:
        """The first and the last day whose identities are known."""
        return self.identities_from or self.on, self.identities_to or self.on

    def counted(self, people: People) -> PersonOn:
        """The identities that count on the day, as a policy counts them, and the age."""
        held = [identity.held_on(self.on) for identity in self.identities]
        return PersonOn(identities_counted(people, held, on=self.on), self.age)


@dataclass(frozen=True)
class ReplicaUsed:
    """That eligibility did not answer, and our replica did (资格副本).

    At the instant `complete_at` (UTC) the replica held everything that eligibility had learned, up
    to the `position` of its log; later instants may be missing from it.
    """

    complete_at: datetime
    position: int


@dataclass(frozen=True)
class EligibilityUsed:
    """Eligibility's answer as it was used (资格认定): enough to ask the same question again.

    `identities` are those of the day `identities_on`, or of the window from `identities_from` to
    `identities_to`; `other_days` what was answered for days that single layers go by.
    `other_records` are ids under which the same person was known, too (归并): what is counted by
    person is counted for all of them together. `replica` says that our replica answered, None
    where eligibility did; it does not know birth dates, so that `age` is None then.
    """

    person_id: PersonId
    enrolment_on: date
    identities_on: date
    known_at: datetime
    version: int
    age: int | None
    enrolment: EnrolmentUsed
    identities: tuple[IdentityUsed, ...]
    identities_from: date | None = None
    identities_to: date | None = None
    other_days: tuple[PersonUsed, ...] = ()
    other_records: tuple[PersonId, ...] = ()
    replica: ReplicaUsed | None = None

    @property
    def records(self) -> tuple[PersonId, ...]:
        """All ids of the person, that of the stay first."""
        return self.person_id, *self.other_records

    @property
    def person(self) -> PersonUsed:
        """Who the person was on the day the policy goes by."""
        return PersonUsed(
            on=self.identities_on,
            known_at=self.known_at,
            version=self.version,
            age=self.age,
            identities=self.identities,
            identities_from=self.identities_from,
            identities_to=self.identities_to,
        )

    def person_on(self, day: date) -> PersonUsed | None:
        """Who the person was on a day; None where nobody asked about it."""
        return next((p for p in (self.person, *self.other_days) if p.on == day), None)


@dataclass(frozen=True)
class InstitutionUsed:
    """The institution as the reference data described it on the day of admission (机构)."""

    institution_id: InstitutionId
    name: str
    region: RegionCode
    tier: str | None
    level: str | None
    designations: tuple[str, ...]


FIRST_FORM, FORM = "1", "2"
"""What a settlement writes down: the first form ever stored, and today's."""


@dataclass(frozen=True)
class SettlementInputs:
    """Everything a settlement was computed from (结算输入), in fen.

    `counters_before` are the yearly totals before it (`admissions` is a count), each by its name
    and, where it is kept apart for several values, `name@value`; `counter_years` the first day of
    the benefit year each name belongs to. `part` says which part of a stay it is, None where the
    stay is settled as a whole; `former_institution` is the hospital whose stay it goes on, and
    `episode` the stays it hangs together with, where the policy counts by them. `form` says what
    the settlement writes down:

    - "1": admissions are counted in all.
    - "2": admissions are counted by the tier of the hospital, too.
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
    form: str = FIRST_FORM
    part: PartUsed | None = None
    former_institution: InstitutionUsed | None = None
    episode: EpisodeUsed | None = None

    @property
    def dates(self) -> StayDates:
        """The dates of the stay, or of its part."""
        return StayDates(self.admission, self.discharge, self.settled_on)

    def dates_under(self, policy: Policy) -> StayDates:
        """The dates that a policy goes by: of a later part it may be the whole stay's admission."""
        said = policy.stays_in_parts
        if self.part is None or said is None or said.dates is PartsDates.OF_PART:
            return self.dates
        return replace(self.dates, admission=self.part.stay_admission)

    def facts(self, policy: Policy) -> Facts:
        """What look-ups of a policy may ask about this stay; what nobody stated is left open."""
        used, stated = self.eligibility, self.circumstances
        dates = self.dates_under(policy)
        own_day = dates.on(policy.person_asked_as_of)
        person = (used.person_on(own_day) or used.person).counted(policy.people)
        others = {day.value: used.person_on(dates.on(day)) for day in policy.days_asked}
        facts = Facts(
            identities=person.identities,
            age=person.age,
            tier=self.institution.tier,
            level=self.institution.level,
            place=place_of(enrolled=used.enrolment.region, treated=self.institution.region).value,
            plan=used.enrolment.plan,
            designations=frozenset(self.institution.designations),
            referral=stated.referral,
            emergency=stated.emergency,
            third_party_liability=stated.third_party_liability,
            surgery=stated.surgery,
            diagnosis=stated.diagnosis.code if stated.diagnosis else None,
            care=stated.care or Care.INPATIENT.value,
            disease=stated.disease,
            occasion=Occasion.DISCHARGE.value,
            declared=stated.answers,
            admission_number=self.counters_before.get(BENEFIT_ADMISSIONS, 0) + 1,
            same_tier_admission_number=self._admission_in_tier(),
            part=self.part.number if self.part else 1,
            transfer=self._transfer(),
            episode=str(self.episode.stay_id) if self.episode else None,
        )
        return with_dates(
            facts,
            policy,
            dates,
            goes_on=self.part is not None and self.part.goes_on,
            person_on={day: p.counted(policy.people) for day, p in others.items() if p},
        )

    def _transfer(self) -> str | None:
        """From what hospital the stay goes on; None where a tier is not known."""
        if self.former_institution is None:
            return Transfer.NONE.value
        before, now = self.former_institution.tier, self.institution.tier
        if before not in _TIERS or now not in _TIERS:
            return None
        if before == now:
            return Transfer.FROM_SAME.value
        is_lower = _TIERS.index(before) < _TIERS.index(now)
        return (Transfer.FROM_LOWER if is_lower else Transfer.FROM_HIGHER).value

    def _admission_in_tier(self) -> int | None:
        """Which stay of the year in hospitals of this tier it is; None where an earlier stay of
        the year was not counted by tier."""
        of_tier = f"{BENEFIT_ADMISSIONS}{KEY_OF_COUNTER}"
        before = self.counters_before
        told = sum(count for name, count in before.items() if name.startswith(of_tier))
        if self.institution.tier is None or told != before.get(BENEFIT_ADMISSIONS, 0):
            return None
        return before.get(of_tier + self.institution.tier, 0) + 1


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
