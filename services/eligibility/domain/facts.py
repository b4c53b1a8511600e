"""What may be true of a person (事项): nine kinds of fact, all held and replaced in one way.

A fact says on which days it holds, and has a place: what a later statement of its kind shares with
it if it takes its place. Facts of other places stand beside each other. None of them holds a name
or a certificate number.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, TypeAlias

from contracts.vocabulary import DataOwner, FactKind, FilingKind, MarkKind, PremiumPayer, Scheme
from eligibility.domain.days import Days

Place: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class BenefitsAfterEnd:
    """Benefits that go on when an identity has ended (四个不摘): `until` a day, or without end."""

    until: date | None


@dataclass(frozen=True)
class Identity:
    """An identity (身份) and the days it holds, both included; open-ended without `valid_to`."""

    KIND: ClassVar = FactKind.IDENTITY
    identity: str
    valid_from: date
    valid_to: date | None
    benefits_after_end: BenefitsAfterEnd | None = None

    @property
    def place(self) -> Place:
        """The same identity from the same day on."""
        return (self.identity, self.valid_from.isoformat())


@dataclass(frozen=True)
class Household:
    """Membership of a household (家庭户): its number in the register of the owner that keeps it."""

    KIND: ClassVar = FactKind.HOUSEHOLD
    register_owner: DataOwner
    number: str
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> Place:
        """One household a register and first day: another number corrects it."""
        return (self.register_owner.value, self.valid_from.isoformat())


@dataclass(frozen=True)
class Residence:
    """Where a person lives (居住地): township (乡镇, nine digits), village (村、社区, twelve).

    The first six digits are the county's (GB/T 2260); the township's begin the village's.
    """

    KIND: ClassVar = FactKind.RESIDENCE
    township: str
    village: str | None
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> Place:
        """The first day: a person moves to one place on a day."""
        return (self.valid_from.isoformat(),)


@dataclass(frozen=True)
class Enrolment:
    """An enrolment (参保): county (GB/T 2260), scheme, plan, and the days it holds.

    `valid_from` is the first day of effect; `from_birth` marks a newborn enrolled late with effect
    from birth; `waiting_to` is the last day of the waiting period (等待期), on which nothing is
    paid yet.
    """

    KIND: ClassVar = FactKind.ENROLMENT
    region: str
    scheme: Scheme
    plan: str | None
    valid_from: date
    valid_to: date | None
    premium_payer: PremiumPayer | None = None
    premium_paid_on: date | None = None
    from_birth: bool = False
    waiting_to: date | None = None

    @property
    def place(self) -> Place:
        """The same county and scheme from the same day on."""
        return (self.region, self.scheme.value, self.valid_from.isoformat())


@dataclass(frozen=True)
class Mark:
    """A chronic or special disease that outpatient benefits are paid for (慢特病待遇).

    The limit is an amount in fen, or the words of the approval where it is none, or neither.
    """

    KIND: ClassVar = FactKind.MARK
    kind: MarkKind
    region: str
    code: str
    name: str
    disease_list: str | None
    limit_fen: int | None
    limit_text: str | None
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> Place:
        """The same disease in the same region from the same day on."""
        return (self.region, self.code, self.valid_from.isoformat())


@dataclass(frozen=True)
class DiseaseListing:
    """Membership of a list of serious diseases, by diagnosis (大病病种名单)."""

    KIND: ClassVar = FactKind.DISEASE_LISTING
    disease_list: str
    diagnosis_code: str
    diagnosis_system: str
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> Place:
        """The same diagnosis on the same list from the same day on."""
        listed = (self.disease_list, self.diagnosis_system, self.diagnosis_code)
        return (*listed, self.valid_from.isoformat())


@dataclass(frozen=True)
class Filing:
    """A referral, or care elsewhere filed before it began (转诊、异地备案), by its number."""

    KIND: ClassVar = FactKind.FILING
    kind: FilingKind
    number: str
    from_region: str | None
    from_institution: str | None
    to_region: str | None
    to_institution: str | None
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> Place:
        """The number: everything else of a filing may be corrected."""
        return (self.kind.value, self.number)


@dataclass(frozen=True)
class Disability:
    """A disability with its level (残疾等级), 1 the most severe, 4 the least."""

    KIND: ClassVar = FactKind.DISABILITY
    level: int
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> Place:
        """The first day: a person has one level on a day."""
        return (self.valid_from.isoformat(),)


@dataclass(frozen=True)
class Death:
    """A death (死亡): true from its day on."""

    KIND: ClassVar = FactKind.DEATH
    died_on: date

    @property
    def valid_from(self) -> date:
        """The day of death."""
        return self.died_on

    @property
    def valid_to(self) -> None:
        """Without an end."""
        return

    @property
    def place(self) -> Place:
        """The one death of a person."""
        return ()


Fact: TypeAlias = (
    Identity
    | Household
    | Enrolment
    | Mark
    | DiseaseListing
    | Filing
    | Disability
    | Death
    | Residence
)


def days_of(fact: Fact) -> Days:
    """The days on which a fact holds."""
    return Days(fact.valid_from, fact.valid_to)


def reach_of(fact: Fact) -> Days:
    """The days that a fact has an effect on: an identity's go on as long as its benefits."""
    if isinstance(fact, Identity) and fact.benefits_after_end is not None:
        return Days(fact.valid_from, fact.benefits_after_end.until)
    return days_of(fact)


def same_but_for_days(some: Fact, other: Fact) -> bool:
    """Whether two facts of one place differ in their days alone."""
    if isinstance(some, Death) or isinstance(other, Death):
        return type(some) is type(other)
    return replace(some, valid_from=other.valid_from, valid_to=other.valid_to) == other
