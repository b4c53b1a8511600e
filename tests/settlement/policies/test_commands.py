"""`yizhan policy` and `yizhan preview`: what people see, and what scripts can rely on."""

import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.entrypoints.cli import app
from tests.settlement.policies.drafts import RIGHT
from yizhan.command import explain_failures, gather

BILL = SHIPPED_POLICIES.parent / "samples" / "bill_yubei.json"


def run(*words: object) -> Result:
    """The command with these words, on a screen wide enough not to break lines."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book with one right policy and one worked case."""
    folder = tmp_path / "990102" / "resident"
    folder.mkdir(parents=True)
    (folder / "2020-01-01.v1.yaml").write_text(RIGHT, encoding="utf-8")
    (folder / "2020-01-01.v1.cases.yaml").write_text(
        """
- name: 一千元
  kind: constructed
  source: {text: 测试}
  bill: {total: 1000, in_scope: 1000}
  dates: {admission: 2020-02-01, discharge: 2020-02-03}
  expect: {layers: {basic: 490.00}, patient: 510.00}
""",
        encoding="utf-8",
    )
    return tmp_path


def edit(book: Path, old: str, new: str, *, suffix: str = ".yaml") -> Path:
    """Change one thing in the book."""
    file = book / "990102" / "resident" / f"2020-01-01.v1{suffix}"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_checking_what_ships_succeeds_and_lists_every_missing_number() -> None:
    """`yizhan policy check` is part of `make check`."""
    result = run("policy", "check")

    assert result.exit_code == 0
    assert "缺少参数 basic.deductible：问答只写居民医保一档" in result.output
    assert re.fullmatch(r"共 \d+ 份政策：0 处错误，\d+ 处提示", result.output.splitlines()[-1])


def test_a_finding_is_told_with_file_line_place_and_remedy(book: Path) -> None:
    """An editor can jump to it, and the reader knows what to do."""
    file = edit(book, "rate: 70%", "rate: 0.7")

    result = run("policy", "check", book)

    assert result.exit_code == 1
    assert result.output.splitlines()[0] == (
        f"{file}:22: 错误：比例“0.7”应写成百分数，如 70% 或 62.5%（layers.0.rate）；"
        "金额以元计，比例带 %"
    )


def test_checking_one_file_finds_its_book(book: Path) -> None:
    """The path is compared with the document also when only the file is named."""
    file = edit(book, "version: 1", "version: 2")

    result = run("policy", "check", file)

    assert result.exit_code == 1
    assert "应为 990102/resident/2020-01-01.v2.yaml" in result.output


def test_a_policy_without_cases_and_files_nobody_reads_are_told(book: Path) -> None:
    """Forgotten cases are a warning; a `.yml` or cases without a policy an error."""
    folder = book / "990102" / "resident"
    (folder / "2020-01-01.v1.cases.yaml").rename(folder / "2021-01-01.v1.cases.yaml")
    (folder / "2022-01-01.v1.yml").write_text(RIGHT, encoding="utf-8")

    result = run("policy", "check", book)

    assert result.exit_code == 1
    assert "提示：没有算例" in result.output
    assert "错误：扩展名 .yml 不会被读取" in result.output
    assert "错误：算例旁边没有政策 2021-01-01.v1.yaml" in result.output


def test_worked_cases_that_agree_succeed(book: Path) -> None:
    """A tick for each case."""
    result = run("policy", "test", book)

    assert result.exit_code == 0
    assert "✓" in result.output
    assert "共 1 个算例（公布的账单 0 个）：1 个相符，0 个不符" in result.output


def test_a_case_that_differs_fails_and_shows_both_amounts(book: Path) -> None:
    """One fen off is a failure."""
    edit(book, "basic: 490.00", "basic: 490.01", suffix=".cases.yaml")

    result = run("policy", "test", book)

    assert result.exit_code == 1
    assert "第 1 次住院 基本医疗保险：应为 490.01，实为 490.00" in result.output


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("layers: {basic: 490.00}", "layers: {}", "应为 （算例没有写），实为 490.00"),
        ("{basic: 490.00}", "{basic: 490.00, tilt: 1.00}", "层 tilt：应为 1.00，实为 本政策没有"),
        ("admission: 2020-02-01", "admission: 2019-02-01", "2019-02-01 不在施行期内"),
        ("{total: 1000, in_scope: 1000}", "{total: 1000}", "实为 in_scope"),
        ("in_scope: 1000", "in_scope: 1001", "实为 费用不平"),
        ("kind: constructed", "kind: heard", "“heard”不可用"),
        ("total: 1000", "total: 1e3", "金额“1e3”应写成以元为单位"),
        ("discharge: 2020-02-03", "discharge: 2020-01-03", "出院日早于入院日"),
        ("source: {text: 测试}", "counters_before: {x.y: 1}\n  source: {text: 测试}", "累计器 x.y"),
        ("expect: {layers: {basic: 490.00}, patient: 510.00}", "expect: {refused: tier}", "拒绝"),
    ],
)
def test_a_wrong_case_is_told(book: Path, old: str, new: str, told: str) -> None:
    """Left-out layers, unknown layers, dates outside the version, unreadable values."""
    edit(book, old, new, suffix=".cases.yaml")

    result = run("policy", "test", book)

    assert result.exit_code == 1
    assert told in result.output


