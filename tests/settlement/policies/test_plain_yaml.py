"""Files are read as plain text trees; what is clever, broken or endless is refused by line."""

import re
from pathlib import Path

import pytest

from settlement.adapters.plain_yaml import NotPlain, read_plain, read_plain_text
from settlement.adapters.policy_files import PolicyFileFaulty, load_policy, read_document
from tests.settlement.policies.drafts import RIGHT


def refusal_of(text: str) -> NotPlain:
    """What is said about the text."""
    with pytest.raises(NotPlain) as caught:
        read_plain_text(text, {})
    return caught.value


def test_numbers_stay_the_text_that_was_written() -> None:
    """0.1 and 1e3 and 2023-01-01 are read as written, never as floats or dates."""
    tree = read_plain_text("a: 0.10\nb: 1e3\nc: 2023-01-01\nd: null\n", {})

    assert tree == {"a": "0.10", "b": "1e3", "c": "2023-01-01", "d": "null"}


def test_every_place_has_its_line() -> None:
    """Lines are counted from one, for keys and for members of lists."""
    lines: dict[tuple[str | int, ...], int] = {}
    read_plain_text("a:\n  - 1\n  - b: 2\n", lines)

    assert lines[("a",)] == 1
    assert lines[("a", 1, "b")] == 3


def test_aliases_are_refused_so_nothing_unfolds_without_end() -> None:
    """Ten levels of ten aliases would be ten thousand million members."""
    levels = "\n".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 11))

    refused = refusal_of(f"a0: &a0 [x]\n{levels}\n")

    assert refused.line == 1
    assert "锚点" in refused.message


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\na: 2\n", 2, "键“a”重复或不可用"),
        ("a: 1\n<<: {b: 2}\n", 2, "键“<<”重复或不可用"),
        ("a: 1\nb: [1, 2\n", 2, "YAML 格式不对"),
        ("? [1, 2]\n: 3\n", 1, "键应当是一个词"),
        ("", 1, "文件是空的"),
        ("# only a comment\n", 1, "文件是空的"),
        ("a: 1\n---\nb: 2\n", 2, "YAML 格式不对"),
        ('a: "\\0"\n', 1, "有不可见或不完整的字符"),
        ('a: "\\ud800"\n', 1, "YAML 格式不对"),
        ("[" * 60 + "]" * 60, 1, "嵌套太深"),
        ("[" * 5000, 1, "嵌套太深"),
    ],
)
def test_what_is_not_plain_is_refused_by_line(text: str, line: int, message: str) -> None:
    """Duplicate keys, merges, broken syntax, several documents, hidden characters, depth."""
    refused = refusal_of(text)

    assert refused.line == line
    assert message in refused.message


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("note: 甲: 乙\n", 1, "一句话里有半角冒号", "整句放进引号"),
        ("a: 1\nb: {value: 1, note: 甲: 乙}\n", 2, "括号里的一句话有半角冒号", "整句放进引号"),
        ("b: {value: 1, note: 甲,乙}\n", 1, "半角逗号把一句话断开了，后面剩下“乙”", "放进引号"),
        ("b: {value: 20,000}\n", 1, "半角逗号把一个数断开了，后面剩下“000”", "如 20000"),
        ("a: 1\nb: {note: 见 #3}\nc: 2\n", 2, "“ #”以后都成了注释", "整句放进引号"),
        ("b: {value: 1， note: 甲: 乙}\n", 1, "全角逗号", "键之间用半角逗号"),
        ("b: [甲\n", 1, "括号没有成对", "补上 } 或 ]"),
        ('note: "甲\n', 1, "引号没有成对", "补上另一半引号"),
        ('note: "甲"乙\n', 1, "引号后面还有字", "一对引号"),
        ("note: @甲\n", 1, "值以“@”开头", "放进引号"),
        ("a:\n\tb: 1\n", 2, "制表符", "空格"),
        ("a:\n b: 1\n  c: 2\n", 3, "缩进与上一行对不齐", "上下对齐"),
    ],
)
def test_the_likely_slip_is_named(text: str, line: int, message: str, remedy: str) -> None:
    """Half-width signs in a sentence, open quotation marks, tabs: in Chinese, with what to do."""
    refused = refusal_of(text)

    assert (refused.line, message in refused.message, remedy in refused.remedy) == (
        line,
        True,
        True,
    ), (refused.line, refused.message, refused.remedy)
    assert not re.search("[a-z]{4}", refused.message)


def test_a_key_with_its_colon_or_an_open_end_is_no_slip() -> None:
    """What may stand between braces stays as it was."""
    assert read_plain_text("a: {b: 1, c: , }\n", {}) == {"a": {"b": "1", "c": ""}}


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """GBK files say so instead of showing nonsense."""
    file = tmp_path / "a.yaml"
    file.write_bytes("名称: 渝北".encode("gbk"))

    with pytest.raises(NotPlain, match="不是 UTF-8"):
        read_plain(file, {})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing file is a fault like any other."""
    with pytest.raises(PolicyFileFaulty, match="文件无法打开"):
        read_document(tmp_path / "nowhere.yaml", tmp_path)


def _shared(root: Path, text: str) -> None:
    folder = root / "shared" / "990000"
    folder.mkdir(parents=True)
    (folder / "common.yaml").write_text(text, encoding="utf-8")


def _write(root: Path, text: str) -> Path:
    file = root / "990102" / "resident" / "2020-01-01.v1.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_shared_fragment_brings_its_sources_and_counts_in_the_fingerprint(
    tmp_path: Path,
) -> None:
    """A change of the shared number is a change of the policy."""
    text = RIGHT.replace("deductible: 300", 'deductible: {use: "990000/common.deductible"}')
    file = _write(tmp_path, text)
    shared = "sources: {notice: {title: 省文件}}\ndeductible: {value: 300, source: notice}\n"
    _shared(tmp_path, shared)

    before = load_policy(file, tmp_path)
    (tmp_path / "shared" / "990000" / "common.yaml").write_text(
        shared.replace("300", "400"), encoding="utf-8"
    )
    after = load_policy(file, tmp_path)

    assert {s.id for s in before.sources} == {"text", "notice"}
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("990000/nowhere.deductible", "没有共用文件 shared/990000/nowhere.yaml"),
        ("990000/common.nothing", "共用文件里没有“990000/common.nothing”"),
        ("../990102/resident/2020-01-01.x", "没有共用文件"),
    ],
)
def test_a_fragment_that_is_not_there_is_refused_by_line(
    tmp_path: Path, use: str, message: str
) -> None:
    """Nothing outside `shared` can be used."""
    file = _write(tmp_path, RIGHT.replace("deductible: 300", f'deductible: {{use: "{use}"}}'))
    _shared(tmp_path, "deductible: 300\n")

    with pytest.raises(PolicyFileFaulty) as caught:
        load_policy(file, tmp_path)

    assert message in str(caught.value)
    assert f"{file}:21: 错误" in str(caught.value)
