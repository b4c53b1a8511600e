"""Differences as a book holds them (台账行), and what each comparison did to it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from contracts.vocabulary import DifferenceAnswer, DifferenceKind, DifferenceState


@dataclass(frozen=True)
class FoundDifference:
    """A difference as it is followed up (差异): what and where, never who."""

    difference_id: UUID
    what: DifferenceKind
    township: str | None
    village: str | None
    disease: str | None = None

    def place_by(self, later: "FoundDifference") -> "ChangedPlace | None":
        """Where a later list puts it, or None if that is no news.

        What a list leaves out says nothing: it stays, unless the other part is another one now.
        """
        township, village = later.township, later.village
        if township is None and village in (None, self.village):
            township = self.township
        if village is None and township == self.township:
            village = self.village
        if (township, village) == (self.township, self.village):
            return None
        return ChangedPlace(self.difference_id, township, village)


@dataclass(frozen=True)
class ChangedPlace:
    """Where a difference is found from now on (变更后的乡镇、村)."""

    difference_id: UUID
    township: str | None
    village: str | None


@dataclass(frozen=True)
class ComparisonFigures:
    """What a comparison did to the book (比对结果)."""

    found: int
    reopened: int
    still_open: int
    resolved: int
    rows_left_out: int
    """Rows with mistakes, of both lists: nobody of them is found or resolved."""
    resolving_withheld: bool
    """Some row with mistakes might be anybody's, so nothing was resolved."""


@dataclass(frozen=True)
class BookComparison:
    """A comparison that was kept, and when (已存比对)."""

    comparison_id: UUID
    on: date
    recorded_at: datetime
    figures: ComparisonFigures


@dataclass(frozen=True)
class BookedDifference:
    """A difference and how far it has come (台账行); `notice` is the latest it was sent with."""

    found: FoundDifference
    state: DifferenceState = DifferenceState.FOUND
    notice: int | None = None
    answer: DifferenceAnswer | None = None
    sealed_note: bytes | None = field(default=None, repr=False)
