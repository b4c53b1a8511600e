"""Asking again what the replica had answered (副本代答的复核), once eligibility is back.

Asked is what eligibility knew at the instant of the settlement. Answered alike, the settlement is
confirmed; answered otherwise, it is listed and waits for somebody to revise it (身份更正): nothing
is settled again here. What eligibility learned later is no matter of the replica: `list_touched`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.vocabulary import InstitutionId
from settlement.application.list_touched import answered_otherwise
from settlement.application.ports import Eligibility, Ledger, PersonUnknown
from settlement.domain.record import Actor
from settlement.domain.stay import Stay

_AT_ONCE = 100


class Recheck(StrEnum):
    """What asking again gave (复核结果)."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DIFFERENT = "different"

    @property
    def label(self) -> str:
        """In Chinese."""
        return {"waiting": "待复核", "confirmed": "复核相同", "different": "复核不同"}[self.value]


@dataclass(frozen=True)
class ReplicaAnswer:
    """A settlement that rests on the replica's answer (副本代答的结算); instants in UTC.

    The replica was complete at `complete_at`; what it did not know by `known_at` may differ.
    """

    position: int
    number: str
    stay_id: UUID
    institution_id: InstitutionId | None
    complete_at: datetime
    known_at: datetime
    recheck: Recheck
    checked_at: datetime | None


class ReplicaAnswers(Protocol):
    """The settlements that rest on the replica's answers."""

    def page(
        self,
        *,
        after: int,
        limit: int,
        recheck: Recheck | None,
        institution_id: InstitutionId | None,
    ) -> tuple[ReplicaAnswer, ...]:
        """Up to `limit` of them behind a position of the ledger, in its order, up to date."""

    def note(self, number: str, recheck: Recheck, *, at: datetime) -> None:
        """What asking again gave."""


@dataclass(frozen=True)
class Rechecked:
    """How many were asked about again, and which were answered otherwise (复核)."""

    confirmed: int
    different: tuple[str, ...]


def recheck_replica(
    answers: ReplicaAnswers, *, ledger: Ledger, eligibility: Eligibility, by: Actor, at: datetime
) -> Rechecked:
    """Ask about all that wait. Raises EligibilityUnreachable: what was answered by then is kept."""
    confirmed, different, after = 0, list[str](), 0
    while page := answers.page(
        after=after, limit=_AT_ONCE, recheck=Recheck.WAITING, institution_id=None
    ):
        for number, recheck in _asked_again(page, ledger=ledger, eligibility=eligibility, by=by):
            answers.note(number, recheck, at=at)
            confirmed += recheck is Recheck.CONFIRMED
            different += [number] if recheck is Recheck.DIFFERENT else []
        after = page[-1].position
    return Rechecked(confirmed, tuple(different))


def _asked_again(
    page: Iterable[ReplicaAnswer], *, ledger: Ledger, eligibility: Eligibility, by: Actor
) -> Iterable[tuple[str, Recheck]]:
    for each in page:
        stay = ledger.find(each.stay_id, Stay)
        settlement = stay.current_settlement if stay else None
        # It may have been undone since the page was made.
        if stay is None or settlement is None or settlement.number != each.number:
            continue
        try:
            differs = any(
                answered_otherwise(
                    stay, settlement, known_at=each.known_at, by=by, eligibility=eligibility
                )
            )
        except PersonUnknown:
            differs = True
        yield each.number, Recheck.DIFFERENT if differs else Recheck.CONFIRMED
