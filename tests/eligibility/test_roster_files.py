"""CSV and XLSX files give the same rows; what is neither is refused by name, never by a crash."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime, time

import pytest

from eligibility.adapters.roster_files import read_rows
from eligibility.domain.roster import RosterUnreadable
from tests.eligibility.owner_files import csv_file, xlsx_file


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    """All rows of a file."""
    return [(number, list(cells)) for number, cells in read_rows(io.BytesIO(content))]


def test_cells_of_a_workbook_become_what_would_be_typed() -> None:
    """Text, dates, whole and broken numbers, nothing; a number Excel has rounded stays marked."""
    content = xlsx_file(
        [
            "990001197001010015",
            date(2024, 1, 5),
            datetime.fromisoformat("2024-01-05 09:30"),
            310,
            1.5,
            None,
            True,
        ],
        [990001700101001, 990001197001010015, time(9, 30)],
    )

    assert rows_of(content) == [
        (1, ["990001197001010015", "2024-01-05", "2024-01-05 09:30:00", "310", "1.5", "", "True"]),
        (2, ["990001700101001", "9.90001E+17", "09:30:00"]),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_its_encoding(encoding: str) -> None:
    """The three encodings met in the field, a rare character and quoted line breaks among them."""
    content = csv_file(["姓名", "住址"], ["样例㐂", '"甲村\n一组"'], encoding=encoding)

    assert rows_of(content) == [(1, ["姓名", "住址"]), (2, ["样例㐂", "甲村\n一组"])]


def test_an_encoding_is_judged_by_the_whole_file() -> None:
    """Two megabytes of ASCII before the first Chinese character do not mislead."""
    content = b"a,b\n" * 500_000 + "样例\n".encode("gb18030")

    assert rows_of(content)[-1] == (500_001, ["样例"])


def test_the_one_sheet_with_content_is_read() -> None:
    """Empty sheets beside it do no harm; a second one with content is a question, not a guess."""
    lone = xlsx_file(["姓名"], more_sheets=[[], []])
    two = xlsx_file(["姓名"], more_sheets=[[["姓名"]]])

    assert rows_of(lone) == [(1, ["姓名"])]
    with pytest.raises(RosterUnreadable, match="2 张有内容的工作表"):
        rows_of(two)


def test_rows_left_out_of_a_workbook_keep_the_numbering() -> None:
    """Programs omit empty rows from the file; row numbers are those a person sees."""
    content = xlsx_file(["姓名"], [], [], ["样例甲"])

    assert [number for number, cells in rows_of(content) if any(cells)] == [1, 4]


def rezipped(content: bytes, change: dict[str, bytes | None]) -> bytes:
    """A workbook with parts replaced or left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = change.get(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return file.getvalue()


BOOK = xlsx_file(["姓名"], ["样例甲"])
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "xls"),
        (b"PK\x03\x04", "damaged"),
        (BOOK[: len(BOOK) // 2], "damaged"),
        (rezipped(BOOK, {SHEET: None}), "0 张"),
        (rezipped(BOOK, {SHEET: b"<worksheet><sheetData><row r='x'>"}), "damaged"),
        (rezipped(BOOK, {"xl/workbook.xml": b"\xff\xfe"}), "damaged"),
        (rezipped(BOOK, {"[Content_Types].xml": b"<Types/>"}), "damaged"),
        (xlsx_file(), "0 张"),
        ("姓名\n".encode("utf-16"), "encoding"),
        ("姓名\n".encode()[:-2] + b"\xff\xff", "encoding"),
        (b"a\n" + b'"' + b"x" * 200_000, "第 2 行"),
    ],
)
def test_a_file_of_neither_kind_is_refused_by_name(content: bytes, words: str) -> None:
    """Old workbooks, cut or altered archives, other encodings, an unclosed quote."""
    with pytest.raises(RosterUnreadable, match=words):
        rows_of(content)


def test_only_a_formula_without_a_result_is_marked() -> None:
    """Computed to a number, to an empty text, not at all; a cell that is not there stays empty."""
    cells = (
        b"<c r='A1'><f>1+1</f><v>2</v></c><c r='B1' t='str'><f>&quot;&quot;</f><v></v></c>"
        b"<c r='C1'><f>D1</f></c><c r='D1'><f>C1</f><v/></c><c r='E1'/><c r='G1'><v>3</v></c>"
    )
    sheet = (
        b"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
        b"<sheetData><row r='1'>" + cells + b"</row></sheetData></worksheet>"
    )

    assert rows_of(rezipped(BOOK, {SHEET: sheet})) == [
        (1, ["2", "", "#公式", "#公式", "", "", "3"])
    ]


def test_a_sheet_that_claims_a_far_away_row_ends() -> None:
    """A crafted row number beyond the last row of any spreadsheet is no endless file."""
    sheet = (
        b"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
        b"<sheetData><row r='1'><c r='A1'><v>1</v></c></row>"
        b"<row r='99999999999'><c r='A99999999999'><v>2</v></c></row></sheetData></worksheet>"
    )

    filled = [row for row in rows_of(rezipped(BOOK, {SHEET: sheet})) if any(row[1])]

    assert filled == [(1, ["1"])]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_file(kind: str) -> None:
    """Several times the rows, the same peak (a tenth more at most, and 200 kB for buffers); the
    reader of workbooks keeps an emptied element of each row, 80 bytes."""

    def peak(rows: int) -> int:
        content = (
            csv_file(*(["样例", "x" * 50] for _ in range(rows)))
            if kind == "csv"
            else xlsx_file(*(["样例", "x" * 50] for _ in range(rows)))
        )
        file = io.BytesIO(content)
        tracemalloc.start()
        assert sum(1 for _ in read_rows(file)) == rows
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few, many, a_row = (2_000, 8_000, 100) if kind == "xlsx" else (40_000, 160_000, 0)
    assert peak(many) < 1.1 * peak(few) + 200_000 + a_row * (many - few)
