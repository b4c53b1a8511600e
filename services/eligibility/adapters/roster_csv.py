"""Roster files (名册文件): CSV with Chinese headers, UTF-8 (with or without BOM) or GB18030."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TypeVar

from contracts.vocabulary import CertificateType
from eligibility.adapters.roster_cells import (
    CellRefused,
    plain,
    read_certificate_type,
    read_date,
    read_end_date,
    read_identity,
    read_name,
    read_optional_date,
    read_region,
    read_scheme,
)
from eligibility.domain.certificate import (
    Certificate,
    InvalidCertificate,
    PersonalData,
    read_certificate,
)
from eligibility.domain.person import Enrolment, Identity
from eligibility.domain.roster import (
    ReadRoster,
    RosterRow,
    RosterUnreadable,
    RowError,
    without_contradictions,
)

REQUIRED_COLUMNS = ("证件号码", "姓名")
COLUMNS = (
    "证件类型",
    "证件号码",
    "姓名",
    "出生日期",
    "身份",
    "身份开始日期",
    "身份结束日期",
    "参保区划",
    "险种",
    "档次",
    "参保开始日期",
    "参保结束日期",
)
_HEADER_ROW = 1
_LONGEST_PLAN = 40

Value = TypeVar("Value")
Cells = Mapping[str, str]


def read_roster(content: bytes) -> ReadRoster:
    """Read a roster file; rows with mistakes are listed with their number and column.

    Raises `RosterUnreadable` if the file as a whole is no roster.
    """
    rows, errors = [], []
    names: dict[Certificate, PersonalData] = {}
    for number, cells in _numbered_rows(_decode(content)):
        row, row_errors = _read_row(number, cells)
        if row is not None and _disagrees(names.setdefault(_of(row), row.person), row.person):
            message = "同一证件号码在本名册中姓名或出生日期不一致 (inconsistent)"
            row, row_errors = None, [RowError(number, "姓名", message)]
        if row is not None:
            rows.append(row)
        errors += row_errors
    return without_contradictions(ReadRoster(tuple(rows), tuple(errors)))


def _of(row: RosterRow) -> Certificate:
    return row.person.certificate


def _disagrees(first: PersonalData, other: PersonalData) -> bool:
    return first.name != other.name or (
        None not in (first.birth_date, other.birth_date) and first.birth_date != other.birth_date
    )


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    message = "文件编码须为 UTF-8 或 GB18030 (encoding)"
    raise RosterUnreadable(message)


def _numbered_rows(text: str) -> Iterator[tuple[int, Cells | None]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [plain(cell) for cell in next(reader, [])]
        _require_columns(header)
        for number, cells in enumerate(reader, start=_HEADER_ROW + 1):
            if any(plain(cell) for cell in cells):
                fits = len(cells) <= len(header) or not any(cells[len(header) :])
                filled = cells + [""] * (len(header) - len(cells))
                yield number, dict(zip(header, filled, strict=False)) if fits else None
    except csv.Error:
        message = "不是合法的 CSV 文件 (malformed CSV)"
        raise RosterUnreadable(message) from None


def _require_columns(header: list[str]) -> None:
    missing = [column for column in REQUIRED_COLUMNS if column not in header]
    if missing:
        message = f"第 1 行缺少列：{'、'.join(missing)} (missing columns)"
        raise RosterUnreadable(message)
    unknown = [number for number, column in enumerate(header, 1) if column not in COLUMNS]
    if unknown or len(set(header)) != len(header):
        # The header itself is not repeated: in a file without one it is somebody's row.
        places = "、".join(str(number) for number in unknown) or "重复"
        message = f"第 1 行有未知或重复的列（第 {places} 列）；可用的列：{'、'.join(COLUMNS)}"
        raise RosterUnreadable(message)


def _read_row(number: int, cells: Cells | None) -> tuple[RosterRow | None, list[RowError]]:
    if cells is None:
        return None, [RowError(number, None, "列数多于表头 (too many cells)")]
    row = _RowReader(number, cells)
    person, identity, enrolment = row.person(), row.identity(), row.enrolment()
    if not row.errors and identity is None and enrolment is None:
        row.refuse(None, "此行既无身份也无参保 (nothing stated)")
    if row.errors or person is None:
        return None, row.errors
    return RosterRow(number, person, identity, enrolment), []


class _RowReader:
    """Reads one row and gathers all its mistakes."""

    def __init__(self, number: int, cells: Cells) -> None:
        self.errors: list[RowError] = []
        self._number = number
        self._cells = cells

    def refuse(self, column: str | None, message: str) -> None:
        self.errors.append(RowError(self._number, column, message))

    def person(self) -> PersonalData | None:
        kind = self._read("证件类型", read_certificate_type)
        name = self._read("姓名", read_name)
        birth_date = self._read("出生日期", read_optional_date)
        certificate = self._certificate(kind) if kind is not None else None
        if certificate is None or name is None:
            return None
        in_number = certificate.birth_date
        if None not in (in_number, birth_date) and in_number != birth_date:
            self.refuse("出生日期", "与证件号码中的出生日期不一致 (birth date)")
        return PersonalData(certificate, name, birth_date or in_number)

    def identity(self) -> Identity | None:
        code = self._read("身份", read_identity)
        days = self._days("身份开始日期", "身份结束日期", is_stated=code is not None)
        if code is None:
            if self._has("身份开始日期") and not self.errors:
                self.refuse("身份", "有身份开始日期而无身份 (identity missing)")
            return None
        return Identity(code, *days) if days else None

    def enrolment(self) -> Enrolment | None:
        columns = ("参保区划", "险种", "参保开始日期")
        if not any(self._has(column) for column in (*columns, "档次")):
            return None
        region = self._read("参保区划", read_region)
        scheme = self._read("险种", read_scheme)
        plan = self._read("档次", _read_plan)
        days = self._days("参保开始日期", "参保结束日期", is_stated=True)
        if region is None or scheme is None or days is None:
            return None
        return Enrolment(region, scheme, plan, *days)

    def _certificate(self, kind: CertificateType) -> Certificate | None:
        try:
            return read_certificate(certificate_type=kind, number=self._cells["证件号码"])
        except InvalidCertificate as error:
            self.refuse("证件号码", str(error))
            return None

    def _days(self, first: str, last: str, *, is_stated: bool) -> tuple[date, date | None] | None:
        if not is_stated:
            return None
        count = len(self.errors)
        valid_from, valid_to = self._read(first, read_date), self._read(last, read_end_date)
        if valid_from is None or len(self.errors) > count:
            return None
        if valid_to is not None and valid_to < valid_from:
            self.refuse(last, "早于开始日期 (ends before it begins)")
            return None
        return valid_from, valid_to

    def _has(self, column: str) -> bool:
        return bool(plain(self._cells.get(column, "")))

    def _read(self, column: str, reader: Callable[[str], Value]) -> Value | None:
        try:
            return reader(self._cells.get(column, ""))
        except CellRefused as error:
            self.refuse(column, str(error))
            return None


def _read_plan(text: str) -> str | None:
    plan = plain(text)
    if len(plan) > _LONGEST_PLAN:
        message = f"至多 {_LONGEST_PLAN} 个字 (plan)"
        raise CellRefused(message)
    return plan or None
