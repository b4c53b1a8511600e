"""Health's and the insurer's lists of disease marks; the poor who are not enrolled."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import load_workbook
from typer.testing import CliRunner

from contracts.vocabulary import ComparedSubject, DataOwner
from eligibility.adapters.listed_people import ListedPeople
from eligibility.domain.listed_person import ListedPerson
from eligibility.domain.owner_list import ListOrderInvalid
from eligibility.entrypoints.cli import app
from tests.eligibility.conftest import number
from tests.eligibility.owner_files import csv_file

HEALTH = ("患者姓名", "身份证号", "病种名称", "确诊日期", "销号日期", "乡镇", "村", "操作")
INSURER = ("姓名", "证件号码", "门诊慢特病病种名称", "待遇开始日期", "待遇结束日期", "待遇状态")


def health(
    n: int, disease: str, begins: str = "2024-01-01", ends: str = "", done: str = ""
) -> list[str]:
    """A row of the health office's list of marks."""
    return [f"样例{n}", number(n), disease, begins, ends, "甲乡", "东村", done]


def insured(n: int, disease: str, begins: str = "2024-01-01", ends: str = "") -> list[str]:
    """A row of the insurer's."""
    return [f"样例{n}", number(n), disease, begins, ends, "有效"]


def read(owner: DataOwner, content: bytes) -> tuple[ListedPeople, list[ListedPerson]]:
    """What a list of marks says on 2024-06-30."""
    listed = ListedPeople(
        io.BytesIO(content), owner, date(2024, 6, 30), subject=ComparedSubject.MARKS
    )
    return listed, list(listed)


def invoke(*asked: str) -> Result:
    """A command's answer."""
    return CliRunner().invoke(app, ["roster", *asked], env={"COLUMNS": "220"})


def test_both_offices_lists_of_marks_are_understood() -> None:
    """Disease, days and place; a cured one says when; who is cured before the day holds nothing."""
    rows = (
        health(1, "高血压　"),
        health(2, "肺结核", ends="2024-05-01", done="治愈"),
        health(3, "肺结核", done="治愈"),
        health(4, ""),
    )
    listed, people = read(DataOwner.HEALTH, csv_file(HEALTH, *rows))
    assert [(p.kind, p.township, p.village, p.valid_from, p.valid_to) for p in people] == [
        ("高血压", "甲乡", "东村", date(2024, 1, 1), None)
    ]
    assert (listed.rows, listed.left_out, listed.not_held) == (4, 2, 1)
    assert listed.first_errors[0].message == "退出须写明最后一天，如 2024-06-30 (last day missing)"

    _, people = read(
        DataOwner.HEALTH_INSURANCE, csv_file(INSURER, insured(1, "高血压", ends="2024-12-31"))
    )
    assert [(p.kind, p.valid_to) for p in people] == [("高血压", date(2024, 12, 31))]


def test_other_offices_have_no_lists_of_marks() -> None:
    """Said, with who has."""
    with pytest.raises(ListOrderInvalid, match="只有卫健、医保"):
        read(DataOwner.CIVIL_AFFAIRS, csv_file(HEALTH))


def marks(folder: Path) -> tuple[str, str]:
    """Six of health's marks; the insurer agrees on one."""
    one, other = folder / "卫健.csv", folder / "医保.csv"
    one.write_bytes(
        csv_file(
            HEALTH,
            health(1, "高血压"),
            health(1, "糖尿病"),
            health(2, "高血压"),
            health(3, "肺结核", "2024-01-01", "2024-12-31"),
            health(5, "高血压"),
        )
    )
    unreadable = ["样例5", "123", *insured(5, "高血压")[2:]]
    other.write_bytes(
        csv_file(
            INSURER,
            insured(1, "高血压"),
            insured(2, "高血压", "2024-03-01"),
            insured(3, "肺结核"),
            insured(4, "尿毒症"),
            unreadable,
        )
    )
    return str(one), str(other)


