"""What a comparison changes in the book of differences (比对引起的变动): pure, decided at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from contracts.vocabulary import DifferenceState
from eligibility.domain.booked_difference import (
    BookedDifference,
    ChangedPlace,
    ComparisonFigures,
    FoundDifference,
)


@dataclass(frozen=True)
class BookChanges:
    """What is new, back and gone, and where what was known is now (新增、重现、消失、换地方)."""

    new: tuple[FoundDifference, ...]
    reopened: tuple[UUID, ...]
    gone: tuple[UUID, ...]
    elsewhere: tuple[ChangedPlace, ...]
    still_open: int

    def figures(self, *, rows_left_out: int, resolving_withheld: bool) -> ComparisonFigures:
        """The same, counted."""
        return ComparisonFigures(
            found=len(self.new),
            reopened=len(self.reopened),
            still_open=self.still_open,
            resolved=len(self.gone),
            rows_left_out=rows_left_out,
            resolving_withheld=resolving_withheld,
        )


def changes_by(
    found: Mapping[UUID, FoundDifference],
    known: Mapping[UUID, BookedDifference],
    *,
    uncertain: frozenset[UUID],
    resolving_withheld: bool,
) -> BookChanges:
    """What finding these changes; what is open, certain and not found is gone."""
    new = tuple(each for key, each in found.items() if key not in known)
    resolved = {key for key, each in known.items() if each.state is DifferenceState.RESOLVED}
    reopened = tuple(key for key in found if key in resolved)
    kept = uncertain | resolved
    gone = () if resolving_withheld else _not_in(found, known, kept)
    places = (known[key].found.place_by(each) for key, each in found.items() if key in known)
    return BookChanges(
        new=new,
        reopened=reopened,
        gone=gone,
        elsewhere=tuple(each for each in places if each is not None),
        still_open=len(found) - len(new) - len(reopened),
    )


def _not_in(
    found: Mapping[UUID, FoundDifference],
    known: Mapping[UUID, BookedDifference],
    kept: frozenset[UUID] | set[UUID],
) -> tuple[UUID, ...]:
    return tuple(key for key in known if key not in found and key not in kept)
