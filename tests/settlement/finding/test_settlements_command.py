"""`yizhan settlements`: the same search as a table, JSON, CSV or Excel."""

import csv
import io
import json
from pathlib import Path

from openpyxl import load_workbook
from typer.testing import CliRunner

from settlement.adapters.spreadsheets import Yuan, csv_pieces, write_xlsx
from settlement.entrypoints.cli import app
from tests.settlement.finding.conftest import Story


def run(story: Story, *options: str) -> tuple[int, str]:
    """Run the command on the story's data."""
    command = ["settlements", "--data", str(story.data), *options]
    result = CliRunner().invoke(app, command, env={"COLUMNS": "220"})
    return result.exit_code, result.output


def test_a_table_shows_who_paid_and_says_when_there_is_more(story: Story) -> None:
    """Chinese headings, amounts in yuan; with a limit it says how to get the rest."""
    code, output = run(story, "--status", "settled", "--limit", "1")

    assert code == 0
    assert "52000.00" in output
    assert "基本医疗保险" in output
    assert story.numbers[0] in output
    assert story.numbers[1] not in output
    assert "只列出前 1 笔" in output
    assert run(story, "--invoice", "none") == (0, "没有符合条件的结算\n")


def test_files_hold_everything(story: Story, tmp_path: Path) -> None:
    """CSV and Excel list all three, whatever the limit; so does an index made anew."""
    run(story, "--limit", "1", "--csv", str(tmp_path / "a.csv"))
    run(story, "--rebuild", "--xlsx", str(tmp_path / "a.xlsx"))
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8-sig")))
    sheet = load_workbook(tmp_path / "a.xlsx").active

    assert [row["结算单号"] for row in rows] == story.numbers
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == story.numbers


def test_json_is_one_settlement_a_line(story: Story) -> None:
    """Amounts as integer fen."""
    _, output = run(story, "--json", "--stay-number", "A2")

    (shown,) = (json.loads(line) for line in output.splitlines())
    assert (shown["total_fen"], shown["status"]) == (9_000_00, "reversed")


def test_a_mistyped_directory_is_refused(tmp_path: Path) -> None:
    """It must not become an empty ledger."""
    command = ["settlements", "--data", str(tmp_path / "nowhere")]
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2
    assert "没有账本" in result.output
    assert not (tmp_path / "nowhere").exists()


def test_cells_that_look_like_formulas_are_text_in_both_files() -> None:
    """= + - @ and long numbers; white space in front does not help them."""
    texts = ("=1", "+1", "-1", "@a", " =1", "123456789012", "普通")
    made = b"".join(csv_pieces(["列"], [[text] for text in texts])).decode("utf-8-sig")
    lines = [row[0] for row in csv.reader(io.StringIO(made))]
    assert lines == ["列", "\t=1", "\t+1", "\t-1", "\t@a", "\t =1", "\t123456789012", "普通"]

    file = io.BytesIO()
    write_xlsx(file, "表", ["列"], [[text] for text in texts])
    sheet = load_workbook(file).active
    assert [cell.value for cell in sheet["A"]] == ["列", *texts]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}


def test_more_rows_than_a_sheet_holds_go_on_in_the_next() -> None:
    """Sheets of three rows: heading and two; amounts are exact to the fen."""
    file = io.BytesIO()
    rows = [[Yuan(fen)] for fen in (1, -250, 10_000_000_001)]
    write_xlsx(file, "表", ["金额"], rows, last_row=3)
    book = load_workbook(file)

    assert book.sheetnames == ["表", "表（2）"]
    assert [[c.value for c in s["A"]] for s in book] == [
        ["金额", 0.01, -2.5],
        ["金额", 100000000.01],
    ]
