"""Facts and charges that people write beside a policy: labels or codes, nothing guessed (情形)."""

from datetime import date

import pytest

from settlement.law.bill import Charges
from settlement.law.document import Fault, Node, Tree
from settlement.law.facts import Ask, FactKind, Facts
from settlement.law.reading_facts import read_charges, read_facts, read_yuan

ASKS = (
    Ask("student", "在校学生", FactKind.YES_NO),
    Ask("years_insured", "连续参保年数", FactKind.NUMBER),
    Ask("ward", "病房", FactKind.WORD, ("普通", "特需")),
)


def _facts(tree: Tree) -> tuple[Facts, list[Fault]]:
    faults: list[Fault] = []
    return read_facts(Node(tree, (), faults), ASKS), faults


def test_facts_are_read_by_label_or_by_code() -> None:
    """Sets, codes, numbers, yes and no, days, words of the policy's own."""
    found, faults = _facts(
        {
            "identity": ["低保对象", "orphan", "local_two"],
            "designation": "designated",
            "tier": "二级",
            "level": "county",
            "place": "省外",
            "care": "生育",
            "occasion": "year_end",
            "plan": "一档",
            "diagnosis": "C50.9",
            "disease": "无",
            "age": "66",
            "admission_number": "2",
            "days": "10",
            "referral": "是",
            "emergency": "否",
            "admission_date": "2020-05-01",
            "student": "是",
            "years_insured": "7",
            "ward": "特需",
        }
    )

    assert faults == []
    assert found == Facts(
        identities=frozenset({"subsistence_allowance", "orphan", "local_two"}),
        designations=frozenset({"designated"}),
        tier="level_2",
        level="county",
        place="out_of_province",
        care="maternity",
        occasion="year_end",
        plan="一档",
        diagnosis="C50.9",
        disease="none",
        age=66,
        admission_number=2,
        days=10,
        referral=True,
        emergency=False,
        admission_date=date(2020, 5, 1),
        declared={"student": True, "years_insured": 7, "ward": "特需"},
    )


def test_what_is_not_written_is_not_stated() -> None:
    """Nothing at all, an empty value, a disease by its own name."""
    assert read_facts(None) == Facts()
    assert _facts({})[0] == Facts()
    assert _facts({"disease": "肺结核"})[0] == Facts(disease="肺结核")
    found, faults = _facts({"age": "", "referral": "是"})
    assert found == Facts(referral=True)
    assert [fault.path for fault in faults] == [("age",)]


@pytest.mark.parametrize(
    ("tree", "message", "remedy"),
    [
        ({"kin": "是"}, "不认识的情形“kin”", "可用：admission_date、"),
        ({"tier": "四级"}, "“四级”不在代码表中", "可用：乡镇卫生院、一级、二级、三级"),
        ({"tier": "local_four"}, "“local_four”不在代码表中", "可用：乡镇卫生院"),
        ({"identity": ["富人"]}, "“富人”不在代码表中", "可用：建档立卡贫困人口"),
        ({"age": "六十"}, "“六十”应是不小于 0 的整数", "如 14"),
        ({"referral": "有"}, "“有”应为 是 或 否", "写 是 或 否"),
        ({"discharge_date": "昨天"}, "“昨天”不是日期", "如 2018-01-01"),
        ({"ward": "豪华"}, "“豪华”不可用", "可用：普通、特需"),
        ({"student": "特需"}, "“特需”应为 是 或 否", "写 是 或 否"),
        ({"years_insured": "-1"}, "“-1”应是不小于 0 的整数", "如 14"),
    ],
)
def test_what_cannot_be_a_fact_is_told(tree: Tree, message: str, remedy: str) -> None:
    """Where it stands, what it is, and what it may be."""
    _, faults = _facts(tree)

    assert len(faults) == 1
    assert faults[0].message == message
    assert faults[0].remedy.startswith(remedy)
    assert not faults[0].is_warning


def test_a_word_that_may_not_be_declares_nothing() -> None:
    """It is a fault, and the question stays open."""
    found, _ = _facts({"ward": "豪华", "student": "否"})
    assert found.declared == {"student": False}


def test_the_known_facts_are_listed_with_the_policys_own() -> None:
    """In the order of the alphabet."""
    _, faults = _facts({"kin": "是"})
    listed = faults[0].remedy.removeprefix("可用：").split("、")
    assert listed == sorted(listed)
    assert {"student", "ward", "years_insured", "tier", "identity"} <= set(listed)


def _charges(tree: Tree) -> tuple[Charges, list[Fault]]:
    faults: list[Fault] = []
    return read_charges(Node(tree, (), faults)), faults


def test_a_bill_is_written_in_yuan() -> None:
    """Each part by its name, item classes by their codes."""
    found, faults = _charges(
        {
            "total": "1000",
            "in_scope": "700.5",
            "first_self_pay": "99.50",
            "over_limit": "50",
            "out_of_catalog": "150",
            "class_a": "500",
            "class_b": "350",
            "class_c": "150",
            "item_classes": {"tcm": "200.01", "other": "500.49"},
        }
    )

    assert faults == []
    assert found == Charges(
        1000_00,
        in_scope_fen=700_50,
        first_self_pay_fen=99_50,
        over_limit_fen=50_00,
        out_of_catalog_fen=150_00,
        class_a_fen=500_00,
        class_b_fen=350_00,
        class_c_fen=150_00,
        item_classes_fen={"tcm": 200_01, "other": 500_49},
    )
    assert _charges({"total": "1"})[0] == Charges(1_00)
    assert read_charges(None) == Charges(0)


@pytest.mark.parametrize(
    ("tree", "path", "message", "remedy"),
    [
        ({"in_scope": "1"}, (), "缺少“total”", "写总费用"),
        (
            {"total": "1", "out_of_scope": "1"},
            ("out_of_scope",),
            "不认识的键“out_of_scope”",
            "可用",
        ),
        ({"total": "1", "tax": "1"}, ("tax",), "不认识的键“tax”", "可用的键：class_a、class_b"),
        (
            {"total": "1.234"},
            ("total",),
            "金额“1.234”应写成以元为单位、最多两位小数的数，如 8450.50",
            "以元计，最多两位小数",
        ),
        (
            {"total": "1", "item_classes": {"tcm": "一"}},
            ("item_classes", "tcm"),
            "金额“一”应写成以元为单位、最多两位小数的数，如 8450.50",
            "以元计，最多两位小数",
        ),
        (
            {"total": "1", "item_classes": {"tcm": ""}},
            ("item_classes", "tcm"),
            "“tcm”写了却",
            "删去",
        ),
    ],
)
def test_what_cannot_be_a_bill_is_told(
    tree: Tree, path: tuple[str, ...], message: str, remedy: str
) -> None:
    """What follows from other amounts is not written; what cannot be read counts as nothing."""
    found, faults = _charges(tree)

    assert [fault.path for fault in faults] == [path]
    assert faults[0].message.startswith(message)
    assert faults[0].remedy.startswith(remedy)
    assert found.total_fen in (0, 1_00)


def test_an_amount_that_cannot_be_read_is_nothing() -> None:
    """And a fault says so."""
    faults: list[Fault] = []
    assert read_yuan(Node("8450.50", (), faults)) == 8450_50
    assert read_yuan(Node("-1", (), faults)) == 0
    assert len(faults) == 1
