"""What use cases need from outside (端口): the ledger, eligibility, the policy book."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import FactKind, PersonId, RecordsChange
from settlement.domain.record import Actor, EnrolmentUsed, IdentityUsed, ReplicaUsed

Kind = TypeVar("Kind", bound=Aggregate)

Receipt = object
"""What the register keeps of an accepted request, made by the entrypoint; committed together with
the events. Use cases hand it through and never look inside."""


class Overtaken(Exception):
    """Somebody else settled this person first: load again and decide again."""


class PersonUnknown(Exception):
    """Eligibility knows no such person."""


class EligibilityUnreachable(Exception):
    """Eligibility did not answer; nothing was decided, try again."""


class EligibilityDown(EligibilityUnreachable):
    """Eligibility cannot be reached, takes too long or fails: a replica may answer instead."""


@dataclass(frozen=True)
class LoggedFact:
    """An event with its position in the region's ledger."""

    position: int
    event: Any


class FindsAggregates(Protocol):
    """Loads aggregates (读出聚合)."""

    def find(self, aggregate_id: UUID, kind: type[Kind]) -> Kind | None:
        """The aggregate as it is now, or None."""


class Ledger(FindsAggregates, Protocol):
    """The event log of settlement (账本)."""

    def find_together(self, wanted: Mapping[UUID, type[Aggregate]]) -> dict[UUID, Any]:
        """Those of several aggregates that are there, in one round trip where there is one."""

    def has(self, aggregate_id: UUID) -> bool:
        """Whether anything is stored of the aggregate; what is stored once stays."""

    def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        """Everything or nothing. Raises Overtaken."""

    def next_serial(self, series: str) -> int:
        """The next number of a series; never the same twice."""

    def events(self) -> Iterator[LoggedFact]:
        """Every event in order of position."""

    def history(self, aggregate_id: UUID) -> Iterator[Any]:
        """The events of one aggregate in order."""

    def wrong_snapshots(self) -> Iterator[UUID]:
        """The aggregates that are loaded otherwise than their events give them (快照)."""


@dataclass(frozen=True)
class PersonAnswer:
    """Eligibility's answer about a person on a day (资格答复).

    With a `window`, `identities` are those true on any day from its first to its last. Those that
    ended before, and whose benefits went on, are among them. `other_records` are ids under which
    the same person is known, too. `replica` is there where our replica answered.
    """

    person_id: PersonId
    on: date
    known_at: datetime
    version: int
    birth_date: date | None
    enrolments: tuple[EnrolmentUsed, ...]
    identities: tuple[IdentityUsed, ...]
    window: tuple[date, date] | None = None
    other_records: tuple[PersonId, ...] = ()
    replica: ReplicaUsed | None = None


@dataclass(frozen=True)
class PersonChange:
    """Something eligibility learned about a person (资格变更), with the days it touches.

    `position` orders all changes; answers say it from the person's event `version` on. `last_day`
    is None where the days have no end.
    """

    position: int
    person_id: PersonId
    version: int
    kind: FactKind
    first_day: date
    last_day: date | None
    recorded_at: datetime


@dataclass(frozen=True)
class RecordsJoined:
    """Two ids became one person's, or two people's again (归并、拆分): any day may be touched."""

    position: int
    person_id: PersonId
    other_id: PersonId
    version: int
    kind: RecordsChange
    recorded_at: datetime


@dataclass(frozen=True)
class PersonChanges:
    """Some changes in order, and the cursor to go on from (变更分页).

    `last` is the last position of eligibility's log. The marks tell the events at the position
    asked after and at `next_after` from every other; None and empty where it did not say.
    """

    changes: tuple[PersonChange | RecordsJoined, ...]
    next_after: int
    has_more: bool
    last: int | None = None
    after_mark: str = ""
    next_mark: str = ""


class Corrections(Protocol):
    """What eligibility learned, in the order of its own log (资格变更)."""

    def changes(self, *, after: int, limit: int) -> PersonChanges:
        """Those after a position. Raises EligibilityUnreachable."""


class Eligibility(Protocol):
    """Who a person was on a day (资格查询)."""

    def entitlements(
        self,
        person_id: PersonId,
        *,
        on: date,
        known_at: datetime,
        by: Actor,
        window: tuple[date, date] | None = None,
        version: int | None = None,
    ) -> PersonAnswer:
        """`by` is recorded there as the reader; `version` leaves out what was learned after an
        earlier answer. Raises PersonUnknown, EligibilityUnreachable."""


Clock = Callable[[], datetime]
"""Gives the present instant, in UTC."""

Accept = Callable[[Any], Receipt | None]
"""Makes the receipt of a request from its result."""
