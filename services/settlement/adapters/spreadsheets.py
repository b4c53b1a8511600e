"""Tables as files for spreadsheet programs (导出表格): CSV and XLSX, written row by row.

Text never runs: what a program would take for a formula, or round as a number, is kept as text.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from settlement.law.exact import format_yuan

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAST_SHEET_ROW = 1_048_576

_BOM = "\ufeff"
# Long numbers are rounded, and these signs begin formulas; white space in front changes neither.
_MADE_TEXT = re.compile(r"\s*([=+\-@]|\d{12,})")
_LOOKS_RUN = re.compile(r"\s*[=+\-@#]")
_TEXT_FORMAT, _YUAN_FORMAT, _DAY_FORMAT = "@", "#,##0.00", "yyyy-mm-dd"
_WIDTH_CHARACTERS = 18


@dataclass(frozen=True)
class Yuan:
    """An amount in fen that is written in yuan (金额)."""

    fen: int


Cell: TypeAlias = str | int | date | Yuan | None
"""What a cell holds: text, a count, a day, an amount, or nothing."""


def csv_pieces(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file piece by piece (UTF-8 with BOM, so that Excel reads it right)."""
    yield _BOM.encode() + _csv_line(headings)
    for row in rows:
        yield _csv_line([_csv_cell(cell) for cell in row])


def write_xlsx(
    file: BinaryIO,
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    last_row: int = LAST_SHEET_ROW,
) -> None:
    """Write a workbook; what does not fit one sheet of `last_row` rows goes on in the next.

    Rows go to the disk as they come, not to memory.
    """
    book = Workbook(write_only=True)
    sheet, number, filled = _new_sheet(book, title, headings), 1, 1
    for row in rows:
        if filled >= last_row:
            number += 1
            sheet, filled = _new_sheet(book, f"{title}（{number}）", headings), 1
        sheet.append([_xlsx_cell(sheet, cell) for cell in row])
        filled += 1
    book.save(file)


def _csv_line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Yuan():
            return format_yuan(cell.fen)
        case str():
            return f"\t{cell}" if _MADE_TEXT.match(cell) else cell
        case _:
            return str(cell)


def _new_sheet(book: Any, title: str, headings: Sequence[str]) -> Any:
    sheet = book.create_sheet(title)
    for index in range(1, len(headings) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = _WIDTH_CHARACTERS
    sheet.freeze_panes = "A2"
    row = []
    for heading in headings:
        cell = WriteOnlyCell(sheet, heading)
        cell.font = Font(bold=True)
        row.append(cell)
    sheet.append(row)
    return sheet


def _xlsx_cell(sheet: Any, cell: Cell) -> Any:
    match cell:
        case Yuan():
            # Exact: two decimals of a whole number of fen.
            made = WriteOnlyCell(sheet, Decimal(cell.fen).scaleb(-2))
            made.number_format = _YUAN_FORMAT
            return made
        case str():
            return _text_cell(sheet, cell)
        case date():
            made = WriteOnlyCell(sheet, cell)
            made.number_format = _DAY_FORMAT
            return made
        case _:
            return cell


def _text_cell(sheet: Any, content: str) -> Any:
    if not _LOOKS_RUN.match(content) and not ILLEGAL_CHARACTERS_RE.search(content):
        return content or None
    made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", content))
    made.data_type = "s"
    made.number_format = _TEXT_FORMAT
    return made
