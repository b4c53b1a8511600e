"""Rosters as offices send them are understood; mistakes are named by row and column."""

from datetime import date
from pathlib import Path

import pytest

from contracts.vocabulary import CertificateType, Identity, Scheme
from eligibility.adapters.roster_rows import read_roster
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.person import Enrolment
from eligibility.domain.person import Identity as HeldIdentity
from eligibility.domain.roster import RosterRow, RosterUnreadable
from tests.eligibility.conftest import HEADER, number, roster

SAMPLE = Path(__file__).resolve().parents[2] / "services/eligibility/samples/roster.csv"
GOOD = f"居民身份证,{number(1)},样例甲,1970-01-01,低保对象,2015-01-01,,500112,居民,一档,2015-01-01,"
EXPECTED = RosterRow(
    row=2,
    person=PersonalData(
        Certificate(CertificateType.RESIDENT_ID, number(1)), "样例甲", date(1970, 1, 1)
    ),
    identity=HeldIdentity("subsistence_allowance", date(2015, 1, 1), None),
    enrolment=Enrolment("500112", Scheme.RESIDENT, "一档", date(2015, 1, 1), None),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_usual_encoding_is_read_alike(encoding: str, line_end: str) -> None:
    """UTF-8 with and without BOM, GB18030 and GBK, with either line end."""
    content = f"{HEADER}\n{GOOD}\n".replace("\n", line_end).encode(encoding)

    assert read_roster(content).rows == (EXPECTED,)


@pytest.mark.parametrize(
    "row",
    [
        (
            f" 身份证 ,　{number(1)[:6]} {number(1)[6:]}　,　样例甲 ,,低保对象 ,"
            "２０１５－０１－０１,,５００１１２,城乡居民,一档,2015年1月1日,长期"
        ),
        f"01,{number(1)},样例甲,1970/1/1,subsistence_allowance,2015/1/1,9999-12-31,500112,390,一档,20150101,99991231",
        (
            f"resident_id,{number(1)},样例甲,19700101,低保对象,2015.1.1,,"
            "500112,resident,一档,2015 年 1 月 1 日,"
        ),
        f",{number(1)[:6]}{number(1)[8:17]},样例甲,,低保对象,2015-1-1,无,500112,城乡居民基本医疗保险,一档,2015-01-01,",
    ],
)
def test_what_people_type_is_understood(row: str) -> None:
    """Full-width digits, stray spaces, four forms of date, labels and codes, 15-digit numbers."""
    read = read_roster(roster(row))

    assert read.errors == ()
    assert read.rows == (EXPECTED,)


def test_columns_may_come_in_any_order_and_most_may_be_missing() -> None:
    """Only 证件号码 and 姓名 are needed as columns, with an identity or an enrolment."""
    content = f"姓名,身份,身份开始日期,证件号码\n样例甲,低保对象,2015-01-01,{number(1)}\n".encode()

    row = read_roster(content).rows[0]

    assert (row.person, row.identity, row.enrolment) == (EXPECTED.person, EXPECTED.identity, None)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (GOOD.replace(number(1), number(1)[:17] + "5"), "证件号码", "校验码"),
        (GOOD.replace(number(1), ""), "证件号码", "18 位"),
        (GOOD.replace("居民身份证", "学生证"), "证件类型", "居民身份证、居民户口簿"),
        (GOOD.replace("样例甲", " "), "姓名", "姓名须为"),
        (GOOD.replace("1970-01-01", "1970-01-02"), "出生日期", "不一致"),
        (GOOD.replace("1970-01-01", "1970-02-30"), "出生日期", "日期"),
        (GOOD.replace("低保对象", "低保"), "身份", "低保对象、低保边缘家庭成员"),
        (GOOD.replace("低保对象,2015-01-01", "低保对象,"), "身份开始日期", "日期"),
        (GOOD.replace("低保对象,2015", ",2015"), "身份", "无身份"),
        (
            GOOD.replace("低保对象,2015-01-01,", "低保对象,2015-01-01,2014-12-31"),
            "身份结束日期",
            "早于",
        ),
        (GOOD.replace("500112", "50011"), "参保区划", "6 位"),
        (GOOD.replace("500112", ""), "参保区划", "6 位"),
        (GOOD.replace("居民,一档", "商业,一档"), "险种", "职工基本医疗保险"),
        (GOOD.replace("一档,2015-01-01", "一档,"), "参保开始日期", "日期"),
        (GOOD.replace("一档,2015-01-01,", "一档,2015-01-01,2014-01-01"), "参保结束日期", "早于"),
        (GOOD.replace("一档", "档" * 41), "档次", "40"),
        (f"居民身份证,{number(1)},样例甲,,,,,,,,,", None, "既无身份也无参保"),
        (GOOD + ",多出的一格", None, "列数"),
    ],
)
def test_a_mistake_is_named_by_row_and_column_without_what_was_typed(
    row: str, column: str | None, words: str
) -> None:
    """Each mistake rejects its row alone, and repeats neither number nor name."""
    other = GOOD.replace(number(1), number(2)).replace("样例甲", "样例乙")

    read = read_roster(roster(other, row))

    assert [good.row for good in read.rows] == [2]
    assert [(error.row, error.column) for error in read.errors] == [(3, column)]
    assert words in read.errors[0].message
    assert number(1) not in read.errors[0].message
    assert "样例甲" not in read.errors[0].message


