"""Files of worked cases: where they stand, what they carry, and what is told when it is not so."""

from pathlib import Path

import pytest

from settlement.adapters.case_files import check_case_file, find_case_files, load_case_file
from settlement.adapters.policy_files import PolicyFileFaulty, load_book
from settlement.application.worked_cases import StatedAmount, StatedShare
from settlement.law.exact import Ratio
from settlement.law.rounding import RoundingMode
from tests.settlement.policies.case_texts import BILL, EXPECT, own_policy, run, written
from tests.settlement.policies.drafts import RIGHT


def test_a_file_may_carry_its_own_policy(tmp_path: Path) -> None:
    """The bill is settled by it, and the row says who published the bill."""
    file = written(tmp_path, own_policy(BILL + EXPECT))

    result = run("policy", "test", file)

    assert result.exit_code == 0
    assert "公布的账单：某报" in result.output
    assert "共 1 个算例（公布的账单 1 个）：1 个相符，0 个不符" in result.output


def test_a_policy_inside_a_file_of_cases_is_no_law(tmp_path: Path) -> None:
    """The book of that directory stays empty, so nobody is settled by it."""
    written(tmp_path, own_policy(BILL + EXPECT))

    assert load_book(tmp_path).policies == ()


def test_what_is_wrong_with_the_policy_inside_is_told_with_file_line_and_place(
    tmp_path: Path,
) -> None:
    """Errors stop the file; an editor can jump to them."""
    file = written(
        tmp_path, own_policy(BILL + EXPECT, policy=RIGHT.replace("rate: 70%", "rate: 0.7"))
    )

    with pytest.raises(PolicyFileFaulty) as refused:
        load_case_file(file)

    told = f"{file}:23: 错误：比例“0.7”应写成百分数，如 70% 或 62.5%（policy.layers.0.rate）；"
    assert refused.value.notes == (told + "金额以元计，比例带 %",)


def test_checking_a_directory_checks_the_policies_inside_files_of_cases(tmp_path: Path) -> None:
    """A missing number is a warning there too, and the file still runs."""
    missing = RIGHT.replace("rate: 70%", "rate: {missing: 没有写}")
    file = written(tmp_path, own_policy(BILL + "  expect: {refused: basic.rate}\n", policy=missing))

    checked = run("policy", "check", tmp_path)

    assert checked.exit_code == 0
    assert "提示：缺少参数 basic.rate：没有写（policy.layers.0.rate）" in checked.output
    assert check_case_file(file)[0].startswith(f"{file}:23: 提示：缺少参数 basic.rate")
    assert run("policy", "test", file).exit_code == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cases: []\n", "缺少“policy”"),
        ("policy: {}\n", "缺少“cases”"),
        ("policy: {}\ncases: []\nmore: 1\n", "不认识的键“more”"),
        (f"-{BILL[1:]}{EXPECT}", "算例旁边没有政策 bill.yaml"),
    ],
)
def test_a_file_that_is_neither_beside_a_policy_nor_carries_one_is_told(
    tmp_path: Path, text: str, told: str
) -> None:
    """Half a file is not run."""
    file = written(tmp_path, text)

    result = run("policy", "test", file)

    assert result.exit_code == 1
    assert told in result.output
    assert any(told in note for note in check_case_file(file))


def test_a_source_that_rounds_is_held_to_exactly_what_it_rounds_to(tmp_path: Path) -> None:
    """490.00 fits “0.05 万 to 0.01 万” and “490 to the yuan”, not “0.04 万”."""
    right = (
        "  expect: {layers: {basic: {value: 0.05万, to: 0.01万}}, patient: {value: 510, to: 元}}\n"
    )
    wrong = "  expect: {layers: {basic: {value: 0.04万, to: 0.01万}}, patient: 510.00}\n"

    agrees = run("policy", "test", written(tmp_path, own_policy(BILL + right)))
    differs = run("policy", "test", written(tmp_path, own_policy(BILL + wrong)))

    assert agrees.exit_code == 0
    assert differs.exit_code == 1
    assert (
        "第 1 次住院 基本医疗保险：应为 400.00（原文取整到 100.00 元），实为 490.00"
        in differs.output
    )


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("{value: 490.00, to: 元}", None),
        ("{value: 490.50, to: 元}", "所写的数比它取整到的单位还细"),
        ("{value: 490}", "缺少“to”"),
        ("{value: 490, to: 元, mode: up}", "“up”不可用"),
        ("{value: 490, to: 元, more: 1}", "不认识的键“more”"),
        ("{value: 4.9e2, to: 元}", "金额“4.9e2”应写成以元为单位"),
        ("{value: 490, to: 零}", "金额“零”应写成以元为单位"),
    ],
)
def test_a_rounded_amount_is_written_as_the_source_prints_it(
    tmp_path: Path, stated: str, told: str | None
) -> None:
    """What is finer than its own unit, or has no unit, is refused."""
    expect = f"  expect: {{layers: {{basic: {stated}}}, patient: 510.00}}\n"

    result = run("policy", "test", written(tmp_path, own_policy(BILL + expect)))

    assert (result.exit_code == 0) is (told is None)
    assert told is None or told in result.output


