"""Rejects files (错误行文件): the rejected rows as they were typed, each with its reasons.

To be corrected in a spreadsheet program and sent again with the same layout: the added columns
are passed over when read. It holds names and numbers of people and belongs to whoever sent them.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from eligibility.adapters.roster_layout import REJECT_COLUMNS
from eligibility.domain.roster import RejectedRow, RowError

_BOM = "\ufeff"
# A spreadsheet program rounds long numbers and runs what looks like a formula. A tab in front
# makes either text, and is stray space to the reader when the row comes again.
_MADE_TEXT = re.compile(r"\s*([=+\-@]|\d{12,})")


def rejects_csv(header: Sequence[str], rejected: Iterable[RejectedRow]) -> Iterator[bytes]:
    """The file, piece by piece (UTF-8 with BOM, so that Excel reads it right)."""
    yield csv_line([*header, *REJECT_COLUMNS], is_first=True)
    width = len(header)
    for row in rejected:
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        # What stood beyond the header must not move the reasons out of their columns. Behind them
        # it is not lost, and the row, sent again as it is, is no better than it was.
        kept, beyond = cells[:width], cells[width:]
        reasons = "；".join(map(_reason, row.errors))
        yield csv_line([*kept, str(row.row), reasons, *(beyond if any(beyond) else ())])


def csv_line(cells: Sequence[str], *, is_first: bool = False) -> bytes:
    """One line that a spreadsheet program takes for text; the first marks the file as UTF-8."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_as_text(cell) for cell in cells])
    return ((_BOM if is_first else "") + buffer.getvalue()).encode()


def _as_text(cell: str) -> str:
    return f"\t{cell}" if _MADE_TEXT.match(cell) else cell


def _reason(error: RowError) -> str:
    return f"{error.column}：{error.message}" if error.column else error.message
