"""What following differences up needs from outside (差异台账端口)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Protocol
from uuid import UUID

from contracts.vocabulary import ComparedSubject, DataOwner, DifferenceKind, DifferenceState
from eligibility.application.ports import Receipt
from eligibility.domain.booked_difference import BookedDifference
from eligibility.domain.certificate import Certificate
from eligibility.domain.difference_book import DifferenceBook
from eligibility.domain.listed_person import Difference, ListedSide
from eligibility.domain.owner_list import ListOrderInvalid


@dataclass(frozen=True)
class ComparisonOrder:
    """Which lists are compared, and what they are compared on (比对说明).

    Of `enrolment` the right list is the insurer's, and counts what it holds on any day of `year`.
    Raises `ListOrderInvalid`.
    """

    region: str
    left: DataOwner
    right: DataOwner
    subject: ComparedSubject
    on: date
    year: int | None = None

    def __post_init__(self) -> None:
        """A year for enrolment alone; who is enrolled, the insurer alone can tell."""
        is_enrolment = self.subject is ComparedSubject.ENROLMENT
        if is_enrolment != (self.year is not None):
            message = "参保年度 year 比对参保时必填，其他比对不填 (year)"
            raise ListOrderInvalid(message)
        insurer = DataOwner.HEALTH_INSURANCE
        if is_enrolment and (self.left is insurer or self.right is not insurer):
            message = "第一份须为认定困难身份的部门的名单，第二份为医保的参保名单 (owner)"
            raise ListOrderInvalid(message)

    @property
    def right_window(self) -> tuple[date, date] | None:
        """The days of the year, of enrolment; None where the right list is asked of `on` too."""
        return (date(self.year, 1, 1), date(self.year, 12, 31)) if self.year is not None else None


@dataclass(frozen=True)
class ReadList:
    """What was read of a list (读取情况): rows, those with mistakes, and whose they are."""

    rows: int
    left_out: int
    left_out_unknown: int
    not_held: int
    doubtful: frozenset[Certificate] = field(repr=False)


@dataclass(frozen=True)
class ComparedLists:
    """Two lists compared; the same files compared in the same way have the same `content_id`."""

    content_id: str
    left: ReadList
    right: ReadList
    differences: Iterable[Difference] = field(repr=False)


class CompareLists(Protocol):
    """Reads two files and compares them (比对)."""

    def __call__(self, order: ComparisonOrder, left: BinaryIO, right: BinaryIO) -> ComparedLists:
        """What differs. Raises `RosterUnreadable`, `ListOrderInvalid`."""


@dataclass(frozen=True)
class DifferencePeople:
    """Who a difference is about (差异所涉人员); a side is None where its list or key is missing."""

    person_ids: tuple[UUID, ...]
    left: ListedSide | None
    right: ListedSide | None


class DifferenceVault(Protocol):
    """Who the differences are about, sealed under each person's key (差异所涉人员)."""

    def keep(self, book_id: UUID, differences: Sequence[Difference]) -> list[UUID]:
        """Seal what the lists say of the people of these differences; gives each one's id.

        The id follows from the book, the people and what differs: again, it is the same.
        """

    def about(self, book_id: UUID, certificates: Iterable[Certificate]) -> set[UUID]:
        """The book's differences that are about these people."""

    def open(self, difference_ids: Sequence[UUID]) -> Mapping[UUID, DifferencePeople]:
        """Who these differences are about, as far as their keys are there."""

    def seal_notes(self, notes: Mapping[UUID, str]) -> Mapping[UUID, bytes]:
        """The words of answers, by difference; those of erased people are left out."""

    def open_notes(self, sealed: Mapping[UUID, bytes]) -> Mapping[UUID, str]:
        """The words again, as far as their keys are there."""


class BookStore(Protocol):
    """Books of differences, as events (台账存储)."""

    def find(self, book_id: UUID) -> DifferenceBook | None:
        """The book now, or None."""

    def save(self, book: DifferenceBook, *, receipt: Receipt | None = None) -> None:
        """Save what happened and the receipt of the request, or nothing."""


@dataclass(frozen=True)
class WantedDifferences:
    """Which differences are asked for (筛选); None is all."""

    what: tuple[DifferenceKind, ...] = ()
    township: str | None = None
    village: str | None = None
    states: tuple[DifferenceState, ...] = ()
    notice: int | None = None
    """The notice that it was sent with last."""


@dataclass(frozen=True)
class DifferenceRow:
    """A difference with its place in the book, from 1 (台账行)."""

    place: int
    booked: BookedDifference


@dataclass(frozen=True)
class DifferenceCount:
    """How many differences of a kind in a place are in a state (计数)."""

    township: str | None
    village: str | None
    what: DifferenceKind
    state: DifferenceState
    count: int


class DifferenceRows(Protocol):
    """The books of differences as rows (台账读模型)."""

    def page(
        self, book_id: UUID, wanted: WantedDifferences, *, after: int, limit: int
    ) -> Sequence[DifferenceRow]:
        """Up to `limit` rows behind a place, in order."""

    def ids(self, book_id: UUID, wanted: WantedDifferences) -> Sequence[UUID]:
        """All that are asked for, by township, village and place."""

    def counts(self, book_id: UUID) -> Sequence[DifferenceCount]:
        """How many of each kind, place and state."""
