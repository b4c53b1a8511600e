"""`yizhan policy new`: a template that reads as it stands and asks for every number."""

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from contracts.vocabulary import Scheme
from settlement.entrypoints.cli import app


def run(*words: object) -> Result:
    """`yizhan policy` with these words."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["policy", *map(str, words)])


@pytest.mark.parametrize("scheme", [*Scheme, "城乡居民基本医疗保险"])
def test_a_new_policy_lacks_numbers_and_nothing_else(tmp_path: Path, scheme: str) -> None:
    """`check` finds no error, and every warning is a number or a text to be filled in."""
    made = run("new", "421022", "--scheme", scheme, "--from", "2024-07-01", "--path", tmp_path)
    result = run("check", tmp_path)

    assert made.exit_code == 0
    assert result.exit_code == 0, result.output
    *notes, total = result.output.splitlines()
    assert total == "共 1 份政策：0 处错误，29 处提示"
    assert [n for n in notes if "待填" not in n] == []
    numbers = [n for n in notes if "提示：缺少参数" in n]
    texts = [n for n in notes if "提示：还没有填写" in n]
    assert (len(numbers), len(texts)) == (21, 8)


def test_its_case_passes_until_the_numbers_are_there(tmp_path: Path) -> None:
    """The bill is refused at the first number nobody filled in, and the case says so."""
    run("new", "421022", "--from", "2024-07-01", "--path", tmp_path)

    result = run("test", tmp_path)

    assert result.exit_code == 0, result.output
    assert "1 个相符，0 个不符" in result.output


def test_the_file_stands_where_its_place_and_day_say(tmp_path: Path) -> None:
    """Policy, case and the schemas that editors use."""
    result = run("new", "421022", "--from", "2024-07-01", "--path", tmp_path)

    file = tmp_path / "421022/resident/2024-07-01.v1.yaml"
    assert result.output.splitlines()[0] == (
        f"已写 {file}（湖北省荆州市公安县，城乡居民基本医疗保险，2024-07-01 起）"
    )
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")) == [
        "421022/resident/2024-07-01.v1.cases.yaml",
        "421022/resident/2024-07-01.v1.yaml",
        "cases.schema.json",
        "policy.schema.json",
    ]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../../policy.schema.json"
    assert "region_name: 湖北省荆州市公安县" in lines


@pytest.mark.parametrize(
    ("words", "called"),
    [
        (("130683",), "河北省（130683，待填名称）"),
        (("130683", "--name", "河北省保定市安国市"), "河北省保定市安国市"),
        (("990777",), "未署名地区（990777，待填名称）"),
    ],
)
def test_the_place_is_named(tmp_path: Path, words: tuple[str, ...], called: str) -> None:
    """As told, as known, or by its province with the name left to fill in."""
    result = run("new", *words, "--path", tmp_path)

    assert f"（{called}，" in result.output
    assert run("check", tmp_path).exit_code == 0


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    """Hours of work are not lost to a command said twice."""
    run("new", "421022", "--from", "2024-07-01", "--path", tmp_path)
    file = tmp_path / "421022/resident/2024-07-01.v1.yaml"
    file.write_text("mine", encoding="utf-8")

    result = run("new", "421022", "--from", "2024-07-01", "--path", tmp_path)

    assert result.exit_code == 2
    assert "已经有了；改版时复制它，版本号加 1" in result.output
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("42102",), "“42102”不是六位行政区划代码"),
        (("４２１０２２",), "不是六位行政区划代码"),
        (("421022", "--scheme", "nobody"), "不认识的险种“nobody”；可用：employee、"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    """Nothing is written."""
    result = run("new", *words, "--path", tmp_path)

    assert result.exit_code == 2
    assert told in result.output
    assert list(tmp_path.iterdir()) == []
