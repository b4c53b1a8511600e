"""What a person has used of each counter in each benefit year (年度累计), on either side."""

from collections.abc import Mapping
from datetime import date


class YearlyTotals:
    """Totals in fen by name and first day of the benefit year; they begin at zero.

    A total kept apart for several values is named `counter@value` and stands in its counter's
    year.
    """

    def __init__(self) -> None:
        self._used: dict[tuple[str, date], int] = {}

    def before(self, years: Mapping[str, date]) -> dict[str, int]:
        """The totals of these counters in these years, those kept apart among them."""
        whole = {name: self._used.get((name, day), 0) for name, day in years.items()}
        apart = {
            name: used
            for (name, day), used in self._used.items()
            if "@" in name and years.get(_counter(name)) == day
        }
        return whole | apart

    def keep(self, years: Mapping[str, date], counters: Mapping[str, int]) -> None:
        """Each total that a settlement leaves now stands here in its counter's year."""
        self._used |= {
            (name, years[_counter(name)]): total
            for name, total in counters.items()
            if _counter(name) in years
        }


def _counter(name: str) -> str:
    return name.partition("@")[0]
