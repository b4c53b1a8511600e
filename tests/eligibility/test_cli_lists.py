"""`roster import-list`: figures first, bad rows by number, a file to correct and send again."""

import stat
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from eligibility.entrypoints.cli import app
from tests.eligibility.owner_files import CIVIL_HEADER, civil_row, csv_file, xlsx_file

runner = CliRunner()
FULL = ("--full", "低保对象", "--absent-until", "2024-06-30")


class Desk:
    """Somebody at a terminal with a list."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, content: bytes, *options: str) -> Result:
        """Import a list of the civil affairs office."""
        file = self.folder / "list"
        file.write_bytes(content)
        data = ["--data", str(self.folder / "data")]
        place = ["--owner", "民政", "--region", "500112"]
        return runner.invoke(app, ["roster", "import-list", str(file), *place, *data, *options])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A data folder that does not exist yet."""
    return Desk(tmp_path)


def test_a_workbook_is_tried_imported_and_imported_again(desk: Desk) -> None:
    """The dry run changes nobody; the second import says that it has been here before."""
    content = xlsx_file(CIVIL_HEADER, civil_row(1), civil_row(2))

    tried, done, again = desk.run(content, "--dry-run"), desk.run(content), desk.run(content)

    assert (tried.exit_code, done.exit_code, again.exit_code) == (0, 0, 0)
    assert "有效 2 行，错误 0 行，不记 0 行" in tried.stdout
    assert "仅比对，未改变任何人" in tried.stdout
    assert "新增人员 2，更名 0；新增记录 2，变更 0，截止 0，未变 0" in done.stdout
    assert "此文件已导入过，未再改变" in again.stdout
    assert done.stdout.splitlines()[-1] in again.stdout


def test_rejected_rows_are_shown_and_written_for_correction(desk: Desk) -> None:
    """The file is for its owner alone; corrected and sent again it is imported."""
    rejects = desk.folder / "rejects.csv"
    content = csv_file(CIVIL_HEADER, civil_row(1), civil_row(2, kind="富户"))

    refused = desk.run(content, "--rejects", str(rejects))
    corrected = rejects.read_bytes().replace("富户,".encode(), "孤儿,".encode())
    passed = desk.run(content, "--accept-rejected")
    sent_again = desk.run(corrected)

    assert refused.exit_code == 1
    assert "第 3 行 救助类别：版式" in refused.stdout
    assert "1 行错误，未改变任何人" in refused.stderr
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    assert "新增人员 1" in passed.stdout
    assert "新增人员 1" in sent_again.stdout
    assert "错误 0 行" in sent_again.stdout


def test_a_list_that_lacks_many_needs_the_number(desk: Desk) -> None:
    """Refused with the figures; the confirmation names how many end."""
    desk.run(csv_file(CIVIL_HEADER, *(civil_row(n) for n in range(10))), *FULL)
    cut_off = csv_file(CIVIL_HEADER, *(civil_row(n) for n in range(9)))

    refused = desk.run(cut_off, *FULL)
    confirmed = desk.run(cut_off, *FULL, "--confirm-endings", "1")

    assert refused.exit_code == 1
    assert "原名单 10 人，本次名单缺 1 人，超过 5%" in refused.stderr
    assert confirmed.exit_code == 0
    assert "截止 1，未变 9" in confirmed.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--owner", "税务"), "部门须为：乡村振兴"),
        (("--region", "5001"), "6 位行政区划代码"),
        (("--full", "低保对象"), "截止到哪一天"),
        (("--full", "富户", "--absent-until", "2024-06-30"), "没有此事项"),
    ],
)
def test_an_order_that_makes_no_sense_is_told(
    desk: Desk, options: tuple[str, ...], words: str
) -> None:
    """Unknown owner, region or kind, a full list without its day: one line says what would do."""
    refused = desk.run(csv_file(CIVIL_HEADER, civil_row(1)), *options)

    assert refused.exit_code == 1
    assert words in refused.stderr
    assert not refused.stdout


def test_the_rejects_file_is_never_the_list_and_never_anybody_elses(desk: Desk) -> None:
    """The list itself, a folder that is not there: one line; an open file is made private."""
    content = csv_file(CIVIL_HEADER, civil_row(1), civil_row(2, kind="富户"))
    readable = desk.folder / "rejects.csv"
    readable.write_text("")
    readable.chmod(0o644)

    itself = desk.run(content, "--accept-rejected", "--rejects", str(desk.folder / "list"))
    kept = (desk.folder / "list").read_bytes()
    nowhere = desk.run(content, "--accept-rejected", "--rejects", str(desk.folder / "no" / "r.csv"))
    written = desk.run(content, "--accept-rejected", "--rejects", str(readable))

    assert (itself.exit_code, nowhere.exit_code, written.exit_code) == (1, 1, 0)
    assert "请换一个文件名" in itself.stderr
    assert kept == content
    assert "未改变任何人；请核对文件夹与权限" in nowhere.stderr
    assert "新增人员 1" in written.stdout
    assert stat.S_IMODE(readable.stat().st_mode) == 0o600
    assert "富户" in readable.read_text("utf-8")
