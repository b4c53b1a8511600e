"""`yizhan policy explain BILL`: bills, cases, other policies, refusals (逐步说明命令)."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.entrypoints.cli import app
from tests.settlement.policies.drafts import RIGHT

BILL = SHIPPED_POLICIES.parent / "samples" / "bill_yubei.json"
CASES = """\
- name: 一千元
  kind: constructed
  source: {text: 测试}
  bill: {total: 1000, in_scope: 1000}
  dates: {admission: 2020-02-01, discharge: 2020-02-03}
  expect: {layers: {basic: 490.00}, patient: 510.00}
- name: 两次住院
  kind: constructed
  source: {text: 测试}
  counters_before: {basic.paid: 4900}
  stays:
    - bill: {total: 1000, in_scope: 1000}
      dates: {admission: 2020-02-01, discharge: 2020-02-03}
      expect: {layers: {basic: 490.00}, patient: 510.00}
    - bill: {total: 1000, in_scope: 1000}
      dates: {admission: 2020-03-01, discharge: 2020-03-03}
      expect: {layers: {basic: 490.00}, patient: 510.00}
    - bill: {total: 1000}
      dates: {admission: 2020-04-01, discharge: 2020-04-03}
      expect: {refused: in_scope}
"""


def run(*words: object) -> Result:
    """The command on a wide screen."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(
        app, ["policy", "explain", *[str(word) for word in words]]
    )


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A policy with a yearly cap, and cases beside it."""
    folder = tmp_path / "990102" / "resident"
    folder.mkdir(parents=True)
    text = RIGHT.replace(
        "rate: 70%", "rate: 70%\n    caps: [{per: year, of: payment, amount: 6000}]"
    )
    (folder / "2020-01-01.v1.yaml").write_text(text, encoding="utf-8")
    file = folder / "2020-01-01.v1.cases.yaml"
    file.write_text(CASES, encoding="utf-8")
    return file


def test_a_bill_is_explained_line_by_line() -> None:
    """The printed 渝北 example: every layer, its sums, what they rest on, both languages."""
    result = run(BILL)

    assert result.exit_code == 0
    for words in (
        "① 居民基本医疗保险　支付 34790.00 元",
        "乘比例：49700.00×70% ＝ 34790.00，四舍五入到分 ＝ 34790.00",
        "Times the rate: 49700.00×70% = 34790.00, rounded half up to 0.01 = 34790.00",
        "依据 rests on：比例 70%（原文载明 stated [1]）",
        "个人负担：总费用 52000.00 − 居民基本医疗保险 34790.00",
        "＝ 5625.20 元",
        "※ 假定 assumed",
    ):
        assert words in result.output


def test_a_bill_may_be_written_in_yaml(tmp_path: Path) -> None:
    """The same keys as in JSON."""
    file = tmp_path / "bill.yaml"
    file.write_text(
        'region: "500112"\nscheme: resident\nadmission_date: 2023-10-08\n'
        "discharge_date: 2023-10-20\ncharges: {total_fen: 5200000, in_scope_fen: 5000000}\n"
        "facts: {identities: [subsistence_margin], tier: level_2, place: in_county, plan: 一档}\n",
        encoding="utf-8",
    )

    assert "＝ 5625.20 元" in run(file).output


def test_a_bill_is_explained_under_a_policy_of_its_own(cases: Path) -> None:
    """`--policy` takes a file: a draft can be tried on a bill of another place."""
    policy = cases.with_name("2020-01-01.v1.yaml")
    found = json.loads(run(BILL, "--policy", policy, "--json").output)

    assert found[0]["policy"] == "测试县 城乡居民基本医疗保险 2020-01-01 v1"
    assert [step["amount_fen"] for step in found[0]["steps"]] == [6_000_00]


def test_a_case_is_explained_by_its_name(cases: Path) -> None:
    """One stay: 70% of what is above 300."""
    result = run(cases, "--case", "一千元")

    assert result.exit_code == 0
    assert "乘比例：700.00×70% ＝ 490.00，四舍五入到分 ＝ 490.00" in result.output


def test_the_stays_of_a_case_carry_the_years_totals_along(cases: Path) -> None:
    """Of 6,000 a year 4,900 were paid before the first stay, 5,390 before the second; the third is
    refused by name."""
    result = run(cases, "--case", "两次住院")

    assert "支付限额 1：限额 6000.00 − 本年已用 4900.00 ＝ 1100.00" in result.output
    assert "支付限额 1：限额 6000.00 − 本年已用 5390.00 ＝ 610.00" in result.output
    assert "两次住院（第 3 次住院）" in result.output
    assert "拒绝：“基本医疗保险”需要“政策范围内费用”" in result.output


def test_cases_of_what_ships_can_be_explained() -> None:
    """An unknown name lists those there are; the first of them is a published bill."""
    file = SHIPPED_POLICIES / "421022" / "resident" / "2018-01-01.v1.cases.yaml"
    refused = run(file, "--case", "没有这个")
    first = refused.output.splitlines()[1].strip()

    assert refused.exit_code == 2
    assert "没有算例“没有这个”；文件里有：" in refused.output
    found = run(file, "--case", first)
    assert found.exit_code == 0
    assert "乘比例：1972.87×60%×(100%−10%) ＝ 1065.3498，四舍五入到分 ＝ 1065.35" in found.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"region": "659001"}, "没有 659001 及其上级地区的政策"),
        ({"charges": {"total_fen": 5_200_000}}, "需要“政策范围内费用”"),
        ({"charges": {"total_fen": 1, "in_scope_fen": 2}}, "各部分之和"),
        ({"charges": {"total_fen": 52_000.5}}, "charges.total_fen"),
        ({"facts": {"plan": "一档"}}, "缺少“医院等级”"),
        ({"facts": {"tier": "level_3"}}, "缺少参数 basic.deductible"),
    ],
)
def test_a_bill_that_cannot_be_settled_is_refused_by_name(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    """As in a preview: one sentence, exit code 2, no trace."""
    file = tmp_path / "bill.json"
    file.write_text(json.dumps(json.loads(BILL.read_text("utf-8")) | change), encoding="utf-8")

    result = run(file)

    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"region": 5}', b"- 5", b"a: [b", b"a: &a {b: *a}"]
)
@pytest.mark.parametrize("name", ["bill.json", "bill.yaml"])
def test_a_file_that_is_no_bill_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    """Empty, broken, binary, another shape, in either notation."""
    file = tmp_path / name
    file.write_bytes(content)

    result = run(file)

    assert result.exit_code == 2
    assert "不能说明" in result.output
    assert "Traceback" not in result.output


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Named, and why."""
    assert "无法打开" in run(tmp_path / "nowhere.json").output


