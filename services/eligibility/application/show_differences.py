"""Show differences (差异查询): counts, pages with masked people, and whole notices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from eligibility.application.difference_ports import (
    BookStore,
    DifferenceCount,
    DifferencePeople,
    DifferenceRow,
    DifferenceRows,
    DifferenceVault,
    WantedDifferences,
)
from eligibility.application.ports import PersonReads, ReadBy
from eligibility.domain.booked_difference import BookedDifference
from eligibility.domain.difference_book import DifferenceBook
from eligibility.domain.difference_notice import Notice, UnknownBook

_NOBODY = DifferencePeople((), None, None)


@dataclass(frozen=True)
class ShownDifference:
    """A difference with who it is about, as far as that can be read (差异)."""

    place: int
    booked: BookedDifference
    people: DifferencePeople
    note: str | None = field(default=None, repr=False)
    """The words of its answer, as far as they can be read."""


@dataclass(frozen=True)
class ShownPage:
    """A page of differences; behind `next_after` is the next one, None on the last (一页差异)."""

    rows: Sequence[ShownDifference]
    next_after: int | None


@dataclass(frozen=True)
class ShownNotice:
    """A notice with all its rows (核查函)."""

    book: DifferenceBook
    notice: Notice
    rows: Sequence[ShownDifference]


class ShowDifferences:
    """Answers from the book; whoever's personal data is opened, that is recorded."""

    def __init__(
        self,
        *,
        vault: DifferenceVault,
        store: BookStore,
        rows: DifferenceRows,
        reads: PersonReads,
    ) -> None:
        self._vault = vault
        self._store = store
        self._rows = rows
        self._reads = reads

    def book(self, book_id: UUID) -> tuple[DifferenceBook, Sequence[DifferenceCount]]:
        """The book and its counts. Raises `UnknownBook`."""
        return self._find(book_id), self._rows.counts(book_id)

    def page(
        self, book_id: UUID, wanted: WantedDifferences, *, after: int, limit: int, by: ReadBy
    ) -> ShownPage:
        """Up to `limit` differences behind a place; nobody else is opened. Raises `UnknownBook`."""
        rows = self._rows.page(book_id, wanted, after=after, limit=limit + 1)
        if not rows:
            self._find(book_id)
        page = rows[:limit]
        next_after = page[-1].place if len(rows) > limit else None
        return ShownPage(self._with_people(page, by), next_after)

    def notice(self, book_id: UUID, number: int, *, by: ReadBy) -> ShownNotice:
        """A notice in full. Raises `UnknownBook`, `UnknownNotice`."""
        book = self._find(book_id)
        notice = book.notice(number)
        rows = [
            DifferenceRow(place, book.differences[each]) for each, place in notice.places.items()
        ]
        return ShownNotice(book, notice, self._with_people(rows, by))

    def _with_people(self, rows: Sequence[DifferenceRow], by: ReadBy) -> list[ShownDifference]:
        sealed = {
            each.booked.found.difference_id: each.booked.sealed_note
            for each in rows
            if each.booked.sealed_note is not None
        }
        notes = self._vault.open_notes(sealed) if sealed else {}
        people = self._vault.open([each.booked.found.difference_id for each in rows])
        read = {person for each in people.values() for person in each.person_ids}
        if read:
            self._reads.record(sorted(read), by=by)
        return [
            ShownDifference(
                each.place,
                each.booked,
                people.get(each.booked.found.difference_id, _NOBODY),
                notes.get(each.booked.found.difference_id),
            )
            for each in rows
        ]

    def _find(self, book_id: UUID) -> DifferenceBook:
        book = self._store.find(book_id)
        if book is None:
            message = "没有此比对台账 (unknown comparison)"
            raise UnknownBook(message)
        return book
