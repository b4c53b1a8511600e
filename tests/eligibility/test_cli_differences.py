"""Differences from the comparison to the end, on the command line."""

import re
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import load_workbook
from typer.testing import CliRunner

from eligibility.entrypoints.cli import app
from tests.eligibility.conftest import number
from tests.eligibility.difference_lists import civil, insurer, write

OWNERS = ("--left-owner", "民政", "--right-owner", "医保")
ENVIRONMENT = {"COLUMNS": "200", "YIZHAN_RESOLVE_LIMIT_PERCENT": "100"}
LETTER = (
    *("--number", "样医保函〔2025〕3号", "--issuer", "样例县医疗保障局"),
    *("--basis", "样例通知第三条", "--reply-by", "2099-01-25"),
)


class Shell:
    """The commands on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *asked: str) -> Result:
        """A command's answer."""
        data = ("--data", str(self.folder / "data"))
        return CliRunner().invoke(app, ["roster", *asked, *data], env=ENVIRONMENT)

    def keep(self, left: bytes, right: bytes, on: str, *more: str) -> Result:
        """Compare and keep."""
        one, other = write(self.folder, "左.csv", left), write(self.folder, "右.csv", right)
        region = ("--region", "500112", "--on", on, "--keep")
        return self("compare", str(one), str(other), *OWNERS, *region, *more)

    def book(self) -> str:
        """The book of three poor people, one of them enrolled."""
        done = self.keep(civil(1, 2, 3), insurer(1), "2025-01-01")
        assert done.exit_code == 0, done.output
        found = re.search(r"台账 ([0-9a-f-]{36})：新发现 2，重新发现 0，", done.output)
        assert found is not None, done.output
        return found[1]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty data folder."""
    return Shell(tmp_path)


def test_a_difference_is_sent_answered_and_resolved(shell: Shell) -> None:
    """The notice is written, filled in, read back twice; next month one is enrolled."""
    book, to = shell.book(), shell.folder / "交办.xlsx"

    sent = shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))

    assert sent.exit_code == 0, sent.output
    assert "已交办甲乡 2 条，核查函第 1 号" in sent.output
    assert to.stat().st_mode & 0o777 == 0o600
    notice = load_workbook(to)
    sheet = notice.active
    assert sheet["A1"].value == "关于核查名单差异的函（人员与事项）"
    assert [sheet[f"A{n}"].value for n in (2, 3, 4)] == [
        "甲乡：",
        "文号：样医保函〔2025〕3号",
        "依据：样例通知第三条",
    ]
    assert "于 2099年01月25日 前" in sheet["A5"].value
    assert sheet["A7"].value == f"核查编号：{book}/1"
    head = [cell.value for cell in sheet[8]]
    assert head[:6] == ["序号", "校验码", "乡镇", "村", "差异", "病种"]
    assert head[7:9] == ["民政部门：证件号码", "民政部门：姓名"]
    assert head[14:] == ["核查结果", "核查说明"]
    rows = [[cell.value for cell in sheet[n]] for n in (9, 10)]
    assert [(row[0], row[3], row[7], row[8]) for row in rows] == [
        ("1", "东村", number(2), "样例2"),
        ("2", "西村", number(3), "样例3"),
    ]
    assert sheet.print_title_rows == "$8:$8"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.data_validations.dataValidation[0].sqref == "O9:O10"

    sheet["O9"], sheet["P9"] = "已迁出", "2024 年随子女迁往外县"
    notice.save(to)
    for counts in ("记录 1 条，未变 0 条，未填 1 条", "记录 0 条，未变 1 条，未填 1 条"):
        answered = shell("answers", str(to))
        assert answered.exit_code == 0, answered.output
        assert f"核查函第 1 号：{counts}，已销号 0 条，错误 0 处" in answered.output

    again = shell.keep(civil(1, 2, 3), insurer(1, 3), "2025-02-01")
    assert "新发现 0，重新发现 0，仍未销号 1，本次销号 1" in again.output
    shown = shell("differences", book)
    line = next(each for each in shown.output.splitlines() if "甲乡" in each)
    assert [cell.strip() for cell in line.split("│")[1:-1]] == ["甲乡", "", "", "1", "1"]


def test_a_filled_in_notice_with_mistakes_changes_nothing(shell: Shell) -> None:
    """Each with its row; skipping them is a decision."""
    book, to = shell.book(), shell.folder / "交办.xlsx"
    shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))
    notice = load_workbook(to)
    sheet = notice.active
    sheet["O9"] = "已死亡"
    sheet["O10"] = "搬家了"
    sheet.append(["7", "ABCDEF"])
    sheet.append(["1", "000000"])
    notice.save(to)

    tried = shell("answers", str(to), "--dry-run")
    refused = shell("answers", str(to))
    taken = shell("answers", str(to), "--accept-rejected")

    for done in (tried, refused, taken):
        assert "第 10 行 核查结果：请从下拉选项中选择" in done.output
        assert "第 14 行 序号：须为本函的序号 1 至 2" in done.output
        assert "第 15 行 校验码：序号与校验码不符" in done.output
    assert (tried.exit_code, refused.exit_code, taken.exit_code) == (1, 1, 0)
    assert "未记录任何一行" in refused.output
    assert "核查函第 1 号：记录 1 条，未变 0 条，未填 0 条，已销号 0 条，错误 3 处" in taken.output


def test_a_notice_can_be_written_again(shell: Shell) -> None:
    """The same rows; nothing is left to send a second time."""
    book, to = shell.book(), shell.folder / "交办.xlsx"
    shell("notice", book, "--to-owner", "医保", *LETTER, "--to", str(to))
    first = [[cell.value for cell in row] for row in load_workbook(to).active.rows]

    elsewhere = str(shell.folder / "另一份.xlsx")
    refused = shell("notice", book, "--to-owner", "医保", *LETTER, "--to", elsewhere)
    assert not Path(elsewhere).exists()
    refused_twice = shell("notice-again", book, "1", "--to", str(to))
    to.unlink()
    again = shell("notice-again", book, "1", "--to", str(to))

    assert "没有符合条件的待交办差异" in refused.output
    assert "已存在，不覆盖" in refused_twice.output
    assert again.exit_code == 0, again.output
    assert [[cell.value for cell in row] for row in load_workbook(to).active.rows] == first
    assert first[1][0] == "医疗保障部门："


def test_what_is_asked_wrongly_is_said(shell: Shell) -> None:
    """No region, nobody to send to, another file, a number in the letter."""
    one = write(shell.folder, "左.csv", civil(1))
    other = write(shell.folder, "右.csv", insurer(2))
    assert "须写明名单区划" in shell("compare", str(one), str(other), *OWNERS, "--keep").output
    book, to = shell.book(), ("--to", str(shell.folder / "交办.xlsx"))
    assert "收函方须为一个乡镇或一个部门" in shell("notice", book, *LETTER, *to).output
    numbered = ("--township", "甲乡", *LETTER, "--issuer", f"某局{number(1)}", *to)
    assert "发函单位中不得有证件号码" in shell("notice", book, *numbered).output
    assert "这不是本系统发出的核查交办函" in shell("answers", str(one)).output


def test_lists_with_mistakes_are_kept_only_by_decision(shell: Shell) -> None:
    """And then nobody they may be about is resolved."""
    shell.book()
    bad = insurer(1, 2, 3, unreadable=["123"])

    refused = shell.keep(civil(1, 2, 3), bad, "2025-02-01")
    kept = shell.keep(civil(1, 2, 3), bad, "2025-02-01", "--accept-rejected")

    assert refused.exit_code == 1
    assert "两份名单共有 1 行错误，未存入" in refused.output
    assert "本次销号 0" in kept.output
    assert "有错误行认不出是谁，本次不销号" in kept.output


def test_who_is_not_enrolled_can_be_followed_up(shell: Shell) -> None:
    """The book of the poor who are not enrolled; enrolled, they are resolved."""
    one = write(shell.folder, "低保.csv", civil(1, 2))
    kept = ("--owner", "民政", "--year", "2025", "--region", "500112", "--keep")

    def enrolled(*people: int) -> str:
        other = write(shell.folder, "参保.csv", insurer(*people))
        return shell("unenrolled", str(one), str(other), *kept, "--on", "2025-01-05").output

    assert "新发现 1，重新发现 0，仍未销号 0，本次销号 0" in enrolled(1)
    assert "新发现 0，重新发现 0，仍未销号 0，本次销号 1" in enrolled(1, 2)


def test_an_earlier_list_does_not_resolve(shell: Shell) -> None:
    """December's file compared after January's would resolve what is open."""
    shell.book()

    refused = shell.keep(civil(1), insurer(1), "2024-12-01")

    assert refused.exit_code == 1
    assert "上次比对的是 2025-01-01 的名单" in refused.output


def test_an_empty_notice_reads_as_nothing_filled_in(shell: Shell) -> None:
    """Sent back as it went."""
    book, to = shell.book(), shell.folder / "交办.xlsx"
    shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))

    assert (
        "记录 0 条，未变 0 条，未填 2 条，已销号 0 条，错误 0 处"
        in shell("answers", str(to)).output
    )


def test_an_answer_without_its_number_is_not_lost(shell: Shell) -> None:
    """Number and check code were cleared; the signature below is no answer."""
    book, to = shell.book(), shell.folder / "交办.xlsx"
    shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))
    notice = load_workbook(to)
    sheet = notice.active
    sheet["A9"], sheet["B9"], sheet["O9"] = None, None, "已死亡"
    notice.save(to)

    refused = shell("answers", str(to))

    assert refused.exit_code == 1
    assert "第 9 行 序号：须为本函的序号 1 至 2" in refused.output
    assert "错误 1 处" in shell("answers", str(to), "--dry-run").output


def test_a_notice_without_its_columns_is_refused(shell: Shell) -> None:
    """With the column of notes all notes would be lost."""
    book, to = shell.book(), shell.folder / "交办.xlsx"
    shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))
    notice = load_workbook(to)
    notice.active["O9"] = "已死亡"
    notice.active.delete_cols(16)
    notice.save(to)

    assert "缺少序号、校验码、核查结果、核查说明列" in shell("answers", str(to)).output


def test_an_older_copy_that_comes_back_is_told(shell: Shell) -> None:
    """It is taken, since it may be a correction, and each answer it changes is named."""
    book, to = shell.book(), shell.folder / "交办.xlsx"
    shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))
    notice = load_workbook(to)
    outputs = []
    for result in ("已死亡", "情况属实", "已死亡"):
        notice.active["O9"] = result
        notice.save(to)
        outputs.append(shell("answers", str(to)).output)

    assert "已有反馈" not in outputs[0]
    assert "第 9 行：已有反馈“已死亡”，此份为“情况属实”" in outputs[1]
    assert "第 9 行：已有反馈“情况属实”，此份为“已死亡”" in outputs[2]


def test_what_cannot_be_written_is_not_sent(shell: Shell) -> None:
    """No such folder: told in a line, and everything still waits."""
    book, to = shell.book(), shell.folder / "没有" / "交办.xlsx"

    refused = shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))

    assert refused.exit_code == 1
    assert f"文件 {to} 不能读写" in refused.output
    sent = shell("notice", book, "--township", "甲乡", *LETTER, "--to", f"{shell.folder}/1.xlsx")
    assert "已交办甲乡 2 条，核查函第 1 号" in sent.output


def test_a_comparison_is_not_written_over_its_lists(shell: Shell) -> None:
    """The list would be gone."""
    one = write(shell.folder, "左.csv", civil(1))
    other = write(shell.folder, "右.csv", insurer(2))

    refused = shell("compare", str(one), str(other), *OWNERS, "--to", str(other))

    assert "是原文件，不能写在上面" in refused.output
    assert other.read_bytes() == insurer(2)


def test_a_notice_to_the_wrong_office_is_sent_again(shell: Shell) -> None:
    """To the township this time; what comes back on the first one is refused, a typo is helped."""
    book, first = shell.book(), shell.folder / "1.xlsx"
    shell("notice", book, "--to-owner", "民政", *LETTER, "--to", str(first))
    to = ("--to", str(shell.folder / "2.xlsx"))

    mistyped = shell("notice", book, "--township", "甲乡镇", *LETTER, *to, "--again", "1")
    again = shell("notice", book, "--township", "甲乡", *LETTER, *to, "--again", "1")
    unknown = shell("notice", book, "--township", "甲乡", *LETTER, "--to", "/x/y", "--again", "9")

    assert "没有符合条件的待交办差异" in mistyped.output
    assert "已交办甲乡 2 条，核查函第 2 号" in again.output
    assert unknown.exit_code == 1
    notice = load_workbook(first)
    notice.active["O9"] = "已死亡"
    notice.save(first)
    assert "请在新的核查函上反馈" in shell("answers", str(first)).output


def test_nothing_to_send_says_where_something_waits(shell: Shell) -> None:
    """A township is written as the list writes it."""
    book, to = shell.book(), str(shell.folder / "1.xlsx")

    refused = shell("notice", book, "--township", "甲乡镇", *LETTER, "--to", to)

    assert "待交办的有：甲乡 2 条" in refused.output


def test_an_answered_difference_is_read_and_closed(shell: Shell) -> None:
    """Its result and words are shown by its place; one without an answer is not closed."""
    book, to = shell.book(), shell.folder / "交办.xlsx"
    shell("notice", book, "--township", "甲乡", *LETTER, "--to", str(to))
    notice = load_workbook(to)
    notice.active["O9"], notice.active["P9"] = "已迁出", "随子女"
    notice.save(to)
    shell("answers", str(to))

    told = shell("differences", book, "--answers").output
    line = next(each for each in told.splitlines() if "随子女" in each)
    assert [cell.strip() for cell in line.split("│")[1:-1]][1:] == [
        *("甲乡", "东村", "样**", "已迁出", "随子女")
    ]
    closed = shell("resolve", book, line.split("│")[1].strip())
    waiting = shell("resolve", book, "2" if "1" in line.split("│")[1] else "1")
    assert "已销号 1 条" in closed.output
    assert "须为“已反馈”才能销号" in waiting.output
    assert "台账里没有第 9 条" in shell("resolve", book, "9").output