def test_all_mistakes_of_a_row_are_named_at_once() -> None:
    """Whoever corrects a file wants to hear everything in one go; rows are counted once."""
    read = read_roster(roster("学生证,1,,x,富户,y,,1,z,,w,"))

    assert read.rejected == 1
    assert [error.column for error in read.errors] == [
        "证件类型", "姓名", "出生日期", "身份", "参保区划", "险种", "参保开始日期",
    ]  # fmt: skip


def test_one_certificate_under_two_names_is_rejected() -> None:
    """The second row of a number with another name is refused; the same name again is fine."""
    second_identity = GOOD.replace("低保对象", "重度残疾人")

    read = read_roster(roster(GOOD, second_identity, GOOD.replace("样例甲", "样例乙")))

    assert [row.row for row in read.rows] == [2, 3]
    assert [(error.row, error.column) for error in read.errors] == [(4, "姓名")]


def test_empty_lines_are_no_rows_and_keep_the_numbering() -> None:
    """Row numbers are those a person sees in a spreadsheet, the header being 1."""
    read = read_roster(roster("", ",,,", GOOD, "", GOOD.replace(number(1), "1")))

    assert [row.row for row in read.rows] == [4]
    assert [error.row for error in read.errors] == [6]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "缺少列：证件号码、姓名"),
        ("姓名,身份\n样例甲,低保对象\n".encode(), "缺少列：证件号码"),
        (f"{HEADER},联系电话\n".encode(), "第 13 列"),
        (f"{HEADER},姓名\n".encode(), "重复"),
        (f"{HEADER}\n{GOOD}".encode("utf-16"), "编码"),
        (b"\xff\xff\xff", "编码"),
        (f'{HEADER}\n"{"x" * 200_000}",\n'.encode(), "CSV"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_as_a_whole(content: bytes, words: str) -> None:
    """Missing, unknown or doubled columns, other encodings, broken CSV."""
    with pytest.raises(RosterUnreadable, match=words):
        read_roster(content)


def test_a_file_without_a_header_does_not_show_its_first_person() -> None:
    """The refusal of a wrong header does not repeat it: it may be a person's row."""
    with pytest.raises(RosterUnreadable) as refused:
        read_roster(f"{GOOD}\n".encode())

    assert number(1) not in str(refused.value)
    assert "样例甲" not in str(refused.value)


def test_rows_that_contradict_each_other_are_both_rejected() -> None:
    """One identity from one day with two ends: the order of rows does not decide which is right."""
    ended = GOOD.replace("2015-01-01,,500112", "2015-01-01,2020-12-31,500112")
    other = f"居民身份证,{number(2)},样例乙,,低保对象,2015-01-01,,,,,,"
    read = read_roster(f"{HEADER}\n{GOOD}\n{other}\n{ended}\n{other}\n".encode())

    assert [row.row for row in read.rows] == [3, 5]
    assert [(e.row, e.message) for e in read.errors] == [
        (2, "与第 4 行矛盾：同一事项同一开始日期，其余内容不同"),
        (4, "与第 2 行矛盾：同一事项同一开始日期，其余内容不同"),
    ]


def test_the_shipped_sample_reads_without_errors() -> None:
    """Twelve invented people in nine regions (one with two identities), numbers of no region."""
    read = read_roster(SAMPLE.read_bytes())

    assert read.errors == ()
    assert len(read.rows) == 13
    assert {row.enrolment.region for row in read.rows if row.enrolment} == {
        "500112", "990101", "421022", "420000", "371323", "620724", "360783", "141032", "230800",
    }  # fmt: skip
    assert all(row.person.certificate.number.startswith("990001") for row in read.rows)
    assert all(row.person.name.startswith("样例") for row in read.rows)


@pytest.mark.parametrize("identity", list(Identity))
def test_every_identity_is_understood_by_label_and_by_code(identity: Identity) -> None:
    """Each of the shared identities, and regional ones by their code."""
    for typed in (identity.label, identity.value):
        row = read_roster(roster(GOOD.replace("低保对象", typed))).rows[0]
        assert row.identity is not None
        assert row.identity.identity == identity.value


def test_a_regional_identity_is_taken_by_its_code() -> None:
    """Regions may add identities of their own, `local_…`."""
    row = read_roster(roster(GOOD.replace("低保对象", "local_bianyuanhu"))).rows[0]

    assert row.identity is not None
    assert row.identity.identity == "local_bianyuanhu"


def test_a_register_tells_which_local_identities_a_row_may_state() -> None:
    """By code or by name; what it does not know is an error of that row."""
    known = LocalIdentities({"local_bianyuanhu": "边缘户"})

    by_code = read_roster(roster(GOOD.replace("低保对象", "local_bianyuanhu")), identities=known)
    by_name = read_roster(roster(GOOD.replace("低保对象", "边缘户")), identities=known)
    unknown = read_roster(roster(GOOD.replace("低保对象", "local_bianyuan")), identities=known)

    for read in (by_code, by_name):
        assert read.rows[0].identity is not None
        assert read.rows[0].identity.identity == "local_bianyuanhu"
    assert [(e.row, e.column) for e in unknown.errors] == [(2, "身份")]
    assert "可用的本地身份：local_bianyuanhu（边缘户）" in unknown.errors[0].message
