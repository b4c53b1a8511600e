"""A payer's list is read whole or not at all, and what is wrong is said by row."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulary import InstitutionId
from settlement.adapters.fund_list_csv import FundListFaulty, read_fund_list, write_fund_list
from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.application.reconcile_fund import PayerRow

SAMPLE = Path(SHIPPED_POLICIES).parent / "samples" / "fund_list_500000-basic.csv"
HEADER = "结算单号,住院号,发票号,机构编码,金额(元),结算日期\n"
FIRST = PayerRow(
    row=2,
    institution_id=InstitutionId("H1"),
    settlement_number="500112-2023-0000001",
    hospital_stay_number="ZY1",
    invoice_number="FP1",
    amount_fen=1_234_50,
    settled_on=date(2023, 7, 3),
)
FIRST_LINE = "500112-2023-0000001,ZY1,FP1,H1,1234.50,2023-07-03\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_the_encodings_payers_use(encoding: str) -> None:
    """UTF-8 with and without BOM, and GB18030."""
    assert read_fund_list((HEADER + FIRST_LINE).encode(encoding)) == [FIRST]


def test_columns_may_stand_in_any_order_beside_others_and_without_the_invoice() -> None:
    """Full-width brackets and digits, stray spaces and empty lines are tolerated."""
    text = (
        "备注, 金额（元） ,结算日期,机构编码,住院号,结算单号\n"
        "\n"
        "好,１２３４.5 ,2023年7月3日,H1,ZY1,500112-2023-0000001\n"
        ",,,,,\n"
    )

    (row,) = read_fund_list(text.encode())

    assert (row.amount_fen, row.settled_on, row.invoice_number, row.row) == (
        1_234_50,
        date(2023, 7, 3),
        None,
        3,
    )


@pytest.mark.parametrize("written", ["2023-07-03", "2023/7/3", "20230703", "2023年7月3日"])
def test_dates_are_read_as_people_write_them(written: str) -> None:
    """Four ways to write one day."""
    assert read_fund_list((HEADER + f"N1,,,H1,1,{written}\n").encode())[0].settled_on == date(
        2023, 7, 3
    )


def test_a_reversal_is_a_negative_amount() -> None:
    """Exact to the fen, with a leading minus."""
    (row,) = read_fund_list((HEADER + "N1,,,H1,-0.07,2023-07-03\n").encode())

    assert row.amount_fen == -7


def test_every_faulty_row_is_named_and_nothing_is_used() -> None:
    """Six mistakes in six rows; the good row does not come through."""
    text = (
        HEADER
        + FIRST_LINE
        + (
            "N2,,,H1,12.345,2023-07-03\n"
            "N3,,,H1,12.00,2023-02-30\n"
            ",,FP4,H1,12.00,2023-07-03\n"
            "N5,,,,12.00,2023-07-03\n"
            "1.23E+15,,,H1,12.00,2023-07-03\n"
            "N7,,,H1,1,234.50,2023-07-03\n"
        )
    )

    with pytest.raises(FundListFaulty) as refused:
        read_fund_list(text.encode())

    assert refused.value.notes == (
        "第 3 行：金额“12.345”应写成以元为单位、最多两位小数的数，如 8450.50；冲正写负数",
        "第 4 行：结算日期“2023-02-30”不是日期，应如 2023-07-01",
        "第 5 行：结算单号和住院号都为空，无法核对",
        "第 6 行：机构编码为空或含有不可用的字符",
        "第 7 行：结算单号“1.23E+15”被表格软件改成了科学计数法；请按文本格式重新导出",
        "第 8 行：单元格比表头多；金额不要写千分位逗号",
    )


def test_a_missing_or_doubled_column_is_named() -> None:
    """An amount without its unit is not the amount column."""
    with pytest.raises(FundListFaulty, match=r"第 1 行：缺少列 机构编码、金额\(元\)"):
        read_fund_list("结算单号,住院号,金额,结算日期\n".encode())
    with pytest.raises(FundListFaulty, match=r"列名重复 金额\(元\)"):
        read_fund_list("结算单号,住院号,机构编码,金额(元),金额（元）,结算日期\n".encode())


def test_a_total_row_is_checked_against_the_rows() -> None:
    """A right total is no row; a wrong one refuses the list, and so does anything after it."""
    right, wrong = "合计,,,,1234.50,\n", "合计,,,,1234.51,\n"

    assert read_fund_list((HEADER + FIRST_LINE + right).encode()) == [FIRST]
    with pytest.raises(FundListFaulty, match=r"合计 1234\.51 元与各行之和 1234\.50 元不符"):
        read_fund_list((HEADER + FIRST_LINE + wrong).encode())
    with pytest.raises(FundListFaulty, match="第 4 行：合计行之后还有内容"):
        read_fund_list((HEADER + FIRST_LINE + right + FIRST_LINE).encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    """A spreadsheet file renamed to .csv is neither UTF-8 nor GB18030."""
    with pytest.raises(FundListFaulty, match="既不是 UTF-8 也不是 GB18030"):
        read_fund_list(b"PK\x03\x04\xff\xff\xff\x00")


def test_many_faults_are_shown_in_part_and_kept_in_full() -> None:
    """The message stays readable; the count is told."""
    text = HEADER + "N1,,,H1,x,2023-07-03\n" * 25

    with pytest.raises(FundListFaulty, match="……另有 5 处") as refused:
        read_fund_list(text.encode())
    assert len(refused.value.notes) == 25


identifiers = st.from_regex(r"[A-Z0-9-]{1,20}", fullmatch=True).filter(
    lambda text: "E" not in text and text not in ("合计", "总计")
)


@given(
    st.lists(
        st.builds(
            PayerRow,
            row=st.just(0),
            institution_id=identifiers.map(InstitutionId),
            settlement_number=identifiers,
            hospital_stay_number=st.one_of(st.none(), identifiers),
            invoice_number=st.one_of(st.none(), identifiers),
            amount_fen=st.integers(min_value=-(10**13), max_value=10**13),
            settled_on=st.dates(min_value=date(1950, 1, 1)),
        )
    )
)
def test_what_is_written_is_read_again_to_the_fen(rows: list[PayerRow]) -> None:
    """Our own list, written and read, is the same list with its lines numbered."""
    numbered = [PayerRow(**{**vars(row), "row": n}) for n, row in enumerate(rows, start=2)]

    assert read_fund_list(write_fund_list(rows)) == numbered


def test_the_shipped_sample_can_be_read() -> None:
    """Four rows, one of them a reversal, and a total that is right."""
    rows = read_fund_list(SAMPLE.read_bytes())

    assert [row.amount_fen for row in rows] == [34_790_00, 1_204_50, 8_650_25, -1_204_50]
