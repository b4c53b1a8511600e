"""What a list's row does to a person (名单变动): pure decisions, the same for trying and doing."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import cast
from uuid import UUID

from eligibility.domain.owner_list import (
    NO_FIGURES,
    ListFigures,
    ListOrder,
    NothingToEnd,
    kind_label,
)
from eligibility.domain.person import Enrolment, Identity, Person, Recorded
from eligibility.domain.roster import Ending, RosterRow, kind_of
from eligibility.domain.statements import owner_in

# Handed out for every row of a list: made once.
_ADDED = ListFigures(facts_added=1)
_CHANGED = ListFigures(facts_changed=1)
_UNCHANGED = ListFigures(facts_unchanged=1)
_BEFORE = ListFigures(persons_before=1)


@dataclass(frozen=True)
class ListStatements:
    """States the rows of one list, at one instant (名单陈述)."""

    order: ListOrder
    roster_id: UUID
    at: datetime

    def state(self, person: Person, row: RosterRow) -> ListFigures:
        """State and end what a row says. Raises `NothingToEnd`, `RecordedBackwards`."""
        done = [self._state_fact(person, fact) for fact in row.facts]
        done += [self._end(person, ending) for ending in row.endings]
        return done[0] if len(done) == 1 else sum(done, NO_FIGURES)

    def stood_before(self, person: Person) -> ListFigures:
        """Whether somebody had one of a full list's kinds; asked before anything is stated."""
        return _BEFORE if self._open_in_scope(person) else NO_FIGURES

    def end_absent(self, person: Person, absent_kinds: frozenset[str]) -> ListFigures:
        """End the kinds with which this owner's full list no longer has somebody.

        Raises `RecordedBackwards`.
        """
        last_day = self.order.absent_until
        if last_day is None or not absent_kinds:
            return NO_FIGURES
        ended = [fact for fact in self._open_in_scope(person) if kind_of(fact) in absent_kinds]
        if not ended:
            return NO_FIGURES
        for fact in ended:
            self._restate(person, fact, last_day)
        return ListFigures(facts_ended=len(ended), persons_ended=1)

    def _open_in_scope(self, person: Person) -> list[Identity | Enrolment]:
        """What this owner's lists of this region said, and what goes on beyond the list's day."""
        last_day = self.order.absent_until
        if last_day is None:
            return []
        return [
            each.fact
            for each in _standing(person)
            if _is_open(each.fact, after=last_day)
            and kind_of(each.fact) in self.order.kinds
            and each.source.startswith(self._source_start)
        ]

    def _state_fact(self, person: Person, fact: Identity | Enrolment) -> ListFigures:
        stood = (fact.KIND, fact.place) in person.standing()
        if not person.state(fact, source=self._source, at=self.at):
            return _UNCHANGED
        return _CHANGED if stood else _ADDED

    def _end(self, person: Person, ending: Ending) -> ListFigures:
        # What another owner says is not for this one to end.
        own = [
            each.fact
            for each in _standing(person)
            if kind_of(each.fact) == ending.kind
            and owner_in(each.source) in (None, self.order.owner)
        ]
        still_open = [fact for fact in own if _is_open(fact, after=ending.last_day)]
        if still_open:
            for fact in still_open:
                self._restate(person, fact, ending.last_day)
            return ListFigures(facts_ended=len(still_open))
        if any(fact.valid_to == ending.last_day for fact in own):
            return _UNCHANGED
        message = (
            f"该人在 {ending.last_day} 没有由本部门登记的“{kind_label(ending.kind)}”，无可退出；"
            "请核对证件号码与日期 (nothing to end)"
        )
        raise NothingToEnd(message)

    def _restate(self, person: Person, fact: Identity | Enrolment, last_day: date) -> None:
        ended = replace(fact, valid_to=last_day)
        person.state(ended, source=self._source, at=self.at)

    @cached_property
    def _source(self) -> str:
        return self.order.source(self.roster_id)

    @cached_property
    def _source_start(self) -> str:
        return self.order.source_start


def _standing(person: Person) -> list[Recorded[Identity | Enrolment]]:
    """What stands of the kinds that lists state: identities first, each kind by its place."""
    found = [
        cast("Recorded[Identity | Enrolment]", each)
        for each in person.standing().values()
        if isinstance(each.fact, Identity | Enrolment)
    ]
    if len(found) > 1:
        found.sort(key=lambda each: (isinstance(each.fact, Enrolment), each.fact.place))
    return found


def _is_open(fact: Identity | Enrolment, *, after: date) -> bool:
    """Whether a fact has begun by a day and goes on beyond it."""
    return fact.valid_from <= after and (fact.valid_to is None or fact.valid_to > after)
