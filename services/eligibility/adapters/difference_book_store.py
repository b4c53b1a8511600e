"""Books of differences on the event log (台账存储)."""

from typing import Any
from uuid import UUID

from eligibility.domain.difference_book import DifferenceBook
from eventlog.log import EventLog


class EventLogBookStore:
    """The port `BookStore`, on this service's event log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def find(self, book_id: UUID) -> DifferenceBook | None:
        """The book now, or None."""
        return self._log.find(book_id, DifferenceBook)

    def save(self, book: DifferenceBook, *, receipt: Any = None) -> None:
        """Save what happened and the accepted request, or nothing."""
        self._log.save(book, accepted=receipt)
