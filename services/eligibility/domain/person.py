"""A person (人员): identities and enrolments, each with when it was true and when we learned it.

Nothing is overwritten. A statement with the same beginning as an earlier one (of the same
identity, or of the same county and scheme) takes its place from the instant it was recorded;
asked as of an earlier instant, the earlier statement still answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import Scheme


class RecordedBackwards(Exception):
    """A statement recorded before one the person already has: the clock was set back."""


class WindowInvalid(Exception):
    """The first day of a window lies after its last."""


@dataclass(frozen=True)
class Window:
    """From one day to another (时间窗), both inclusive. Raises WindowInvalid."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """A window has at least one day."""
        if self.last < self.first:
            message = (
                f"from {self.first} 晚于 to {self.last}；请核对 (window ends before it begins)"
            )
            raise WindowInvalid(message)


@dataclass(frozen=True)
class Identity:
    """An identity (身份) and the days it holds, both included; open-ended without `valid_to`."""

    identity: str
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> tuple[str, date]:
        """What a later statement shares with this one if it takes its place."""
        return (self.identity, self.valid_from)


@dataclass(frozen=True)
class Enrolment:
    """An enrolment (参保): county (GB/T 2260), scheme, plan, and the days it holds."""

    region: str
    scheme: Scheme
    plan: str | None
    valid_from: date
    valid_to: date | None

    @property
    def place(self) -> tuple[str, Scheme, date]:
        """What a later statement shares with this one if it takes its place."""
        return (self.region, self.scheme, self.valid_from)


Fact = TypeVar("Fact", Identity, Enrolment)


@dataclass(frozen=True)
class Recorded(Generic[Fact]):
    """A fact with the instant it was recorded (UTC, 记录时刻) and where it came from."""

    fact: Fact
    recorded_at: datetime
    source: str


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

    class IdentityStated(Aggregate.Event):
        """An identity was stated (身份认定)."""

        TOPIC = "eligibility.identity-stated.v1"
        identity: str
        valid_from: date
        valid_to: date | None
        source: str

        def apply(self, aggregate: "Person") -> None:
            """Remember it beside the earlier ones."""
            fact = Identity(self.identity, self.valid_from, self.valid_to)
            aggregate.identities.append(Recorded(fact, self.timestamp, self.source))

    class EnrolmentStated(Aggregate.Event):
        """An enrolment was stated (参保登记)."""

        TOPIC = "eligibility.enrolment-stated.v1"
        region: str
        scheme: Scheme
        plan: str | None
        valid_from: date
        valid_to: date | None
        source: str

        def apply(self, aggregate: "Person") -> None:
            """Remember it beside the earlier ones."""
            fact = Enrolment(
                region=self.region,
                scheme=self.scheme,
                plan=self.plan,
                valid_from=self.valid_from,
                valid_to=self.valid_to,
            )
            aggregate.enrolments.append(Recorded(fact, self.timestamp, self.source))

    def __init__(self, sealed: bytes) -> None:
        self.sealed: list[tuple[datetime, bytes]] = [(self.created_on, sealed)]
        self.identities: list[Recorded[Identity]] = []
        self.enrolments: list[Recorded[Enrolment]] = []

    @classmethod
    def register(cls, *, person_id: UUID, sealed: bytes, at: datetime) -> "Person":
        """A person who becomes known at the instant `at`, with encrypted personal data."""
        return cls._create(cls.Created, id=person_id, sealed=sealed, timestamp=at)

    def state_personal_data(self, sealed: bytes, *, at: datetime) -> None:
        """State name or birth date anew. Raises `RecordedBackwards`."""
        self._require_order(at)
        self.trigger_event(self.PersonalDataStated, sealed=sealed, timestamp=at)

    def state_identity(self, identity: Identity, *, source: str, at: datetime) -> bool:
        """State an identity; False if that is already known. Raises `RecordedBackwards`."""
        if _is_known(identity, self.identities):
            return False
        self._require_order(at)
        self.trigger_event(
            self.IdentityStated,
            identity=identity.identity,
            valid_from=identity.valid_from,
            valid_to=identity.valid_to,
            source=source,
            timestamp=at,
        )
        return True

    def state_enrolment(self, enrolment: Enrolment, *, source: str, at: datetime) -> bool:
        """State an enrolment; False if that is already known. Raises `RecordedBackwards`."""
        if _is_known(enrolment, self.enrolments):
            return False
        self._require_order(at)
        self.trigger_event(
            self.EnrolmentStated,
            region=enrolment.region,
            scheme=enrolment.scheme,
            plan=enrolment.plan,
            valid_from=enrolment.valid_from,
            valid_to=enrolment.valid_to,
            source=source,
            timestamp=at,
        )
        return True

    def identities_on(self, day: date, *, known_at: datetime) -> list[Recorded[Identity]]:
        """The identities true on a day, as known at an instant, by their beginning."""
        return self.identities_within(Window(day, day), known_at=known_at)

    def identities_within(self, window: Window, *, known_at: datetime) -> list[Recorded[Identity]]:
        """The identities true on any day of a window, as known at an instant."""
        return _true_within(window, _current(self.identities, known_at=known_at))

    def enrolments_on(self, day: date, *, known_at: datetime) -> list[Recorded[Enrolment]]:
        """The enrolments true on a day, as known at an instant, by their beginning."""
        return _true_within(Window(day, day), _current(self.enrolments, known_at=known_at))

    def sealed_as_known_at(self, known_at: datetime) -> bytes | None:
        """The encrypted personal data as known at an instant; None before the person was known."""
        known = [sealed for stated_at, sealed in self.sealed if stated_at <= known_at]
        return known[-1] if known else None

    def _require_order(self, at: datetime) -> None:
        if at < self.modified_on:
            message = "记录时刻早于该人员已有的记录，请检查系统时钟 (clock set back)"
            raise RecordedBackwards(message)


def _current(
    recorded: Iterable[Recorded[Fact]], *, known_at: datetime | None = None
) -> list[Recorded[Fact]]:
    latest = {
        each.fact.place: each
        for each in recorded
        if known_at is None or each.recorded_at <= known_at
    }
    return list(latest.values())


def _is_known(fact: Fact, recorded: Iterable[Recorded[Fact]]) -> bool:
    return any(each.fact == fact for each in _current(recorded))


def _true_within(window: Window, recorded: Iterable[Recorded[Fact]]) -> list[Recorded[Fact]]:
    true = [
        each
        for each in recorded
        if each.fact.valid_from <= window.last
        and (each.fact.valid_to is None or window.first <= each.fact.valid_to)
    ]
    return sorted(true, key=lambda each: [str(part) for part in each.fact.place])
