"""Asking eligibility, or the replica while it is down (资格服务停时代答).

Eligibility is asked first. After a few silences in a row nobody waits for it any more: the replica
answers at once, and one question every few seconds tries whether eligibility is back. What it
refuses, it has answered: only silence, delay and failure are being down.
"""

import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contracts.vocabulary import PersonId
from settlement.application.answer_from_replica import PeopleKept, answer_from_replica
from settlement.application.ports import (
    Clock,
    Eligibility,
    EligibilityDown,
    EligibilityUnreachable,
    PersonAnswer,
    PersonUnknown,
)
from settlement.domain.record import Actor

SILENCES_BEFORE_PAUSE = 3
PAUSE = timedelta(seconds=10)


@dataclass(frozen=True)
class ReplicaRules:
    """When the replica may answer (代答规则).

    `oldest` is how long ago it may have been complete (zero: it never answers), `pause` how long
    eligibility is left alone after three silences.
    """

    oldest: timedelta = timedelta(hours=24)
    pause: timedelta = PAUSE


class AskWhenDown:
    """The port `Eligibility`, for decisions about the present."""

    def __init__(
        self, eligibility: Eligibility, people: PeopleKept, *, clock: Clock, rules: ReplicaRules
    ):
        """`clock` says when to try eligibility again."""
        self._eligibility = eligibility
        self._people = people
        self._rules = rules
        self._circuit = _Circuit(clock, rules.pause)

    @property
    def is_paused(self) -> bool:
        """Whether nobody asks eligibility at the moment."""
        return self._circuit.is_paused

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
        """The port. Raises PersonUnknown, EligibilityUnreachable (ReplicaUnfit where neither
        answers)."""
        if self._rules.oldest <= timedelta(0):
            return self._eligibility.entitlements(
                person_id, on=on, known_at=known_at, by=by, window=window, version=version
            )
        # Nobody is spared waiting for eligibility where nothing else could answer.
        if self._circuit.admits() or self._people.completeness() is None:
            try:
                answer = self._eligibility.entitlements(
                    person_id, on=on, known_at=known_at, by=by, window=window, version=version
                )
            except EligibilityDown:
                self._circuit.silent()
                if self._people.completeness() is None:
                    raise
            except (PersonUnknown, EligibilityUnreachable):
                self._circuit.answered()
                raise
            else:
                self._circuit.answered()
                return answer
        return answer_from_replica(
            self._people,
            person_id,
            on=on,
            known_at=known_at,
            window=window,
            version=version,
            oldest=self._rules.oldest,
        )


class _Circuit:
    """Three silences in a row, and nobody asks until the pause is over; then one tries."""

    def __init__(self, clock: Clock, pause: timedelta):
        self._clock, self._pause = clock, pause
        self._lock = threading.Lock()
        self._silences = 0
        self._paused_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether the silences are enough."""
        return self._paused_at is not None

    def admits(self) -> bool:
        """Whether eligibility is to be asked now."""
        with self._lock:
            if self._paused_at is None:
                return True
            now = self._clock()
            # A clock that was set back does not prolong the pause.
            if self._paused_at <= now < self._paused_at + self._pause:
                return False
            self._paused_at = now
            return True

    def silent(self) -> None:
        """It did not answer."""
        with self._lock:
            self._silences += 1
            if self._silences >= SILENCES_BEFORE_PAUSE:
                self._paused_at = self._clock()

    def answered(self) -> None:
        """It answered, whatever it said."""
        with self._lock:
            self._silences, self._paused_at = 0, None
