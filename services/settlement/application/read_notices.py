"""Notices of admission and discharge (入出院告知), told from the events themselves, in order.

Nothing is stored for them: they also exist for everything recorded before, and their cursor is the
position in the ledger. Settlement does not know where people live; it asks when a notice is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from contracts.vocabulary import InstitutionId, PersonId
from settlement.application.ledger_incomplete import LedgerIncomplete
from settlement.application.ports import EligibilityUnreachable, Ledger, LoggedFact
from settlement.domain.institution import Institution, institution_uuid
from settlement.domain.record import Actor
from settlement.domain.stay import Stay

EVENTS_A_PAGE = 1_000


class NoticeKind(StrEnum):
    """What somebody is told of (告知事项)."""

    ADMITTED = "admitted"
    ADMISSION_CHANGED = "admission-changed"
    ADMISSION_CANCELLED = "admission-cancelled"
    DISCHARGED = "discharged"
    DISCHARGE_UNDONE = "discharge-undone"


class Happened(NamedTuple):
    """That somebody was admitted or discharged, or was not after all, with its position.

    `was_day` is the day that was told before, where it was changed.
    """

    position: int
    kind: NoticeKind
    person_id: PersonId
    institution_id: InstitutionId
    day: date
    recorded_at: datetime
    was_day: date | None = None


class Notice(NamedTuple):
    """The same with the township that answers for the person (告知); None: nobody knows it."""

    happened: Happened
    township: str | None


@dataclass(frozen=True)
class NoticesPage:
    """Some notices in order, and the cursor to go on from (告知分页)."""

    notices: tuple[Notice, ...]
    next_after: int
    has_more: bool


NOTICED: tuple[type, ...] = (
    Stay.Created,
    Stay.PartBegun,
    Stay.AdmittedAgain,
    Stay.AdmissionChanged,
    Stay.AdmissionCancelled,
    Stay.Discharged,
    Stay.DischargeUndone,
)
"""The kinds of event that `happened_in` looks at (告知依据); all others tell nobody anything."""


class EventsInOrder(Protocol):
    """The ledger's events from a position on."""

    def events_after(self, position: int, limit: int) -> Sequence[LoggedFact]:
        """Up to `limit` of them, in order."""


class Histories(Protocol):
    """What happened to a stay."""

    def history(self, stay_id: UUID, /) -> Iterator[Any]:
        """Its events in order; at least those by which somebody was admitted, or a part began."""


class Residences(Protocol):
    """Where people live (居住地查询)."""

    def township_of(self, person_id: PersonId, *, on: date, by: Actor) -> str | None:
        """The township somebody lived in on a day, as known now; None where nobody knows.

        `by` is recorded as the reader. Raises EligibilityUnreachable.
        """


@dataclass(frozen=True)
class ReadNotices:
    """The question: up to `limit` notices behind a position, of one township or of all."""

    after: int
    limit: int
    township: str | None
    by: Actor


def read_notices(
    asked: ReadNotices, *, ledger: Ledger, events: EventsInOrder, residences: Residences
) -> NoticesPage:
    """The next of them; a hospital reads those of its own stays.

    A page looks at a limited number of events and may hold few notices, or none. It ends before
    the first notice whose township could not be asked. Raises EligibilityUnreachable where that is
    the first of the page, and LedgerIncomplete.
    """
    is_hospital = ledger.find(institution_uuid(asked.by.institution_id), Institution) is not None
    page = events.events_after(asked.after, EVENTS_A_PAGE + 1)
    reached = asked.after
    notices: list[Notice] = []
    for logged in page[:EVENTS_A_PAGE]:
        if len(notices) == asked.limit:
            return NoticesPage(tuple(notices), reached, has_more=True)
        happened = happened_in(logged, ledger)
        if happened and not (is_hospital and happened.institution_id != asked.by.institution_id):
            try:
                township = residences.township_of(happened.person_id, on=happened.day, by=asked.by)
            except EligibilityUnreachable:
                if reached == asked.after:
                    raise
                return NoticesPage(tuple(notices), reached, has_more=True)
            if asked.township in (None, township):
                notices.append(Notice(happened, township))
        reached = logged.position
    return NoticesPage(tuple(notices), reached, has_more=len(page) > EVENTS_A_PAGE)


def happened_in(logged: LoggedFact, ledger: Histories) -> Happened | None:
    """What an event tells everybody; None for most of them."""
    # Who reads those kinds alone, and who reads everything, are told the same.
    if not isinstance(logged.event, NOTICED):
        return None
    return None if _is_of_later_part(logged.event, ledger) else _happened_in(logged, ledger)


def _happened_in(logged: LoggedFact, ledger: Histories) -> Happened | None:
    event = logged.event
    match event:
        case Stay.Created() | Stay.AdmittedAgain():
            return _told(logged, ledger, NoticeKind.ADMITTED, event.admission)
        case Stay.AdmissionChanged() if event.admission != event.was.admission:
            changed = _told(logged, ledger, NoticeKind.ADMISSION_CHANGED, event.admission)
            return changed._replace(was_day=event.was.admission)
        case Stay.AdmissionCancelled():
            return _told(logged, ledger, NoticeKind.ADMISSION_CANCELLED, event.was.admission)
        case Stay.Discharged():
            return _told(logged, ledger, NoticeKind.DISCHARGED, event.discharge)
        case Stay.DischargeUndone() if not event.was.goes_on:
            return _told(logged, ledger, NoticeKind.DISCHARGE_UNDONE, event.was.discharge)
    return None


def _is_of_later_part(event: Any, ledger: Histories) -> bool:
    """Whether an event would tell of an admission where only a part of a stay began."""
    if isinstance(event, Stay.PartBegun):
        return True
    if not isinstance(event, (Stay.AdmittedAgain, Stay.AdmissionCancelled)):
        return False
    return isinstance(next(iter(ledger.history(event.originator_id)), None), Stay.PartBegun)


def _told(logged: LoggedFact, ledger: Histories, kind: NoticeKind, day: date) -> Happened:
    event = logged.event
    admitted = _admission_before(event, ledger)
    return Happened(
        position=logged.position,
        kind=kind,
        person_id=admitted.person_id,
        institution_id=admitted.institution_id,
        day=day,
        recorded_at=event.timestamp,
    )


class _Admitted(NamedTuple):
    person_id: PersonId
    institution_id: InstitutionId


def _admission_before(event: Any, ledger: Histories) -> _Admitted:
    """Who lay under the stay number then: after a cancelled admission it may be somebody else."""
    admitted = None
    for earlier in ledger.history(event.originator_id):
        if earlier.originator_version > event.originator_version:
            break
        if isinstance(earlier, Stay.Created):
            admitted = _Admitted(earlier.person_id, earlier.institution_id)
        elif isinstance(earlier, Stay.AdmittedAgain) and admitted:
            admitted = admitted._replace(person_id=earlier.person_id)
    if admitted is None:
        raise LedgerIncomplete(f"住院 {event.originator_id} 没有入院登记")
    return admitted
