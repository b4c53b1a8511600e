"""The rows of a roster (名册行): from cells, by an owner's layout, to what they state.

Every mistake of a row is named with its row, column and remedy; no cell is repeated, since in a
shifted row any cell may hold a name or a certificate number.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, TypeVar

from contracts.vocabulary import CertificateType
from eligibility.adapters.roster_cells import (
    CellRefused,
    plain,
    read_certificate_number,
    read_certificate_type,
    read_date,
    read_end_date,
    read_identity,
    read_name,
    read_optional_date,
    read_region,
    read_scheme,
    refuse_spreadsheet_error,
)
from eligibility.adapters.roster_files import NOT_COMPUTED, NumberedRow, read_rows
from eligibility.adapters.roster_layout import (
    GENERAL,
    NOT_RECORDED,
    PlacedColumns,
    RosterLayout,
    load_layout,
    missing_fields,
    place_columns,
)
from eligibility.domain.certificate import (
    Certificate,
    InvalidCertificate,
    PersonalData,
    read_certificate,
)
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.person import Enrolment, Identity
from eligibility.domain.roster import (
    Ending,
    ListedMark,
    PassedOverRow,
    ReadRoster,
    ReadRow,
    RejectedRow,
    RosterRow,
    RowError,
    disagree,
    enrolment_kind,
    identity_kind,
    without_contradictions,
)

_LONGEST_PLAN = 40
_LONGEST_PLACE = 40
_LONGEST_DISEASE = 60
_LONG_NUMBER = re.compile(r"[0-9]{6}")
_CERTIFICATE_LONG = re.compile(r"[0-9０-９]{15}")
_SWALLOWED = (
    "有一格里既有换行又有长号码，多半是引号没有成对，把后面的行并进了这一格；"
    "请核对引号，确是备注的请去掉换行 (rows within a cell)"
)
_WITHOUT_RESULT = (
    "此格是公式，文件里没有它的结果；请用表格软件打开、重算后保存，或填写结果 (formula)"
)
_ENDED = "退出"
_ACTIONS = ("", "新增", "变更", _ENDED)
_ENROLMENT_COLUMNS = ("参保区划", "险种", "参保开始日期", "档次")

# Columns that say the same few things over and over; none that tells who somebody is.
_REPEATING = frozenset(
    (
        *("证件类型", "身份", "身份开始日期", "身份结束日期", "操作"),
        *("参保区划", "险种", "档次", "参保开始日期", "参保结束日期"),
    )
)
_MOST_UNDERSTOOD = 20_000

Value = TypeVar("Value")

ANY_LOCAL = LocalIdentities()
"""No register: whatever code a region uses is taken."""


@dataclass(frozen=True)
class OpenRoster:
    """A roster file whose header is understood (已识别表头的名册); rows are read when taken."""

    header: tuple[str, ...]
    rows: Iterator[ReadRow]


def open_roster(
    file: BinaryIO,
    layout: RosterLayout,
    *,
    region: str | None = None,
    identities: LocalIdentities = ANY_LOCAL,
) -> OpenRoster:
    """Find the header of a CSV or XLSX file and read its rows one by one.

    `region` stands in for an enrolment's region where the file has none. Raises
    `RosterUnreadable`, also later, when a damaged place of the file is reached.
    """
    numbered = read_rows(file)
    header_row, columns = _find_header(numbered, layout)
    reader = _CellReader(columns, layout, identities)
    rows = (
        _read_row(_RowReader(number, cells, reader, region))
        for number, cells in numbered
        if number > header_row and any(plain(cell) for cell in cells)
    )
    return OpenRoster(columns.header, rows)


def read_roster(content: bytes, *, identities: LocalIdentities = ANY_LOCAL) -> ReadRoster:
    """Read a whole file in the general layout; rows with mistakes are listed.

    Raises `RosterUnreadable` if the file as a whole is no roster.
    """
    rows: list[RosterRow] = []
    errors: list[RowError] = []
    names: dict[Certificate, PersonalData] = {}
    for read in open_roster(io.BytesIO(content), load_layout(GENERAL), identities=identities).rows:
        if isinstance(read, RejectedRow):
            errors += read.errors
        elif isinstance(read, RosterRow):
            first = names.setdefault(read.person.certificate, read.person)
            if disagree(first, read.person):
                errors.append(RowError(read.row, "姓名", INCONSISTENT))
            else:
                rows.append(read)
    return without_contradictions(ReadRoster(tuple(rows), tuple(errors)))


INCONSISTENT = "同一证件号码在本名册中姓名或出生日期不一致；请核对后更正 (inconsistent)"


def _find_header(
    numbered: Iterator[NumberedRow], layout: RosterLayout
) -> tuple[int, PlacedColumns]:
    """The header: the first row that has every required column, below a title if there is one."""
    closest: tuple[int, Sequence[str]] = (1, ())
    fewest = len(layout.required)
    for number, cells in numbered:
        missing = len(missing_fields(layout, cells))
        if missing < fewest:
            fewest, closest = missing, (number, cells)
        if missing == 0 or number >= layout.latest_header_row:
            break
    number, cells = closest
    return number, place_columns(layout, cells, row=number)


def _read_row(row: "_RowReader") -> ReadRow:
    if row.is_too_long():
        row.refuse(None, "列数多于表头，多半是某格里有未加引号的逗号 (too many cells)")
        return row.rejected(None)
    if row.has_swallowed_rows():
        row.refuse(None, _SWALLOWED)
        # Whose rows are in that cell, nobody can tell.
        return row.rejected(None)
    person, ends = row.person(), row.is_ending()
    township, village = row.place("乡镇"), row.place("村")
    endings = row.endings() if ends else ()
    identity = None if ends else row.identity()
    enrolment = None if ends else row.enrolment()
    mark = row.mark(ends=ends)
    if not (row.errors or endings or identity or enrolment or mark):
        if row.is_passed_over:
            return PassedOverRow(row.number)
        row.refuse(None, "此行既无身份也无参保 (nothing stated)")
    if row.errors or person is None:
        return row.rejected(row.certificate)
    return RosterRow(
        row.number,
        person,
        identity,
        enrolment,
        endings,
        village,
        township,
        mark,
        row.cells,
    )


class _CellReader:
    """Reads the cells of one file; what a column says again and again is understood once."""

    def __init__(
        self, columns: PlacedColumns, layout: RosterLayout, identities: LocalIdentities
    ) -> None:
        self.columns = columns
        self._layout = layout
        self._identities = identities
        self._fields = frozenset(layout.field_of_header.values())
        self._understood: dict[tuple[str, Callable[[str], Any], str], Any] = {}

    def read(self, field: str, cell: str, reader: Callable[[str], Value]) -> Value:
        """The value of a cell. Raises `CellRefused`."""
        if field not in _REPEATING:
            return reader(self._layout.translate(field, cell))
        said = (field, reader, cell)
        if said in self._understood:
            known: Value = self._understood[said]
            return known
        value = reader(self._layout.translate(field, cell))
        if len(self._understood) < _MOST_UNDERSTOOD:
            self._understood[said] = value
        return value

    def knows(self, field: str) -> bool:
        """Whether lists of this layout have such a field."""
        return field in self._fields

    def identity_code(self, text: str) -> str | None:
        """The code of an identity, `NOT_RECORDED`, or None for 无. Raises `CellRefused`."""
        return text if text == NOT_RECORDED else read_identity(text, self._identities)


class _RowReader:
    """Reads one row and gathers all its mistakes."""

    def __init__(
        self, number: int, cells: Sequence[str], reader: _CellReader, region: str | None
    ) -> None:
        self.number = number
        self.errors: list[RowError] = []
        self.is_passed_over = False
        self.certificate: Certificate | None = None
        self.cells = tuple(cells)
        self._reader = reader
        self._columns = reader.columns
        self._region = region

    def refuse(self, column: str | None, message: str) -> None:
        self.errors.append(RowError(self.number, column, message))

    def rejected(self, certificate: Certificate | None) -> RejectedRow:
        return RejectedRow(self.number, tuple(self.errors), self.cells, certificate)

    def is_too_long(self) -> bool:
        return any(map(plain, self.cells[len(self._columns.header) :]))

    def has_swallowed_rows(self) -> bool:
        return any(
            ("\n" in cell or "\r" in cell) and _CERTIFICATE_LONG.search(cell) for cell in self.cells
        )

    def person(self) -> PersonalData | None:
        kind = self._read("证件类型", read_certificate_type)
        name = self._read("姓名", read_name)
        birth_date = self._read("出生日期", read_optional_date)
        self.certificate = self._certificate(kind) if kind is not None else None
        if self.certificate is None or name is None:
            return None
        in_number = self.certificate.birth_date
        if None not in (in_number, birth_date) and in_number != birth_date:
            self.refuse("出生日期", "与证件号码中的出生日期不一致 (birth date)")
        return PersonalData(self.certificate, name, birth_date or in_number)

    def place(self, field: str) -> str | None:
        """Where the person lives, for lists that are compared; cut like a plan's name.

        What holds a long number is no place: a cell that slipped from its column.
        """
        typed = plain(self._cell(field))[:_LONGEST_PLACE]
        if typed == NOT_COMPUTED:
            return None
        try:
            refuse_spreadsheet_error(typed, called=field)
        except CellRefused as error:
            self.refuse(self._heading(field), str(error))
        return None if _LONG_NUMBER.search(typed) else typed or None

    def is_ending(self) -> bool:
        return self._read("操作", _read_action) == _ENDED

    def endings(self) -> tuple[Ending, ...]:
        """What a row that says 退出 ends; its first days may be missing."""
        found = []
        code = self._identity_code()
        if code is not None:
            last_day = self._read("身份结束日期", _read_last_day)
            found += [Ending(identity_kind(code), last_day)] if last_day else []
        if self._has("险种"):
            scheme = self._read("险种", read_scheme)
            last_day = self._read("参保结束日期", _read_last_day)
            found += [Ending(enrolment_kind(scheme), last_day)] if scheme and last_day else []
        return tuple(found)

    def identity(self) -> Identity | None:
        code = self._identity_code()
        if code is None:
            if self._has("身份开始日期") and not self.is_passed_over and not self.errors:
                self.refuse("身份", "有身份开始日期而无身份 (identity missing)")
            return None
        days = self._days("身份开始日期", "身份结束日期")
        return Identity(code, *days) if days else None

    def enrolment(self) -> Enrolment | None:
        if not any(self._has(column) for column in _ENROLMENT_COLUMNS):
            return None
        is_given = self._has("参保区划") or self._region is None
        region = self._read("参保区划", read_region) if is_given else self._region
        scheme = self._read("险种", read_scheme)
        plan = self._read("档次", _read_plan)
        days = self._days("参保开始日期", "参保结束日期")
        if region is None or scheme is None or days is None:
            return None
        return Enrolment(region, scheme, plan, *days)

    def mark(self, *, ends: bool) -> ListedMark | None:
        """The disease of a list of marks; a row that says 退出 must name its last day."""
        if not self._reader.knows("病种"):
            return None
        disease = self._read("病种", _read_disease)
        if disease == NOT_RECORDED:
            self.is_passed_over = True
            return None
        if ends and not self._read("病种结束日期", _read_last_day):
            return None
        days = self._days("病种开始日期", "病种结束日期")
        return ListedMark(disease, *days) if disease and days else None

    def _certificate(self, kind: CertificateType) -> Certificate | None:
        number = self._read("证件号码", read_certificate_number)
        if number is None:
            return None
        try:
            return read_certificate(certificate_type=kind, number=number)
        except InvalidCertificate as error:
            self.refuse("证件号码", str(error))
            return None

    def _identity_code(self) -> str | None:
        code = self._read("身份", self._reader.identity_code)
        if code == NOT_RECORDED:
            self.is_passed_over = True
            return None
        return code

    def _days(self, first: str, last: str) -> tuple[date, date | None] | None:
        count = len(self.errors)
        valid_from, valid_to = self._read(first, read_date), self._read(last, read_end_date)
        if valid_from is None or len(self.errors) > count:
            return None
        if valid_to is not None and valid_to < valid_from:
            self.refuse(last, "早于开始日期 (ends before it begins)")
            return None
        return valid_from, valid_to

    def _cell(self, field: str) -> str:
        place = self._columns.places.get(field)
        return self.cells[place] if place is not None and place < len(self.cells) else ""

    def _has(self, field: str) -> bool:
        cell = self._cell(field)
        return bool(cell) and bool(plain(cell))

    def _read(self, field: str, reader: Callable[[str], Value]) -> Value | None:
        cell = self._cell(field)
        if cell == NOT_COMPUTED:
            self.refuse(self._heading(field), _WITHOUT_RESULT)
            return None
        try:
            return self._reader.read(field, cell, reader)
        except CellRefused as error:
            self.refuse(self._heading(field), str(error))
            return None

    def _heading(self, field: str) -> str:
        """The column as this file calls it; the field where the file has no such column."""
        place = self._columns.places.get(field)
        return field if place is None else plain(self._columns.header[place])


def _read_disease(text: str) -> str:
    disease = plain(text)
    refuse_spreadsheet_error(disease, called="病种名称")
    if not 1 <= len(disease) <= _LONGEST_DISEASE or _LONG_NUMBER.search(disease):
        message = f"须为病种名称，1 至 {_LONGEST_DISEASE} 个字，一行一个病种 (disease)"
        raise CellRefused(message)
    return disease


def _read_action(text: str) -> str:
    action = plain(text)
    if action not in _ACTIONS:
        message = "须为新增、变更或退出 (action)"
        raise CellRefused(message)
    return action


def _read_last_day(text: str) -> date:
    if not plain(text):
        message = "退出须写明最后一天，如 2024-06-30 (last day missing)"
        raise CellRefused(message)
    return read_date(text)


def _read_plan(text: str) -> str | None:
    plan = plain(text)
    refuse_spreadsheet_error(plan, called="档次")
    if len(plan) > _LONGEST_PLAN:
        message = f"至多 {_LONGEST_PLAN} 个字 (plan)"
        raise CellRefused(message)
    return plan or None