def test_who_is_marked_by_one_office_alone_is_told_by_disease(tmp_path: Path) -> None:
    """Somebody with two diseases of which one is missing; other days; on one list alone."""
    to = tmp_path / "差异.xlsx"
    owners = ("--left-owner", "卫健", "--right-owner", "医保", "--on", "2024-06-30", "--marks")

    done = invoke("compare", *marks(tmp_path), *owners, "--to", str(to))

    assert done.exit_code == 0, done.output
    assert "错误 1 行未比对" in done.output
    book = load_workbook(to)
    said = [
        (sheet.title, row[5].value, row[6].value, row[9].value, row[10].value)
        for sheet in book.worksheets[2:]
        for row in list(sheet.rows)[1:]
    ]
    always, later = "（2024-01-01 起，长期）", "（2024-03-01 起，长期）"
    assert sorted(said, key=str) == sorted(
        [
            ("第二份没有此病种", "样例1", f"糖尿病{always}", None, None),
            ("第二份没有此病种", "样例5", f"高血压{always}", None, None),
            ("第一份没有此病种", None, None, "样例4", f"尿毒症{always}"),
            ("病种起止不同", "样例2", f"高血压{always}", "样例2", f"高血压{later}"),
            (
                "病种起止不同",
                *("样例3", "肺结核（2024-01-01 起，至 2024-12-31）"),
                *("样例3", f"肺结核{always}"),
            ),
        ],
        key=str,
    )
    assert [[cell.value for cell in row] for row in book["按病种汇总"].rows] == [
        [
            "病种",
            "卫生健康部门已登记病种，医疗保障部门没有",
            "医疗保障部门已登记病种，卫生健康部门没有",
            "同一病种，起止日期不同",
            "合计",
        ],
        ["尿毒症", None, 1, None, 1],
        ["糖尿病", 1, None, None, 1],
        ["肺结核", None, None, 1, 1],
        ["高血压", 1, None, 1, 2],
    ]


CIVIL = ("姓名", "身份证号", "救助类别", "批准日期", "停发日期", "乡镇", "村")
ENROLLED = ("姓名", "证件号码", "险种", "参保开始日期", "参保结束日期")


def test_the_poor_who_are_not_enrolled_that_year_are_told_by_village(tmp_path: Path) -> None:
    """Enrolled until last year is not enrolled; whoever is no longer poor is not asked for."""
    civil, insurer, to = tmp_path / "低保.csv", tmp_path / "参保.csv", tmp_path / "未参保.csv"
    poor = [(f"样例{n}", number(n), "低保", "2023-01-01", "", "甲乡", "东村") for n in (1, 2, 3)]
    gone = ("样例4", number(4), "低保", "2023-01-01", "2024-11-30", "甲乡", "西村")
    civil.write_bytes(csv_file(CIVIL, *poor, gone))
    rows = [
        ("样例1", number(1), "390", "2025-01-01", "2025-12-31"),
        ("样例2", number(2), "390", "2024-01-01", "2024-12-31"),
        ("样例9", number(9), "390", "2025-01-01", ""),
    ]
    insurer.write_bytes(csv_file(ENROLLED, *rows))
    asked = ("--owner", "民政", "--year", "2025", "--on", "2024-12-20", "--to", str(to))

    done = invoke("unenrolled", str(civil), str(insurer), *asked, "--closes", "2025-02-28")

    assert done.exit_code == 0, done.output
    assert "集中参保已于 2025-02-28 截止" in done.output
    assert "参保.csv（医疗保障部门）：3 行，其中错误 0 行未比对，2025-01-01 至 2025-12-31" in (
        done.output
    )
    _, *told = csv.reader(to.read_text(encoding="utf-8-sig").splitlines())
    assert [(row[0], row[1], row[2], row[5]) for row in told] == [
        ("甲乡", "东村", "民政部门有困难身份，医疗保障部门没有参保", f"样例{n}") for n in (2, 3)
    ]


def test_days_left_are_counted_from_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the last day itself, which still counts."""
    civil, insurer = tmp_path / "低保.csv", tmp_path / "参保.csv"
    civil.write_bytes(csv_file(CIVIL))
    insurer.write_bytes(csv_file(ENROLLED))
    monkeypatch.setattr(
        "eligibility.entrypoints.cli_unenrolled.business_date", lambda _now: date(2025, 2, 18)
    )
    asked = ("--owner", "民政", "--year", "2025", "--closes", "2025-02-28")

    done = invoke("unenrolled", str(civil), str(insurer), *asked)

    assert "距 2025-02-28 集中参保截止还有 10 天" in done.output


def test_the_insurers_own_list_does_not_say_who_is_poor(tmp_path: Path) -> None:
    """Asked the wrong way round, it is said."""
    insurer = tmp_path / "参保.csv"
    insurer.write_bytes(csv_file(ENROLLED))

    done = invoke("unenrolled", str(insurer), str(insurer), "--owner", "医保", "--year", "2025")

    assert done.exit_code == 1
    assert "第一份须为认定困难身份的部门的名单" in done.output
