"""The formal notice as a workbook (核查交办函), and the filled-in one read back.

Whole names and numbers stand in it, since whoever it goes to must find the people: it is written
for its maker alone and is not kept.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO
from uuid import UUID

from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.datavalidation import DataValidation

from contracts.vocabulary import DifferenceAnswer
from eligibility.adapters.difference_words import SIDE_HEADINGS, in_words, side_cells
from eligibility.adapters.roster_files import NumberedRow, read_rows
from eligibility.adapters.text_sheets import head, new_sheet, new_workbook, text
from eligibility.application.pursue_differences import FilledNotice, FilledRow
from eligibility.application.show_differences import ShownDifference, ShownNotice
from eligibility.domain.difference_notice import answer_words, check_code
from eligibility.domain.roster import RosterUnreadable

_ROW_HEADINGS = ("序号", "校验码", "乡镇", "村", "差异", "病种")
_ANSWER_HEADINGS = ("核查结果", "核查说明")
_WIDTHS = (6, 9, 10, 12, 20, 12, *(11, 21, 9, 18) * 2, 16, 42)
_NEEDED = ("序号", "校验码", *_ANSWER_HEADINGS)
_CODE = re.compile(r"核查编号：([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9]{1,6})")
_LATEST_HEADER_ROW = 15
_TITLE, _BOLD = Font(size=16, bold=True), Font(bold=True)
_FILLED_BY_RECIPIENT = len(_ROW_HEADINGS) + 2 * len(SIDE_HEADINGS)
# Not in a column to answer in: who signs would be read as an answer.
_SIGNED_IN = len(_ROW_HEADINGS) + len(SIDE_HEADINGS) + 1


def write_notice(file: BinaryIO, shown: ShownNotice) -> None:
    """Write the notice: heading, letter, numbered rows and empty columns to answer in."""
    book, letter = new_workbook(), shown.notice.letter
    names = (shown.book.left.label, shown.book.right.label)
    above = _letter_lines(shown, names)
    header_row = len(above) + 2
    sheet = new_sheet(book, "核查交办函", _WIDTHS, frozen=f"A{header_row + 1}")
    sheet.print_title_rows = f"{header_row}:{header_row}"
    _offer_answers(sheet, shown, header_row)
    title = text(sheet, f"关于核查名单差异的函（{shown.book.subject_words}）", font=_TITLE)
    title.alignment = Alignment(horizontal="left")
    sheet.append([title])
    for line in above:
        sheet.append([text(sheet, line, font=_BOLD if line == above[0] else None)])
    sides = [f"{name}：{what}" for name in names for what in SIDE_HEADINGS]
    sheet.append(head(sheet, [*_ROW_HEADINGS, *sides, *_ANSWER_HEADINGS]))
    for each in shown.rows:
        cells = [*_row_cells(each, names), *_answer_cells(each, shown)]
        sheet.append([text(sheet, cell, boxed=True) for cell in cells])
    sheet.append([])
    for line in (letter.issuer, f"{letter.sent_on:%Y年%m月%d日}"):
        sheet.append([*[None] * _SIGNED_IN, text(sheet, line, font=_BOLD)])
    book.save(file)


def read_notice(file: BinaryIO) -> FilledNotice:
    """A filled-in notice; rows in any order, other columns are passed over.

    Raises `RosterUnreadable` for what is no notice of ours.
    """
    numbered = read_rows(file)
    code, columns = _find_header(numbered)
    rows = []
    for number, cells in numbered:
        found = {name: _cell(cells, place).strip() for name, place in columns.items()}
        # An answer without its number is a mistake to be told, not a row to be passed over.
        if any(found.values()):
            rows.append(FilledRow(number, *(found[name] for name in _NEEDED)))
    return FilledNotice(UUID(code[1]), int(code[2]), rows)


def _letter_lines(shown: ShownNotice, names: tuple[str, str]) -> list[str]:
    letter = shown.notice.letter
    compared = f"{names[0]}与{names[1]}的名单（区划 {shown.book.region}）"
    request = (
        f"经比对{compared}，下列 {len(shown.rows)} 条不一致，现交你处核查。请逐条选择“核查结果”，"
        f"必要时写“核查说明”，于 {letter.reply_by:%Y年%m月%d日} 前将本表原样报回。"
    )
    return [
        f"{letter.recipient}：",
        f"文号：{letter.document_number}",
        f"依据：{letter.basis}",
        request,
        "请勿改动序号与校验码，勿增删列。本函载有个人信息，仅限核查使用，用毕按规定销毁。",
        f"核查编号：{shown.book.id}/{shown.notice.number}",
    ]


def _offer_answers(sheet: Any, shown: ShownNotice, header_row: int) -> None:
    """A list to choose the result from, and only from it."""
    left, right = shown.book.left, shown.book.right
    words = ",".join(answer_words(each, left=left, right=right) for each in DifferenceAnswer)
    offer = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
    offer.error, offer.errorTitle = "请从下拉选项中选择", "核查结果"
    offer.showErrorMessage = True
    column = chr(ord("A") + _FILLED_BY_RECIPIENT)
    offer.add(f"{column}{header_row + 1}:{column}{header_row + len(shown.rows)}")
    sheet.data_validations.append(offer)


def _row_cells(each: ShownDifference, names: tuple[str, str]) -> list[str]:
    found = each.booked.found
    return [
        str(each.place),
        check_code(found.difference_id),
        found.township or "",
        found.village or "",
        in_words(found.what, names),
        found.disease or "",
        *side_cells(each.people.left),
        *side_cells(each.people.right),
    ]


def _answer_cells(each: ShownDifference, shown: ShownNotice) -> tuple[str, str]:
    """What was answered on this notice already; empty to be filled in."""
    booked = each.booked
    if booked.answer is None or booked.notice != shown.notice.number:
        return "", ""
    words = answer_words(booked.answer, left=shown.book.left, right=shown.book.right)
    return words, each.note or ""


def _find_header(numbered: Iterator[NumberedRow]) -> tuple["re.Match[str]", dict[str, int]]:
    code = None
    for number, cells in numbered:
        code = code or next(filter(None, map(_CODE.search, cells)), None)
        names = {cell.strip(): place for place, cell in enumerate(cells)}
        if code is not None and all(name in names for name in _NEEDED):
            return code, {name: names[name] for name in _NEEDED}
        if number >= _LATEST_HEADER_ROW:
            break
    message = (
        "这不是本系统发出的核查交办函：缺少“核查编号”一行，或缺少序号、校验码、核查结果、核查说明列；"
        "请在原函上填写后发回 (no notice)"
    )
    raise RosterUnreadable(message)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""
