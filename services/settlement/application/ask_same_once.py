"""Asking the same question once (同问一次): within one decision an answer is used again."""

from datetime import date, datetime

from contracts.vocabulary import PersonId
from settlement.application.ports import Eligibility, PersonAnswer
from settlement.domain.record import Actor

_Question = tuple[PersonId, date, datetime, Actor, tuple[date, date] | None, int | None]


class AskSameOnce:
    """Eligibility for one decision; make a new one for the next.

    What was known at an instant is one answer however often it is asked for, and asking costs more
    than settling: admission and settlement of a whole stay ask the same.
    """

    def __init__(self, eligibility: Eligibility):
        """Questions go to `eligibility`, each once."""
        self._eligibility = eligibility
        self._answers: dict[_Question, PersonAnswer] = {}

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
        """The port. Raises PersonUnknown, EligibilityUnreachable; neither is remembered."""
        question = (person_id, on, known_at, by, window, version)
        if question not in self._answers:
            self._answers[question] = self._eligibility.entitlements(
                person_id, on=on, known_at=known_at, by=by, window=window, version=version
            )
        return self._answers[question]
