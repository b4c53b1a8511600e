"""`yizhan policy diff A B`: naming policies, what is printed, exit codes (比较命令)."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from settlement.entrypoints.cli import app
from tests.settlement.policies.drafts import RIGHT

FILE = "2020-01-01.v1.yaml"


def run(*words: object) -> Result:
    """The command on a wide screen."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["policy", "diff", *[str(word) for word in words]]
    )


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A policy and a draft of its successor, each in a book of its own."""
    files = []
    for name, text in (("a", RIGHT), ("b", RIGHT.replace("70%", "75%"))):
        folder = tmp_path / name / "990102" / "resident"
        folder.mkdir(parents=True)
        (folder / FILE).write_text(text, encoding="utf-8")
        files.append(folder / FILE)
    return files[0], files[1]


def test_two_files_are_compared(two: tuple[Path, Path]) -> None:
    """Rule, whom, what it was, what it is; rules changed, so the exit code is 1."""
    result = run(*two)

    assert result.exit_code == 1
    said = [" ".join(line.split()) for line in result.output.splitlines()]
    assert "基本医疗保险（basic）" in said
    assert "变化 比例 全部 70% 75%" in said
    assert said[-1] == "共 1 处：变化 1 处"


def test_a_file_and_itself_are_the_same(two: tuple[Path, Path]) -> None:
    """Exit code 0, and a sentence."""
    result = run(two[0], two[0])

    assert result.exit_code == 0
    assert "两份政策相同。" in result.output


def test_only_words_differ_is_a_line(two: tuple[Path, Path]) -> None:
    """A title is no rule."""
    two[1].write_text(RIGHT.replace("测试政策", "测试政策（修订）"), encoding="utf-8")
    result = run(*two)

    assert result.exit_code == 0
    assert "只有文字不同（说明或标题）：title" in result.output
    assert result.output.splitlines()[-1] == "规则没有变化。"


def test_another_way_to_write_is_a_line(two: tuple[Path, Path]) -> None:
    """70.0% is 70%."""
    two[1].write_text(RIGHT.replace("70%", "70.0%"), encoding="utf-8")
    result = run(*two)

    assert result.exit_code == 0
    assert "写法不同，读出的规则相同：layers.0.rate" in result.output


def test_versions_in_the_book_are_named_by_place_and_day() -> None:
    """公安县 before and after 2023: the first band of critical illness rose from 55% to 60%."""
    found = json.loads(run("421022@2022-12-31", "421022@2023-01-01", "--json").output)

    assert found["before"]["label"].endswith("2018-01-01 v1")
    assert found["after"]["label"].endswith("2023-01-01 v1")
    rates = [
        (c["item"], c["before"], c["after"]) for c in found["changes"] if c["path"].endswith("rate")
    ]
    assert ("第 1 段·比例", "55%", "60%") in rates


def test_evidence_alone_is_told_in_a_table_of_its_own(two: tuple[Path, Path]) -> None:
    """What was assumed is stated now: news, though every bill comes out as before."""
    two[0].write_text(
        RIGHT.replace("rate: 70%", "rate: {value: 70%, status: assumed, note: 借自邻县}"),
        encoding="utf-8",
    )
    two[1].write_text(RIGHT, encoding="utf-8")
    result = run(*two)

    assert result.exit_code == 1
    said = [" ".join(line.split()) for line in result.output.splitlines()]
    assert "基本医疗保险·比例 假定《测试文件》 原文载明《测试文件》" in said


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("659001@2023-01-01", "没有 659001 及其上级地区的政策"),
        ("421022@1990-01-01", "没有施行中的政策"),
        ("421022@2023-02-30", "“2023-02-30”不是日期"),
        ("421022/rich@2023-01-01", "不认识的险种“rich”"),
        ("nowhere.yaml", "“nowhere.yaml”不是政策文件"),
    ],
)
def test_a_policy_that_cannot_be_had_is_refused(
    two: tuple[Path, Path], name: str, told: str
) -> None:
    """By name, with exit code 2 and without a trace."""
    result = run(two[0], name)

    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_file_with_faults_is_refused_with_its_line(two: tuple[Path, Path]) -> None:
    """File, line and remedy, as checking tells them."""
    two[1].write_text(RIGHT.replace("70%", "0.7"), encoding="utf-8")
    result = run(*two)

    assert result.exit_code == 2
    assert f"{FILE}:22: 错误：比例“0.7”应写成百分数" in result.output


def test_a_file_whose_rules_cannot_be_computed_is_refused(two: tuple[Path, Path]) -> None:
    """A base that names nothing reads well, and checking finds it."""
    two[1].write_text(RIGHT.replace("base: in_scope", "base: in_scope - other"), encoding="utf-8")
    result = run(*two)

    assert result.exit_code == 2
    assert "“other”既不是费用名称，也不是前面某一层的 id" in result.output
