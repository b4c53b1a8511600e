"""A payer's own list as CSV (支付方清单): read whole or not at all, errors by row in Chinese.

Columns: 结算单号, 住院号 (one of the two may be empty), 发票号 (may be missing), 机构编码, 金额(元)
(negative for a reversal), 结算日期. Other columns are ignored. UTF-8 with or without BOM, or
GB18030. A last row 合计 is checked against the rows. docs/fund-reconciliation.md tells more.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from contracts.vocabulary import InstitutionId
from settlement.application.reconcile_fund import PayerRow
from settlement.law.exact import NotExact, format_yuan, parse_yuan

COLUMNS = ("结算单号", "住院号", "发票号", "机构编码", "金额(元)", "结算日期")
_REQUIRED = tuple(c for c in COLUMNS if c != "发票号")
_TOTALS = ("合计", "总计")
_SHOWN_NOTES = 20

_CODE = re.compile(r"[\x21-\x7e]{1,64}")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
_DIGITS_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
# What a spreadsheet makes of a long number: its last digits are lost.
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)


class FundListFaulty(Exception):
    """The list has faults; nothing of it is used. Each note names its row."""

    def __init__(self, notes: list[str]):
        """Keep every note; the message shows the first twenty."""
        self.notes = tuple(notes)
        more = len(notes) - _SHOWN_NOTES
        shown = [*notes[:_SHOWN_NOTES], f"……另有 {more} 处"] if more > 0 else notes
        super().__init__("\n".join(shown))


def read_fund_list(content: bytes) -> list[PayerRow]:
    """Every row of a payer's list; row numbers are lines of the file. Raises FundListFaulty."""
    reader = csv.DictReader(io.StringIO(_decoded(content), newline=""))
    rows: list[PayerRow] = []
    notes: list[str] = []
    total_fen: int | None = None
    try:
        _require_columns(reader)
        for cells in reader:
            row = _tidied(cells, line=reader.line_num, notes=notes)
            if row is None:
                continue
            try:
                if total_fen is not None:
                    raise ValueError("合计行之后还有内容")
                if _is_total(row):
                    total_fen = _amount_fen(row["金额(元)"])
                else:
                    rows.append(_payer_row(row, line=reader.line_num))
            except ValueError as wrong:
                notes.append(f"第 {reader.line_num} 行：{wrong}")
    except csv.Error as wrong:
        raise FundListFaulty([f"第 {reader.line_num} 行：不是合法的 CSV"]) from wrong
    found_fen = sum(row.amount_fen for row in rows)
    if total_fen not in (None, found_fen) and not notes:
        notes.append(
            f"合计 {format_yuan(total_fen or 0)} 元与各行之和 {format_yuan(found_fen)} 元不符"
        )
    if notes:
        raise FundListFaulty(notes)
    return rows


def write_fund_list(rows: Iterable[PayerRow]) -> bytes:
    """Rows in the same format: UTF-8 with BOM, so that spreadsheets show the Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            (
                row.settlement_number or "",
                row.hospital_stay_number or "",
                row.invoice_number or "",
                row.institution_id,
                format_yuan(row.amount_fen),
                row.settled_on.isoformat(),
            )
        )
    return text.getvalue().encode("utf-8-sig")


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FundListFaulty(["文件编码既不是 UTF-8 也不是 GB18030"])


def _require_columns(reader: "csv.DictReader[str]") -> None:
    names = [_tidy(name) for name in reader.fieldnames or []]
    missing = [c for c in _REQUIRED if c not in names]
    if missing:
        raise FundListFaulty([f"第 1 行：缺少列 {'、'.join(missing)}"])
    repeated = [c for c in COLUMNS if names.count(c) > 1]
    if repeated:
        raise FundListFaulty([f"第 1 行：列名重复 {'、'.join(repeated)}"])
    reader.fieldnames = names


def _tidied(
    cells: dict[str | None, str | list[str] | None], *, line: int, notes: list[str]
) -> dict[str, str] | None:
    """The known columns of a row, tidied; None for an empty row and for one that was refused."""
    if any(extra.strip() for extra in cells.get(None) or []):
        # An amount written 1,234.50 without quotes would move every cell after it.
        notes.append(f"第 {line} 行：单元格比表头多；金额不要写千分位逗号")
        return None
    row = {name: _tidy(str(cells.get(name) or "")) for name in COLUMNS}
    return row if any(row.values()) else None


def _tidy(text: str) -> str:
    """Full-width letters and digits as ordinary ones, without spaces around."""
    return unicodedata.normalize("NFKC", text).strip()


def _is_total(row: dict[str, str]) -> bool:
    return any(row[name] in _TOTALS for name in ("结算单号", "住院号", "发票号", "机构编码"))


def _payer_row(row: dict[str, str], *, line: int) -> PayerRow:
    for name in ("结算单号", "住院号", "发票号", "机构编码"):
        if _SCIENTIFIC.fullmatch(row[name]):
            raise ValueError(f"{name}“{row[name]}”被表格软件改成了科学计数法；请按文本格式重新导出")
    if not row["结算单号"] and not row["住院号"]:
        raise ValueError("结算单号和住院号都为空，无法核对")
    if not _CODE.fullmatch(row["机构编码"]):
        raise ValueError("机构编码为空或含有不可用的字符")
    return PayerRow(
        row=line,
        institution_id=InstitutionId(row["机构编码"]),
        settlement_number=row["结算单号"] or None,
        hospital_stay_number=row["住院号"] or None,
        invoice_number=row["发票号"] or None,
        amount_fen=_amount_fen(row["金额(元)"]),
        settled_on=_day(row["结算日期"]),
    )


def _amount_fen(text: str) -> int:
    """Yuan with at most two decimals, negative for a reversal."""
    try:
        return -parse_yuan(text[1:]) if text.startswith("-") else int(parse_yuan(text))
    except NotExact:
        raise ValueError(
            f"金额“{text}”应写成以元为单位、最多两位小数的数，如 8450.50；冲正写负数"
        ) from None


def _day(text: str) -> date:
    found = _DATE.fullmatch(text) or _DIGITS_DATE.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        year, month, day = (int(part) for part in found.groups() if part)
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"结算日期“{text}”不是日期，应如 2023-07-01") from None
