"""Days (日期): when a fact holds, and which days a question is about. Both ends belong to it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple


class WindowInvalid(Exception):
    """The first day of a window lies after its last."""


@dataclass(frozen=True)
class Window:
    """From one day to another (时间窗), both inclusive. Raises WindowInvalid."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """A window has at least one day."""
        if self.last < self.first:
            message = (
                f"from {self.first} 晚于 to {self.last}；请核对 (window ends before it begins)"
            )
            raise WindowInvalid(message)


class Days(NamedTuple):
    """From a first day to a last one (起止日期), or without an end where `last` is None."""

    first: date
    last: date | None

    def meet(self, window: Window) -> bool:
        """Whether any day is a day of the window."""
        return self.first <= window.last and (self.last is None or window.first <= self.last)


def hull_of(some: Days, others: Days) -> Days:
    """The days from the earlier beginning to the later end (起止并集)."""
    last = None if None in (some.last, others.last) else max(_end(some), _end(others))
    return Days(min(some.first, others.first), last)


def difference_of(some: Days, others: Days) -> Days:
    """From the first day that is in one of them alone to the last such day (差异区间).

    The two must differ.
    """
    if some.first != others.first:
        first = min(some.first, others.first)
    else:
        first = _day_after(min(_end(some), _end(others)))
    if some.last != others.last:
        last = hull_of(some, others).last
    else:
        last = max(some.first, others.first) - timedelta(days=1)
    return Days(first, last)


def _end(days: Days) -> date:
    return date.max if days.last is None else days.last


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
