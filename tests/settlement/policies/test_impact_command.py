"""Cohort files and `yizhan policy impact A B --facts FILE` (人群数据、影响测算命令)."""

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from settlement.adapters.cohort_csv import CohortFaulty, read_cohort
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.entrypoints.cli import app
from settlement.law.bill import Charges
from settlement.law.book import StayDates
from tests.settlement.policies.drafts import RIGHT

SAMPLE = SHIPPED_POLICIES.parent / "samples" / "cohort.csv"
HEADER = "人员,入院日期,出院日期,总费用,政策范围内费用"


def run(*words: object) -> Result:
    """The command on a wide screen."""
    return CliRunner(env={"COLUMNS": "160"}).invoke(
        app, ["policy", "impact", *[str(word) for word in words]]
    )


def said(result: Result) -> list[str]:
    """The lines, with runs of blanks as one."""
    return [" ".join(line.split()) for line in result.output.splitlines()]


# --- the file -------------------------------------------------------------------------------------


def test_a_row_is_a_claim() -> None:
    """Dates, amounts in yuan, facts by label; what is not stated stays unknown."""
    header = f"{HEADER},项目类别.tcm,身份,医院等级,是否规范转诊,年龄,外部结算.basic,申报.student"
    row = "甲,2023-02-01,2023-02-10,1300.50,1200,1200,低保对象、孤儿,二级,是,66,700,是"
    (claim,) = read_cohort(f"{header}\n{row}\n".encode()).claims

    assert (claim.reference, claim.person) == ("第 2 行", "甲")
    assert claim.dates == StayDates(date(2023, 2, 1), date(2023, 2, 10), date(2023, 2, 10))
    assert claim.charges == Charges(
        1_300_50, in_scope_fen=1_200_00, item_classes_fen={"tcm": 1_200_00}
    )
    facts = claim.facts
    assert facts.identities == {"subsistence_allowance", "orphan"}
    assert (facts.tier, facts.referral, facts.age, facts.place) == ("level_2", True, 66, None)
    assert (facts.care, facts.occasion) == ("inpatient", "discharge")
    assert (claim.elsewhere_fen, claim.declared) == ({"basic": 700_00}, {"student": "是"})


def test_columns_may_be_written_as_codes() -> None:
    """And in GB18030, in any order, with a byte order mark or without."""
    text = "total,person,discharge,admission,tier\n1300,甲,2023-02-10,2023-02-01,level_3\n"
    found = [read_cohort(text.encode(code)).claims for code in ("utf-8-sig", "utf-8", "gb18030")]

    assert found[0] == found[1] == found[2]
    assert found[0][0].facts.tier == "level_3"


def test_each_persons_claims_stand_together_in_the_order_they_are_settled() -> None:
    """Persons as they first appear; settlement dates decide, rows of one day keep their order."""
    rows = [
        "甲,2023-05-01,2023-05-10,1,1",
        "乙,2023-01-01,2023-01-10,2,2",
        "甲,2023-01-01,2023-01-10,3,3",
        "",
        "甲,2023-01-05,2023-01-10,4,4",
    ]
    claims = read_cohort("\n".join([HEADER, *rows]).encode()).claims

    assert [(c.person, c.charges.total_fen // 100) for c in claims] == [
        ("甲", 3),
        ("甲", 4),
        ("甲", 1),
        ("乙", 2),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "第 1 行：缺少列“人员”（person）"),
        (HEADER, "文件里没有任何一笔费用"),
        (f"{HEADER},血型\n", "第 1 行：不认识的列“血型”"),
        (f"{HEADER},总费用\n", "第 1 行：列“total”写了两次"),
        (f"{HEADER},住院天数\n", "第 1 行：不认识的列“住院天数”"),
        (f"{HEADER}\n甲,2023-02-30,2023-03-01,1,1", "第 2 行：入院日期“2023-02-30”不是日期"),
        (f"{HEADER}\n甲,2023-03-02,2023-03-01,1,1", "第 2 行：入院、出院、结算日期应依次"),
        (f"{HEADER}\n,2023-03-01,2023-03-01,1,1", "第 2 行：没有写人员"),
        (f"{HEADER}\n甲,2023-03-01,2023-03-01,1e3,1", "第 2 行：金额“1e3”应写成"),
        (f"{HEADER}\n甲,2023-03-01,2023-03-01,,1", "第 2 行：缺少“total”"),
        (f"{HEADER}\n甲,2023-03-01,2023-03-01,1,1,9", "第 2 行：有 6 格，多于 5 列"),
        (f"{HEADER},医院等级\n甲,2023-03-01,2023-03-01,1,1,四级", "第 2 行：“四级”不在代码表中"),
        (f"{HEADER},是否手术\n甲,2023-03-01,2023-03-01,1,1,也许", "第 2 行：“也许”应为 是 或 否"),
        (f"{HEADER},外部结算.a\n甲,2023-03-01,2023-03-01,1,1,x", "第 2 行：金额“x”应写成"),
    ],
)
def test_what_is_wrong_is_told_by_row(text: str, told: str) -> None:
    """Nothing of a faulty file is used."""
    with pytest.raises(CohortFaulty) as wrong:
        read_cohort(text.encode())
    assert told in str(wrong.value)


def test_every_wrong_row_is_told_up_to_a_page() -> None:
    """The first twenty, and how many there are."""
    rows = "\n".join(["甲,2023-03-01,2023-03-01,x,1"] * 30)
    with pytest.raises(CohortFaulty) as wrong:
        read_cohort(f"{HEADER}\n{rows}".encode())
    lines = str(wrong.value).splitlines()
    assert (len(lines), lines[-1]) == (21, "……共 30 处")


