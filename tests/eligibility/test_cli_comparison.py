"""`yizhan roster compare`: two owners' files side by side, by village, with a list to send."""

import csv
from pathlib import Path

from click.testing import Result
from openpyxl import load_workbook
from typer.testing import CliRunner

from eligibility.entrypoints.cli import app
from tests.eligibility.conftest import number
from tests.eligibility.owner_files import csv_file, xlsx_file

CIVIL = ("姓名", "身份证号", "救助类别", "批准日期", "村")
INSURER = ("姓名", "证件号码", "险种", "参保开始日期")


def files(folder: Path) -> tuple[Path, Path]:
    """Three poor people; of the enrolled one has another name, one is not poor."""
    civil, insurer = folder / "民政.xlsx", folder / "医保.csv"
    poor = [
        (f"样例{n}", number(n), "农村低保", "2023-01-01", village)
        for n, village in ((1, "东村"), (2, "东村"), (3, "西村"))
    ]
    civil.write_bytes(xlsx_file(CIVIL, *poor, ("坏行", "123", "农村低保", "2023-01-01", "西村")))
    enrolled = [("样例1", number(1)), ("样例二", number(2)), ("别人", number(9))]
    rows = [(name, id_number, "390", "2023-01-01") for name, id_number in enrolled]
    insurer.write_bytes(csv_file(INSURER, *rows))
    return civil, insurer


def compare(left: Path, right: Path, left_owner: str, right_owner: str, *more: str) -> Result:
    """The command's answer."""
    owners = ["--left-owner", left_owner, "--right-owner", right_owner]
    asked = ["roster", "compare", str(left), str(right), *owners, "--on", "2024-06-30", *more]
    return CliRunner().invoke(app, asked, env={"COLUMNS": "200"})


def test_who_is_poor_and_not_enrolled_is_told_by_village(tmp_path: Path) -> None:
    """Counts by village; rows with mistakes are said to be left out."""
    civil, insurer = files(tmp_path)

    done = compare(civil, insurer, "民政", "医保")

    assert done.exit_code == 0, done.output
    assert "民政.xlsx（民政部门）：4 行，其中错误 1 行未比对，2024-06-30 无效 0 行" in done.output
    assert "如第 5 行 证件号码" in done.output
    lines = {line.split("│")[1].strip(): line for line in done.output.splitlines() if "│" in line}
    assert [cell.strip() for cell in lines["西村"].split("│")[2:-1]] == ["1", "", ""]
    assert [cell.strip() for cell in lines["东村"].split("│")[2:-1]] == ["", "", "1"]
    assert [cell.strip() for cell in lines["合计"].split("│")[2:-1]] == ["1", "1", "1"]


def test_every_difference_is_written_for_the_offices(tmp_path: Path) -> None:
    """A file that only its maker can read; numbers stay text."""
    civil, insurer = files(tmp_path)
    to = tmp_path / "差异.csv"

    done = compare(civil, insurer, "民政", "医保", "--to", str(to))

    assert done.exit_code == 0, done.output
    assert to.stat().st_mode & 0o777 == 0o600
    head, *rows = csv.reader(to.read_text(encoding="utf-8-sig").splitlines())
    assert head[:5] == ["乡镇", "村", "差异", "民政部门：证件类型", "民政部门：证件号码"]
    said = {row[2]: row for row in rows}
    assert set(said) == {
        "民政部门有，医疗保障部门没有",
        "医疗保障部门有，民政部门没有",
        "同一号码，姓名不同",
    }
    assert said["民政部门有，医疗保障部门没有"][4] == f"\t{number(3)}"
    assert said["同一号码，姓名不同"][5:7] == ["样例2", "低保对象"]
    assert said["同一号码，姓名不同"][9:11] == ["样例二", "城乡居民基本医疗保险"]


def test_lists_that_agree_have_no_differences(tmp_path: Path) -> None:
    """One list beside itself."""
    civil, _ = files(tmp_path)

    done = compare(civil, civil, "民政", "民政")

    assert done.exit_code == 0, done.output
    assert "两份名单没有差异" in done.output


def test_an_unknown_office_is_refused(tmp_path: Path) -> None:
    """With the names that may be written."""
    civil, insurer = files(tmp_path)

    done = compare(civil, insurer, "税务", "医保")

    assert done.exit_code == 1
    assert "部门须为：乡村振兴" in done.output


def test_who_held_nothing_on_the_day_is_on_no_list(tmp_path: Path) -> None:
    """An allowance stopped in May: its holder is not missing among the enrolled of June."""
    _, insurer = files(tmp_path)
    civil = tmp_path / "停发.csv"
    header = (*CIVIL, "停发日期")
    held = ("样例1", number(1), "农村低保", "2023-01-01", "东村", "2024-06-30")
    stopped = ("样例4", number(4), "农村低保", "2023-01-01", "东村", "2024-05-31")
    later = ("样例5", number(5), "农村低保", "2024-07-01", "东村", "")
    civil.write_bytes(csv_file(header, held, stopped, later))

    done = compare(civil, insurer, "民政", "医保")

    assert "停发.csv（民政部门）：3 行，其中错误 0 行未比对，2024-06-30 无效 2 行" in done.output
    assert "民政部门有，医疗保障部门没有" not in done.output


def test_differences_are_written_as_a_workbook(tmp_path: Path) -> None:
    """Counts by village first, then a sheet a kind; what looks like a formula is text."""
    _, insurer = files(tmp_path)
    civil, to = tmp_path / "低保.csv", tmp_path / "差异.xlsx"
    header = (*CIVIL, "乡镇")
    poor = ("=1+1", number(3), "农村低保", "2023-01-01", "@东村", "甲乡")
    civil.write_bytes(csv_file(header, poor))
    to.write_bytes(b"old")
    to.chmod(0o644)

    done = compare(civil, insurer, "民政", "医保", "--to", str(to))

    assert done.exit_code == 0, done.output
    assert to.stat().st_mode & 0o777 == 0o600
    book = load_workbook(to)
    assert book.sheetnames == ["按村汇总", "第一份没有", "第二份没有"]
    assert [[cell.value for cell in row] for row in book["按村汇总"].rows] == [
        ["乡镇", "村", "民政部门有，医疗保障部门没有", "医疗保障部门有，民政部门没有", "合计"],
        ["甲乡", "@东村", 1, None, 1],
        ["（没有写）", "（没有写）", None, 3, 3],
        ["合计", None, 1, 3, 4],
    ]
    lacking = book["第二份没有"]
    assert [cell.value for cell in lacking[2]][:7] == [
        *("甲乡", "@东村", "民政部门有，医疗保障部门没有", "居民身份证", number(3)),
        *("=1+1", "低保对象"),
    ]
    assert (lacking["F2"].data_type, lacking["F2"].number_format) == ("s", "@")
    assert lacking.print_title_rows == "$1:$1"
    assert (lacking.page_setup.orientation, lacking.page_setup.paperSize) == ("landscape", 9)


def test_a_csv_runs_no_formula_either(tmp_path: Path) -> None:
    """A tab in front, which the reader of rosters passes over."""
    _, insurer = files(tmp_path)
    civil, to = tmp_path / "低保.csv", tmp_path / "差异.csv"
    civil.write_bytes(csv_file(CIVIL, ("=1+1", number(3), "农村低保", "2023-01-01", "-东村")))

    compare(civil, insurer, "民政", "医保", "--to", str(to))

    said = list(csv.reader(to.read_text(encoding="utf-8-sig").splitlines()))[-1]
    assert (said[1], said[5]) == ("\t-东村", "\t=1+1")
