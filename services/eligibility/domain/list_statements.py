"""What a list's row does to a person (名单变动): pure decisions, the same for trying and doing."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from eligibility.domain.owner_list import ListFigures, ListOrder, NothingToEnd, kind_label
from eligibility.domain.person import Enrolment, Identity, Person, Recorded, Window
from eligibility.domain.roster import Ending, RosterRow, kind_of
from eligibility.domain.statements import owner_in

_ALWAYS = Window(date.min, date.max)


@dataclass(frozen=True)
class ListStatements:
    """States the rows of one list, at one instant (名单陈述)."""

    order: ListOrder
    roster_id: UUID
    at: datetime

    def state(self, person: Person, row: RosterRow) -> ListFigures:
        """State and end what a row says. Raises `NothingToEnd`, `RecordedBackwards`."""
        figures = ListFigures()
        for fact in row.facts:
            figures += self._state_fact(person, fact)
        for ending in row.endings:
            figures += self._end(person, ending)
        return figures

    def stood_before(self, person: Person) -> ListFigures:
        """Whether somebody had one of a full list's kinds; asked before anything is stated."""
        return ListFigures(persons_before=1 if self._open_in_scope(person) else 0)

    def end_absent(self, person: Person, absent_kinds: frozenset[str]) -> ListFigures:
        """End the kinds with which this owner's full list no longer has somebody.

        Raises `RecordedBackwards`.
        """
        last_day = self.order.absent_until
        ended = [fact for fact in self._open_in_scope(person) if kind_of(fact) in absent_kinds]
        if last_day is None or not ended:
            return ListFigures()
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
            for each in self._standing(person)
            if kind_of(each.fact) in self.order.kinds
            and each.source.startswith(self.order.source_start)
            and _is_open(each.fact, after=last_day)
        ]

    def _state_fact(self, person: Person, fact: Identity | Enrolment) -> ListFigures:
        stood = {(type(each.fact), each.fact.place) for each in self._standing(person)}
        if not person.state(fact, source=self.order.source(self.roster_id), at=self.at):
            return ListFigures(facts_unchanged=1)
        if (type(fact), fact.place) in stood:
            return ListFigures(facts_changed=1)
        return ListFigures(facts_added=1)

    def _end(self, person: Person, ending: Ending) -> ListFigures:
        # What another owner says is not for this one to end.
        own = [
            each.fact
            for each in self._standing(person)
            if kind_of(each.fact) == ending.kind
            and owner_in(each.source) in (None, self.order.owner)
        ]
        still_open = [fact for fact in own if _is_open(fact, after=ending.last_day)]
        if still_open:
            for fact in still_open:
                self._restate(person, fact, ending.last_day)
            return ListFigures(facts_ended=len(still_open))
        if any(fact.valid_to == ending.last_day for fact in own):
            return ListFigures(facts_unchanged=1)
        message = (
            f"该人在 {ending.last_day} 没有由本部门登记的“{kind_label(ending.kind)}”，无可退出；"
            "请核对证件号码与日期 (nothing to end)"
        )
        raise NothingToEnd(message)

    def _restate(self, person: Person, fact: Identity | Enrolment, last_day: date) -> None:
        ended = replace(fact, valid_to=last_day)
        person.state(ended, source=self.order.source(self.roster_id), at=self.at)

    def _standing(self, person: Person) -> list[Recorded[Identity] | Recorded[Enrolment]]:
        return [
            *person.facts_within(Identity, _ALWAYS, known_at=self.at),
            *person.facts_within(Enrolment, _ALWAYS, known_at=self.at),
        ]


def _is_open(fact: Identity | Enrolment, *, after: date) -> bool:
    """Whether a fact has begun by a day and goes on beyond it."""
    return fact.valid_from <= after and (fact.valid_to is None or fact.valid_to > after)