@pytest.mark.parametrize(
    ("stated", "fit", "others"),
    [
        (StatedAmount(74_000_00, 1_000_00), [73_500_00, 74_499_99], [73_499_99, 74_500_00]),
        (
            StatedAmount(1_600_00, 100_00, RoundingMode.DOWN),
            [1_600_00, 1_699_99],
            [1_599_99, 1_700_00],
        ),
        (StatedAmount(490_00), [490_00], [489_99, 490_01]),
    ],
)
def test_an_amount_fits_when_it_rounds_to_what_the_source_prints(
    stated: StatedAmount, fit: list[int], others: list[int]
) -> None:
    """Both edges of “7.4 万” and of “1600 多元”, and the fen itself."""
    assert [fen for fen in fit + others if stated.fits(fen)] == fit


@pytest.mark.parametrize(
    ("stated", "fit", "others"),
    [
        (StatedShare(Ratio(45, 2)), [(45, 100), (900_00, 2000_00)], [(450_01, 1000_00)]),
        (
            StatedShare(Ratio(7362, 4), Ratio(1, 4)),
            [(73_615, 100_000), (73_624, 100_000)],
            [(73_614, 100_000), (73_625, 100_000)],
        ),
        (StatedShare(Ratio(70, 2), Ratio(1, 1)), [(65, 100), (74, 100)], [(75, 100), (64, 100)]),
    ],
)
def test_a_share_fits_when_it_rounds_to_what_the_source_prints(
    stated: StatedShare, fit: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    """“45%” exactly, both edges of “73.62%” to 0.01% and of “70%” to 10%."""
    assert [pair for pair in fit + others if stated.fits(*pair)] == fit


def test_what_a_source_has_wrong_is_kept_beside_what_the_rules_give(tmp_path: Path) -> None:
    """The rules give 490.00, the source printed 500: the case passes and says so."""
    said = "  note: 原文没有扣起付线\n  source_says: {basic: 500.00}\n"

    result = run("policy", "test", written(tmp_path, own_policy(BILL + EXPECT + said)))

    assert result.exit_code == 0
    assert "来源有误：基本医疗保险作 500.00，依规则 490.00" in result.output
    assert "公布的账单 1 个，其中来源有误 1 个" in result.output


def test_a_refusal_also_shows_that_the_source_had_no_right_to_its_amount(tmp_path: Path) -> None:
    """A number nobody stated is not zero, whatever the source reckoned."""
    missing = RIGHT.replace("deductible: 300", "deductible: {missing: 原文没有写}")
    body = BILL + "  note: 原文当作没有起付线\n  source_says: {basic: 700.00}\n"
    refused = body + "  expect: {refused: basic.deductible}\n"

    result = run("policy", "test", written(tmp_path, own_policy(refused, policy=missing)))

    assert result.exit_code == 0
    assert "来源有误：基本医疗保险作 700.00，依规则 拒绝（basic.deductible）" in result.output


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("  note: 说明\n  source_says: {basic: 490.00}\n", "与来源相符，不是来源之误"),
        ("  note: 说明\n  source_says: {basic: {value: 0.05万, to: 0.01万}}\n", "与来源相符"),
        ("  note: 说明\n  source_says: {tilt: 1.00}\n", "层 tilt：应为 1.00，实为 本政策没有"),
        ("  source_says: {basic: 500.00}\n", "来源有误而没有说明"),
    ],
)
def test_an_error_that_is_none_is_told(tmp_path: Path, said: str, told: str) -> None:
    """A source is not accused of what it has right, nor without a reason."""
    result = run("policy", "test", written(tmp_path, own_policy(BILL + EXPECT + said)))

    assert result.exit_code == 1
    assert told in result.output


