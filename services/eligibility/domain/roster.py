"""A roster (名册): a list of people with identities and enrolments, as an office sends it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import Scheme
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.person import Enrolment, Identity


class RosterUnreadable(Exception):
    """The file as a whole cannot be read as a roster (名册无法读取)."""


class UnknownRoster(Exception):
    """No roster was staged under this id (没有此名册)."""


class RosterAlreadyActivated(Exception):
    """The roster has been activated before (名册已生效)."""


class RosterHasRejectedRows(Exception):
    """Some rows were rejected, and nobody confirmed going on without them (名册有错误行)."""


@dataclass(frozen=True)
class Ending:
    """What is to end on which last day (退出): the kind alone, since lists rarely say since when.

    `kind` is a kind of list entry, such as `identity:orphan` or `enrolment:resident`.
    """

    kind: str
    last_day: date


@dataclass(frozen=True)
class ListedMark:
    """A disease that a list of marks says somebody has (名单上的病种), and from when until when."""

    disease: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class RosterRow:
    """One row that can become true (名册行): what it states of a person, and what it ends."""

    row: int
    person: PersonalData = field(repr=False)
    identity: Identity | None
    enrolment: Enrolment | None
    endings: tuple[Ending, ...] = ()
    village: str | None = None
    township: str | None = None
    mark: ListedMark | None = None
    """For comparing: lists of marks are not imported, the disease has no code in them."""
    cells: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """The row as it was typed, for whoever has to correct it."""

    @cached_property
    def facts(self) -> tuple[Identity | Enrolment, ...]:
        """What the row states."""
        return tuple(fact for fact in (self.identity, self.enrolment) if fact is not None)


@dataclass(frozen=True)
class RowError:
    """Why a row was rejected (错误行); `row` counts the header as 1, no value is repeated."""

    row: int
    column: str | None
    message: str


@dataclass(frozen=True)
class RejectedRow:
    """A row that cannot become true (错误行), as it was typed, and whose it is if that is clear."""

    row: int
    errors: tuple[RowError, ...]
    cells: tuple[str, ...] = field(repr=False)
    certificate: Certificate | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PassedOverRow:
    """A row that was understood and, by the layout's decision, says nothing to us (不记)."""

    row: int


ReadRow = RosterRow | RejectedRow | PassedOverRow


@dataclass(frozen=True)
class ReadRoster:
    """A roster as read: rows that can become true, and errors; a row is in one of them."""

    rows: tuple[RosterRow, ...]
    errors: tuple[RowError, ...]

    @property
    def rejected(self) -> int:
        """How many rows were rejected; one row may have several errors."""
        return len({error.row for error in self.errors})


def identity_kind(code: str) -> str:
    """The kind of list entry (名单事项) that an identity is."""
    return f"identity:{code}"


def enrolment_kind(scheme: Scheme) -> str:
    """The kind of list entry (名单事项) that an enrolment is."""
    return f"enrolment:{scheme.value}"


def kind_of(fact: Identity | Enrolment) -> str:
    """The kind of list entry (名单事项) of a fact."""
    if isinstance(fact, Identity):
        return identity_kind(fact.identity)
    return enrolment_kind(fact.scheme)


def disagree(first: PersonalData, other: PersonalData) -> bool:
    """Whether two rows of one certificate name different people (姓名或出生日期不一致)."""
    return first.name != other.name or (
        None not in (first.birth_date, other.birth_date) and first.birth_date != other.birth_date
    )


def without_contradictions(read: ReadRoster) -> ReadRoster:
    """The roster with rows rejected that say two things of one fact (同一事实两种说法).

    The same person, identity (or county and scheme) and first day with another end or plan: which
    of them is right is not for the order of rows to decide.
    """
    said: dict[tuple[object, ...], tuple[RosterRow, Identity | Enrolment]] = {}
    clashing: dict[int, str] = {}
    for row in read.rows:
        for fact in row.facts:
            place = (row.person.certificate, type(fact), fact.place)
            first, known = said.setdefault(place, (row, fact))
            if known != fact:
                clashing[row.row] = f"与第 {first.row} 行矛盾：同一事项同一开始日期，其余内容不同"
                clashing.setdefault(
                    first.row, f"与第 {row.row} 行矛盾：同一事项同一开始日期，其余内容不同"
                )
    errors = [RowError(number, None, message) for number, message in clashing.items()]
    return ReadRoster(
        rows=tuple(row for row in read.rows if row.row not in clashing),
        errors=tuple(sorted((*read.errors, *errors), key=lambda error: error.row)),
    )


@dataclass(frozen=True)
class ActivationCounts:
    """What an activation changed (生效统计)."""

    persons_new: int
    facts_new: int
    facts_unchanged: int


class ActivatedRoster(Aggregate):
    """The record that a roster became true, by whom and with what effect (名册生效记录)."""

    TOPIC = "eligibility.roster"

    class Created(Aggregate.Created):
        """All accepted rows became known at the instant of this event (名册生效)."""

        TOPIC = "eligibility.roster-activated.v1"
        institution_id: str
        operator: str
        accepted: int
        rejected: int
        counts: ActivationCounts

    def __init__(self, counts: ActivationCounts) -> None:
        self.counts = counts

    @classmethod
    def record(
        cls,
        *,
        roster_id: UUID,
        roster: ReadRoster,
        counts: ActivationCounts,
        institution_id: str,
        operator: str,
        at: datetime,
    ) -> "ActivatedRoster":
        """The record of an activation at the instant `at`."""
        return cls._create(
            cls.Created,
            id=roster_id,
            institution_id=institution_id,
            operator=operator,
            accepted=len(roster.rows),
            rejected=roster.rejected,
            counts=counts,
            timestamp=at,
        )