def test_no_cases_at_all_is_a_failure(tmp_path: Path) -> None:
    """Nothing tested is not success."""
    assert run("policy", "test", tmp_path).exit_code == 1


def test_a_policy_is_read_aloud_in_chinese() -> None:
    """Layers, rows, conditions, marks and sources of the version in force on the day."""
    result = run("policy", "show", "500112", "--on", "2023-05-01")

    assert result.exit_code == 0
    for words in (
        "重庆市渝北区 城乡居民基本医疗保险 2023-01-01 v1",
        "4. 倾斜救助（倾斜救助，统筹区 500000，四舍五入到分）",
        "政策范围内费用 − 居民基本医疗保险 − 大病保险 − 医疗救助",
        "身份：返贫致贫人口、低保对象、特困人员",
        "8450.50 元",
        "加 5%（百分点）",
        "假定",
        "缺失",
        "http://www.ybq.gov.cn/bm/qybj/",
    ):
        assert words in result.output


def test_a_policy_read_aloud_says_what_was_inferred_and_what_is_not_entered() -> None:
    """Numbers read off a bill are marked, and rules of the source that are left out are named."""
    inferred = run("policy", "show", "990101", "--on", "2023-05-01")
    on_a_day = ("--scheme", "rural_cooperative", "--on", "2016-05-01")
    left_out = run("policy", "show", "620724", *on_a_day)

    assert "推定 取整：由账单推得" in inferred.output
    assert "假定" in inferred.output
    assert "未录入 50 种住院重大疾病" in left_out.output
    assert "统筹区" in left_out.output
    assert "方案没有写统筹区；假定由张掖市统筹" in left_out.output


def test_the_version_shown_is_the_one_of_the_day() -> None:
    """公安县 before and after the revision of the critical-illness bands."""
    before = run("policy", "show", "421022", "--on", "2022-12-31")
    after = run("policy", "show", "421022", "--on", "2023-01-01")

    assert "55%" in before.output
    assert "55%" not in after.output
    assert "起付线先扣" in after.output
    assert "乙类 → 甲类" in after.output


def test_a_county_without_a_policy_shows_its_provinces() -> None:
    """The nearest region with a book decides, and the reader is told."""
    result = run("policy", "show", "421087", "--on", "2023-05-01")

    assert "421087 没有自己的政策，适用上级 420000 的" in result.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("659001",), "没有 659001 及其上级地区的政策"),
        (("500112", "--scheme", "employee"), "没有施行中的政策"),
        (("500112", "--scheme", "rich"), "不认识的险种“rich”"),
        (("500112", "--on", "1999-01-01"), "没有施行中的政策"),
    ],
)
def test_showing_what_is_not_there_says_what_is(words: tuple[str, ...], told: str) -> None:
    """Unknown region, scheme or day: a refusal, not a trace."""
    result = run("policy", "show", *words)

    assert result.exit_code == 2
    assert told in result.output


def test_a_day_without_any_policy_lists_what_there_is_with_dates(book: Path) -> None:
    """No scheme was asked about, so none is named; a scheme that was asked about is."""
    any_scheme = run("policy", "show", "990102", "--on", "2019-12-31", "--policies", book)
    employee = run("policy", "show", "990102", "--scheme", "employee", "--policies", book)

    listed = "\n  990102 测试县 城乡居民基本医疗保险 2020-01-01 起（第 1 版）\n"
    assert any_scheme.output == f"990102 在 2019-12-31 没有施行中的政策；现有：{listed}"
    assert employee.output.startswith("990102 的职工基本医疗保险在 ")


def test_a_place_that_does_not_ship_points_at_a_book_of_ones_own(book: Path) -> None:
    """Nothing imports policies: a directory is named."""
    shipped = run("policy", "show", "659001")
    compared = run("policy", "diff", "659001@2023-01-01", "659001@2024-01-01")
    own = run("policy", "show", "659001", "--policies", book)

    told = "随附政策里没有 659001 及其上级地区的政策；自己的目录用 --policies 目录"
    assert told in shipped.output
    assert f"不能比较：{told}" in compared.output
    assert own.output.startswith("这个政策目录里没有 659001 及其上级地区的政策\n现有：990102")


def test_checking_also_reads_the_cases_and_goes_by_line(book: Path) -> None:
    """A key, a code, a date and an amount, each with its line, after the policy's own."""
    cases = edit(book, "  bill: {total: 1000", "  bil: {total: 1000", suffix=".cases.yaml")
    edit(book, "2020-02-03}", "2020-02-31}\n  facts: {tier: 四级}", suffix=".cases.yaml")

    result = run("policy", "check", book)

    told = [line for line in result.output.splitlines() if str(cases) in line]
    lines = [int(line.removeprefix(f"{cases}:").split(":")[0]) for line in told]
    assert result.exit_code == 1
    assert lines == sorted(lines)
    for words in ("不认识的键“bil”", "2020-02-31", "“四级”不在代码表中"):
        assert any(words in line for line in told), told


