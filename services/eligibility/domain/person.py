"""A person (人员): facts, each with when it was true and when we learned it; nothing overwritten.

What a fact may be is in `facts`; how statements replace each other is in `statements`.
"""

from dataclasses import fields
from datetime import date, datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import (
    FactKind,
    MergeReason,
    PremiumPayer,
    Scheme,
    SplitReason,
    WithdrawalReason,
)
from eligibility.domain.days import Window, WindowInvalid
from eligibility.domain.facts import (
    BenefitsAfterEnd,
    Death,
    Disability,
    DiseaseListing,
    Enrolment,
    Fact,
    Filing,
    Household,
    Identity,
    Mark,
    Residence,
)
from eligibility.domain.impossible_facts import refuse_impossible
from eligibility.domain.merging import MergeStep, MergeTold
from eligibility.domain.statements import (
    Change,
    Recorded,
    Standing,
    Statement,
    change_made,
    continued_within,
    standing,
    true_within,
)

__all__ = [
    "Enrolment",
    "FactNotKnown",
    "Identity",
    "Person",
    "Recorded",
    "RecordedBackwards",
    "Window",
    "WindowInvalid",
]

FactT = TypeVar("FactT", bound=Fact)


class RecordedBackwards(Exception):
    """A statement recorded before one the person already has: the clock was set back."""


class FactNotKnown(Exception):
    """What is to be withdrawn is not what stands there (没有这项记录)."""


class _FactStated(Aggregate.Event):
    """A fact was stated; an event holds it whole, under `fact`."""

    source: str

    def apply(self, aggregate: "Person") -> None:
        """Remember it beside the earlier ones."""
        aggregate.said.append(self.statement())

    def statement(self) -> Statement:
        """What was said, with its version and instant."""
        fact, at = self.stated(), self.timestamp
        recorded = Recorded(fact, at, self.source)
        return Statement(fact.KIND, fact.place, self.originator_version, at, recorded)

    def stated(self) -> Fact:
        """The fact."""
        fact: Fact = self.__dict__["fact"]
        return fact


class _FlatFactStated(_FactStated):
    """A fact was stated; the first two kinds of event hold its fields one by one."""

    OF: ClassVar[type[Fact]]
    FIELDS: ClassVar[tuple[str, ...]]

    def stated(self) -> Fact:
        """The fact, put together from its fields."""
        # Not by its __init__, which sets a frozen dataclass's fields one at a time.
        content = self.__dict__
        fact = object.__new__(self.OF)
        fact.__dict__.update({name: content[name] for name in self.FIELDS})
        return fact


