"""Any order of comparisons, notices, answers and closings ends as a simple model says."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.vocabulary import ComparedSubject, DataOwner, DifferenceAnswer, DifferenceKind
from eligibility.domain.booked_difference import FoundDifference
from eligibility.domain.difference_book import ComparedBackwards, DifferenceBook
from eligibility.domain.difference_notice import (
    DifferenceAnswered,
    DifferenceOutOfOrder,
    UnknownDifference,
    UnknownNotice,
)
from eventlog.codec import TypedMapper
from tests.eligibility.difference_lists import letter

AT = datetime(2025, 1, 10, tzinfo=UTC)
IDS = [uuid5(UUID(int=0), str(n)) for n in range(6)]
_some = st.sets(st.sampled_from(IDS), max_size=6)
_one = st.sampled_from([*IDS, UUID(int=99)])


class Books(RuleBasedStateMachine):
    """A book beside a dictionary of states that is kept by plain rules."""

    def __init__(self) -> None:
        super().__init__()
        self.book = DifferenceBook.begin(
            region="500112",
            left=DataOwner.HEALTH,
            right=DataOwner.HEALTH_INSURANCE,
            subject=ComparedSubject.MARKS,
            at=AT,
        )
        self.states: dict[UUID, str] = {}
        self.notice_of: dict[UUID, int] = {}
        self.notices = 0
        self.latest = 0
        self.comparisons = 0

    @rule(found=_some, uncertain=_some, day=st.integers(0, 9), withheld=st.booleans())
    def compare(self, *, found: set[UUID], uncertain: set[UUID], day: int, withheld: bool) -> None:
        """What is found opens, what is not is resolved, unless nobody can tell."""
        self.comparisons += 1
        certain = found - uncertain
        comparison = {
            each: FoundDifference(each, DifferenceKind.MARK_DAYS, "甲乡", None, "高血压")
            for each in sorted(certain)
        }

        def kept() -> None:
            self.book.compare(
                UUID(int=self.comparisons),
                comparison,
                on=date(2025, 1, 1) + timedelta(days=day),
                uncertain=frozenset(uncertain),
                rows_left_out=0,
                resolving_withheld=withheld,
                institution_id="O1",
                operator="张",
                at=AT,
            )

        if day < self.latest:
            with pytest.raises(ComparedBackwards):
                kept()
            return
        kept()
        self.latest = day
        for each in certain:
            if self.states.get(each) in (None, "resolved"):
                self.states[each] = "found"
                self.notice_of.pop(each, None)
        if not withheld:
            for each in self.states.keys() - certain - uncertain:
                self.states[each] = "resolved"

    @rule(each=_one)
    def send(self, *, each: UUID) -> None:
        """Whatever is open can be sent, and sent again."""
        if self.states.get(each) in ("found", "sent", "answered"):
            self._send(each)
            self.notices += 1
            self.states[each], self.notice_of[each] = "sent", self.notices
        else:
            with pytest.raises((UnknownDifference, DifferenceOutOfOrder)):
                self._send(each)

    @rule(each=_one, notice=st.integers(0, 6), answer=st.sampled_from(list(DifferenceAnswer)))
    def answer(self, *, each: UUID, notice: int, answer: DifferenceAnswer) -> None:
        """What was sent is answered on its own, latest notice."""
        open_states = ("sent", "answered")
        if self.states.get(each) in open_states and self.notice_of[each] == notice:
            self._answer(each, notice, answer)
            self.states[each] = "answered"
        else:
            with pytest.raises((UnknownNotice, DifferenceOutOfOrder)):
                self._answer(each, notice, answer)

    @rule(each=_one)
    def resolve(self, *, each: UUID) -> None:
        """What was answered can be closed."""
        if self.states.get(each) == "answered":
            self._resolve(each)
            self.states[each] = "resolved"
        else:
            with pytest.raises((UnknownDifference, DifferenceOutOfOrder)):
                self._resolve(each)

    @invariant()
    def every_state_is_as_the_model_says(self) -> None:
        """In the book, and in the book made again from its stored events."""
        mapper = TypedMapper()
        again = None
        for event in self.book.pending_events:
            stored = mapper.to_stored_event(event)
            again = mapper.to_domain_event(stored).mutate(again)  # type: ignore[attr-defined]
        for book in (self.book, again):
            assert isinstance(book, DifferenceBook)
            said = {key: each.state.value for key, each in book.differences.items()}
            assert said == self.states
            assert len(book.notices) == self.notices

    def _send(self, each: UUID) -> None:
        self.book.send([each], letter(), institution_id="O1", operator="张", at=AT)

    def _answer(self, each: UUID, notice: int, answer: DifferenceAnswer) -> None:
        said = [DifferenceAnswered(each, answer)]
        self.book.answer(said, notice=notice, institution_id="O1", operator="张", at=AT)

    def _resolve(self, each: UUID) -> None:
        self.book.resolve([each], institution_id="O1", operator="张", at=AT)


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=25)
