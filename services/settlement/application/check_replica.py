"""Checking that the replica holds everything (核对副本): while eligibility answers, it is asked.

What the topic brought cannot tell what it has not brought yet: a publisher may have stopped. So
the replica counts as complete at an instant only if eligibility's own list of changes, read after
that instant, names nothing that is not in it, and is the list that it was held against before:
eligibility restored from a backup has another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from settlement.application.ports import Corrections, PersonChange, PersonChanges, RecordsJoined

CHANGES_A_PAGE = 1_000
# So that whoever listens beside it goes on listening: the rest is looked at the next time.
PAGES_AT_ONCE = 10


@dataclass(frozen=True)
class CheckedTo:
    """How far the replica was held against eligibility's log (核对至).

    Up to `position` nothing is missing; `mark` tells the event there from every other, and is empty
    where eligibility told none. `held_to` is the last position of which anything was told here.
    `generation` rises whenever all is forgotten; until then `another_log` stays, which says why it
    is no replica of eligibility's log any more.
    """

    generation: int
    position: int
    mark: str
    held_to: int
    another_log: str | None = None


class ReplicaState(Enum):
    """What a check found (核对结果)."""

    COMPLETE = auto()
    BEHIND = auto()
    """Something is not here yet."""
    UNFINISHED = auto()
    """There is more to look at."""
    ANOTHER_LOG = auto()
    """Eligibility's log is not the one that was told of: the replica must be made again."""


class ReplicaBooks(Protocol):
    """What the replica knows of its own completeness."""

    def checked(self) -> CheckedTo:
        """How far it was checked."""

    def holds(self, changes: Sequence[PersonChange | RecordsJoined]) -> bool:
        """Whether all of these are told of here."""

    def note_checked(
        self, was: CheckedTo, position: int, *, mark: str, complete_at: datetime | None
    ) -> CheckedTo | None:
        """Nothing is missing up to a position; or, besides, was at an instant. None, and nothing is
        noted, where the replica was forgotten or checked by another since it `was` so."""

    def note_another_log(self, was: CheckedTo, why: str) -> None:
        """It is not complete, and will not be: an alarm. Nothing where it was forgotten since."""


def check_replica(books: ReplicaBooks, corrections: Corrections, *, at: datetime) -> ReplicaState:
    """Whether the replica is complete as of the present instant `at` (UTC); it is kept if so.

    Raises EligibilityUnreachable.
    """
    checked = books.checked()
    for _ in range(PAGES_AT_ONCE):
        page = corrections.changes(after=checked.position, limit=CHANGES_A_PAGE)
        why = checked.another_log or _another_log(checked, page)
        if why is not None:
            books.note_another_log(checked, why)
            return ReplicaState.ANOTHER_LOG
        if not books.holds(page.changes):
            return ReplicaState.BEHIND
        noted = books.note_checked(
            checked,
            page.next_after,
            mark=page.next_mark,
            complete_at=None if page.has_more else at,
        )
        if noted is None:
            return ReplicaState.BEHIND
        if not page.has_more:
            return ReplicaState.COMPLETE
        checked = noted
    return ReplicaState.UNFINISHED


def _another_log(checked: CheckedTo, page: PersonChanges) -> str | None:
    """Why a page is not of the log that was checked; None as far as can be seen."""
    told = max(checked.position, checked.held_to)
    if page.last is not None and page.last < told:
        return f"资格服务的日志只到 {page.last}，而副本已读到 {told}：日志可能是旧的备份"
    if checked.mark and page.after_mark and checked.mark != page.after_mark:
        return f"资格服务的日志在 {checked.position} 却是另一个事件：日志可能是旧的备份"
    return None
