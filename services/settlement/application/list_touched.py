"""Which settlements rest on an answer that has changed since (受更正影响的结算).

Eligibility tells what it learned, in order; settlements keep which days of whom they asked about.
Where the two meet, the same questions are asked again as known now, and what is answered otherwise
is named. Nothing is settled again here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Protocol
from uuid import UUID

from contracts.vocabulary import FactKind, InstitutionId, PersonId, RecordsChange
from settlement.application.ask_eligibility import person_used
from settlement.application.find_settlements import Wanted, within_sight
from settlement.application.ports import Eligibility, Ledger, PersonAnswer
from settlement.application.prepare_settlement import (
    EnrolmentAmbiguous,
    NotEnrolled,
    choose_enrolment,
)
from settlement.domain.answers_compared import (
    AnswerDiffers,
    EnrolmentDiffers,
    RecordsDiffer,
    compare_persons,
    same_enrolment,
)
from settlement.domain.record import Actor, EligibilityUsed
from settlement.domain.settlement import Settlement
from settlement.domain.stay import Stay


@dataclass(frozen=True)
class ChangeSeen:
    """A change that touches days a settlement asked about (相关变更): merged records, all days."""

    kind: FactKind | RecordsChange
    first_day: date
    last_day: date | None
    recorded_at: datetime


@dataclass(frozen=True)
class Candidate:
    """A settlement that counts, and the later changes to what it asked about."""

    position: int
    number: str
    stay_id: UUID
    changes: tuple[ChangeSeen, ...]


class TouchedSettlements(Protocol):
    """Settlements by whom and which days they asked about, and what changed there since."""

    def candidates(
        self, *, after: int, limit: int, institution_id: InstitutionId | None
    ) -> tuple[Candidate, ...]:
        """Up to `limit` of them behind a position of the ledger, in its order, up to date.

        Raises EligibilityUnreachable.
        """


@dataclass(frozen=True)
class Touched:
    """A settlement whose answers are others now (受影响的结算)."""

    stay: Stay
    settlement: Settlement
    changes: tuple[ChangeSeen, ...]
    differences: tuple[AnswerDiffers, ...]


@dataclass(frozen=True)
class TouchedPage:
    """Some of them in the ledger's order, and the cursor to go on from."""

    touched: tuple[Touched, ...]
    next_after: int
    has_more: bool


@dataclass(frozen=True)
class ListTouched:
    """The question; `known_at` is the instant as of which eligibility is asked again (UTC)."""

    after: int
    limit: int
    institution_id: InstitutionId | None
    known_at: datetime
    by: Actor


def list_touched(
    asked: ListTouched,
    *,
    touched: TouchedSettlements,
    ledger: Ledger,
    eligibility: Eligibility,
) -> TouchedPage:
    """The next of them. A page looks at no more than `limit` settlements, and those that are
    answered as before are left out; a hospital sees its own.

    Raises OthersSettlements, PersonUnknown, EligibilityUnreachable.
    """
    whose = within_sight(Wanted(institution_id=asked.institution_id), by=asked.by, ledger=ledger)
    found = touched.candidates(
        after=asked.after, limit=asked.limit + 1, institution_id=whose.institution_id
    )
    page = found[: asked.limit]
    return TouchedPage(
        touched=tuple(_touched(page, asked, ledger=ledger, eligibility=eligibility)),
        next_after=page[-1].position if page else asked.after,
        has_more=len(found) > len(page),
    )


def _touched(
    candidates: Iterable[Candidate],
    asked: ListTouched,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
) -> Iterator[Touched]:
    for candidate in candidates:
        stay = ledger.find(candidate.stay_id, Stay)
        settlement = stay.current_settlement if stay else None
        # It may have been undone since the list was made.
        if stay is None or settlement is None or settlement.number != candidate.number:
            continue
        differences = tuple(
            answered_otherwise(
                stay, settlement, known_at=asked.known_at, by=asked.by, eligibility=eligibility
            )
        )
        if differences:
            yield Touched(stay, settlement, candidate.changes, differences)


def answered_otherwise(
    stay: Stay, settlement: Settlement, *, known_at: datetime, by: Actor, eligibility: Eligibility
) -> Iterator[AnswerDiffers]:
    """Where eligibility, asked the settlement's questions as known at an instant (UTC), answers
    otherwise than it did. Raises PersonUnknown, EligibilityUnreachable."""
    used = settlement.inputs.eligibility

    @cache
    def ask(on: date, window: tuple[date, date] | None) -> PersonAnswer:
        return eligibility.entitlements(
            PersonId(used.person_id), on=on, known_at=known_at, by=by, window=window
        )

    enrolled = ask(used.enrolment_on, None)
    if set(used.other_records) != set(enrolled.other_records):
        yield RecordsDiffer(used.enrolment_on, used.other_records, enrolled.other_records)
    yield from _enrolment_differs(stay, used, enrolled)
    for was in (used.person, *used.other_days):
        window = (was.identities_from, was.identities_to)
        now = ask(was.on, None if None in window else was.window)
        yield from compare_persons(was, person_used(now), knew_age=used.replica is None)


def _enrolment_differs(
    stay: Stay, used: EligibilityUsed, answer: PersonAnswer
) -> Iterator[EnrolmentDiffers]:
    try:
        now = choose_enrolment(answer, stay.scheme)
    except (NotEnrolled, EnrolmentAmbiguous) as refused:
        yield EnrolmentDiffers(used.enrolment_on, used.enrolment, None, str(refused))
    else:
        if not same_enrolment(used.enrolment, now):
            yield EnrolmentDiffers(used.enrolment_on, used.enrolment, now)
