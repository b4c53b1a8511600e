"""What use cases need from outside (端口): the ledger, eligibility, the policy book."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import PersonId
from settlement.domain.record import EnrolmentUsed, IdentityUsed

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


@dataclass(frozen=True)
class LoggedFact:
    """An event with its position in the region's ledger."""

    position: int
    event: Any


class Ledger(Protocol):
    """The event log of settlement (账本)."""

    def find(self, aggregate_id: UUID, kind: type[Kind]) -> Kind | None:
        """The aggregate as it is now, or None."""

    def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        """Everything or nothing. Raises Overtaken."""

    def next_serial(self, series: str) -> int:
        """The next number of a series; never the same twice."""

    def events(self) -> Iterator[LoggedFact]:
        """Every event in order of position."""

    def history(self, aggregate_id: UUID) -> Iterator[Any]:
        """The events of one aggregate in order."""


@dataclass(frozen=True)
class PersonAnswer:
    """Eligibility's answer about a person on a day (资格答复).

    With a `window`, `identities` are those true on any day from its first to its last.
    """

    person_id: PersonId
    on: date
    known_at: datetime
    version: int
    birth_date: date | None
    enrolments: tuple[EnrolmentUsed, ...]
    identities: tuple[IdentityUsed, ...]
    window: tuple[date, date] | None = None


class Eligibility(Protocol):
    """Who a person was on a day (资格查询)."""

    def entitlements(
        self,
        person_id: PersonId,
        *,
        on: date,
        known_at: datetime,
        window: tuple[date, date] | None = None,
    ) -> PersonAnswer:
        """Raises PersonUnknown, EligibilityUnreachable."""


Accept = Callable[[Any], Receipt | None]
"""Makes the receipt of a request from its result."""
