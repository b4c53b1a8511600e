"""Institutions from CSV (机构目录): all rows or none, errors by row in Chinese.

Columns: 机构编码, 名称, 区划, 等级, 隶属层级, 性质, 定点资格 (several separated by 、), 起始日期,
终止日期 (empty while it lasts). UTF-8 with or without BOM, or GB18030.
"""

import csv
import io
import re
from datetime import date
from itertools import pairwise

from contracts.vocabulary import AdministrativeLevel, InstitutionId, InstitutionTier, RegionCode
from settlement.application.institutions import InstitutionRow
from settlement.domain.institution import Description

COLUMNS = (
    "机构编码",
    "名称",
    "区划",
    "等级",
    "隶属层级",
    "性质",
    "定点资格",
    "起始日期",
    "终止日期",
)
DESIGNATIONS = {"市级定点": "city_designated", "定点": "designated"}


class InstitutionsFaulty(Exception):
    """The file has faults; nothing of it is used. Each note names its row."""

    def __init__(self, notes: list[str]):
        """Keep every note."""
        self.notes = tuple(notes)
        super().__init__("；".join(notes[:5]) + ("……" if len(notes) > len(notes[:5]) else ""))


def read_institutions(content: bytes) -> list[InstitutionRow]:
    """Every row of the file. Raises InstitutionsFaulty."""
    rows = csv.DictReader(io.StringIO(_decoded(content)))
    missing = [c for c in COLUMNS if c not in (rows.fieldnames or [])]
    if missing:
        raise InstitutionsFaulty([f"第 1 行：缺少列 {'、'.join(missing)}"])
    found, notes = [], []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(_row({k: (v or "").strip() for k, v in row.items() if k}))
        except ValueError as wrong:
            notes.append(f"第 {number} 行：{wrong}")
    notes += _overlaps(found)
    if notes or not found:
        raise InstitutionsFaulty(notes or ["文件里没有任何机构"])
    return found


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InstitutionsFaulty(["文件编码既不是 UTF-8 也不是 GB18030"])


def _row(row: dict[str, str]) -> InstitutionRow:
    if not re.fullmatch(r"[\x21-\x7e]{1,64}", row["机构编码"]):
        raise ValueError("机构编码为空或含有不可用的字符")
    if not re.fullmatch(r"\d{6}", row["区划"]):
        raise ValueError(f"区划“{row['区划']}”不是六位代码")
    if not row["名称"]:
        raise ValueError("名称为空")
    description = Description(
        name=row["名称"],
        region=RegionCode(row["区划"]),
        tier=_code(row["等级"], {t.label: t.value for t in InstitutionTier}, "等级"),
        level=_code(row["隶属层级"], {x.label: x.value for x in AdministrativeLevel}, "隶属层级"),
        ownership=row["性质"] or None,
        designations=tuple(DESIGNATIONS.get(d, d) for d in row["定点资格"].split("、") if d),
        valid_from=_day(row["起始日期"], "起始日期"),
        valid_to=_day(row["终止日期"], "终止日期") if row["终止日期"] else None,
    )
    if description.valid_to and description.valid_to < description.valid_from:
        raise ValueError("终止日期早于起始日期")
    return InstitutionRow(InstitutionId(row["机构编码"]), description)


def _code(text: str, by_label: dict[str, str], column: str) -> str | None:
    if not text:
        return None
    code = by_label.get(text, text)
    if code not in by_label.values():
        raise ValueError(f"{column}“{text}”不存在；可用：{'、'.join(by_label)}")
    return code


def _day(text: str, column: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{column}“{text}”不是日期，应如 2018-01-01") from None


def _overlaps(rows: list[InstitutionRow]) -> list[str]:
    notes = []
    ordered = sorted(rows, key=lambda r: (r.institution_id, r.description.valid_from))
    for earlier, later in pairwise(ordered):
        same = earlier.institution_id == later.institution_id
        if same and earlier.description.covers(later.description.valid_from):
            notes.append(f"机构 {earlier.institution_id} 的登记日期有重叠")
    return notes
