"""What an office's server says (联机事项): facts with the instant of the office's own clock.

Of everything said of one place the latest counts, in whichever order it arrives.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta, timezone
from typing import TypeAlias

from contracts.vocabulary import DataOwner, FactKind, WithdrawalReason
from eligibility.domain.certificate import PersonalData
from eligibility.domain.facts import (
    Death,
    Disability,
    DiseaseListing,
    Enrolment,
    Fact,
    Filing,
    Household,
    Identity,
    Mark,
    Place,
    Residence,
)
from eligibility.domain.regions import covers
from eligibility.domain.statements import source_of

# China has kept one time without summer time since 1992.
_BEIJING = timezone(timedelta(hours=8))
# After every change of its instant: an answer "as of" an instant has all of them in it.
_AFTER_ALL = 2**63 - 1

PlaceOfKind: TypeAlias = tuple[FactKind, Place]


@dataclass(frozen=True)
class Connector:
    """One office's server (部门连接): its name, which stands in the source of what it says.

    Without `regions` it answers for everybody.
    """

    name: str
    owner: DataOwner
    regions: tuple[str, ...] = ()

    @property
    def source_start(self) -> str:
        """How the source of everything this server said begins."""
        return source_of(self.owner, f"online:{self.name}:")

    def source(self, said_in: str) -> str:
        """Where a fact comes from (来源): which answer or change of this server."""
        return f"{self.source_start}{said_in}"

    def answers_for(self, region: str) -> bool:
        """Whether people enrolled in a county are asked about here."""
        return not self.regions or any(covers(each, region) for each in self.regions)


@dataclass(frozen=True, order=True)
class Stamp:
    """When an office decided something (时标), by its own clock; ties go by feed position."""

    at: datetime
    position: int = _AFTER_ALL


@dataclass(frozen=True)
class HeldFacts:
    """Facts by kind (按类事项), as an event can hold them."""

    identities: tuple[Identity, ...] = ()
    households: tuple[Household, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    marks: tuple[Mark, ...] = ()
    disease_listings: tuple[DiseaseListing, ...] = ()
    filings: tuple[Filing, ...] = ()
    disabilities: tuple[Disability, ...] = ()
    deaths: tuple[Death, ...] = ()
    residences: tuple[Residence, ...] = ()

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "HeldFacts":
        """These facts."""
        held = list(facts)
        return cls(
            identities=tuple(each for each in held if isinstance(each, Identity)),
            households=tuple(each for each in held if isinstance(each, Household)),
            enrolments=tuple(each for each in held if isinstance(each, Enrolment)),
            marks=tuple(each for each in held if isinstance(each, Mark)),
            disease_listings=tuple(each for each in held if isinstance(each, DiseaseListing)),
            filings=tuple(each for each in held if isinstance(each, Filing)),
            disabilities=tuple(each for each in held if isinstance(each, Disability)),
            deaths=tuple(each for each in held if isinstance(each, Death)),
            residences=tuple(each for each in held if isinstance(each, Residence)),
        )

    @property
    def all(self) -> tuple[Fact, ...]:
        """All of them, kind by kind."""
        return tuple(fact for each in fields(self) for fact in getattr(self, each.name))


@dataclass(frozen=True)
class OnlineAnswer:
    """What an office's server answered about one person (联机答复); `as_of` is its own clock.

    Of the `complete_kinds` everything is listed that holds on that day or later.
    """

    person: PersonalData | None
    facts: tuple[Fact, ...]
    complete_kinds: frozenset[FactKind]
    as_of: datetime

    @property
    def found(self) -> bool:
        """Whether the office knows the person."""
        return self.person is not None


@dataclass(frozen=True)
class OnlineChange:
    """One change of an office's feed (联机变更), decided by the office at `changed_at`."""

    position: int
    changed_at: datetime
    person: PersonalData
    stated: tuple[Fact, ...] = ()
    withdrawn: tuple[Fact, ...] = ()
    reason: WithdrawalReason | None = None

    @property
    def stamp(self) -> Stamp:
        """Its place in the order of what the office decided."""
        return Stamp(self.changed_at, self.position)


def place_of(fact: Fact) -> PlaceOfKind:
    """The place of a fact among all kinds."""
    return (fact.KIND, fact.place)


def beijing_day(instant: datetime) -> date:
    """The business day of an instant."""
    return instant.astimezone(_BEIJING).date()


def ended_by(fact: Fact, last_day: date) -> Fact | None:
    """A fact that its office no longer lists: it holds until that day, included.

    What has ended by then stays as it is; of what begins later, and of a death, nothing is left.
    """
    if isinstance(fact, Death) or fact.valid_from > last_day:
        return None
    if fact.valid_to is not None and fact.valid_to <= last_day:
        return fact
    if isinstance(fact, Enrolment) and fact.waiting_to is not None:
        return replace(fact, valid_to=last_day, waiting_to=min(fact.waiting_to, last_day))
    return replace(fact, valid_to=last_day)
