"""Keep a comparison (存入比对): what two lists differ in goes into the book of differences.

Who the differences are about is sealed first; then one transaction records what was found, what
came back and what is gone. A process killed in between has changed no difference, and the same
files again do the same. The latest comparison again gets the answer of the first time; an earlier
one of the same day is compared anew, so that a comparison of wrong files can be put right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import BinaryIO
from uuid import UUID, uuid5

from eligibility.application.difference_ports import (
    BookStore,
    ComparedLists,
    CompareLists,
    ComparisonOrder,
    DifferenceVault,
    ReadList,
)
from eligibility.application.ports import ActsFor, Receipt
from eligibility.domain.booked_difference import BookComparison, FoundDifference
from eligibility.domain.difference_book import ComparedAhead, DifferenceBook
from eligibility.domain.owner_list import require_region
from eligibility.domain.resolving_guard import ResolvingGuard
from eligibility.domain.roster import RosterHasRejectedRows

_PORTION = 2_000

Progress = Callable[[str, int], None]
"""Hears which step is under way (比对、封存) and how many differences are done."""


@dataclass(frozen=True)
class KeptComparison:
    """What keeping a comparison did (存入结果); the lists as read, None for a repeated one."""

    book_id: UUID
    comparison: BookComparison
    left: ReadList
    right: ReadList
    is_repeated: bool = False


class KeepComparison:
    """Compares two lists and keeps what differs."""

    def __init__(
        self,
        *,
        compare: CompareLists,
        vault: DifferenceVault,
        store: BookStore,
        guard: ResolvingGuard,
    ) -> None:
        self._compare = compare
        self._guard = guard
        self._vault = vault
        self._store = store

    def __call__(
        self,
        order: ComparisonOrder,
        left: BinaryIO,
        right: BinaryIO,
        *,
        accept_rejected_rows: bool,
        confirmed_resolutions: int | None = None,
        today: date,
        acting: ActsFor,
        at: datetime,
        accept: Callable[[KeptComparison], Receipt] | None = None,
        progress: Progress | None = None,
    ) -> KeptComparison:
        """Compare and keep, at the instant `at` (UTC), on the business date `today`.

        `confirmed_resolutions` names the number of differences that may be resolved above the
        limit. Raises `RosterUnreadable`, `ListOrderInvalid`, `RosterHasRejectedRows`,
        `ComparedBackwards`, `ComparedAhead`, `WouldResolveTooMany`,
        and a version conflict when another comparison came first.
        """
        heard = progress or _unheard
        require_region(order.region)
        if order.on > today:
            message = f"比对日期 {order.on} 晚于今天 {today}，请更正 (compared ahead)"
            raise ComparedAhead(message)
        book_id = DifferenceBook.id_of(
            region=order.region,
            left=order.left,
            right=order.right,
            subject=order.subject,
            year=order.year,
        )
        book = self._store.find(book_id)
        lists = self._compare(order, left, right)
        comparison_id = uuid5(book_id, lists.content_id)
        latest = book.latest if book is not None else None
        if book is not None and latest is not None and latest.comparison_id == comparison_id:
            kept = KeptComparison(book_id, latest, lists.left, lists.right, is_repeated=True)
            if accept is not None:
                self._store.save(book, receipt=accept(kept))
            return kept
        if book is not None:
            book.require_no_later(order.on)
        _require_decision(lists, accepted=accept_rejected_rows)
        heard("比对", 0)
        found = self._seal(book_id, lists, heard)
        recorded_at = at if book is None else max(at, book.modified_on)
        book = book or DifferenceBook.begin(
            region=order.region,
            left=order.left,
            right=order.right,
            subject=order.subject,
            year=order.year,
            at=recorded_at,
        )
        doubtful = lists.left.doubtful | lists.right.doubtful
        uncertain = self._vault.about(book_id, doubtful) if doubtful else set()
        open_before = book.still_open
        comparison = book.compare(
            comparison_id,
            {key: each for key, each in found.items() if key not in uncertain},
            on=order.on,
            uncertain=frozenset(uncertain),
            rows_left_out=lists.left.left_out + lists.right.left_out,
            resolving_withheld=bool(lists.left.left_out_unknown or lists.right.left_out_unknown),
            institution_id=acting.institution_id,
            operator=acting.operator,
            at=recorded_at,
        )
        self._guard.require(
            comparison.figures.resolved, of=open_before, confirmed=confirmed_resolutions
        )
        kept = KeptComparison(book_id, comparison, lists.left, lists.right)
        heard("存入", len(found))
        self._store.save(book, receipt=accept(kept) if accept is not None else None)
        return kept

    def _seal(
        self, book_id: UUID, lists: ComparedLists, heard: Progress
    ) -> dict[UUID, FoundDifference]:
        found: dict[UUID, FoundDifference] = {}
        differences = iter(lists.differences)
        while portion := list(islice(differences, _PORTION)):
            ids = self._vault.keep(book_id, portion)
            for key, each in zip(ids, portion, strict=True):
                found[key] = FoundDifference(
                    key, each.what, each.township, each.village, each.disease
                )
            heard("封存", len(found))
        return found


def _require_decision(lists: ComparedLists, *, accepted: bool) -> None:
    left_out = lists.left.left_out + lists.right.left_out
    if left_out and not accepted:
        message = (
            f"两份名单共有 {left_out} 行错误，未存入；请更正后重新比对，"
            "或确认略过错误行 (accept_rejected_rows)"
        )
        raise RosterHasRejectedRows(message)


def _unheard(_step: str, _done: int) -> None:
    pass
