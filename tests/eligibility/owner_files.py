"""Files as owners send them, all people invented."""

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from tests.eligibility.conftest import number

CIVIL_HEADER = ("序号", "姓名", "身份证号", "救助类别", "批准日期", "停发日期", "备注")


def civil_row(sequence: int, *, kind: str = "农村低保", begins: str = "2023-01-01") -> list[str]:
    """A row of the civil affairs office's list."""
    return [str(sequence), f"样例{sequence}", number(sequence), kind, begins, "", ""]


def csv_file(*rows: Sequence[str], encoding: str = "utf-8") -> bytes:
    """A CSV file of these rows."""
    return "".join(",".join(row) + "\r\n" for row in rows).encode(encoding)


def xlsx_file(*rows: Sequence[Any], more_sheets: Sequence[Sequence[Sequence[Any]]] = ()) -> bytes:
    """A workbook of these rows, and of more sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for content in (rows, *more_sheets):
        sheet = book.create_sheet()
        for row in content:
            sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
