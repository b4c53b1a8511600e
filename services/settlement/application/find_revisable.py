"""What a settlement is to rest on now (更正后的依据): asked of the policy book, or of eligibility.

A policy revision keeps the answers; where the other version asks about days that nobody asked
about, eligibility is asked as it was known when the stay was settled. An identity revision keeps
the version, and asks the same questions as known now.
"""

from datetime import datetime
from typing import Protocol

from settlement.application.ask_eligibility import (
    answers_used,
    ask_who,
    days_asked,
    person_used,
    window_asked,
    with_persons,
)
from settlement.application.law_library import LawLibrary
from settlement.application.law_of_part import part_in_force
from settlement.application.ports import Eligibility
from settlement.application.prepare_settlement import choose_enrolment, require_waited
from settlement.application.rederive_later import Later
from settlement.application.revise_person import RestsOn
from settlement.domain.answers_compared import compare_persons, same_enrolment
from settlement.domain.record import Actor, EligibilityUsed, PersonUsed
from settlement.domain.revised_parts import RevisionKind
from settlement.law.book import PolicyBook
from settlement.law.policy import Policy


class NotRevisable(Exception):
    """What is known now belongs to another order of settlements: undo, and settle again."""


class FindsGround(Protocol):
    """Finds what a settlement is to rest on now."""

    def ground_now(self, later: Later) -> RestsOn | None:
        """None where it rests on that already. Raises what the book or eligibility refuses, and
        NotRevisable."""


class GroundInBook:
    """By the policy book (政策追溯)."""

    def __init__(self, book: PolicyBook, *, eligibility: Eligibility, by: Actor):
        """`by` is recorded by eligibility as the reader."""
        self._book = book
        self._eligibility = eligibility
        self._by = by
        self.versions: dict[str, Policy] = {}

    def ground_now(self, later: Later) -> RestsOn | None:
        """The version that is in force for its dates now. Raises PartsUnstated, NotRevisable."""
        inputs = later.settlement.inputs
        enrolment = inputs.eligibility.enrolment
        policy = part_in_force(
            self._book,
            region=enrolment.region,
            scheme=enrolment.scheme,
            dates=inputs.dates,
            part=inputs.part,
        )
        if policy.fingerprint == inputs.fingerprint:
            return None
        if inputs.part and inputs.dates_under(policy).admission != inputs.eligibility.enrolment_on:
            raise NotRevisable("新版本按另一天认中途结算各段的入院日；请撤销后重新结算")
        self.versions[policy.fingerprint] = policy
        answers = self._answers(later, policy)
        return RestsOn(
            policy.fingerprint, answers if answers != later.settlement.inputs.eligibility else None
        )

    def _answers(self, later: Later, policy: Policy) -> EligibilityUsed:
        inputs = later.settlement.inputs
        used = inputs.eligibility
        persons: list[PersonUsed] = []
        for on in days_asked(policy, inputs.dates_under(policy)):
            days, known = window_asked(policy, on), used.person_on(on)
            if known is None or known.window != (days or (on, on)):
                known = person_used(
                    self._eligibility.entitlements(
                        used.person_id,
                        on=on,
                        known_at=used.known_at,
                        by=self._by,
                        window=days,
                        version=used.version,
                    )
                )
            persons.append(known)
        return with_persons(used, persons)


class GroundInAnswers:
    """By what eligibility answers now (身份更正)."""

    def __init__(
        self, laws: LawLibrary, *, eligibility: Eligibility, known_at: datetime, by: Actor
    ):
        """As known at an instant."""
        self._laws = laws
        self._eligibility = eligibility
        self._known_at = known_at
        self._by = by

    def ground_now(self, later: Later) -> RestsOn | None:
        """The same version, and what is answered otherwise now."""
        inputs = later.settlement.inputs
        now = self._answers(later, self._laws.cascade(inputs.fingerprint).policy)
        if is_answered_alike(inputs.eligibility, now):
            return None
        return RestsOn(inputs.fingerprint, now)

    def _answers(self, later: Later, policy: Policy) -> EligibilityUsed:
        stay, inputs = later.stay, later.settlement.inputs
        used = inputs.eligibility
        enrolled = self._eligibility.entitlements(
            used.person_id, on=used.enrolment_on, known_at=self._known_at, by=self._by
        )
        enrolment = choose_enrolment(enrolled, stay.scheme)
        dates = inputs.dates_under(policy)
        require_waited(enrolment, dates.admission)
        if set(enrolled.other_records) != set(used.other_records):
            raise NotRevisable("该参保人的标识已归并或拆分，其结算次序不同；请撤销后重新结算")
        here = used.enrolment
        if (enrolment.region, enrolment.scheme) != (here.region, here.scheme):
            raise NotRevisable(
                f"参保关系由 {here.region}/{here.scheme.value} 更正为 "
                f"{enrolment.region}/{enrolment.scheme.value}，属于另一结算次序；"
                "请撤销后重新结算"
            )
        persons = ask_who(
            policy,
            dates,
            enrolled=enrolled,
            eligibility=self._eligibility,
            known_at=self._known_at,
            by=self._by,
        )
        now = answers_used(enrolled, enrolment, persons)
        # Which of the other ids comes first says nothing.
        return with_records(now, used)


def with_records(now: EligibilityUsed, was: EligibilityUsed) -> EligibilityUsed:
    """The answers with the other ids in the order they had."""
    return EligibilityUsed(**{**vars(now), "other_records": was.other_records})


def is_answered_alike(was: EligibilityUsed, now: EligibilityUsed) -> bool:
    """Whether the same is answered, whenever it was asked."""
    one, other = (was.person, *was.other_days), (now.person, *now.other_days)
    return (
        same_enrolment(was.enrolment, now.enrolment)
        and [p.on for p in one] == [p.on for p in other]
        and not any(
            difference
            for before, after in zip(one, other, strict=True)
            for difference in compare_persons(before, after, knew_age=was.replica is None)
        )
    )


def kinds_of_ground(
    kind: RevisionKind,
    *,
    book: PolicyBook,
    laws: LawLibrary,
    eligibility: Eligibility,
    known_at: datetime,
    by: Actor,
) -> GroundInBook | GroundInAnswers:
    """Who is asked, by the kind of a revision."""
    if kind is RevisionKind.POLICY:
        return GroundInBook(book, eligibility=eligibility, by=by)
    return GroundInAnswers(laws, eligibility=eligibility, known_at=known_at, by=by)
