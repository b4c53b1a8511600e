"""The commands: a roster is imported, a person found and asked about; no number in arguments."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eligibility.entrypoints.cli import app
from tests.eligibility.conftest import number, roster

SAMPLE = Path(__file__).resolve().parents[2] / "services/eligibility/samples/roster.csv"
BROKEN = "居民身份证,123,样例丙,,低保对象,2023-01-01,,,,,,"
GOOD = f"居民身份证,{number(1)},样例甲,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"

runner = CliRunner()


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A data folder that does not exist yet."""
    return str(tmp_path / "data")


def test_the_sample_is_imported_and_its_people_asked_about(data: str) -> None:
    """Import, look up from standard input, ask for a day: labels in Chinese."""
    imported = runner.invoke(app, ["roster", "import", str(SAMPLE), "--data", data])
    found = runner.invoke(app, ["person", "lookup", "--data", data], input="990001196803150014\n")
    person_id = found.stdout.strip()
    asked = runner.invoke(
        app, ["person", "entitlements", person_id, "--on", "2023-10-30", "--data", data]
    )

    assert imported.exit_code == 0
    assert "有效 13 行，错误 0 行" in imported.stdout
    assert "新增人员 12，新增记录 22，未变记录 0" in imported.stdout
    assert re.fullmatch(r"[0-9a-f-]{36}", person_id)
    assert "低保边缘家庭成员" in asked.stdout
    assert "500112 城乡居民基本医疗保险 一档" in asked.stdout


def test_what_was_not_known_yet_is_not_shown(data: str) -> None:
    """As known before the import, the person has nothing."""
    runner.invoke(app, ["roster", "import", str(SAMPLE), "--data", data])
    found = runner.invoke(app, ["person", "lookup", "--data", data], input="990001196803150014\n")

    asked = runner.invoke(
        app,
        [
            *("person", "entitlements", found.stdout.strip(), "--on", "2023-10-30"),
            *("--known-at", "2020-01-01T00:00:00Z", "--data", data),
        ],
    )

    assert asked.exit_code == 0
    assert "低保边缘家庭成员" not in asked.stdout


def test_a_dry_run_changes_nothing(data: str, tmp_path: Path) -> None:
    """Errors are shown by row; the exit code tells; nobody is known afterwards."""
    file = tmp_path / "roster.csv"
    file.write_bytes(roster(GOOD, BROKEN))

    checked = runner.invoke(app, ["roster", "import", str(file), "--dry-run", "--data", data])
    found = runner.invoke(app, ["person", "lookup", "--data", data], input=f"{number(1)}\n")

    assert checked.exit_code == 1
    assert "第 3 行 证件号码" in checked.stdout
    assert found.exit_code == 1
    assert "没有登记此证件的人员" in found.stderr


def test_rejected_rows_need_a_decision(data: str, tmp_path: Path) -> None:
    """Without --accept-rejected nothing is imported; with it, the good rows are."""
    file = tmp_path / "roster.csv"
    file.write_bytes(roster(GOOD, BROKEN))
    command = ["roster", "import", str(file), "--data", data]

    refused = runner.invoke(app, command)
    accepted = runner.invoke(app, [*command, "--accept-rejected"])

    assert refused.exit_code == 1
    assert "--accept-rejected" in refused.stderr
    assert "新增人员 1，新增记录 2" in accepted.stdout


def test_a_wrong_number_is_refused_without_being_shown(data: str) -> None:
    """The reason is told; the number stays out of the output."""
    wrong = number(1)[:-1] + ("0" if number(1)[-1] != "0" else "1")

    found = runner.invoke(app, ["person", "lookup", "--data", data], input=f"{wrong}\n")

    assert found.exit_code == 1
    assert "校验码" in found.stderr
    assert wrong not in found.output


def test_a_number_is_never_an_argument(data: str) -> None:
    """`person lookup` takes no certificate number on the command line."""
    found = runner.invoke(app, ["person", "lookup", number(1), "--data", data])

    assert found.exit_code == 2


def test_an_instant_needs_its_zone(data: str) -> None:
    """--known-at without a zone is refused with an example."""
    runner.invoke(app, ["roster", "import", str(SAMPLE), "--data", data])

    asked = runner.invoke(
        app,
        [
            *("person", "entitlements", "00000000-0000-4000-8000-000000000000"),
            *("--on", "2023-07-01", "--known-at", "2023-07-01T00:00:00", "--data", data),
        ],
    )

    assert asked.exit_code == 2
