"""Differences as a file for the offices (差异清单): CSV that a spreadsheet program reads as text.

It holds names and numbers of people and belongs to whoever compared the lists.
"""

from collections.abc import Iterable, Iterator

from eligibility.adapters.difference_words import cells, headings
from eligibility.adapters.roster_rejects import csv_line
from eligibility.domain.listed_person import Difference


def differences_csv(differences: Iterable[Difference], *, left: str, right: str) -> Iterator[bytes]:
    """The file, piece by piece (UTF-8 with BOM); `left` and `right` name the two lists."""
    names = (left, right)
    yield csv_line(headings(names), is_first=True)
    for each in differences:
        yield csv_line(cells(each, names))
