"""`yizhan institutions import`: all rows or none, faults by row, history kept."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.vocabulary import InstitutionId
from settlement.application.institutions import institution_on
from settlement.entrypoints.cli import app
from tests.support.settlement_desk import SAMPLES, open_parts

HEAD = "机构编码,名称,区划,等级,隶属层级,性质,定点资格,起始日期,终止日期"
ACTING = ["--operator", "clerk", "--acting-for", "YB500112"]


def run(*words: object) -> tuple[int, str]:
    """The command's exit code and everything it printed."""
    result = CliRunner().invoke(app, ["institutions", "import", *[str(w) for w in words], *ACTING])
    return result.exit_code, result.output


def test_the_sample_is_imported_and_known_afterwards(tmp_path: Path) -> None:
    """Nine hospitals; a second import changes nothing."""
    first = run(SAMPLES / "institutions.csv", "--data", tmp_path)
    parts, _ = open_parts(tmp_path)
    before = parts.ledger.log.last_position()
    again = run(SAMPLES / "institutions.csv", "--data", tmp_path)

    assert first == (0, "已导入：9 行，9 家机构\n")
    assert again[0] == 0
    assert parts.ledger.log.last_position() == before
    found = institution_on(parts.ledger, InstitutionId("H50011200001"), date(2023, 1, 1))
    assert (found.tier, found.region) == ("level_2", "500112")


def test_a_dry_run_imports_nothing(tmp_path: Path) -> None:
    """It says what it would do."""
    code, said = run(SAMPLES / "institutions.csv", "--data", tmp_path, "--dry-run")
    assert (code, said) == (0, "检查通过：9 行，9 家机构；没有导入\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"{HEAD}\nH1,医院,5001,二级,县级,公立,定点,2015-01-01,\n".encode(), "第 2 行：区划"),
        ("机构编码,名称\nH1,医院\n".encode(), "第 1 行：缺少列"),
        (f"{HEAD}\n".encode(), "文件里没有任何机构"),
    ],
)
def test_a_faulty_file_is_refused_by_row(tmp_path: Path, content: bytes, says: str) -> None:
    """Nothing of it is used."""
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    code, said = run(file, "--data", tmp_path / "data")
    assert code == 2
    assert says in said
    assert not (tmp_path / "data").exists()