def test_sums_over_all_stays_are_compared(tmp_path: Path) -> None:
    """Two stays of one person: 490 + 490, the patient 1020, and what was paid altogether."""
    stays = """\
  name: 两次
  kind: constructed
  source: {text: 推算}
  stays:
    - bill: {total: 1000, in_scope: 1000}
      dates: {admission: 2020-02-01, discharge: 2020-02-03}
      expect: {layers: {basic: 490.00}, patient: 510.00, reimbursed: 490.00}
    - bill: {total: 1000, in_scope: 1000}
      dates: {admission: 2020-03-01, discharge: 2020-03-03}
      expect: {layers: {basic: 490.00}, patient: 510.00, reimbursed: 490.00}
"""
    right = "  together: {basic: 980, patient: 1020.00, basic + patient: 2000.00}\n"
    wrong = "  together: {basic: 980.01, reimbursed - tilt: 1, basic basic: 1}\n"

    agrees = run("policy", "test", written(tmp_path, own_policy(stays + right)))
    differs = run("policy", "test", written(tmp_path, own_policy(stays + wrong)))

    assert agrees.exit_code == 0
    assert "各次合计 基本医疗保险：应为 980.01，实为 980.00" in differs.output
    assert "各次合计 reimbursed - tilt：应为 1.00，实为 本政策没有" in differs.output
    assert "各次合计 basic basic：应为 1.00，实为 本政策没有" in differs.output


def test_a_stated_reimbursement_is_compared(tmp_path: Path) -> None:
    """Everything the patient does not bear."""
    wrong = "  expect: {layers: {basic: 490.00}, patient: 510.00, reimbursed: 490.01}\n"

    result = run("policy", "test", written(tmp_path, own_policy(BILL + wrong)))

    assert "第 1 次住院 合计报销：应为 490.01，实为 490.00" in result.output


def test_files_of_cases_are_found_in_folders_beside_policies_and_by_name(tmp_path: Path) -> None:
    """A directory, the policy, the file itself; nothing where there is none."""
    policy = tmp_path / "2020-01-01.v1.yaml"
    policy.write_text(RIGHT, encoding="utf-8")
    assert find_case_files(policy) == []
    cases = tmp_path / "2020-01-01.v1.cases.yaml"
    cases.write_text("[]", encoding="utf-8")

    assert find_case_files(policy) == [cases]
    assert find_case_files(cases) == [cases]
    assert find_case_files(tmp_path) == [cases]


def test_a_case_without_any_stay_is_told(tmp_path: Path) -> None:
    """`stays: []` settles nothing and proves nothing."""
    empty = "  name: 空\n  kind: constructed\n  source: {text: 推算}\n  stays: []\n"

    result = run("policy", "test", written(tmp_path, own_policy(empty)))

    assert result.exit_code == 1
    assert "没有任何一次住院" in result.output


def test_a_case_that_cannot_be_read_does_not_keep_the_others_from_running(tmp_path: Path) -> None:
    """One of two has a fault: it is told with its line and counted apart, the other is run."""
    faulty = (BILL + EXPECT).replace("name: 一千元", "name: 写错的").replace("total", "totl")
    file = written(tmp_path, own_policy(BILL + EXPECT, faulty))

    result = run("policy", "test", file)

    assert result.exit_code == 1
    assert f"{file}:" in result.output
    assert "不认识的键“totl”" in result.output
    assert result.output.splitlines()[-1] == (
        "共 1 个算例（公布的账单 1 个）：1 个相符，0 个不符，1 处读不进"
    )


def test_a_counter_that_the_policy_lacks_lists_those_it_has(tmp_path: Path) -> None:
    """The names are the policy's own; nobody has to guess them."""
    policy = RIGHT.replace(
        "rate: 70%", "rate: 70%\n    caps: [{per: year, of: payment, amount: 6000}]"
    )
    case = BILL + "  counters_before: {basic.payed: 100}\n" + EXPECT

    result = run("policy", "test", written(tmp_path, own_policy(case, policy=policy)))

    assert "本政策没有；本政策的累计器：admissions、basic.paid" in "".join(result.output.split())


def test_a_refusal_without_a_name_is_told_in_words_and_yuan(tmp_path: Path) -> None:
    """1,001 in scope of 1,000: no name of a program, no fen; the case may state the same words."""
    bill = BILL.replace("in_scope: 1000", "in_scope: 1001")
    said = "  expect: {refused: 费用不平}\n"

    refused = run("policy", "test", written(tmp_path, own_policy(bill + EXPECT)))
    agrees = run("policy", "test", written(tmp_path, own_policy(bill + said)))

    told = "".join(refused.output.split())
    assert "实为费用不平（各部分之和1001.00元大于总费用1000.00元）" in told
    assert "BillDoesNotAddUp" not in told
    assert agrees.exit_code == 0
