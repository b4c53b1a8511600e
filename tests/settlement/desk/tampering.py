"""Tampering with a ledger that is right, and what verifying does not see of it.

Thousands of changes are tried, each in a ledger of its own. All before the change is as it was, so
the walk along it is kept and goes on from there, and it is left at the first discrepancy. That is
what `verify_ledger` finds, too: it is the same walk, which looks at the events once, in order.
"""

import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from types import FunctionType

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import Discrepancy, LedgerWalk, verify_ledger
from settlement.application.verifying.fund_books import FundBooks
from tests.settlement.desk.ledger_rows import LedgerOfRows, Row, changes, renumbered, state_of

Reasons = Mapping[str, set[str]]
"""Why changes may go unseen, each with the fields of which it is true."""
Unseen = Mapping[str, Reasons]
"""The kinds of event that a test looks at, and in each what may be changed unseen. What is said
here of a kind is all: `verify_ledger` says it in words."""

EVERYTHING_SEEN: Reasons = {}
ONLY_OUTSIDE = "only the outside knows it"
DECIDES_NOTHING = "it was answered or declared, and decides no amount in this ledger"
DECLARED_ANEW = "the discharge declares it anew"

BY_AND_WHEN: Reasons = {ONLY_OUTSIDE: {"by.operator", "timestamp"}}
BY_WHEN_AND_WHY: Reasons = {ONLY_OUTSIDE: {"by.operator", "timestamp", "reason"}}

ANSWERED = {
    "age",
    "enrolment.plan",
    "enrolment.recorded_at",
    "enrolment.source",
    "enrolment.valid_from",
    "enrolment.valid_to",
    "known_at",
    "version",
}
"""What eligibility answers of a person beside the identities, and no rule asks for."""
IDENTITIES_ANSWERED = {
    "identities",
    "identities.recorded_at",
    "identities.source",
    "identities.valid_from",
    "identities.valid_to",
}
"""What it answers of identities beside which they are: a day within them is as good as another."""


@dataclass(frozen=True)
class Change:
    """One value of an event changed."""

    row: Row
    field: str
    other: Row


OfFields = Callable[[str], bool]
"""Which fields are looked at."""


def _of_all(_field: str) -> bool:
    return True


