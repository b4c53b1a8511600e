"""Differences as a workbook (差异工作簿): counts by village, then a sheet for each kind.

It holds names and numbers of people and belongs to whoever compared the lists.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import BinaryIO

from contracts.vocabulary import DifferenceKind
from eligibility.adapters.difference_words import cells, headings, in_words
from eligibility.adapters.roster_files import LAST_SHEET_ROW
from eligibility.adapters.text_sheets import head, new_sheet, new_workbook, plain_row
from eligibility.domain.listed_person import Difference

Counts = Sequence[tuple[str | None, str | None, DifferenceKind, int]]
DiseaseCounts = Sequence[tuple[str, DifferenceKind, int]]

UNWRITTEN = "（没有写）"
_WIDTHS = (14, 16, 30, *(14, 22, 12, 30) * 2)
_SHEET_NAMES = {
    DifferenceKind.MISSING_RIGHT: "第二份没有",
    DifferenceKind.MISSING_LEFT: "第一份没有",
    DifferenceKind.KINDS: "事项不同",
    DifferenceKind.NAME: "姓名不同",
    DifferenceKind.NUMBER: "号码差一处",
    DifferenceKind.TWO_NAMES_LEFT: "第一份一号两名",
    DifferenceKind.TWO_NAMES_RIGHT: "第二份一号两名",
    DifferenceKind.MARK_MISSING_RIGHT: "第二份没有此病种",
    DifferenceKind.MARK_MISSING_LEFT: "第一份没有此病种",
    DifferenceKind.MARK_DAYS: "病种起止不同",
    DifferenceKind.NOT_ENROLLED: "困难未参保",
}


def write_differences(
    file: BinaryIO,
    differences: Iterable[Difference],
    counts: Counts,
    *,
    left: str,
    right: str,
    by_disease: DiseaseCounts = (),
) -> None:
    """Write the workbook; differences come by kind. `left` and `right` name the two lists."""
    names = (left, right)
    book = new_workbook()
    _write_counts(book, counts, names)
    if by_disease:
        _write_diseases(book, by_disease, names)
    for what, found in groupby(differences, key=lambda each: each.what):
        _write_kind(book, _SHEET_NAMES[what], found, names)
    book.save(file)


def _write_counts(book: object, counts: Counts, names: tuple[str, str]) -> None:
    whats = [kind for kind in DifferenceKind if any(what is kind for _, _, what, _ in counts)]
    sheet = new_sheet(book, "按村汇总", (14, 18, *(16,) * len(whats), 10))
    titles = [in_words(what, names) for what in whats]
    sheet.append(head(sheet, ["乡镇", "村", *titles, "合计"]))
    totals = dict.fromkeys(whats, 0)
    for (town, village), rows in groupby(counts, key=lambda row: row[:2]):
        found = {what: count for _, _, what, count in rows}
        for what, count in found.items():
            totals[what] += count
        where = plain_row(sheet, [town or UNWRITTEN, village or UNWRITTEN])
        sheet.append([*where, *(found.get(what) for what in whats), sum(found.values())])
    sheet.append(["合计", None, *totals.values(), sum(totals.values())])


def _write_diseases(book: object, counts: DiseaseCounts, names: tuple[str, str]) -> None:
    whats = [kind for kind in DifferenceKind if any(what is kind for _, what, _ in counts)]
    sheet = new_sheet(book, "按病种汇总", (30, *(22,) * len(whats), 10))
    sheet.append(head(sheet, ["病种", *(in_words(what, names) for what in whats), "合计"]))
    for disease, rows in groupby(counts, key=lambda row: row[0]):
        found = {what: count for _, what, count in rows}
        cells = [found.get(what) for what in whats]
        sheet.append([*plain_row(sheet, [disease]), *cells, sum(found.values())])


def _write_kind(
    book: object, title: str, found: Iterable[Difference], names: tuple[str, str]
) -> None:
    sheet, rows, number = None, LAST_SHEET_ROW, 0
    for each in found:
        if rows >= LAST_SHEET_ROW:
            number += 1
            sheet = new_sheet(book, title if number == 1 else f"{title}（{number}）", _WIDTHS)
            sheet.print_title_rows = "1:1"
            sheet.append(head(sheet, headings(names)))
            rows = 1
        if sheet is not None:
            sheet.append(plain_row(sheet, cells(each, names)))
            rows += 1