class Person(Aggregate):
    """One person, known elsewhere by the opaque id alone."""

    TOPIC = "eligibility.person"

    class Created(Aggregate.Created):
        """The person became known; `sealed` is the personal data, encrypted (人员登记)."""

        TOPIC = "eligibility.person-registered.v1"
        sealed: bytes

    class PersonalDataStated(Aggregate.Event):
        """Name or birth date were stated differently than before (个人信息变更)."""

        TOPIC = "eligibility.personal-data-stated.v1"
        sealed: bytes

        def apply(self, aggregate: "Person") -> None:
            """Keep the earlier ones too: what was known when stays answerable."""
            aggregate.sealed.append((self.timestamp, self.sealed))

    class CertificateAdded(Aggregate.Event):
        """Another certificate of the person became known, encrypted (增加证件)."""

        TOPIC = "eligibility.certificate-added.v1"
        sealed: bytes
        institution_id: str
        operator: str

        def apply(self, aggregate: "Person") -> None:
            """Remember it beside the one that personal data name."""
            aggregate.more_certificates.append(self.sealed)

    class IdentityStated(_FlatFactStated):
        """An identity was stated (身份认定)."""

        TOPIC = "eligibility.identity-stated.v1"
        OF = Identity
        FIELDS = tuple(each.name for each in fields(Identity))
        identity: str
        valid_from: date
        valid_to: date | None
        benefits_after_end: BenefitsAfterEnd | None = None

    class EnrolmentStated(_FlatFactStated):
        """An enrolment was stated (参保登记)."""

        TOPIC = "eligibility.enrolment-stated.v1"
        OF = Enrolment
        FIELDS = tuple(each.name for each in fields(Enrolment))
        region: str
        scheme: Scheme
        plan: str | None
        valid_from: date
        valid_to: date | None
        premium_payer: PremiumPayer | None = None
        premium_paid_on: date | None = None
        from_birth: bool = False
        waiting_to: date | None = None

    class HouseholdStated(_FactStated):
        """Membership of a household was stated (家庭户登记)."""

        TOPIC = "eligibility.household-stated.v1"
        fact: Household

    class ResidenceStated(_FactStated):
        """Where the person lives was stated (居住地登记)."""

        TOPIC = "eligibility.residence-stated.v1"
        fact: Residence

    class MarkStated(_FactStated):
        """A chronic or special disease mark was stated (慢特病认定)."""

        TOPIC = "eligibility.mark-stated.v1"
        fact: Mark

    class DiseaseListingStated(_FactStated):
        """A diagnosis on a list of serious diseases was stated (大病病种认定)."""

        TOPIC = "eligibility.disease-listing-stated.v1"
        fact: DiseaseListing

    class FilingStated(_FactStated):
        """A referral or a filing for care elsewhere was stated (转诊、异地备案)."""

        TOPIC = "eligibility.filing-stated.v1"
        fact: Filing

    class DisabilityStated(_FactStated):
        """A disability and its level were stated (残疾评定)."""

        TOPIC = "eligibility.disability-stated.v1"
        fact: Disability

    class DeathStated(_FactStated):
        """A death was stated (死亡登记)."""

        TOPIC = "eligibility.death-stated.v1"
        fact: Death

    class FactWithdrawn(Aggregate.Event):
        """What stood at a place never was, as known from now on (撤回)."""

        TOPIC = "eligibility.fact-withdrawn.v1"
        kind: FactKind
        place: tuple[str, ...]
        reason: WithdrawalReason
        source: str

        def apply(self, aggregate: "Person") -> None:
            """Empty the place; what was said there before stays answerable."""
            aggregate.said.append(self.statement())

        def statement(self) -> Statement:
            """What was said, with its version and instant."""
            return Statement(self.kind, self.place, self.originator_version, self.timestamp, None)

    class RecordsMerged(MergeTold):
        """Two records are one person from now on; stands in both of them (归并)."""

        TOPIC = "eligibility.records-merged.v1"
        reason: MergeReason

    class RecordsSplit(MergeTold):
        """They are not, as known from now on; stands in both of them (拆分)."""

        TOPIC = "eligibility.records-split.v1"
        reason: SplitReason

    def __init__(self, sealed: bytes) -> None:
        self.sealed: list[tuple[datetime, bytes]] = [(self.created_on, sealed)]
        self.more_certificates: list[bytes] = []
        self.said: list[Statement] = []
        self.merge_steps: list[MergeStep] = []

    @classmethod
    def register(cls, *, person_id: UUID, sealed: bytes, at: datetime) -> "Person":
        """A person who becomes known at the instant `at`, with encrypted personal data."""
        return cls._create(cls.Created, id=person_id, sealed=sealed, timestamp=at)

    def state_personal_data(self, sealed: bytes, *, at: datetime) -> None:
        """State name or birth date anew. Raises `RecordedBackwards`."""
        self.require_order(at)
        self.trigger_event(self.PersonalDataStated, sealed=sealed, timestamp=at)

    def add_certificate(
        self, sealed: bytes, *, institution_id: str, operator: str, at: datetime
    ) -> None:
        """Note one more certificate. Raises `RecordedBackwards`."""
        self.require_order(at)
        self.trigger_event(
            self.CertificateAdded,
            sealed=sealed,
            institution_id=institution_id,
            operator=operator,
            timestamp=at,
        )

    def state(self, fact: Fact, *, source: str, at: datetime, again: bool = False) -> bool:
        """State a fact; False if that is already known.

        `again` states it even so: another record of the person has said otherwise since.
        Raises `FactImpossible`, `RecordedBackwards`.
        """
        refuse_impossible(fact)
        if self.has_standing(fact) and not again:
            return False
        self.require_order(at)
        stated: Any = getattr(self, f"{type(fact).__name__}Stated")
        content = vars(fact) if issubclass(stated, _FlatFactStated) else {"fact": fact}
        self.trigger_event(stated, **content, source=source, timestamp=at)
        return True

    def state_identity(self, identity: Identity, *, source: str, at: datetime) -> bool:
        """State an identity: `state`, by its older name."""
        return self.state(identity, source=source, at=at)

    def state_enrolment(self, enrolment: Enrolment, *, source: str, at: datetime) -> bool:
        """State an enrolment: `state`, by its older name."""
        return self.state(enrolment, source=source, at=at)

    def withdraw(self, fact: Fact, *, reason: WithdrawalReason, source: str, at: datetime) -> None:
        """Take back a fact just as it stands: known from now on, it never was.

        What it had replaced does not come back by itself; it is stated again where it was right.
        Raises `FactNotKnown`, `RecordedBackwards`.
        """
        if not self.has_standing(fact):
            message = (
                f"该人员目前没有内容完全相同的{fact.KIND.label}记录；请先查询现有记录 (not known)"
            )
            raise FactNotKnown(message)
        self.require_order(at)
        self.trigger_event(
            self.FactWithdrawn,
            kind=fact.KIND,
            place=fact.place,
            reason=reason,
            source=source,
            timestamp=at,
        )

    def facts_within(
        self, kind: type[FactT], window: Window, *, known_at: datetime
    ) -> list[Recorded[FactT]]:
        """The facts of a kind true on any day of a window, as known at an instant, by place."""
        return true_within(self.said, kind, window, known_at=known_at)

    def continued_within(self, window: Window, *, known_at: datetime) -> list[Recorded[Identity]]:
        """Identities that ended before a window, and whose benefits go on in it (四个不摘)."""
        return continued_within(self.said, window, known_at=known_at)

    def identities_on(self, day: date, *, known_at: datetime) -> list[Recorded[Identity]]:
        """The identities true on a day, as known at an instant, by their beginning."""
        return self.identities_within(Window(day, day), known_at=known_at)

    def identities_within(self, window: Window, *, known_at: datetime) -> list[Recorded[Identity]]:
        """The identities true on any day of a window, as known at an instant."""
        return self.facts_within(Identity, window, known_at=known_at)

    def enrolments_on(self, day: date, *, known_at: datetime) -> list[Recorded[Enrolment]]:
        """The enrolments true on a day, as known at an instant, by their beginning."""
        return self.facts_within(Enrolment, Window(day, day), known_at=known_at)

    def change_at(self, version: int) -> Change | None:
        """What the event of a version changed; None if it states or withdraws no fact."""
        return change_made(self.said, version=version)

    def sealed_as_known_at(self, known_at: datetime) -> bytes | None:
        """The encrypted personal data as known at an instant; None before the person was known."""
        known = [sealed for stated_at, sealed in self.sealed if stated_at <= known_at]
        return known[-1] if known else None

    def standing(self) -> Standing:
        """What stands at each place after all that was said (现有事项)."""
        return standing(self.said)

    def has_standing(self, fact: Fact) -> bool:
        """Whether just this fact stands in this record."""
        known = self.standing().get((fact.KIND, fact.place))
        return known is not None and known.fact == fact

    def require_order(self, at: datetime) -> None:
        """Let an instant pass at which something may be recorded. Raises `RecordedBackwards`."""
        if at < self.modified_on:
            message = "记录时刻早于该人员已有的记录，请检查系统时钟 (clock set back)"
            raise RecordedBackwards(message)