def test_a_bill_that_is_none_is_told_in_chinese(tmp_path: Path) -> None:
    """What lacks and what is wrong, as the interface says it."""
    file = tmp_path / "bill.json"
    file.write_text('{"region": "500112", "charges": {"total_fen": "many"}}', encoding="utf-8")

    result = run(file)

    assert result.exit_code == 2
    assert "  scheme：缺少该字段 (missing)" in result.output
    assert "Field required" not in result.output


def test_dates_and_outside_layers_are_told_in_words(tmp_path: Path) -> None:
    """Neither `admission/01-01` nor `≤ in_scope` reaches people."""
    text = RIGHT.replace(
        "evidence: {status: stated, source: text}",
        "evidence: {status: assumed, source: text, note: 借来}",
    )
    text += (
        '  - id: other\n    name: 别处算的\n    payer: 医疗救助\n    pool: "990102"\n'
        "    applies: {when: {identity: 低保对象}}\n"
        "    decided_elsewhere: {by: 民政局, at_most: in_scope - basic}\n"
    )
    folder = tmp_path / "990102" / "resident"
    folder.mkdir(parents=True)
    (folder / "2020-01-01.v1.yaml").write_text(text, encoding="utf-8")
    file = folder / "2020-01-01.v1.cases.yaml"
    file.write_text(
        "- name: 一\n  kind: constructed\n  source: {text: 测试}\n"
        "  bill: {total: 1000, in_scope: 1000}\n  facts: {identity: 低保对象}\n"
        "  decided_elsewhere: {other: 10}\n"
        "  dates: {admission: 2020-02-01, discharge: 2020-02-03}\n"
        "  expect: {layers: {basic: 490.00, other: 10.00}, patient: 500.00}\n",
        encoding="utf-8",
    )

    said = run(file).output

    assert "适用对象 符合（假定 assumed [1]）" in said
    assert "外部结算 不超过 政策范围内费用 − 基本医疗保险（假定" in said
    assert "日期规则 按入院日选版本、年度自 01-01 起" in said
    assert "≤" not in said
