"""The book of differences (差异台账): what two owners' lists of a region differ in, followed up.

One book for a region, two owners and what is compared, of enrolment for each year. The same
difference found again next month is the same difference; one that a later comparison no longer
finds is resolved by that comparison, and open again if it comes back. No event holds a name or a
number: who it is about stands sealed in the vault, under the difference's id.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from contracts.vocabulary import (
    ComparedSubject,
    DataOwner,
    DifferenceState,
)
from eligibility.domain.book_changes import changes_by
from eligibility.domain.booked_difference import (
    BookComparison,
    BookedDifference,
    ChangedPlace,
    ComparisonFigures,
    FoundDifference,
)
from eligibility.domain.difference_notice import (
    DifferenceAnswered,
    DifferenceOutOfOrder,
    Notice,
    NoticeInvalid,
    NoticeLetter,
    UnknownDifference,
    UnknownNotice,
)

_BOOKS = UUID("6a0a4f5e-0d0f-4a57-8a5e-2f7c8b9d1e63")
# An event is read whole: a hundred thousand differences come in many.
_PORTION = 1_000

SENDABLE = (DifferenceState.FOUND, DifferenceState.SENT, DifferenceState.ANSWERED)
"""What may be sent: one that was sent to the wrong office, or answered, once more."""

Value = TypeVar("Value")


class ComparedBackwards(Exception):
    """Lists of an earlier day than those compared last (早于上次比对)."""


class ComparedAhead(Exception):
    """Lists of a day that has not come: every later comparison would be refused (晚于今天)."""


class DifferenceBook(Aggregate):
    """All differences between two owners' lists of a region, and what became of each."""

    TOPIC = "eligibility.difference-book"

    class Created(Aggregate.Created):
        """Lists of these owners for this region were compared for the first time (台账建立)."""

        TOPIC = "eligibility.difference-book-begun.v1"
        region: str
        left: DataOwner
        right: DataOwner
        subject: ComparedSubject
        # Books begun before years were kept apart have none.
        year: int | None = None

    class ListsCompared(Aggregate.Event):
        """Two lists were compared; what that changed stands in the events after it (比对)."""

        TOPIC = "eligibility.lists-compared.v1"
        comparison_id: UUID
        on: date
        figures: ComparisonFigures
        institution_id: str
        operator: str

        def apply(self, aggregate: "DifferenceBook") -> None:
            """Remember it: the same lists once more get the same answer."""
            aggregate.latest = BookComparison(
                self.comparison_id, self.on, self.timestamp, self.figures
            )
            aggregate.compared_on = self.on

    class DifferencesFound(Aggregate.Event):
        """Differences that were not in the book (发现差异)."""

        TOPIC = "eligibility.differences-found.v1"
        found: tuple[FoundDifference, ...]

        def apply(self, aggregate: "DifferenceBook") -> None:
            """Open them."""
            for each in self.found:
                aggregate.differences[each.difference_id] = BookedDifference(each)

    class DifferencesReopened(Aggregate.Event):
        """Resolved differences that a comparison found again (重新发现)."""

        TOPIC = "eligibility.differences-reopened.v1"
        difference_ids: tuple[UUID, ...]

        def apply(self, aggregate: "DifferenceBook") -> None:
            """Open them again, as if they had just been found."""
            for each in self.difference_ids:
                booked = aggregate.differences[each]
                aggregate.differences[each] = BookedDifference(booked.found)

    class DifferencePlacesChanged(Aggregate.Event):
        """The lists now name another township or village for these (乡镇、村变更)."""

        TOPIC = "eligibility.difference-places-changed.v1"
        places: tuple[ChangedPlace, ...]

        def apply(self, aggregate: "DifferenceBook") -> None:
            """Whatever became of them, they are found there now."""
            for each in self.places:
                booked = aggregate.differences[each.difference_id]
                found = replace(booked.found, township=each.township, village=each.village)
                aggregate.differences[each.difference_id] = replace(booked, found=found)

    class DifferencesResolved(Aggregate.Event):
        """Differences settled: by the comparison of a day, or by the office without one (销号)."""

        TOPIC = "eligibility.differences-resolved.v1"
        difference_ids: tuple[UUID, ...]
        by_comparison_on: date | None
        institution_id: str
        operator: str

        def apply(self, aggregate: "DifferenceBook") -> None:
            """Close them."""
            aggregate.move(self.difference_ids, DifferenceState.RESOLVED)

    class NoticeSent(Aggregate.Event):
        """Differences were sent to a township or an owner to be looked into (交办)."""

        TOPIC = "eligibility.difference-notice-sent.v1"
        number: int
        letter: NoticeLetter
        difference_ids: tuple[UUID, ...]
        institution_id: str
        operator: str

        def apply(self, aggregate: "DifferenceBook") -> None:
            """They wait for an answer to this notice."""
            aggregate.notices[self.number] = Notice(
                self.number, self.letter, self.timestamp, self.difference_ids
            )
            for each in self.difference_ids:
                booked = aggregate.differences[each]
                aggregate.differences[each] = BookedDifference(
                    booked.found, DifferenceState.SENT, self.number
                )

    class DifferencesAnswered(Aggregate.Event):
        """What came back on a notice (反馈); words of the answer sealed under the person's key."""

        TOPIC = "eligibility.differences-answered.v1"
        notice: int
        answers: tuple[DifferenceAnswered, ...]
        institution_id: str
        operator: str

        def apply(self, aggregate: "DifferenceBook") -> None:
            """Take each answer down; a later one of the same notice corrects it."""
            for each in self.answers:
                booked = aggregate.differences[each.difference_id]
                aggregate.differences[each.difference_id] = replace(
                    booked,
                    state=DifferenceState.ANSWERED,
                    answer=each.answer,
                    sealed_note=each.sealed_note,
                )

    def __init__(
        self,
        region: str,
        left: DataOwner,
        right: DataOwner,
        subject: ComparedSubject,
        year: int | None = None,
    ) -> None:
        self.year = year
        self.region = region
        self.left = left
        self.right = right
        self.subject = subject
        self.latest: BookComparison | None = None
        self.compared_on: date | None = None
        self.differences: dict[UUID, BookedDifference] = {}
        self.notices: dict[int, Notice] = {}

    @classmethod
    def begin(
        cls,
        *,
        region: str,
        left: DataOwner,
        right: DataOwner,
        subject: ComparedSubject,
        year: int | None = None,
        at: datetime,
    ) -> "DifferenceBook":
        """The book of a region, two owners and a subject (of a year), nothing in it yet."""
        book_id = cls.id_of(region=region, left=left, right=right, subject=subject, year=year)
        return cls._create(
            cls.Created,
            id=book_id,
            region=region,
            left=left,
            right=right,
            subject=subject,
            year=year,
            timestamp=at,
        )

    @staticmethod
    def id_of(
        *,
        region: str,
        left: DataOwner,
        right: DataOwner,
        subject: ComparedSubject,
        year: int | None = None,
    ) -> UUID:
        """The one id there is for them; each year of enrolment has a book of its own."""
        of_year = () if year is None else (str(year),)
        return uuid5(_BOOKS, "/".join((region, left.value, right.value, subject.value, *of_year)))

    @property
    def subject_words(self) -> str:
        """What is compared, with its year, in words."""
        return f"{self.year} 年{self.subject.label}" if self.year else self.subject.label

    def move(self, difference_ids: Iterable[UUID], state: DifferenceState) -> None:
        """Give differences another state; for this book's own events."""
        for each in difference_ids:
            self.differences[each] = replace(self.differences[each], state=state)

    def require_no_later(self, on: date) -> None:
        """Raises `ComparedBackwards` if lists of a later day were compared already."""
        if self.compared_on is not None and on < self.compared_on:
            message = (
                f"上次比对的是 {self.compared_on} 的名单，{on} 的名单更早，"
                "存入会误销号；如只需查看，请不带 --keep 比对 (compared backwards)"
            )
            raise ComparedBackwards(message)

    def compare(
        self,
        comparison_id: UUID,
        found: Mapping[UUID, FoundDifference],
        *,
        on: date,
        uncertain: frozenset[UUID],
        rows_left_out: int,
        resolving_withheld: bool,
        institution_id: str,
        operator: str,
        at: datetime,
    ) -> BookComparison:
        """Record what a comparison found; what is open and not found is resolved by it.

        `uncertain` differences are about people of rows with mistakes and stay as they are.
        Raises `ComparedBackwards`.
        """
        self.require_no_later(on)
        changes = changes_by(
            found, self.differences, uncertain=uncertain, resolving_withheld=resolving_withheld
        )
        figures = changes.figures(
            rows_left_out=rows_left_out, resolving_withheld=resolving_withheld
        )
        acting = {"institution_id": institution_id, "operator": operator, "timestamp": at}
        self.trigger_event(
            self.ListsCompared, comparison_id=comparison_id, on=on, figures=figures, **acting
        )
        for portion in _portions(changes.new):
            self.trigger_event(self.DifferencesFound, found=portion, timestamp=at)
        for ids in _portions(changes.reopened):
            self.trigger_event(self.DifferencesReopened, difference_ids=ids, timestamp=at)
        for places in _portions(changes.elsewhere):
            self.trigger_event(self.DifferencePlacesChanged, places=places, timestamp=at)
        for ids in _portions(changes.gone):
            self.trigger_event(
                self.DifferencesResolved, difference_ids=ids, by_comparison_on=on, **acting
            )
        return BookComparison(comparison_id, on, at, figures)

    @property
    def still_open(self) -> int:
        """How many differences are not resolved (未销号)."""
        return sum(each.state is not DifferenceState.RESOLVED for each in self.differences.values())

    def send(
        self,
        difference_ids: Sequence[UUID],
        letter: NoticeLetter,
        *,
        institution_id: str,
        operator: str,
        at: datetime,
    ) -> Notice:
        """Send differences to be looked into; sent again, one waits for its new notice alone.

        Raises `UnknownDifference`, `DifferenceOutOfOrder`, `NoticeInvalid`.
        """
        if letter.owner not in (None, self.left, self.right):
            message = f"只能交给 {self.left.label} 或 {self.right.label} (owner)"
            raise NoticeInvalid(message)
        self._require(difference_ids, SENDABLE, doing="交办")
        number = len(self.notices) + 1
        self.trigger_event(
            self.NoticeSent,
            number=number,
            letter=letter,
            difference_ids=tuple(difference_ids),
            institution_id=institution_id,
            operator=operator,
            timestamp=at,
        )
        return self.notices[number]

    def at_place(self, place: int) -> UUID:
        """The difference at a place, from 1, in the order found. Raises `UnknownDifference`."""
        if not 1 <= place <= len(self.differences):
            message = f"台账里没有第 {place} 条 (unknown difference)"
            raise UnknownDifference(message)
        return next(islice(self.differences, place - 1, None))

    def notice(self, number: int) -> Notice:
        """A notice. Raises `UnknownNotice`."""
        if number not in self.notices:
            message = "没有此核查函 (unknown notice)"
            raise UnknownNotice(message)
        return self.notices[number]

    def is_settled(self, difference_id: UUID, *, notice: int) -> bool:
        """Whether it was resolved while this notice was under way."""
        booked = self.differences[difference_id]
        return booked.notice == notice and booked.state is DifferenceState.RESOLVED

    def why_not_answerable(self, difference_id: UUID, *, notice: int) -> str | None:
        """Why no answer on this notice can be taken for a difference, or None."""
        booked = self.differences.get(difference_id)
        if booked is None or difference_id not in self.notice(notice).places:
            return "不在本核查函中 (not in this notice)"
        if booked.notice != notice:
            return "此后已重新发现或另行交办，请在新的核查函上反馈 (sent again)"
        if booked.state is DifferenceState.RESOLVED:
            return "已销号，无需反馈 (resolved)"
        return None

    def answer(
        self,
        answers: Sequence[DifferenceAnswered],
        *,
        notice: int,
        institution_id: str,
        operator: str,
        at: datetime,
    ) -> None:
        """Take answers on a notice down. Raises `UnknownNotice`, `DifferenceOutOfOrder`."""
        for each in answers:
            reason = self.why_not_answerable(each.difference_id, notice=notice)
            if reason is not None:
                message = f"差异 {each.difference_id}：{reason}"
                raise DifferenceOutOfOrder(message)
        self.trigger_event(
            self.DifferencesAnswered,
            notice=notice,
            answers=tuple(answers),
            institution_id=institution_id,
            operator=operator,
            timestamp=at,
        )

    def resolve(
        self,
        difference_ids: Sequence[UUID],
        *,
        institution_id: str,
        operator: str,
        at: datetime,
    ) -> None:
        """Close answered differences; found again by a later comparison they open again.

        Raises `UnknownDifference`, `DifferenceOutOfOrder`.
        """
        self._require(difference_ids, (DifferenceState.ANSWERED,), doing="销号")
        self.trigger_event(
            self.DifferencesResolved,
            difference_ids=tuple(difference_ids),
            by_comparison_on=None,
            institution_id=institution_id,
            operator=operator,
            timestamp=at,
        )

    def _require(
        self, difference_ids: Sequence[UUID], states: Sequence[DifferenceState], *, doing: str
    ) -> None:
        if len(set(difference_ids)) < len(difference_ids):
            message = "同一条差异写了两次 (difference named twice)"
            raise DifferenceOutOfOrder(message)
        for each in difference_ids:
            booked = self.differences.get(each)
            if booked is None:
                message = "台账里没有这条差异 (unknown difference)"
                raise UnknownDifference(message)
            if booked.state not in states:
                wanted = "或".join(state.label for state in states)
                state = booked.state.label
                message = f"差异 {each} 为“{state}”，须为“{wanted}”才能{doing} (out of order)"
                raise DifferenceOutOfOrder(message)


def _portions(values: Iterable[Value]) -> Iterator[tuple[Value, ...]]:
    rest = iter(values)
    while portion := tuple(islice(rest, _PORTION)):
        yield portion
