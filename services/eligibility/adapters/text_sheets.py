"""Workbooks of text (文本工作表): written row by row, nothing in them is ever run as a formula."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

_OWNER_ONLY = 0o600
_TEXT_FORMAT = "@"
# What a spreadsheet program would take for a formula or an error value, now or once it is edited.
_LOOKS_RUN = re.compile(r"\s*[=+\-@#]")
_LONGEST_TITLE = 31
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_A4 = 9
_HEAD_FILL = PatternFill("solid", fgColor="E7EEF7")
_THIN = Side(style="thin", color="9AA5B1")
BOXED = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


class InputOverwritten(Exception):
    """A result would take the place of a file that it was made from (会覆盖原文件)."""


def open_owner_only(path: Path, *, inputs: Sequence[Path] = ()) -> BinaryIO:
    """A new file that its maker alone can read: it will hold names and numbers of people.

    One that was there before, with whatever rights, is replaced, unless it is one of the
    `inputs`. Raises `InputOverwritten`, `OSError`.
    """
    if path.exists() and any(path.samefile(each) for each in inputs):
        message = f"{path} 是原文件，不能写在上面；请另写一个文件名 (input file)"
        raise InputOverwritten(message)
    path.unlink(missing_ok=True)
    return _create(path)


@contextmanager
def new_owner_only(path: Path) -> Iterator[BinaryIO]:
    """A new file as of `open_owner_only` that replaces none: a sheet somebody filled in may be
    there. Taken away again if it cannot be filled. Raises `OSError`.
    """
    with _create(path) as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb")


def new_workbook() -> Any:
    """An empty workbook whose rows are written as they come."""
    return Workbook(write_only=True)


def new_sheet(book: Any, title: str, widths: Sequence[int], *, frozen: str | None = "A2") -> Any:
    """A sheet with columns of these widths (characters), printed on A4 across, one page wide.

    Page and panes come before the first row: afterwards it is too late.
    """
    sheet = book.create_sheet(_NOT_IN_TITLES.sub(" ", title)[:_LONGEST_TITLE])
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = frozen
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    return sheet


def text(sheet: Any, content: str, *, font: Font | None = None, boxed: bool = False) -> Any:
    """A cell that is text and stays text when somebody edits it."""
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", content))
    cell.data_type = "s"
    cell.number_format = _TEXT_FORMAT
    if font is not None:
        cell.font = font
    if boxed:
        cell.border = BOXED
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    return cell


def head(sheet: Any, titles: Sequence[str]) -> list[Any]:
    """A row of headings."""
    row = [text(sheet, title, font=Font(bold=True), boxed=True) for title in titles]
    for cell in row:
        cell.fill = _HEAD_FILL
    return row


def plain_row(sheet: Any, cells: Sequence[str]) -> list[Any]:
    """A row of text, with a cell of its own only where it matters: there may be a million."""
    return [
        text(sheet, cell)
        if _LOOKS_RUN.match(cell) or ILLEGAL_CHARACTERS_RE.search(cell)
        else cell or None
        for cell in cells
    ]
