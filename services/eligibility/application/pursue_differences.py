"""Follow differences up (交办、反馈、销号): send them, take answers, close them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.vocabulary import DifferenceAnswer, DifferenceKind, DifferenceState
from eligibility.application.difference_ports import (
    BookStore,
    DifferenceRows,
    DifferenceVault,
    WantedDifferences,
)
from eligibility.application.ports import ActsFor, Receipt
from eligibility.domain.difference_book import DifferenceBook
from eligibility.domain.difference_notice import (
    AnswersRejected,
    DifferenceAnswered,
    NothingToSend,
    Notice,
    NoticeLetter,
    UnknownBook,
    check_code,
    read_answer,
)
from eligibility.domain.roster import RowError

_LONGEST_NOTE = 200
_FIRST_SHOWN = 20


@dataclass(frozen=True)
class FilledRow:
    """A row of a notice as it came back (反馈行): `row` as a spreadsheet numbers it."""

    row: int
    place: str
    check: str
    result: str = field(repr=False)
    note: str = field(repr=False)


@dataclass(frozen=True)
class FilledNotice:
    """A notice as it came back (反馈文件)."""

    book_id: UUID
    number: int
    rows: Sequence[FilledRow] = field(repr=False)


@dataclass(frozen=True)
class ChangedAnswer:
    """An answer that takes an earlier one's place (改动的反馈); `row` as a spreadsheet numbers it.

    An older copy of a sheet is noticed by it.
    """

    row: int
    before: DifferenceAnswer
    now: DifferenceAnswer


@dataclass(frozen=True)
class AnswersTaken:
    """What became of a filled-in notice (反馈结果)."""

    book_id: UUID
    number: int
    recorded: int
    unchanged: int
    unanswered: int
    errors: tuple[RowError, ...]
    changed: tuple[ChangedAnswer, ...] = ()
    settled: int = 0
    """Rows that were resolved meanwhile: their answers are not needed any more."""


class PursueDifferences:
    """Sends, takes answers, closes; everything with who and when."""

    def __init__(self, *, vault: DifferenceVault, store: BookStore, rows: DifferenceRows) -> None:
        self._vault = vault
        self._store = store
        self._rows = rows

    def send(
        self,
        book_id: UUID,
        letter: NoticeLetter,
        *,
        what: tuple[DifferenceKind, ...] = (),
        again: int | None = None,
        acting: ActsFor,
        at: datetime,
        accept: Callable[[Notice], Receipt] | None = None,
    ) -> Notice:
        """Send everything that waits to be sent: of a township, or all of it to an owner.

        With `again`, what was sent with that notice and is not resolved, answered or not.
        Raises `UnknownBook`, `UnknownNotice`, `NothingToSend`, `NoticeInvalid`, and a version
        conflict.
        """
        book = self.book(book_id)
        states: tuple[DifferenceState, ...] = (DifferenceState.FOUND,)
        if again is not None:
            states = (DifferenceState.SENT, DifferenceState.ANSWERED)
            book.notice(again)
        wanted = WantedDifferences(what, letter.township, states=states, notice=again)
        ids = self._rows.ids(book_id, wanted)
        if not ids:
            raise NothingToSend(self._nothing_to_send(book_id))
        notice = book.send(
            ids,
            letter,
            institution_id=acting.institution_id,
            operator=acting.operator,
            at=max(at, book.modified_on),
        )
        self._store.save(book, receipt=accept(notice) if accept is not None else None)
        return notice

    def answer(
        self,
        filled: FilledNotice,
        *,
        accept_rejected_rows: bool,
        acting: ActsFor,
        at: datetime,
        is_trial: bool = False,
        accept: Callable[[AnswersTaken], Receipt] | None = None,
    ) -> AnswersTaken:
        """Take a filled-in notice; the same file again changes nothing.

        Raises `UnknownBook`, `UnknownNotice`, `AnswersRejected`, and a version conflict.
        """
        book = self.book(filled.book_id)
        notice = book.notice(filled.number)
        reading = _Reading(book, notice)
        for row in filled.rows:
            reading.take(row)
        changed = self._changed(book, reading.answers)
        taken = AnswersTaken(
            book_id=filled.book_id,
            number=filled.number,
            recorded=len(changed),
            unchanged=len(reading.answers) - len(changed),
            unanswered=len(notice.difference_ids)
            - len(reading.answers)
            - reading.failed
            - reading.settled,
            errors=tuple(reading.errors),
            changed=tuple(reading.changes(changed)),
            settled=reading.settled,
        )
        if is_trial:
            return taken
        if taken.errors and not accept_rejected_rows:
            raise AnswersRejected(_rejected(taken.errors))
        if changed:
            book.answer(
                changed,
                notice=notice.number,
                institution_id=acting.institution_id,
                operator=acting.operator,
                at=max(at, book.modified_on),
            )
        self._store.save(book, receipt=accept(taken) if accept is not None else None)
        return taken

    def resolve(
        self,
        book_id: UUID,
        difference_ids: Sequence[UUID],
        *,
        acting: ActsFor,
        at: datetime,
        accept: Callable[[], Receipt] | None = None,
    ) -> None:
        """Close answered differences without waiting for the next comparison.

        Raises `UnknownBook`, `UnknownDifference`, `DifferenceOutOfOrder`.
        """
        book = self.book(book_id)
        book.resolve(
            difference_ids,
            institution_id=acting.institution_id,
            operator=acting.operator,
            at=max(at, book.modified_on),
        )
        self._store.save(book, receipt=accept() if accept is not None else None)

    def book(self, book_id: UUID) -> DifferenceBook:
        """A book. Raises `UnknownBook`."""
        book = self._store.find(book_id)
        if book is None:
            message = "没有此比对台账 (unknown comparison)"
            raise UnknownBook(message)
        return book

    def _nothing_to_send(self, book_id: UUID) -> str:
        """Where something waits, in words: a township may be written in another way."""
        waiting = Counter[str]()
        for each in self._rows.counts(book_id):
            if each.state is DifferenceState.FOUND:
                waiting[each.township or "未写乡镇（只能交给部门）"] += each.count
        shown = "、".join(f"{name} {n} 条" for name, n in waiting.most_common(_FIRST_SHOWN))
        told = f"；待交办的有：{shown}" if shown else ""
        return f"没有符合条件的待交办差异{told} (nothing to send)"

    def _changed(
        self, book: DifferenceBook, answers: Mapping[UUID, tuple[DifferenceAnswer, str]]
    ) -> list[DifferenceAnswered]:
        """The answers that say something new, their words sealed."""
        noted = {
            key: booked.sealed_note
            for key in answers
            if (booked := book.differences[key]).sealed_note is not None
        }
        known = self._vault.open_notes(noted)
        new = {
            key: said
            for key, said in answers.items()
            if (book.differences[key].answer, known.get(key, "")) != said
            and not self._is_erased(key, said, noted, known, book)
        }
        sealed = self._vault.seal_notes({key: note for key, (_, note) in new.items() if note})
        return [
            DifferenceAnswered(key, answer, sealed.get(key)) for key, (answer, _) in new.items()
        ]

    def _is_erased(
        self,
        key: UUID,
        said: tuple[DifferenceAnswer, str],
        noted: Mapping[UUID, bytes],
        known: Mapping[UUID, str],
        book: DifferenceBook,
    ) -> bool:
        """Whether there were words that nobody can read any more: the same file is no news."""
        return key in noted and key not in known and book.differences[key].answer is said[0]


class _Reading:
    """Reads the rows of one filled-in notice and gathers every mistake."""

    def __init__(self, book: DifferenceBook, notice: Notice) -> None:
        self.answers: dict[UUID, tuple[DifferenceAnswer, str]] = {}
        self.errors: list[RowError] = []
        self.failed = 0
        self.settled = 0
        self._book = book
        self._notice = notice
        self._seen: dict[UUID, int] = {}

    def take(self, row: FilledRow) -> None:
        """One row: an answer, nothing yet, or a mistake."""
        difference_id = self._difference(row)
        if difference_id is None:
            return
        first = self._seen.setdefault(difference_id, row.row)
        if first != row.row:
            self._refuse(row, "序号", f"与第 {first} 行重复，请只留一行 (twice)")
            return
        if not row.result.strip():
            if row.note.strip():
                self.failed += 1
                self._refuse(row, "核查结果", "写了说明而没有选核查结果 (result missing)")
            return
        if self._book.is_settled(difference_id, notice=self._notice.number):
            self.settled += 1
            return
        said = self._said(row)
        reason = self._book.why_not_answerable(difference_id, notice=self._notice.number)
        if reason is not None:
            self._refuse(row, "序号", reason)
        if said is None or reason is not None:
            self.failed += 1
        else:
            self.answers[difference_id] = said

    def changes(self, said: Sequence[DifferenceAnswered]) -> Iterator[ChangedAnswer]:
        """Those that take an earlier answer's place, or the place of its words."""
        for each in said:
            before = self._book.differences[each.difference_id].answer
            if before is not None:
                yield ChangedAnswer(self._seen[each.difference_id], before, each.answer)

    def _difference(self, row: FilledRow) -> UUID | None:
        ids = self._notice.difference_ids
        place = int(row.place) if row.place.isascii() and row.place.isdecimal() else 0
        if not 1 <= place <= len(ids):
            self._refuse(row, "序号", f"须为本函的序号 1 至 {len(ids)} (row number)")
            return None
        if row.check.strip().upper() != check_code(ids[place - 1]):
            message = "序号与校验码不符，多半是行错位；请从原函重填 (slipped row)"
            self._refuse(row, "校验码", message)
            return None
        return ids[place - 1]

    def _said(self, row: FilledRow) -> tuple[DifferenceAnswer, str] | None:
        left, right = self._book.left, self._book.right
        answer, note = read_answer(row.result, left=left, right=right), row.note.strip()
        if answer is None:
            self._refuse(row, "核查结果", "请从下拉选项中选择，不要改写 (unknown result)")
        elif answer is DifferenceAnswer.OTHER and not note:
            self._refuse(row, "核查说明", "选“其他”须写明情况 (note missing)")
        elif len(note) > _LONGEST_NOTE:
            self._refuse(row, "核查说明", f"至多 {_LONGEST_NOTE} 个字 (note too long)")
        else:
            return answer, note
        return None

    def _refuse(self, row: FilledRow, column: str, message: str) -> None:
        self.errors.append(RowError(row.row, column, message))


def _rejected(errors: Sequence[RowError]) -> str:
    shown = "；".join(
        f"第 {each.row} 行 {each.column}：{each.message}" for each in errors[:_FIRST_SHOWN]
    )
    more = f"……共 {len(errors)} 处" if len(errors) > _FIRST_SHOWN else ""
    return f"反馈有错误行，未记录任何一行：{shown}{more}。请更正后重发，或确认略过错误行"
