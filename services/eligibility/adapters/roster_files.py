"""The files rosters come in (名册文件): rows of text from CSV or XLSX, one at a time.

However long a file is, one row of it is held (of a workbook, its shared texts as well). What is
no file of either kind is refused by name; a reader that crashes on a crafted file would take the
whole service down with it.
"""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from eligibility.domain.roster import RosterUnreadable

NumberedRow = tuple[int, Sequence[str]]
"""A row's number as a spreadsheet shows it, from 1, and its cells as text."""

NOT_COMPUTED = "#公式"
"""A formula whose result the workbook does not have; no cell may mean anything by it."""

LAST_SHEET_ROW = 1_048_576
"""No spreadsheet program writes further rows."""

_PROBED_ROWS = 20
_CHUNK_BYTES = 1 << 20
_ZIP_START = b"PK\x03\x04"
_OLE_START = b"\xd0\xcf\x11\xe0"
# Excel keeps fifteen significant digits of a number; what stood behind them is lost.
_FIRST_INEXACT = 10**15
# Shared texts are held in memory whole. A million rows of names and numbers need about 100 MB.
_MOST_SHARED_TEXT_BYTES = 1 << 29
_SHARED_TEXTS = re.compile(r"xl/sharedStrings\.xml", re.IGNORECASE)


def read_rows(file: BinaryIO) -> Iterator[NumberedRow]:
    """The rows of a CSV (UTF-8 or GB18030) or XLSX file, empty ones included.

    Raises `RosterUnreadable`, at once or when the damaged place is reached.
    """
    file.seek(0)
    start = file.read(len(_ZIP_START))
    file.seek(0)
    if start == _OLE_START:
        message = (
            "这是旧版 .xls 或加了密码的工作簿；请去掉密码并另存为 .xlsx 或 CSV (xls or encrypted)"
        )
        raise RosterUnreadable(message)
    return _workbook_rows(file) if start == _ZIP_START else _csv_rows(file)


# --- CSV ---------------------------------------------------------------------------------------


def _csv_rows(file: BinaryIO) -> Iterator[NumberedRow]:
    encoding = _encoding_of(file)
    file.seek(0)
    # Left open: the file belongs to whoever gave it.
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    number = 0
    try:
        for number, cells in enumerate(csv.reader(text, strict=True), start=1):
            yield number, cells
    except csv.Error:
        message = (
            f"第 {number + 1} 行起不是合法的 CSV，多半是引号没有成对；"
            "请核对该行，或另存为 .xlsx 后重发 (malformed CSV)"
        )
        raise RosterUnreadable(message) from None
    finally:
        # The owner may have closed the file before the last row was taken.
        with suppress(ValueError):
            text.detach()


def _encoding_of(file: BinaryIO) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        if _is_text(file, encoding):
            return encoding
    message = "文件编码须为 UTF-8 或 GB18030，或为 .xlsx 工作簿；请另存后重发 (encoding)"
    raise RosterUnreadable(message)


def _is_text(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# --- XLSX --------------------------------------------------------------------------------------


def _workbook_rows(file: BinaryIO) -> Iterator[NumberedRow]:
    workbook = None
    try:
        _require_moderate(file)
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for number, cells in enumerate(_sheet_rows(_only_sheet(workbook)), start=1):
            yield number, [_text_of(cell) for cell in cells]
    except RosterUnreadable:
        raise
    except Exception as error:
        # The library lets whatever went wrong inside a damaged archive through: broken zip, XML,
        # missing parts, numbers that are none. All of it means the same to whoever sent the file.
        message = "工作簿已损坏或不是 .xlsx；请用表格软件打开并另存为 .xlsx 后重发 (damaged xlsx)"
        raise RosterUnreadable(message) from error
    finally:
        if workbook is not None:
            workbook.close()


def _require_moderate(file: BinaryIO) -> None:
    with zipfile.ZipFile(file) as archive:
        shared = [part for part in archive.infolist() if _SHARED_TEXTS.fullmatch(part.filename)]
    if any(part.file_size > _MOST_SHARED_TEXT_BYTES for part in shared):
        message = "工作簿的文本过大；请另存为 CSV 后重发 (workbook too large)"
        raise RosterUnreadable(message)
    file.seek(0)


def _only_sheet(workbook: Any) -> Any:
    filled = [
        sheet
        for sheet in workbook.worksheets
        if sheet.sheet_state == "visible" and _has_content(sheet)
    ]
    if len(filled) != 1:
        message = (
            f"工作簿有 {len(filled)} 张有内容的工作表，无法判断哪一张是名册；"
            "请只留一张 (one sheet with content)"
        )
        raise RosterUnreadable(message)
    return filled[0]


def _has_content(sheet: Any) -> bool:
    rows = _sheet_rows(sheet, last_row=_PROBED_ROWS)
    return any(cell not in (None, "") for row in rows for cell in row)


def _sheet_rows(sheet: Any, *, last_row: int = LAST_SHEET_ROW) -> Iterator[Sequence[Any]]:
    # Programs write wrong dimensions into the file; without them the rows themselves decide.
    sheet.reset_dimensions()
    # As the library reads a sheet, but for formulas: it passes over those without a result.
    with sheet._get_source() as source:  # noqa: SLF001 -- the library has no other door to the XML
        parser = _SheetParser(
            source,
            sheet._shared_strings,  # noqa: SLF001 -- as the library passes it to its own parser
            data_only=True,
            epoch=sheet.parent.epoch,
            date_formats=sheet.parent._date_formats,  # noqa: SLF001 -- the same
            timedelta_formats=sheet.parent._timedelta_formats,  # noqa: SLF001 -- the same
        )
        next_row = 1
        for number, cells in parser.parse():
            if number > last_row:
                break
            for _ in range(next_row, number):
                yield ()
            if next_row <= number:
                next_row = number + 1
                yield _in_columns(cells)


def _in_columns(cells: Sequence[dict[str, Any]]) -> Sequence[Any]:
    row = [None] * (cells[-1]["column"] if cells else 0)
    for cell in cells:
        if cell["column"] <= len(row):
            row[cell["column"] - 1] = cell["value"]
    return row


class _SheetParser(WorkSheetParser):  # type: ignore[misc] # openpyxl has no types
    """Reads a formula whose result was never stored as `NOT_COMPUTED`, not as an empty cell."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and _is_not_computed(element):
            cell |= {"value": NOT_COMPUTED, "data_type": "s"}
        return cell


def _is_not_computed(cell: Any) -> bool:
    # An empty result says that it is a text; without that, programs write an empty one for none.
    is_empty_text = cell.get("t") == "str" and cell.find(VALUE_TAG) is not None
    return cell.find(FORMULA_TAG) is not None and not is_empty_text


def _text_of(cell: Any) -> str:
    """A cell as it would be typed; a number too long for Excel stays recognisably damaged."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _number_text(cell)
    return str(cell)


def _number_text(number: float) -> str:
    if abs(number) >= _FIRST_INEXACT:
        return f"{number:.5E}"
    return str(int(number)) if number == int(number) else repr(number)
