"""What a person has used of each counter in each benefit year (年度累计), on either side."""

from collections.abc import Mapping
from datetime import date


class YearlyTotals:
    """Totals in fen by counter and first day of its benefit year; they begin at zero."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, date], int] = {}

    def before(self, years: Mapping[str, date]) -> dict[str, int]:
        """The totals of these counters in these years."""
        return {name: self._used.get((name, day), 0) for name, day in years.items()}

    def keep(self, years: Mapping[str, date], counters: Mapping[str, int]) -> None:
        """Each counter now stands here in its year."""
        self._used |= {(name, day): counters[name] for name, day in years.items()}