def test_a_file_in_no_known_encoding_is_refused() -> None:
    """Neither UTF-8 nor GB18030."""
    with pytest.raises(CohortFaulty, match="编码"):
        read_cohort(b"\xff\xff\xff")


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A policy, a draft that pays less, and a cohort of three claims of two persons."""
    found = []
    for name, rate in (("a", "70%"), ("b", "60%")):
        folder = tmp_path / name / "990102" / "resident"
        folder.mkdir(parents=True)
        found.append(folder / "2020-01-01.v1.yaml")
        found[-1].write_text(RIGHT.replace("70%", rate), encoding="utf-8")
    cohort = tmp_path / "cohort.csv"
    cohort.write_text(
        f"{HEADER}\n甲,2023-02-01,2023-02-10,1400,1300\n甲,2023-04-01,2023-04-10,300,300\n"
        "乙,2023-02-01,2023-02-10,5300,5300\n丙,2023-02-01,2023-02-10,5300,\n",
        encoding="utf-8",
    )
    return found[0], found[1], cohort


def test_the_report_tells_who_pays_and_who_loses_most(files: tuple[Path, Path, Path]) -> None:
    """Totals by payer and layer, persons, refusals by name, the worst with both bills."""
    result = run(files[0], files[1], "--facts", files[2])

    assert result.exit_code == 0
    lines = said(result)
    for line in (
        "共 4 笔费用，两份政策都能结算的 3 笔，总费用 7000.00 元；其中金额有变化的 2 笔",
        "个人负担（扣除账外现金）按笔：增加 2 笔，减少 0 笔，不变 1 笔",
        "个人负担（扣除账外现金）按人：增加 2 人，减少 0 人，不变 0 人",
        "基本医疗保险 4200.00 3600.00 -600.00",
        "个人负担 2800.00 3400.00 +600.00",
        "总费用 7000.00 7000.00 0.00",
        "层 基本医疗保险（basic） 4200.00 3600.00 -600.00",
        "原来 缺少费用分项 政策范围内费用（in_scope） 1",
        "改后 缺少费用分项 政策范围内费用（in_scope） 1",
        "个人受损最大的 2 笔（元）",
        "第 4 行 乙 2023-02-10 5300.00 基本医疗保险 3500.00 3000.00 -500.00",
        "个人负担 1800.00 2300.00 +500.00",
        "第 2 行 甲 2023-02-10 1400.00 基本医疗保险 700.00 600.00 -100.00",
    ):
        assert line in lines, line


def test_programs_get_the_same_in_fen(files: tuple[Path, Path, Path]) -> None:
    """Whole numbers, and the worst with both bills."""
    found = json.loads(run(files[0], files[1], "--facts", files[2], "--most", 1, "--json").output)

    assert (found["claims"], found["compared"], found["changed"]) == (4, 3, 2)
    assert found["payers_fen"] == {
        "basic": {"before": 4_200_00, "after": 3_600_00, "change": -600_00}
    }
    assert found["patient_fen"]["change"] == 600_00
    assert found["persons_by_patient"] == {"losing": 2, "gaining": 0, "same": 0}
    assert found["refused"][0] == {
        "policy": "before",
        "why": "amount",
        "name": "in_scope",
        "claims": 1,
    }
    assert [(w["person"], w["patient_loss_fen"]) for w in found["worst"]] == [("乙", 500_00)]
    assert found["worst"][0]["after"] == {
        "layers_fen": {"basic": 3_000_00},
        "patient_fen": 2_300_00,
        "cash_fen": 0,
    }


def test_the_sample_runs_under_two_versions_of_the_book() -> None:
    """公安县 2018 and 2023: critical illness pays 5 points more of the first band."""
    names = ("421022@2022-12-31", "421022@2023-06-01")
    result = run(*names, "--facts", SAMPLE)

    assert result.exit_code == 0
    assert "大病保险 38374.52 40174.52 +1800.00" in said(result)
    assert "提示：6 笔的日期不在“原来”政策的施行期内，仍按它结算" in result.output


def test_a_column_that_neither_policy_asks_for_is_refused(files: tuple[Path, Path, Path]) -> None:
    """It is misspelt, or meant for another policy."""
    text = (
        files[2]
        .read_text(encoding="utf-8")
        .replace("政策范围内费用\n", "政策范围内费用,申报.student,外部结算.basic\n")
    )
    files[2].write_text(text, encoding="utf-8")
    result = run(files[0], files[1], "--facts", files[2])

    assert result.exit_code == 2
    assert "两份政策都用不到列 外部结算.basic、申报.student" in result.output


def test_a_faulty_file_is_refused_with_its_rows(files: tuple[Path, Path, Path]) -> None:
    """Exit code 2, no trace."""
    files[2].write_text(f"{HEADER}\n甲,x,2023-02-10,1,1\n", encoding="utf-8")
    result = run(files[0], files[1], "--facts", files[2])

    assert result.exit_code == 2
    assert "第 2 行：入院日期“x”不是日期" in result.output


def test_a_policy_that_cannot_be_had_is_refused(files: tuple[Path, Path, Path]) -> None:
    """As elsewhere."""
    assert run(files[0], "659001@2023-01-01", "--facts", files[2]).exit_code == 2


def test_the_columns_are_explained_in_the_help() -> None:
    """Whoever has a cohort finds there what to call its columns."""
    text = "".join(run("--help").output.split())
    for words in (
        "政策范围内费用in_scope",
        "身份identity",
        "外部结算.层",
        "申报.名称",
        "cohort.csv",
    ):
        assert words in text
