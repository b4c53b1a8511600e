"""Each owner's file is understood by its layout; what a layout cannot place is named."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from contracts.vocabulary import Scheme
from eligibility.adapters.roster_layout import (
    SHIPPED_LAYOUTS,
    LayoutInvalid,
    column_name,
    load_layout,
)
from eligibility.adapters.roster_rejects import rejects_csv
from eligibility.adapters.roster_rows import open_roster
from eligibility.domain.person import Enrolment, Identity
from eligibility.domain.roster import (
    Ending,
    PassedOverRow,
    ReadRow,
    RejectedRow,
    RosterRow,
    RosterUnreadable,
)
from tests.eligibility.conftest import number
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file, xlsx_file

ID = number(1)
DAY = date(2023, 1, 5)


def read(layout: str, content: bytes, region: str | None = None) -> list[ReadRow]:
    """All rows of a file in a layout."""
    return list(open_roster(io.BytesIO(content), load_layout(layout), region=region).rows)


def stated(row: ReadRow) -> list[object]:
    """What a row that was understood states and ends."""
    assert isinstance(row, RosterRow), row
    return [*row.facts, *row.endings]


@pytest.mark.parametrize(
    ("layout", "header", "row", "expected"),
    [
        (
            "poverty_office",
            "序号,户主姓名,成员姓名,公民身份号码,监测对象类别,识别时间,风险消除时间",
            f"1,样例乙,样例甲,{ID},边缘户,2023/1/5,",
            Identity("monitored_at_risk", DAY, None),
        ),
        (
            "civil_affairs",
            "姓名,身份证号码,救助类别,审批日期,有效期至",
            f"样例甲,{ID},分散供养,2023.1.5,2024年1月4日",
            Identity("extreme_hardship", DAY, date(2024, 1, 4)),
        ),
        (
            "health_insurance",
            "人员编号,姓名,证件号码,险种类型,缴费档次,待遇开始日期,待遇结束日期,人员参保状态",
            f"7,样例甲,{ID},390,二档,20230105,20231231,1",
            Enrolment("500112", Scheme.RESIDENT, "二档", DAY, date(2023, 12, 31)),
        ),
        (
            "disabled_federation",
            "姓名,身份证号,残疾人证号,残疾类别,残疾等级,发证日期",
            f"样例甲,{ID},{ID}43,肢体,贰级,2023-01-05 00:00:00",
            Identity("severe_disability", DAY, None),
        ),
        (
            "health",
            "扶助对象姓名,身份证号,扶助类别,确认日期",
            f"样例甲,{ID},失独家庭,2023-1-5",
            Identity("family_planning_special", DAY, None),
        ),
    ],
)
def test_a_row_of_each_owner_says_what_it_means(
    layout: str, header: str, row: str, expected: object
) -> None:
    """Five owners, five ways to head the columns and to write kinds and dates."""
    content = csv_file(["某县名单（样例）"], header.split(","), row.split(","))

    rows = read(layout, content, region="500112")

    assert [stated(each) for each in rows] == [[expected]]
    assert rows[0].row == 3


@pytest.mark.parametrize("layout", sorted(file.stem for file in SHIPPED_LAYOUTS.glob("*.yaml")))
def test_every_shipped_layout_leads_to_words_this_system_knows(layout: str) -> None:
    """Each value that a layout translates to is read by the cell reader of its field."""
    meant = load_layout(layout)
    row = {"证件号码": ID, "姓名": "样例甲", "身份开始日期": "2023-01-05"}
    row |= {"参保开始日期": "2023-01-05", "险种": "390"} if "险种" in meant.required else {}
    if "病种" in meant.required:
        row |= {"病种": "高血压", "病种开始日期": "2023-01-05", "病种结束日期": "2023-06-30"}
    for field, values in meant.values.items():
        for typed in values:
            cells = row | {field: typed}
            if "身份" in meant.required and field != "身份":
                cells["身份"] = next(iter(meant.values["身份"]))
            if meant.values[field][typed] == "退出":
                cells |= {"身份结束日期": "2023-06-30", "参保结束日期": "2023-06-30"}
            usable = {name: cell for name, cell in cells.items() if meant.headers_of(name)}
            header = [meant.headers_of(name)[0] for name in usable]
            rows = read(layout, csv_file(header, list(usable.values())), region="500112")
            assert not isinstance(rows[0], RejectedRow), (field, typed, rows)


def test_csv_and_workbook_of_one_list_are_read_alike() -> None:
    """The same rows, dates as date cells in the workbook."""
    as_text = csv_file(CIVIL_HEADER, civil_row(1), civil_row(2), encoding="gb18030")
    as_cells = xlsx_file(
        CIVIL_HEADER,
        *([*civil_row(n)[:4], date(2023, 1, 1), None, None] for n in (1, 2)),
    )

    assert read("civil_affairs", as_text) == read("civil_affairs", as_cells)


def test_what_people_type_does_not_matter() -> None:
    """Padded names, full-width digits, non-breaking and zero-width spaces, fifteen digits."""
    wide = ID.translate({ord("0") + n: ord("０") + n for n in range(10)})
    short = f"\u202d{ID[:6]}{ID[8:17]}\u202c"
    typed = [
        ["1", "样　例", f"{wide}\u00a0", "农村低保\u200b", "２０２３．１．５", " ", ""],
        ["1", "样 例 ", short, " 农村低保", "2023年1月5日", "长期", ""],
    ]

    rows = [read("civil_affairs", csv_file(CIVIL_HEADER, row)) for row in typed]

    assert rows[0] == rows[1]
    assert stated(rows[0][0]) == [Identity("subsistence_allowance", DAY, None)]


def test_a_value_the_layout_does_not_name_is_refused_with_those_it_does() -> None:
    """ "低收入" may mean this or that: the row is rejected under the file's own heading."""
    row = read("civil_affairs", csv_file(CIVIL_HEADER, civil_row(1, kind="低收入")))[0]

    assert isinstance(row, RejectedRow)
    assert [(error.row, error.column) for error in row.errors] == [(2, "救助类别")]
    assert "没有这个取值；可用：低保、低保对象、城市低保" in row.errors[0].message
    assert row.certificate is not None