def test_a_bill_is_tried_and_shown_as_a_table() -> None:
    """The printed 渝北 example: payer, base, deductible, rate, cap, paid, and the patient."""
    result = run("preview", BILL)

    assert result.exit_code == 0
    for words in (
        "居民基本医疗保险",
        "34790.00",
        "16901.00",
        "10647.00",
        "937.80",
        "5625.20",
        "※ 假定",
    ):
        assert words in result.output


def test_a_bill_is_tried_as_json_in_fen() -> None:
    """Scripts get the statement of the interface."""
    found = json.loads(run("preview", BILL, "--json").output)

    assert {s["layer"]: s["paid_fen"] for s in found["steps"]} == {
        "basic": 3_479_000,
        "critical": 0,
        "assistance": 1_064_700,
        "tilt": 93_780,
    }
    assert (found["funds_fen"], found["patient_fen"], found["total_fen"]) == (
        46_374_80,
        5_625_20,
        52_000_00,
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"region": "659001"}, "没有 659001 及其上级地区的政策"),
        ({"charges": {"total_fen": 5_200_000}}, "需要“政策范围内费用”"),
        ({"charges": {"total_fen": 1, "in_scope_fen": 2}}, "各部分之和"),
        ({"charges": {"total_fen": 52_000.5}}, "charges.total_fen"),
        ({"charges": {"total_fen": -1}}, "charges.total_fen"),
        ({"facts": {"plan": "一档"}}, "缺少“医院等级”"),
        ({"facts": {"tier": "level_2"}}, "缺少“参保档次”"),
        ({"facts": {"tier": "level_3"}}, "缺少参数 basic.deductible"),
        ({"admission_date": "1999-01-01"}, "没有施行中的政策"),
        ({"counters": {}}, "counters"),
    ],
)
def test_a_bill_that_cannot_be_settled_is_refused_by_name(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    """Every cause has its own sentence, and no trace is shown."""
    file = tmp_path / "bill.json"
    file.write_text(json.dumps(json.loads(BILL.read_text("utf-8")) | change), encoding="utf-8")

    result = run("preview", file)

    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b'{"region": 5}'])
def test_a_file_that_is_no_bill_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, broken, binary, another shape."""
    file = tmp_path / "bill.json"
    file.write_bytes(content)

    result = run("preview", file)

    assert result.exit_code == 2
    assert "不能试算" in result.output


def test_a_bill_can_be_tried_under_another_book(tmp_path: Path, book: Path) -> None:
    """`--policies` settles under the policies of a directory."""
    file = tmp_path / "bill.json"
    bill = json.loads(BILL.read_text("utf-8")) | {"region": "990102"}
    file.write_text(json.dumps(bill), encoding="utf-8")

    found = json.loads(run("preview", file, "--policies", book, "--json").output)

    assert found["patient_fen"] == 5_200_000 - 3_479_000


# --- the root command -----------------------------------------------------------------------------


def offered(name: str, value: str) -> EntryPoint:
    """What a service offers."""
    return EntryPoint(name=name, value=value, group="yizhan.commands")


def test_the_commands_of_every_service_stand_at_the_top() -> None:
    """`policy` and `preview` are reached without naming the service."""
    gathered = gather([offered("settlement", "settlement.entrypoints.cli:app")])

    assert {"policy", "preview"} <= gathered.names
    assert gathered.failures == []
    result = CliRunner().invoke(gathered.app, ["policy", "show", "500112", "--on", "2023-05-01"])
    assert result.exit_code == 0


def test_a_service_that_cannot_be_loaded_is_named_and_the_others_work() -> None:
    """A clear sentence, not a trace."""
    gathered = gather(
        [
            offered("elsewhere", "elsewhere.entrypoints.cli:app"),
            offered("absent", "settlement.entrypoints.absent:app"),
            offered("settlement", "settlement.entrypoints.cli:app"),
            offered("wrong", "settlement.entrypoints.cli:policy_app_misspelt"),
            offered("other", "json:dumps"),
        ]
    )

    assert "policy" in gathered.names
    told = explain_failures(gathered)
    assert "absent（settlement.entrypoints.absent:app）：No module named" in told
    assert "elsewhere" not in told, "an image holds one service"
    assert "wrong（" in told
    assert "other（json:dumps）：不是 typer 应用" in told


def test_two_services_with_one_command_name_do_not_hide_each_other() -> None:
    """The second is named as not taken."""
    gathered = gather(
        [
            offered("a", "settlement.entrypoints.cli:app"),
            offered("b", "settlement.entrypoints.cli:app"),
        ]
    )

    assert any("命令“policy”与先载入的重名" in failure for failure in gathered.failures)


def test_the_root_speaks_chinese_first() -> None:
    """The help names the product and lists the groups."""
    gathered = gather([offered("settlement", "settlement.entrypoints.cli:app")])

    assert isinstance(gathered.app, typer.Typer)
    result = CliRunner(env={"COLUMNS": "200"}).invoke(gathered.app, ["--help"])
    assert "一站：一站式医疗费用结算" in result.output
    assert "政策：检查、跑算例、阅读。" in result.output
