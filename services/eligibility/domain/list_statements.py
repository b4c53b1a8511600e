"""What a list's row does to a person (名单变动): pure decisions, the same for trying and doing."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import cast
from uuid import UUID

from eligibility.domain.listed_records import ListedRecords
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

    def state(self, one: ListedRecords, record: Person, row: RosterRow) -> ListFigures:
        """State what a row says in the record it names, and end what it ends of the person.

        Raises `NothingToEnd`, `RecordedBackwards`.
        """
        done = [self._state_fact(one, record, fact) for fact in row.facts]
        done += [self._end(one, ending) for ending in row.endings]
        return done[0] if len(done) == 1 else sum(done, NO_FIGURES)

    def stood_before(self, one: ListedRecords) -> ListFigures:
        """Whether somebody had one of a full list's kinds; asked before anything is stated."""
        return _BEFORE if self._open_in_scope(one) else NO_FIGURES

    def end_absent(self, one: ListedRecords, absent_kinds: frozenset[str]) -> ListFigures:
        """End the kinds with which this owner's full list no longer has somebody.

        Raises `RecordedBackwards`.
        """
        last_day = self.order.absent_until
        if last_day is None or not absent_kinds:
            return NO_FIGURES
        ended = [fact for fact in self._open_in_scope(one) if kind_of(fact) in absent_kinds]
        if not ended:
            return NO_FIGURES
        for fact in ended:
            self._restate(one, fact, last_day)
        return ListFigures(facts_ended=len(ended), persons_ended=1)

    def _open_in_scope(self, one: ListedRecords) -> list[Identity | Enrolment]:
        """What this owner's lists of this region said, and what goes on beyond the list's day."""
        last_day = self.order.absent_until
        if last_day is None:
            return []
        return [
            each.fact
            for each in _standing(one)
            if _is_open(each.fact, after=last_day)
            and kind_of(each.fact) in self.order.kinds
            and each.source.startswith(self._source_start)
        ]

    def _state_fact(
        self, one: ListedRecords, record: Person, fact: Identity | Enrolment
    ) -> ListFigures:
        stood = one.standing().get((fact.KIND, fact.place))
        again = one.says_otherwise(fact)
        is_news = record.state(fact, source=self._source, at=self.at, again=again)
        # What another record of the person says already is noted in this one and changes nothing.
        if not is_news or (stood is not None and stood.fact == fact):
            return _UNCHANGED
        return _ADDED if stood is None else _CHANGED

    def _end(self, one: ListedRecords, ending: Ending) -> ListFigures:
        # What another owner says is not for this one to end.
        own = [
            each.fact
            for each in _standing(one)
            if kind_of(each.fact) == ending.kind
            and owner_in(each.source) in (None, self.order.owner)
        ]
        still_open = [fact for fact in own if _is_open(fact, after=ending.last_day)]
        if still_open:
            for fact in still_open:
                self._restate(one, fact, ending.last_day)
            return ListFigures(facts_ended=len(still_open))
        if any(fact.valid_to == ending.last_day for fact in own):
            return _UNCHANGED
        message = (
            f"该人在 {ending.last_day} 没有由本部门登记的“{kind_label(ending.kind)}”，无可退出；"
            "请核对证件号码与日期 (nothing to end)"
        )
        raise NothingToEnd(message)

    def _restate(self, one: ListedRecords, fact: Identity | Enrolment, last_day: date) -> None:
        ended = replace(fact, valid_to=last_day)
        for record in one.records_saying(fact):
            record.state(ended, source=self._source, at=self.at)

    @cached_property
    def _source(self) -> str:
        return self.order.source(self.roster_id)

    @cached_property
    def _source_start(self) -> str:
        return self.order.source_start


def _standing(one: ListedRecords) -> list[Recorded[Identity | Enrolment]]:
    """What stands of the kinds that lists state: identities first, each kind by its place."""
    found = [
        cast("Recorded[Identity | Enrolment]", each)
        for each in one.standing().values()
        if isinstance(each.fact, Identity | Enrolment)
    ]
    if len(found) > 1:
        found.sort(key=lambda each: (isinstance(each.fact, Enrolment), each.fact.place))
    return found


def _is_open(fact: Identity | Enrolment, *, after: date) -> bool:
    """Whether a fact has begun by a day and goes on beyond it."""
    return fact.valid_from <= after and (fact.valid_to is None or fact.valid_to > after)