def test_a_number_that_excel_rounded_is_named_as_such() -> None:
    """The last digits are gone; asking for eighteen characters would mislead."""
    row = civil_row(1)
    row[2] = "9.90001E+17"

    rejected = read("civil_affairs", csv_file(CIVIL_HEADER, row))[0]

    assert isinstance(rejected, RejectedRow)
    assert "末几位已丢失" in rejected.errors[0].message


def test_a_spreadsheet_error_is_no_name() -> None:
    """#N/A where a look-up failed is refused, not taken for a person called so."""
    row = civil_row(1)
    row[1] = "#N/A"

    rejected = read("civil_affairs", csv_file(CIVIL_HEADER, row))[0]

    assert isinstance(rejected, RejectedRow)
    assert rejected.errors[0].column == "姓名"


@pytest.mark.parametrize("value", ["#N/A", "#REF!", "＃ＮＡＭＥ？", "#spill!"])
@pytest.mark.parametrize("column", ["乡镇", "村"])
def test_a_spreadsheet_error_is_no_place(column: str, value: str) -> None:
    """The row is rejected under its column; it is still known whose it is."""
    header = (*CIVIL_HEADER, "乡镇", "村")
    row = dict(zip(header, [*civil_row(1), "甲乡", "东村"], strict=True))
    row[column] = value

    rejected = read("civil_affairs", csv_file(header, list(row.values())))[0]

    assert isinstance(rejected, RejectedRow)
    assert [error.column for error in rejected.errors] == [column]
    assert f"错误值，不是{column}" in rejected.errors[0].message
    assert rejected.certificate is not None


