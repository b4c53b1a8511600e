"""`yizhan fund …`: what the finance officer reads, and what the shell is told."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from settlement.adapters.event_ledger import open_ledger
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.domain.stay import Stay, stay_id_of
from settlement.entrypoints.cli.fund import fund_app
from tests.settlement.funds.fund_stories import BASIC, HOSPITAL_A, deduct

JULY = ("--fund", BASIC, "--from", "2023-07-01", "--to", "2023-07-31")
AUGUST = ("--fund", BASIC, "--from", "2023-08-01", "--to", "2023-08-31")


@pytest.fixture(autouse=True)
def _environment(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIZHAN_DATA", str(data))
    monkeypatch.setenv("YIZHAN_POLICIES", str(SHIPPED_POLICIES / "500112"))
    monkeypatch.setenv("COLUMNS", "150")


def run(*arguments: str, ends_with: int = 0) -> Result:
    """Run the command and look at its exit code."""
    result = CliRunner().invoke(fund_app, list(arguments), catch_exceptions=False)
    assert result.exit_code == ends_with, result.output
    return result


def cells(result: Result) -> list[list[str]]:
    """The rows of the printed tables, without their frames."""
    lines = [line.split("│")[1:-1] for line in result.stdout.splitlines() if "│" in line]
    return [[cell.strip() for cell in line] for line in lines]


def test_a_statement_is_a_table_with_subtotals_and_balances() -> None:
    """August in yuan: the reversal points at the day its original was booked."""
    result = run("statement", *AUGUST)

    assert f"样例医院（{HOSPITAL_A}）" in result.stdout
    assert cells(result) == [
        ["期初余额", "", "", "", "", "", "", "420.50"],
        ["冲正", "2023-08-09", "N1", "2023-07-03", "ZY-N1", "FP-N1", "basic", "-300.00"],
        ["应付小计", "", "", "", "", "", "", "-300.00"],
        ["拨付小计", "", "", "", "", "", "", "0.00"],
        ["期末余额", "", "", "", "", "", "", "120.50"],
        ["420.50", "-300.00", "0.00", "-300.00", "0.00", "120.50"],
    ]


def test_a_statement_as_json_is_in_integer_fen() -> None:
    """The same message as over HTTP."""
    shown = json.loads(run("statement", *AUGUST, "--json").stdout)

    assert (shown["opening_fen"], shown["closing_fen"]) == (420_50, 120_50)


def test_a_statement_as_csv_is_in_yuan_and_opens_in_spreadsheets() -> None:
    """UTF-8 with BOM; every kind of row says what it is."""
    content = run("statement", *JULY, "--csv").stdout_bytes.decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(content)))
    assert [(r[0], r[1], r[3], r[-1]) for r in rows[1:]] == [
        ("机构期初余额", HOSPITAL_A, "", "0.00"),
        ("结算", HOSPITAL_A, "N1", "300.00"),
        ("结算", HOSPITAL_A, "N2", "120.50"),
        ("机构期末余额", HOSPITAL_A, "", "420.50"),
        ("基金期初余额", "", "", "0.00"),
        ("基金本期应付", "", "", "420.50"),
        ("基金违规扣减", "", "", "0.00"),
        ("基金应付净额", "", "", "420.50"),
        ("基金本期拨付", "", "", "0.00"),
        ("基金期末余额", "", "", "420.50"),
    ]
    assert {len(r) for r in rows} == {9}


def test_our_own_list_reconciles_without_differences(tmp_path: Path) -> None:
    """Exported, held against our books, and agreed: exit code 0."""
    file = tmp_path / "list.csv"

    run("export", *JULY, "--output", str(file))

    assert file.read_bytes().decode("utf-8-sig").splitlines() == [
        "结算单号,住院号,发票号,机构编码,金额(元),结算日期",
        f"N1,ZY-N1,FP-N1,{HOSPITAL_A},300.00,2023-07-03",
        f"N2,ZY-N2,FP-N2,{HOSPITAL_A},120.50,2023-07-20",
    ]
    assert "逐笔一致，没有差异" in run("reconcile", str(file), *JULY).stdout


def test_every_difference_is_named_and_the_shell_is_told(tmp_path: Path) -> None:
    """N1 is one fen more there, N2 is missing there, N3 is missing here and listed twice."""
    file = tmp_path / "list.csv"
    file.write_text(
        "结算单号,住院号,机构编码,金额(元),结算日期\n"
        f"N1,ZY-N1,{HOSPITAL_A},300.01,2023-07-03\n"
        f"N3,ZY-N3,{HOSPITAL_A},9.00,2023-07-03\n"
        f"N3,ZY-N3,{HOSPITAL_A},9.00,2023-07-03\n",
        encoding="gb18030",
    )

    result = run("reconcile", str(file), *JULY, ends_with=1)

    assert "我方 2 行 420.50 元；对方 3 行 318.01 元；对方减我方 -102.49 元" in result.stdout
    assert cells(result) == [
        ["金额不符", "样例医院", "N1", "ZY-N1", "2", "300.00", "300.01", "0.01"],
        ["对方没有", "样例医院", "N2", "ZY-N2", "", "120.50", "—", "-120.50"],
        ["我方没有", "样例医院", "N3", "ZY-N3", "3", "—", "9.00", "9.00"],
        ["对方重复", "样例医院", "N3", "ZY-N3", "4", "—", "9.00", "9.00"],
        ["合计", "", "", "", "", "", "", "-102.49"],
    ]
    shown = json.loads(run("reconcile", str(file), *JULY, "--json", ends_with=1).stdout)
    assert [(d["kind"], d["difference_fen"]) for d in shown["differences"]] == [
        ("amount", 1),
        ("missing_there", -120_50),
        ("missing_here", 9_00),
        ("duplicate", 9_00),
    ]


def test_a_faulty_list_is_refused_by_row(tmp_path: Path) -> None:
    """Exit code 2 is not to be taken for differences found."""
    file = tmp_path / "list.csv"
    file.write_text("结算单号,住院号,机构编码,金额(元),结算日期\nN1,,H1,一百,2023-07-03\n")

    result = run("reconcile", str(file), *JULY, ends_with=2)

    assert "第 2 行：金额“一百”应写成以元为单位" in result.stderr


def test_a_payment_is_recorded_once_and_withdrawn() -> None:
    """By bank reference, in yuan, with who acted and for whom."""
    reference = ("--fund", BASIC, "--reference", "BANK-9")
    acting = ("--operator", "财务甲", "--acting-for", "YIBAOJU")
    details = ("--institution", HOSPITAL_A, "--amount", "120.50", "--kind", "full")
    record = ("payments", "record", *reference, *details, "--paid-on", "2023-08-01", *acting)

    assert "拨付 H50011200001 120.50 元" in run(*record).stdout
    assert "BANK-9 已于" in run(*record, ends_with=2).stderr
    listed = json.loads(run("list", "--json").stdout)["funds"]
    assert {f["fund_id"]: f["balance_fen"] for f in listed}[BASIC] == 0

    run("payments", "withdraw", *reference, "--reason", "误登", *acting)
    listed = json.loads(run("list", "--json").stdout)["funds"]
    assert {f["fund_id"]: f["balance_fen"] for f in listed}[BASIC] == 120_50


def test_the_list_of_funds_is_a_table() -> None:
    """Owed, deducted, paid and balance in yuan, and what is due to patients and from them."""
    row = [BASIC, "基本医疗保险", "120.50", "0.00", "0.00", "120.50", "0.00", "0.00"]
    assert row in cells(run("list"))


def test_a_statement_tells_what_was_deducted_and_the_net(data: Path) -> None:
    """N2's 120.50 less 20.50 that an office deducted: lines of their own, and the net of each
    hospital and of the fund, as a table and as CSV."""
    ledger = open_ledger(data / "settlement.sqlite")
    stay = ledger.find(stay_id_of(HOSPITAL_A, "ZY-N2"), Stay)
    assert stay is not None
    deduct(stay, 20_50, number="N2", booked_on=date(2023, 8, 10))
    ledger.save(stay)

    assert cells(run("statement", *AUGUST)) == [
        ["期初余额", "", "", "", "", "", "", "420.50"],
        ["冲正", "2023-08-09", "N1", "2023-07-03", "ZY-N1", "FP-N1", "basic", "-300.00"],
        ["应付小计", "", "", "", "", "", "", "-300.00"],
        ["违规扣减", "2023-08-10", "N2-K1", "", "ZY-N2", "FP-N2", "文书 7 号 超标准收费", "20.50"],
        ["扣减小计", "", "", "", "", "", "", "20.50"],
        ["应付净额", "", "", "", "", "", "", "-320.50"],
        ["拨付小计", "", "", "", "", "", "", "0.00"],
        ["期末余额", "", "", "", "", "", "", "100.00"],
        ["420.50", "-300.00", "20.50", "-320.50", "0.00", "100.00"],
    ]
    content = run("statement", *AUGUST, "--csv").stdout_bytes.decode("utf-8-sig")
    rows = [row for row in csv.reader(io.StringIO(content)) if "扣减" in row[0] or "净" in row[0]]
    assert [(r[0], r[3], r[7], r[8]) for r in rows] == [
        ("违规扣减", "N2-K1", "文书 7 号 超标准收费", "20.50"),
        ("基金违规扣减", "", "", "20.50"),
        ("基金应付净额", "", "", "-320.50"),
    ]
    row = [BASIC, "基本医疗保险", "120.50", "20.50", "0.00", "100.00", "0.00", "0.00"]
    assert row in cells(run("list"))


def test_rebuilding_leaves_the_statement_as_it_was() -> None:
    """Everything derived can be thrown away and made again by one command."""
    before = run("statement", *AUGUST).stdout

    assert "已由账本重建基金账" in run("rebuild").stdout

    assert run("statement", *AUGUST).stdout == before


def test_a_mistyped_fund_period_or_directory_is_refused(tmp_path: Path) -> None:
    """And a mistyped directory does not become an empty ledger."""
    elsewhere = tmp_path / "nowhere"

    assert "没有这个基金" in run("statement", "--fund", "1-x", *JULY[2:], ends_with=2).stderr
    swapped = ("--fund", BASIC, "--from", "2023-07-31", "--to", "2023-07-01")
    assert "早于起始日期" in run("statement", *swapped, ends_with=2).stderr
    assert "没有数据目录" in run("list", "--data", str(elsewhere), ends_with=2).stderr
    assert not elsewhere.exists()
