"""Asking again what the replica had answered (副本代答的复核), once eligibility is back.

Asked is what eligibility knew at the instant of the settlement. Answered alike, the settlement is
confirmed; answered otherwise, it is listed and waits for somebody to revise it (身份更正): nothing
is settled again here. What eligibility learned later is no matter of the replica: `list_touched`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.vocabulary import InstitutionId
from settlement.application.ask_when_down import SILENCES_BEFORE_PAUSE
from settlement.application.list_touched import answered_otherwise
from settlement.application.ports import Eligibility, EligibilityDown, Ledger, PersonUnknown
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
    """How many were asked about again, and which were answered otherwise (复核).

    Those in `failed` could not be asked about, for themselves or because eligibility was silent:
    they wait on. `away` says that it was, where nothing at all was answered. `next_after` is the
    position of the ledger to go on behind; 0 where all were asked about.
    """

    confirmed: int
    different: tuple[str, ...]
    failed: tuple[str, ...] = ()
    away: str | None = None
    next_after: int = 0


def recheck_replica(
    answers: ReplicaAnswers,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    by: Actor,
    at: datetime,
    after: int = 0,
    at_most: int | None = None,
) -> Rechecked:
    """Ask about those that wait behind a position of the ledger, all or so many of them.

    One that cannot be asked about holds up no other; after three silences in a row nobody is asked
    about any more.
    """
    found: dict[Recheck, list[str]] = {each: [] for each in Recheck}
    failed, asked, silences, away = list[str](), 0, 0, None
    for each in _waiting(answers, after):
        if asked == at_most or silences == SILENCES_BEFORE_PAUSE:
            break
        asked, after = asked + 1, each.position
        try:
            recheck = _asked_again(each, ledger=ledger, eligibility=eligibility, by=by)
        except EligibilityDown as down:
            silences, away = silences + 1, str(down)
            failed.append(each.number)
            continue
        except Exception:  # whatever is the matter with this one, others wait behind it
            failed.append(each.number)
            recheck = None
        silences = 0
        if recheck is not None:
            answers.note(each.number, recheck, at=at)
            found[recheck].append(each.number)
    else:
        after = 0
    answered = len(found[Recheck.CONFIRMED]) + len(found[Recheck.DIFFERENT])
    return Rechecked(
        confirmed=len(found[Recheck.CONFIRMED]),
        different=tuple(found[Recheck.DIFFERENT]),
        failed=tuple(failed),
        away=None if answered else away,
        next_after=after,
    )


def _waiting(answers: ReplicaAnswers, after: int) -> Iterator[ReplicaAnswer]:
    while page := answers.page(
        after=after, limit=_AT_ONCE, recheck=Recheck.WAITING, institution_id=None
    ):
        yield from page
        after = page[-1].position


def _asked_again(
    each: ReplicaAnswer, *, ledger: Ledger, eligibility: Eligibility, by: Actor
) -> Recheck | None:
    """None where it was undone since the page was made."""
    stay = ledger.find(each.stay_id, Stay)
    settlement = stay.current_settlement if stay else None
    if stay is None or settlement is None or settlement.number != each.number:
        return None
    try:
        differs = any(
            answered_otherwise(
                stay, settlement, known_at=each.known_at, by=by, eligibility=eligibility
            )
        )
    except PersonUnknown:
        differs = True
    return Recheck.DIFFERENT if differs else Recheck.CONFIRMED
