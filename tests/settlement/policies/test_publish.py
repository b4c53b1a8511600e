"""A published policy is never edited: what is wrong with it is put right by a higher version."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from contracts.vocabulary import RegionCode, Scheme
from settlement.adapters.policy_files import PolicyFileFaulty, drafts_under, load_book
from settlement.entrypoints.cli import app
from settlement.law.book import RegionUnknown
from tests.settlement.policies.drafts import RIGHT

COUNTY = RegionCode("990102")
CASE = """
- name: 一千元
  kind: constructed
  source: {text: 测试}
  bill: {total: 1000, in_scope: 1000}
  dates: {admission: 2020-02-01, discharge: 2020-02-03}
  expect: {layers: {basic: 490.00}, patient: 510.00}
"""


def run(*words: object) -> Result:
    """`yizhan policy` with these words."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["policy", *map(str, words)])


def write(book: Path, *, begins: str = "2020-01-01", version: int = 1, **changes: str) -> Path:
    """A version of the test county and a case beside it; `old=new` pairs change the text."""
    folder = book / COUNTY / "resident"
    folder.mkdir(parents=True, exist_ok=True)
    text = RIGHT.replace("2020-01-01", begins).replace("version: 1", f"version: {version}")
    case = CASE.replace("2020-02", begins[:7])
    for old, new in changes.items():
        assert f"{old}: " in text
        text = "\n".join(
            f"{line.split(old)[0]}{old}: {new}" if line.strip().startswith(f"{old}:") else line
            for line in text.splitlines()
        )
        if old == "rate":
            case = case.replace("490.00", "560.00").replace("510.00", "440.00")
    file = folder / f"{begins}.v{version}.yaml"
    file.write_text(text, encoding="utf-8")
    file.with_name(f"{begins}.v{version}.cases.yaml").write_text(case, encoding="utf-8")
    return file