def test_a_row_that_says_nothing_to_us_is_passed_over_not_rejected() -> None:
    """Disability of level three is read and, as the layout says, not recorded."""
    content = csv_file(
        ["姓名", "身份证号", "等级", "发证日期"], f"样例甲,{ID},三级,2023-01-05".split(",")
    )

    assert read("disabled_federation", content) == [PassedOverRow(2)]


def test_a_row_that_ends_something_needs_its_last_day_alone() -> None:
    """退出 with a last day and without a first one; without a last day it is refused."""
    header = [*CIVIL_HEADER, "操作"]
    ended, undated = civil_row(1, begins=""), civil_row(2, begins="")
    ended[5] = "2024-06-30"

    rows = read("civil_affairs", csv_file(header, [*ended, "停发"], [*undated, "停发"]))

    assert stated(rows[0]) == [Ending("identity:subsistence_allowance", date(2024, 6, 30))]
    assert isinstance(rows[1], RejectedRow)
    assert [(e.column, "退出须写明最后一天" in e.message) for e in rows[1].errors] == [
        ("停发日期", True)
    ]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("姓名,身份证号,救助类别", "缺少列：身份开始日期（可写作 享受开始日期、批准日期"),
        ("姓名,身份证号,救助类别,批准日期,病种", "不认识第 5 列（E）"),
        (
            "姓名,身份证号,公民身份号码,救助类别,批准日期",
            "第 2 列（B）与第 3 列（C）同为“证件号码”",
        ),
    ],
)
def test_columns_that_cannot_be_placed_are_named(header: str, words: str) -> None:
    """A missing, an unknown and a doubled column: the file is refused, with what would do."""
    with pytest.raises(RosterUnreadable) as refused:
        read("civil_affairs", csv_file(header.split(",")))

    assert words in str(refused.value)


def test_columns_are_counted_as_spreadsheets_do() -> None:
    """The 26th is Z, the 27th AA, the 703rd AAA."""
    assert [column_name(n).split("（")[1] for n in (0, 25, 26, 702)] == [
        "A）",
        "Z）",
        "AA）",
        "AAA）",
    ]


def test_the_rejects_file_holds_row_and_reason_and_can_be_sent_again() -> None:
    """Corrected in place, it is read by the same layout; numbers and formulas are kept as text."""
    bad = civil_row(7, kind="低收入")
    bad[6] = "=1+1"
    content = csv_file(CIVIL_HEADER, civil_row(1), bad)
    opened = open_roster(io.BytesIO(content), load_layout("civil_affairs"))
    rejected = [row for row in opened.rows if isinstance(row, RejectedRow)]

    file = b"".join(rejects_csv(opened.header, rejected))

    lines = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    assert file.startswith(b"\xef\xbb\xbf")
    assert lines[0] == [*CIVIL_HEADER, "错误行号", "错误原因"]
    assert lines[1][:7] == ["7", "样例7", f"\t{number(7)}", "低收入", "2023-01-01", "", "\t=1+1"]
    assert lines[1][7] == "3"
    assert lines[1][8].startswith("救助类别：版式")
    again = read("civil_affairs", file.replace("低收入,".encode(), "农村低保,".encode()))
    assert [stated(row) for row in again] == [
        [Identity("subsistence_allowance", date(2023, 1, 1), None)]
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("名称:", "名字:", "无法读取"),
        ("  姓名: [姓名, 扶助对象姓名]", "  名: [姓名]", "没有列含义“名”"),
        ("[姓名, 扶助对象姓名]", "[姓名, 身份证号]", "“身份证号”有两种含义"),
        ("[奖励扶助, 农村奖励扶助]", "[失独家庭]", "“失独家庭”有两种含义"),
        ("取值:", "取值: [", "无法读取"),
    ],
)
def test_a_layout_that_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    """Whoever edits a layout hears what is wrong before a list is read with it."""
    text = (SHIPPED_LAYOUTS / "health.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "health.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(LayoutInvalid, match=words):
        load_layout("health", tmp_path)
