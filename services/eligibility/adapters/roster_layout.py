"""Layouts (名单版式): how each owner writes its file, as data that needs no Python to read.

A layout says which header means what, which values of a cell mean what, and which columns are
of no use here. A header or value that it does not name is refused: nothing is guessed.
The layouts stand in `eligibility/rosters`; docs/rosters.md explains how to write one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from eligibility.adapters.roster_cells import CellRefused, plain
from eligibility.domain.roster import RosterUnreadable

SHIPPED_LAYOUTS = Path(__file__).resolve().parent.parent / "rosters"
GENERAL = "general"

FIELDS = (
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
    "病种",
    "病种开始日期",
    "病种结束日期",
    "乡镇",
    "村",
    "操作",
)
"""What a column can mean."""

NOT_RECORDED = "不记"
"""The value that is read and, by the layout's decision, says nothing to us."""

REJECT_COLUMNS = ("错误行号", "错误原因")
"""What a rejects file adds; sent again with corrected rows, these columns are passed over."""


class LayoutInvalid(Exception):
    """A layout cannot be used (版式有误): the message names file and place."""


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """A layout as its file says it."""

    title: str = msgspec.field(name="名称")
    owner: str = msgspec.field(name="部门")
    latest_header_row: Annotated[int, msgspec.Meta(ge=1, le=50)] = msgspec.field(
        name="表头最迟在第几行"
    )
    required: list[str] = msgspec.field(name="必需的列")
    columns: dict[str, list[str]] = msgspec.field(name="列")
    unused: list[str] = msgspec.field(name="不用的列")
    values: dict[str, dict[str, list[str]]] = msgspec.field(name="取值")


_decoder = msgspec.json.Decoder(_Written)


@dataclass(frozen=True)
class RosterLayout:
    """How one owner's file is read (版式): headers and values, each in the form of `plain`."""

    title: str
    owner: str
    latest_header_row: int
    required: tuple[str, ...]
    field_of_header: Mapping[str, str]
    unused: frozenset[str]
    values: Mapping[str, Mapping[str, str]]

    def headers_of(self, field: str) -> list[str]:
        """The headers that mean a field, for messages."""
        return [header for header, meant in self.field_of_header.items() if meant == field]

    def translate(self, field: str, cell: str) -> str:
        """What a cell means in this system's own words. Raises `CellRefused`.

        Fields without a list of values, and empty cells, come back as they are.
        """
        known = self.values.get(field)
        if known is None:
            return cell
        typed = plain(cell)
        if not typed:
            return cell
        if typed not in known:
            message = f"版式“{self.title}”没有这个取值；可用：{'、'.join(known)}"
            raise CellRefused(message)
        return known[typed]


@dataclass(frozen=True)
class PlacedColumns:
    """Where each field stands in one file (列的位置), from 0; and the header as it was typed."""

    header: tuple[str, ...]
    places: Mapping[str, int]


def place_columns(layout: RosterLayout, header: Sequence[str], *, row: int) -> PlacedColumns:
    """Find each field's column. Raises `RosterUnreadable`, naming what is missing or unknown."""
    typed = [plain(cell) for cell in header]
    while typed and not typed[-1]:
        typed.pop()
    missing = missing_fields(layout, typed)
    if missing:
        wanted = "、".join(_wanted(layout, field) for field in missing)
        message = f"第 {row} 行缺少列：{wanted} (missing columns)"
        raise RosterUnreadable(message)
    places: dict[str, int] = {}
    unknown, doubled = [], []
    for index, name in enumerate(typed):
        field = layout.field_of_header.get(name)
        if field is None:
            if name not in layout.unused and name not in REJECT_COLUMNS:
                unknown.append(column_name(index))
        elif field in places:
            doubled.append(f"{column_name(places[field])}与{column_name(index)}同为“{field}”")
        else:
            places[field] = index
    if unknown or doubled:
        raise RosterUnreadable(_unplaceable(layout, row, unknown, doubled))
    return PlacedColumns(tuple(header), places)


def missing_fields(layout: RosterLayout, header: Sequence[str]) -> list[str]:
    """The required fields that no cell of this row means; none missing makes it a header."""
    meant = {layout.field_of_header.get(plain(cell)) for cell in header}
    return [field for field in layout.required if field not in meant]


def column_name(index: int) -> str:
    """A column as people find it: its number, and its letters in a spreadsheet."""
    letters, left = "", index + 1
    while left:
        left, place = divmod(left - 1, 26)
        letters = chr(ord("A") + place) + letters
    return f"第 {index + 1} 列（{letters}）"


@cache
def load_layout(name: str, folder: Path = SHIPPED_LAYOUTS) -> RosterLayout:
    """The layout in the file `<name>.yaml`. Raises `LayoutInvalid`."""
    file = folder / f"{name}.yaml"
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
        written = _decoder.decode(msgspec.json.encode(tree))
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        message = f"版式文件 {file.name} 无法读取：{error}"
        raise LayoutInvalid(message) from None
    return RosterLayout(
        title=written.title,
        owner=written.owner,
        latest_header_row=written.latest_header_row,
        required=tuple(written.required),
        field_of_header=_headers(written, file),
        unused=frozenset(plain(header) for header in written.unused),
        values={
            field: _values(field, meanings, file) for field, meanings in written.values.items()
        },
    )


def _headers(written: _Written, file: Path) -> dict[str, str]:
    named = {*written.columns, *written.required, *written.values}
    strangers = sorted(named - set(FIELDS))
    if strangers:
        message = f"{file.name}：没有列含义“{'、'.join(strangers)}”；可用：{'、'.join(FIELDS)}"
        raise LayoutInvalid(message)
    headers: dict[str, str] = {}
    for field, names in written.columns.items():
        for header in map(plain, names):
            if headers.setdefault(header, field) != field or header in written.unused:
                message = f"{file.name}：列名“{header}”有两种含义"
                raise LayoutInvalid(message)
    return headers


def _values(field: str, meanings: Mapping[str, Sequence[str]], file: Path) -> dict[str, str]:
    values: dict[str, str] = {}
    for meaning, typed in meanings.items():
        for value in map(plain, typed):
            if values.setdefault(value, meaning) != meaning:
                message = f"{file.name}：{field}的取值“{value}”有两种含义"
                raise LayoutInvalid(message)
    return values


def _wanted(layout: RosterLayout, field: str) -> str:
    names = layout.headers_of(field)
    return field if names == [field] else f"{field}（可写作 {'、'.join(names)}）"


def _unplaceable(layout: RosterLayout, row: int, unknown: list[str], doubled: list[str]) -> str:
    # The header itself is not repeated: in a file without one it is somebody's row.
    parts = [f"版式“{layout.title}”不认识{'、'.join(unknown)}"] if unknown else []
    parts += [f"重复的列：{'、'.join(doubled)}"] if doubled else []
    known = "、".join([*layout.field_of_header, *sorted(layout.unused)])
    return f"第 {row} 行表头：{'；'.join(parts)}。请删去、改名，或修改版式；可用的列：{known}"