def register(book: Path) -> list[list[str]]:
    """The register's lines after the first, by column, without the fingerprints."""
    lines = (book / "published.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "region,scheme,from,version,fingerprint,known_on"
    rows = [line.split(",") for line in lines[1:]]
    assert all(len(row[4]) == 64 for row in rows)
    return [row[:4] + row[5:] for row in rows]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book whose one version was published on 2020-03-01."""
    file = write(tmp_path)
    assert run("publish", file, "--known-on", "2020-03-01").exit_code == 0
    return tmp_path


def test_publishing_records_the_version_its_fingerprint_and_the_day(book: Path) -> None:
    """One line, in a register at the top of the book."""
    policy = load_book(book).policies[0]

    assert register(book) == [["990102", "resident", "2020-01-01", "1", "2020-03-01"]]
    publication = load_book(book).publication(policy)
    assert publication is not None
    assert publication.fingerprint == policy.fingerprint
    assert publication.known_on == date(2020, 3, 1)


def test_publishing_again_changes_nothing(book: Path) -> None:
    """The day it became known stays the first one."""
    before = (book / "published.csv").read_bytes()

    result = run("publish", book)

    assert result.exit_code == 0
    assert result.output == "1 份早已公布，没有变化\n"
    assert (book / "published.csv").read_bytes() == before


def test_comments_and_spacing_of_a_published_policy_may_change(book: Path) -> None:
    """The fingerprint is over what the document says."""
    file = book / COUNTY / "resident" / "2020-01-01.v1.yaml"
    file.write_text("# 说明\n" + file.read_text(encoding="utf-8"), encoding="utf-8")

    assert run("check", book).exit_code == 0


def test_a_published_policy_cannot_be_edited(book: Path) -> None:
    """`check` names the file and says which version to write."""
    file = write(book, rate="80%")

    result = run("check", book)

    assert result.exit_code == 1
    assert result.output.splitlines()[0] == (
        f"{file}:1: 错误：这一版已于 2020-03-01 公布，不能改；恢复原文，把改动写进新版本 "
        "2020-01-01.v2.yaml（改了共用文件的，共用文件另存新名）"
    )
    assert run("publish", book).exit_code == 2
    assert len(register(book)) == 1


def test_bills_are_not_settled_by_an_edited_policy(book: Path) -> None:
    """The services refuse to start on such a book; trying things out goes on."""
    write(book, rate="80%")

    with pytest.raises(PolicyFileFaulty, match="公布，不能改"):
        load_book(book, published_only=True)
    assert len(load_book(book).policies) == 1


def test_a_published_file_must_stay(book: Path) -> None:
    """Deleted or renamed, it is missed at the register's line."""
    (book / COUNTY / "resident" / "2020-01-01.v1.yaml").unlink()

    result = run("check", book)

    assert result.exit_code == 1
    assert result.output.splitlines()[-2] == (
        f"{book}/published.csv:2: 错误：已公布的 990102/resident/2020-01-01.v1.yaml 不见了；"
        "恢复它：已公布的版本要一直留着"
    )
    with pytest.raises(PolicyFileFaulty, match="不见了"):
        load_book(book, published_only=True)


def test_a_correction_is_a_higher_version(book: Path) -> None:
    """v2 of the same day takes the place of v1, from the day it became known."""
    file = write(book, version=2, rate="80%")

    assert run("publish", file, "--known-on", "2020-06-01").exit_code == 0

    assert [row[3:] for row in register(book)] == [["1", "2020-03-01"], ["2", "2020-06-01"]]
    found = load_book(book, published_only=True)
    assert [p.version for p in found.policies] == [2]
    assert [p.version for p in found.replaced] == [1]


def test_a_new_version_must_have_a_higher_number(book: Path) -> None:
    """v2 turns up when v3 is published already."""
    write(book, version=3)
    assert run("publish", book, "--known-on", "2020-06-01").exit_code == 0
    file = write(book, version=2)

    result = run("check", book)

    assert result.exit_code == 1
    assert result.output.splitlines()[0] == (
        f"{file}:5: 错误：2020-01-01 起的第 3 版已经公布，新版本的号要比它大（version）；"
        "版本号改为 4，文件名一起改"
    )
    assert run("publish", file).exit_code == 2


def test_a_policy_is_closed_by_a_version_that_ends(book: Path) -> None:
    """A successor needs its forerunner closed first; both are published together."""
    successor = write(book, begins="2021-01-01")
    alone = run("publish", successor, "--known-on", "2020-12-01")
    closed = write(book, version=2, in_force="{from: 2020-01-01, to: 2020-12-31}")
    together = run("publish", successor, closed, "--known-on", "2020-12-01")

    assert alone.exit_code == 2
    assert "施行期重叠" in alone.output
    assert together.exit_code == 0, together.output
    assert [(str(p.in_force_from), p.version) for p in load_book(book).policies] == [
        ("2020-01-01", 2),
        ("2021-01-01", 1),
    ]


def test_the_book_answers_what_was_believed_on_a_day(book: Path) -> None:
    """In 2020-05 the first version was known, in 2020-07 its correction, in 2020-02 nothing."""
    write(book, version=2, rate="80%")
    assert run("publish", book, "--known-on", "2020-06-01").exit_code == 0
    found = load_book(book)
    day = date(2020, 2, 1)

    def believed(known_on: date | None) -> int:
        return found.on(region=COUNTY, scheme=Scheme.RESIDENT, day=day, known_on=known_on).version

    assert believed(date(2020, 5, 31)) == 1
    assert believed(date(2020, 6, 1)) == 2
    assert believed(None) == 2
    with pytest.raises(RegionUnknown, match="按 2020-02-29 所知，没有 990102"):
        believed(date(2020, 2, 29))


def test_showing_what_was_known_on_a_day(book: Path) -> None:
    """`show --known` goes back; without it the files count, and a draft is called one."""
    write(book, version=2, rate="80%")
    words = ("show", COUNTY, "--on", "2020-02-01", "--policies", book)

    then, today = run(*words, "--known", "2020-05-01"), run(*words)
    never = run(*words, "--known", "2019-12-31")

    assert "2020-01-01 v1" in then.output
    assert "70%" in then.output
    assert "公布：已公布，2020-03-01 知悉" in then.output
    assert "2020-01-01 v2" in today.output
    assert "公布：草稿，尚未公布，不用于结算" in today.output
    assert never.exit_code == 2
    assert "按 2019-12-31 所知，这个政策目录里没有 990102" in never.output


def test_a_draft_settles_nothing_and_hinders_nothing(book: Path) -> None:
    """A half-written successor beside a published version leaves the services running."""
    draft = write(book, begins="2021-01-01")
    draft.write_text("half: [written", encoding="utf-8")

    assert drafts_under(book) == [draft]
    assert [p.version for p in load_book(book, published_only=True).policies] == [1]
    with pytest.raises(PolicyFileFaulty):
        load_book(book)


def test_an_unproven_policy_is_not_published(tmp_path: Path) -> None:
    """Without worked cases, or with one that comes out otherwise, nothing is recorded."""
    file = write(tmp_path)
    cases = file.with_name("2020-01-01.v1.cases.yaml")
    cases.write_text(CASE.replace("490.00", "490.01"), encoding="utf-8")
    wrong = run("publish", file)
    cases.unlink()
    without = run("publish", file)

    assert (wrong.exit_code, without.exit_code) == (2, 2)
    assert "算例“一千元”不符；用 yizhan policy test 看差在哪里" in wrong.output
    assert "没有算例；在旁边写好算例" in without.output
    assert not (tmp_path / "published.csv").exists()


def test_one_fault_among_several_publishes_none(tmp_path: Path) -> None:
    """All or nothing, with the file that hinders it."""
    write(tmp_path, in_force="{from: 2020-01-01, to: 2020-12-31}")
    faulty = write(tmp_path, begins="2021-01-01", rate="0.8")

    result = run("publish", tmp_path)

    assert result.exit_code == 2
    assert f"{faulty}：比例“0.8”应写成百分数" in result.output
    assert not (tmp_path / "published.csv").exists()


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("9000-01-01", "知悉日 9000-01-01 还没有到"),
        ("2020-02-01", "知悉日 2020-02-01 早于这个地区和险种已登记的 2020-03-01"),
    ],
)
def test_a_day_that_would_rewrite_the_past_is_refused(book: Path, day: str, reason: str) -> None:
    """Answers about a day that has gone by never change."""
    file = write(book, version=2)

    result = run("publish", file, "--known-on", day)

    assert result.exit_code == 2
    assert reason in result.output
    assert len(register(book)) == 1