class SoundLedger:
    """The rows of a story, in which verifying finds nothing, and what is made of them.

    Where a test names no kinds of event, it means all that there are.
    """

    def __init__(self, rows: list[Row], *, books: FundBooks | None = None):
        """With the accounts of the funds, where a test asks for them."""
        self.rows = rows
        self._books = books
        self._laws = LawLibrary(LedgerOfRows(rows))
        self._walks: dict[bool, _KeptWalks] = {}

    def discrepancies(
        self, rows: list[Row] | None = None, *, with_books: bool = False
    ) -> tuple[Discrepancy, ...]:
        """Everything that verifying finds in these rows, or in the story's own."""
        ledger = LedgerOfRows(self.rows if rows is None else rows)
        laws = self._laws if self._has_same_laws(ledger.rows) else LawLibrary(ledger)
        books = self._books if with_books else None
        assert books or not with_books
        return verify_ledger(ledger, laws, fund_books=books).discrepancies

    def is_found(self, rows: list[Row], *, with_books: bool = False) -> bool:
        """Whether verifying finds anything in these rows."""
        if not self._has_same_laws(rows):
            return bool(self.discrepancies(rows, with_books=with_books))
        if with_books not in self._walks:
            books = self._books if with_books else None
            assert books or not with_books
            self._walks[with_books] = _KeptWalks(self.rows, self._laws, books)
        pairs = zip(self.rows, rows, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return any(True for _ in self._walks[with_books].go_on(same, rows))

    def _has_same_laws(self, rows: list[Row]) -> bool:
        return _laws_in(rows) == _laws_in(self.rows)

    def where(self, kind: str, **values: object) -> int:
        """The place of the first row of a kind with these values."""
        return next(
            at
            for at, row in enumerate(self.rows)
            if row.kind == kind and values.items() <= state_of(row).items()
        )

    def count(self, *kinds: str) -> list[int]:
        """How many events there are of each kind."""
        found = [row.kind for row in self.rows]
        return [found.count(kind) for kind in kinds]

    def without(self, *gone: int) -> list[Row]:
        """The rows without some, numbered anew."""
        return renumbered([row for at, row in enumerate(self.rows) if at not in gone])

    def with_changed(self, at: int, row: Row) -> list[Row]:
        """The rows with another in a place."""
        return [*self.rows[:at], row, *self.rows[at + 1 :]]

    def with_doubled(self, at: int) -> list[Row]:
        """The rows with one of them twice, numbered anew."""
        return renumbered([*self.rows[: at + 1], *self.rows[at:]])

    def changes_of(self, *kinds: str, of: OfFields = _of_all) -> int:
        """How many changes there are to try in events of these kinds, or in some fields of
        them."""
        return sum(1 for _ in self._changes(kinds, of))

    def unseen_changes(
        self, *kinds: str, of: OfFields = _of_all, with_books: bool = False
    ) -> list[Change]:
        """The changes in events of these kinds, or in some fields of them, that verifying does
        not find. There is at least one to try."""
        tried = list(self._changes(kinds, of))
        assert tried, kinds
        return [
            change
            for at, change in tried
            if not self.is_found(self.with_changed(at, change.other), with_books=with_books)
        ]

    def _changes(self, kinds: tuple[str, ...], of: OfFields) -> Iterator[tuple[int, Change]]:
        for at in self._places(kinds):
            for field, other in changes(self.rows[at]):
                if of(field):
                    yield at, Change(self.rows[at], field, other)

    def unseen_fields(self, kind: str, *, with_books: bool = False) -> set[str]:
        """The fields of a kind of event of which some change is not found."""
        return fields_of(self.unseen_changes(kind, with_books=with_books))

    def unseen_taken_out(self, *kinds: str, with_books: bool = False) -> list[str]:
        """The events, or those of some kinds, that verifying does not miss, by their kinds."""
        return self._unseen(kinds, self.without, with_books=with_books)

    def unseen_doubled(self, *kinds: str, with_books: bool = False) -> list[str]:
        """The events, or those of some kinds, that may be in the ledger twice, by their kinds."""
        return self._unseen(kinds, self.with_doubled, with_books=with_books)

    def _unseen(
        self, kinds: tuple[str, ...], tamper: Callable[[int], list[Row]], *, with_books: bool
    ) -> list[str]:
        return [
            self.rows[at].kind
            for at in self._places(kinds)
            if not self.is_found(tamper(at), with_books=with_books)
        ]

    def _places(self, kinds: tuple[str, ...]) -> list[int]:
        """Where events of these kinds stand, or all events; there is one of each kind."""
        found = [at for at, row in enumerate(self.rows) if not kinds or row.kind in kinds]
        assert {self.rows[at].kind for at in found} >= set(kinds)
        assert found
        return found


def within(prefix: str, *fields: set[str]) -> set[str]:
    """The fields of a part of an event."""
    return {f"{prefix}.{field}" for field in set().union(*fields)}


def fields_in(reasons: Reasons) -> set[str]:
    """The fields that may be changed unseen, for whatever reason."""
    return {field for fields in reasons.values() for field in fields}


def fields_of(unseen: Iterable[Change]) -> set[str]:
    """The fields in which changes were not found."""
    return {change.field for change in unseen}


class _KeptWalks:
    """The walk along a sound ledger as it stands before each of its events.

    Each is restored from bytes before it goes on, so that nothing of a change that was tried is
    left in the next; the laws alone, which only read, and functions are the same in all of them.
    """

    def __init__(self, rows: list[Row], laws: LawLibrary, books: FundBooks | None):
        walk = LedgerWalk(laws)
        walk.read_books(books)
        self._same: list[object] = []
        self._kept = [self._keep(walk)]
        # By restored walks alone: what they forget would be found here.
        for logged in LedgerOfRows(rows).events():
            walk = self._restored(len(self._kept) - 1)
            assert not list(walk.take(logged)), logged
            self._kept.append(self._keep(walk))
        assert not list(self.go_on(len(rows), rows))

    def go_on(self, same: int, rows: list[Row]) -> Iterator[Discrepancy]:
        """What is found in rows of which the first are those of the ledger."""
        walk = self._restored(same)
        for logged in walk.readable(LedgerOfRows(rows).events(after=same)):
            yield from walk.take(logged)
        yield from walk.finish()

    def _keep(self, walk: LedgerWalk) -> bytes:
        into = io.BytesIO()
        _Keeping(into, self._same).dump(walk)
        return into.getvalue()

    def _restored(self, at: int) -> LedgerWalk:
        found: LedgerWalk = _Restoring(io.BytesIO(self._kept[at]), self._same).load()
        return found


class _Keeping(pickle.Pickler):
    def __init__(self, into: io.BytesIO, same: list[object]):
        super().__init__(into, pickle.HIGHEST_PROTOCOL)
        self._same = same

    def persistent_id(self, obj: object) -> int | None:
        """The place of what is not copied."""
        if not isinstance(obj, (LawLibrary, FunctionType)):
            return None
        self._same.append(obj)
        return len(self._same) - 1


class _Restoring(pickle.Unpickler):
    def __init__(self, kept: io.BytesIO, same: list[object]):
        super().__init__(kept)
        self._same = same

    def persistent_load(self, pid: int) -> object:
        """What stood in a place."""
        return self._same[pid]


def _laws_in(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.topic == "settlement.policy-adopted.v1"]
