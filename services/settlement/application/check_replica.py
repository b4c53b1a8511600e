"""Checking that the replica holds everything (核对副本): while eligibility answers, it is asked.

What the topic brought cannot tell what it has not brought yet: a publisher may have stopped. So
the replica counts as complete at an instant only if eligibility's own list of changes, read after
that instant, names nothing that is not in it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from settlement.application.ports import Corrections, PersonChange, RecordsJoined

CHANGES_A_PAGE = 1_000


class ReplicaBooks(Protocol):
    """What the replica knows of its own completeness."""

    def checked_to(self, partitions: int) -> int:
        """Up to which position of eligibility's log nothing is missing."""

    def holds(self, changes: Sequence[PersonChange | RecordsJoined]) -> bool:
        """Whether all of these are told of here."""

    def note_checked(self, position: int, *, complete_at: datetime | None = None) -> None:
        """Nothing is missing up to a position; or, besides, was at an instant."""


def check_replica(
    books: ReplicaBooks, corrections: Corrections, *, partitions: int, at: datetime
) -> bool:
    """Whether the replica is complete as of the present instant `at` (UTC); it is kept if so.

    `partitions` is how many the topic has. Raises EligibilityUnreachable.
    """
    checked_to = books.checked_to(partitions)
    while True:
        page = corrections.changes(after=checked_to, limit=CHANGES_A_PAGE)
        if not books.holds(page.changes):
            return False
        checked_to = page.next_after
        if not page.has_more:
            break
        books.note_checked(checked_to)
    books.note_checked(checked_to, complete_at=at)
    return True