def test_nothing_is_known_before_its_document_was_published(tmp_path: Path) -> None:
    """The date the document itself came out is the earliest."""
    file = write(
        tmp_path,
        title="测试政策\npublished: 2020-05-30",
        in_force="{from: 2020-01-01, if_lower: leave}",
    )

    early = run("publish", file, "--known-on", "2020-05-29")
    right = run("publish", file, "--known-on", "2020-05-30")

    assert early.exit_code == 2
    assert "知悉日 2020-05-29 早于文件公布日 2020-05-30" in early.output
    assert right.exit_code == 0


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("990102,resident,2020-01-01,2,xyz,2020-06-01", "“xyz”不是指纹"),
        (f"990102,resident,2020-01-01,1,{'a' * 64},2020-06-01", "已登记了同号或更大的版本"),
        (f"990102,resident,2020-01-01,2,{'a' * 64},2020-02-01", "知悉日 2020-02-01 早于前面的行"),
        (f"990102,nobody,2020-01-01,2,{'a' * 64},2020-06-01", "不认识的险种“nobody”"),
        (f"99010,resident,2020-01-01,2,{'a' * 64},2020-06-01", "“99010”不是六位行政区划代码"),
        (f"990102,resident,2020-01-01,0,{'a' * 64},2020-06-01", "“0”不是版本号"),
        (f"990102,resident,yesterday,2,{'a' * 64},2020-06-01", "“yesterday”不是日期"),
        ("990102,resident", "应有 6 项，实有 2 项"),
    ],
)
def test_a_register_that_was_tampered_with_is_told_by_line(
    book: Path, line: str, fault: str
) -> None:
    """Nothing is settled by it and nothing added to it until it is restored."""
    with (book / "published.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")

    checked, published = run("check", book), run("publish", book)

    assert checked.exit_code == 1
    assert f"{book}/published.csv:3: 错误：" in checked.output
    assert fault in checked.output
    assert published.exit_code == 2
    with pytest.raises(PolicyFileFaulty, match="登记只由 yizhan policy publish 往后添加"):
        load_book(book, published_only=True)


def test_a_register_without_its_head_is_refused(book: Path) -> None:
    """Somebody sorted the file, or saved it from a spreadsheet with another first line."""
    file = book / "published.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("region,", "地区,"), encoding="utf-8")

    assert "published.csv:1: 错误：第一行应为 region,scheme" in run("check", book).output


def test_a_missing_end_of_line_does_not_join_two_lines(book: Path) -> None:
    """An editor that strips the last newline costs nothing."""
    file = book / "published.csv"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    write(book, version=2, rate="80%")

    assert run("publish", book, "--known-on", "2020-06-01").exit_code == 0
    assert [row[3] for row in register(book)] == ["1", "2"]


def test_a_file_outside_a_book_is_not_published(tmp_path: Path) -> None:
    """A policy is found by its place; one without a place would never be."""
    loose = tmp_path / "policy.yaml"
    loose.write_text(RIGHT, encoding="utf-8")

    result = run("publish", loose)

    assert result.exit_code == 2
    assert "不在 地区代码/险种/ 目录里，不能公布" in result.output
