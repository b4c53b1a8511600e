"""Asking who the person was (资格查询), on the days and windows that a policy goes by."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from settlement.application.ports import Eligibility, PersonAnswer
from settlement.domain.record import Actor, EligibilityUsed, EnrolmentUsed, PersonUsed, age_on
from settlement.law.book import StayDates
from settlement.law.people import window
from settlement.law.policy import Policy


def ask_who(
    policy: Policy,
    dates: StayDates,
    *,
    enrolled: PersonAnswer,
    eligibility: Eligibility,
    known_at: datetime,
    by: Actor,
) -> dict[date, PersonAnswer]:
    """Who the person was on each day that the policy goes by, its own day first.

    Each day is asked with the window whose identities may count on it; `enrolled` answers for
    the day of admission where that day alone does, and all answers say what was known when it
    did. Raises PersonUnknown, EligibilityUnreachable.
    """
    answers: dict[date, PersonAnswer] = {}
    for on in days_asked(policy, dates):
        days = window_asked(policy, on)
        if days is None and on == enrolled.on:
            answers[on] = enrolled
        else:
            answers[on] = eligibility.entitlements(
                enrolled.person_id,
                on=on,
                known_at=known_at,
                by=by,
                window=days,
                version=enrolled.version,
            )
    return answers


def days_asked(policy: Policy, dates: StayDates) -> tuple[date, ...]:
    """The days on which a policy asks who the person was: its own first, each once."""
    asked = (policy.person_asked_as_of, *policy.days_asked)
    return tuple(dict.fromkeys(dates.on(day) for day in asked))


def window_asked(policy: Policy, on: date) -> tuple[date, date] | None:
    """The days whose identities may count on a day; None where that is the day alone."""
    first, last = window(policy.people, on)
    return None if (first, last) == (on, on) else (first, last)


def answers_used(
    enrolled: PersonAnswer, enrolment: EnrolmentUsed, persons: dict[date, PersonAnswer]
) -> EligibilityUsed:
    """The answers as a settlement keeps them: enough to ask the same questions again."""
    person, *others = (person_used(answer) for answer in persons.values())
    replicas = [each.replica for each in (enrolled, *persons.values()) if each.replica]
    return EligibilityUsed(
        person_id=enrolled.person_id,
        enrolment_on=enrolled.on,
        identities_on=person.on,
        known_at=person.known_at,
        version=person.version,
        age=person.age,
        enrolment=enrolment,
        identities=person.identities,
        identities_from=person.identities_from,
        identities_to=person.identities_to,
        other_days=tuple(others),
        other_records=enrolled.other_records,
        # Of one version, whoever answered; the age is that of the oldest.
        replica=min(replicas, key=lambda each: each.complete_at, default=None),
    )


def with_persons(used: EligibilityUsed, persons: Sequence[PersonUsed]) -> EligibilityUsed:
    """The same answers with these days instead, the policy's own first."""
    person, *others = persons
    return replace(
        used,
        identities_on=person.on,
        known_at=person.known_at,
        version=person.version,
        age=person.age,
        identities=person.identities,
        identities_from=person.identities_from,
        identities_to=person.identities_to,
        other_days=tuple(others),
    )


def person_used(answer: PersonAnswer) -> PersonUsed:
    """An answer for one day as a settlement keeps it."""
    first, last = answer.window or (None, None)
    return PersonUsed(
        on=answer.on,
        known_at=answer.known_at,
        version=answer.version,
        age=age_on(answer.birth_date, answer.on),
        identities=answer.identities,
        identities_from=first,
        identities_to=last,
    )
