"""Checking finds what would go wrong before a patient stands at the desk."""

import pytest

from settlement.application.check_policies import Draft, check_policies
from tests.settlement.policies.drafts import (
    BASIC,
    HEAD,
    RIGHT,
    errors_of,
    faults_of,
    layer,
    tree_of,
    warnings_of,
)


def only(messages: list[str]) -> str:
    """The one message there is."""
    assert len(messages) == 1, messages
    return messages[0]


def test_a_right_document_has_no_findings() -> None:
    """Nothing is said where nothing is wrong."""
    assert faults_of(RIGHT) == []


def test_a_missing_number_is_always_listed_with_its_reason() -> None:
    """A number nobody knows is a warning that names it."""
    text = RIGHT.replace("rate: 70%", "rate: {missing: 原文缺页}")

    assert only(warnings_of(text)) == "缺少参数 basic.rate：原文缺页"
    assert errors_of(text) == []


def test_a_row_that_an_earlier_row_covers_is_an_error() -> None:
    """Order matters in a table: what comes after a wider row is never used."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      choose:\n"
        "        - {when: {tier: [一级, 二级]}, value: 80%}\n"
        "        - {when: {tier: 二级}, value: 75%}\n"
        "        - otherwise: 60%",
    )

    assert only(errors_of(text)) == "basic.rate 的这一行永远用不到"


def test_the_place_of_an_unreachable_row_is_the_row() -> None:
    """The finding points at the second row, so that an editor can jump there."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      choose:\n        - {when: {identity: 低保对象}, value: 80%}\n"
        "        - {when: {identity: 低保对象, tier: 二级}, value: 75%}\n        - otherwise: 60%",
    )

    assert [f.path for f in faults_of(text)] == [("layers", 0, "rate", "choose", 1)]


def test_an_otherwise_that_nothing_is_left_for_is_an_error() -> None:
    """Both answers of a yes-or-no question leave nothing over."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      choose:\n        - {when: {referral: 是}, value: 70%}\n"
        "        - {when: {referral: 否}, value: 60%}\n        - otherwise: 50%",
    )

    assert only(errors_of(text)) == "basic.rate 的这一行永远用不到"


def test_a_row_of_the_wrong_people_for_its_layer_is_an_error() -> None:
    """A row is tried only where its layer applies at all."""
    text = RIGHT + layer(
        "applies: {when: {identity: 低保对象}}\nbase: in_scope - basic\n"
        "rate:\n  choose:\n    - {unless: {identity: 低保对象}, value: 10%}\n    - otherwise: 50%"
    )

    assert only(errors_of(text)) == "second.rate 的这一行永远用不到"


def test_an_adjustment_that_never_applies_is_an_error() -> None:
    """An adjustment for someone the table says nothing about changes nothing."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      value: 70%\n      adjust:\n"
        "        - {when: {tier: 二级}, unless: {tier: [一级, 二级]}, plus: 5%}",
    )

    assert only(errors_of(text)) == "basic.rate 的这项调整永远用不到"


def test_a_layer_that_applies_to_nobody_is_an_error() -> None:
    """A contradiction in the conditions is told at the layer."""
    text = RIGHT + layer(
        "applies: {when: {emergency: 是}, unless: {emergency: 是}}\n"
        "base: in_scope - basic\nrate: 10%"
    )

    assert only(errors_of(text)) == "没有任何情形满足这一层的适用条件"


def test_situations_no_row_covers_are_warned_about_by_name() -> None:
    """Rows without `otherwise` leave somebody out; the finding says who."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      choose:\n        - {when: {tier: [一级, 二级, 三级]}, value: 70%}",
    )

    assert only(warnings_of(text)) == "basic.rate 没有包括所有情形，如：医院等级＝乡镇卫生院"


def test_age_bands_with_a_hole_are_warned_about() -> None:
    """Between 14 and 18 nothing is said."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      choose:\n        - {when: {age: {to: 13}}, value: 80%}\n"
        "        - {when: {age: {from: 18}}, value: 70%}",
    )

    assert only(warnings_of(text)) == "basic.rate 没有包括所有情形，如：年龄＝14；年龄＝17"


def test_a_rate_above_the_whole_is_an_error_where_adjustments_make_it_so() -> None:
    """98% plus five points for one identity is 103%."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      value: 98%\n      adjust:\n        - {when: {identity: 孤儿}, plus: 5%}",
    )

    assert only(errors_of(text)) == "basic.rate 超过 100%：身份＝孤儿时为 103%"


def test_a_ceiling_keeps_an_adjusted_rate_right() -> None:
    """The same with `at_most` has no finding."""
    text = RIGHT.replace(
        "rate: 70%",
        "rate:\n      value: 98%\n      at_most: 100%\n"
        "      adjust:\n        - {when: {identity: 孤儿}, plus: 5%}",
    )

    assert faults_of(text) == []


def test_an_amount_that_an_adjustment_breaks_is_an_error() -> None:
    """Half of 300.01 yuan is no whole number of fen."""
    text = RIGHT.replace(
        "deductible: 300",
        "deductible:\n      value: 300.01\n      adjust:\n"
        "        - {when: {identity: 孤儿}, times: 50%}",
    )

    assert only(errors_of(text)).startswith("basic.deductible 调整后无法计算：身份＝孤儿")


def test_points_cannot_be_added_to_an_amount() -> None:
    """What is added to an amount is an amount."""
    text = RIGHT.replace(
        "deductible: 300",
        "deductible:\n      value: 300\n      adjust:\n"
        "        - {when: {identity: 孤儿}, plus: 5%}",
    )

    assert "金额“5%”应写成以元为单位" in only(errors_of(text))


@pytest.mark.parametrize(
    ("written", "instead"),
    [("deductible: 300", "deductible: unlimited"), ("rate: 70%", "rate: unlimited")],
)
def test_only_caps_may_be_unlimited(written: str, instead: str) -> None:
    """An unlimited deductible would never pay, an unlimited rate means nothing."""
    assert "只有封顶线可以不设限（unlimited）" in errors_of(RIGHT.replace(written, instead))


def test_bands_must_rise() -> None:
    """A second edge below the first is an error."""
    text = RIGHT.replace(
        "rate: 70%",
        "bands:\n      measured_from: zero\n      rows:\n        - {up_to: 3000, rate: 50%}\n"
        "        - {up_to: 2000, rate: 60%}\n        - {rate: 70%}",
    )

    assert only(errors_of(text)) == "分段没有从低到高：任何情形"


def test_bands_must_rise_in_every_situation() -> None:
    """An edge that depends on the person may cross the next one for some people only."""
    text = RIGHT.replace(
        "rate: 70%",
        "bands:\n      measured_from: zero\n      rows:\n"
        "        - up_to:\n            choose:\n"
        "              - {when: {identity: 孤儿}, value: 9000}\n              - otherwise: 1000\n"
        "          rate: 50%\n"
        "        - {up_to: 2000, rate: 60%}\n        - {rate: 70%}",
    )

    assert only(errors_of(text)) == "分段没有从低到高：身份＝孤儿"


def test_an_unknown_name_in_a_base_is_an_error_with_what_may_be_named() -> None:
    """A later layer cannot be named, nor one that does not exist."""
    text = HEAD + BASIC.replace("base: in_scope", "base: in_scope - critical")

    assert only(errors_of(text)) == "“critical”既不是费用名称，也不是前面某一层的 id"


def test_an_unknown_name_in_a_top_up_is_an_error() -> None:
    """`minus` is held to the same names."""
    text = RIGHT + layer("base: in_scope\nrate: 90%\nminus: basic + civil")

    assert only(errors_of(text)) == "“civil”既不是费用名称，也不是前面某一层的 id"


def test_a_layer_named_like_an_amount_is_an_error() -> None:
    """`in_scope - total` could mean two things."""
    text = RIGHT + layer("base: in_scope - basic\nrate: 10%", layer_id="total")

    assert "层的 id“total”另有用处，口径里分不清指哪一个" in errors_of(text)


def test_names_that_become_one_variable_are_an_error() -> None:
    """Part `b` of layer `a` and a layer `a__b` would be one variable."""
    parts = (
        "parts:\n  - {id: b, base: in_scope - basic, rate: 10%}\n"
        "  - {id: c, base: out_of_scope, rate: 10%}"
    )
    text = (
        RIGHT
        + layer(parts, layer_id="a")
        + layer("base: in_scope - basic\nrate: 10%", layer_id="a__b")
    )

    assert "两个名称写成了同一个变量" in only(errors_of(text))


TWO_BANDS = "bands: {measured_from: zero, rows: [{up_to: 100, rate: 10%}, {rate: 20%}]}"


def test_bands_of_several_parts_cannot_share_a_year() -> None:
    """Whose edge would be used up first? A deductible of each stay asks no such thing."""
    body = (
        "deductible: {per: year, amount: 100}\ndeductible_taken_from: [a]\n"
        f"parts:\n  - {{id: a, base: in_scope - basic, {TWO_BANDS}}}\n"
        "  - {id: b, base: out_of_scope, rate: 10%}"
    )

    assert only(errors_of(RIGHT + layer(body))) == ("几个分项共用全年起付线时不能分段（暂不支持）")
    assert errors_of(RIGHT + layer(body.replace("per: year", "per: stay"))) == []


def test_a_counter_counts_one_thing() -> None:
    """A cap on payment and a deductible on cost cannot share a counter."""
    text = RIGHT + layer(
        "base: in_scope - basic\nrate: 10%\n"
        "deductible: {per: year, amount: 100, counter: shared.all}\n"
        "caps: [{per: year, of: payment, amount: 500, counter: shared.all}]"
    )

    assert only(errors_of(text)) == "累计器“shared.all”既累计费用又累计支付"


def test_layers_that_share_a_counter_share_its_year() -> None:
    """Two layers with different benefit years cannot share one cap."""
    cap = "caps: [{per: year, of: payment, amount: 500, counter: shared.paid}]"
    text = (
        RIGHT
        + layer(f"base: in_scope - basic\nrate: 10%\n{cap}")
        + layer(
            f"base: in_scope - basic - second\nrate: 10%\n{cap}\n"
            "benefit_year: {begins: 07-01, chosen_by: discharge}",
            layer_id="third",
        )
    )

    assert "两层的待遇年度却不同" in only(errors_of(text))


def test_a_counter_name_is_a_name() -> None:
    """Counters become variables, so nothing else may be written there."""
    text = RIGHT + layer(
        "base: in_scope - basic\nrate: 10%\n"
        'caps: [{per: year, amount: 500, counter: "x = 1; import os"}]'
    )

    assert only(errors_of(text)) == "“x = 1; import os”不能作累计器的名称"


def test_the_path_must_agree_with_the_document() -> None:
    """A file in the wrong folder would be found by nobody who looks for it."""
    draft = Draft(tree_of(RIGHT), ("990102", "resident", "2021-01-01.v1.yaml"))

    found = check_policies([draft])

    assert [f.fault.message for f in found] == [
        "路径 990102/resident/2021-01-01.v1.yaml 与内容不符"
    ]
    assert "990102/resident/2020-01-01.v1.yaml" in found[0].fault.remedy


def test_more_situations_than_can_be_tried_are_admitted() -> None:
    """The check says that it did not look rather than that nothing is wrong."""
    rows = "\n".join(
        f"        - {{when: {{designation: d{at}}}, value: {at + 1}%}}" for at in range(20)
    )
    text = RIGHT.replace("rate: 70%", f"rate:\n      choose:\n{rows}\n        - otherwise: 5%")

    assert only(warnings_of(text)) == "情形太多（20 类代码的所有组合），没有逐一检查"


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("{value: 70%, status: assumed}", "状态为 assumed 的数没有说明"),
        ("{value: 70%, source: text}", "状态为 inferred 的数没有说明"),
        ("{value: 70%, status: heard}", "依据状态“heard”不存在"),
        ("{value: 70%, source: nowhere}", "出处“nowhere”未在 sources 中登记"),
        ("{value: 70%, missing: 缺页}", "value、of 与 missing 只能写一个"),
        ("{value: 70%, at_most: unlimited}", "上下限应当是一个数"),
        ("{value: 70%, adjust: [{when: {tier: 二级}, plus: unlimited}]}", "加减的数不能不设限"),
        (
            "{value: 70%, adjust: [{when: {tier: 二级}}]}",
            "调整应写 plus、minus、times、on_rest 之一",
        ),
        ("{value: 70%, since: 2020}", "不认识的键“since”"),
        ("{choose: [{value: 70%}]}", "这一行没有条件"),
        ("{choose: [{when: {tier: 五级}, value: 70%}]}", "“五级”不在代码表中"),
        ("{choose: [{when: {height: 180}, value: 70%}]}", "不认识的情形“height”"),
        ("{choose: [{when: {referral: 也许}, value: 70%}]}", "“也许”应为 是 或 否"),
        ("{choose: [{when: {age: 老}, value: 70%}]}", "“老”应是不小于 0 的整数"),
        ("70", "比例“70”应写成百分数，如 70% 或 62.5%"),
        ("-5%", "比例“-5%”应写成百分数，如 70% 或 62.5%"),
    ],
)
def test_a_number_that_cannot_be_read_is_an_error(number: str, message: str) -> None:
    """Evidence, values, rows and adjustments: each mistake has its own sentence."""
    second = layer(
        f"status: inferred\nnote: 由账单推得\nbase: in_scope - basic\nrate: {number}",
    )

    assert message in " ".join(errors_of(RIGHT + second))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("deductible: 300", "deductible: 300.001", "金额“300.001”应写成以元为单位"),
        ("deductible: 300", "deductible: {value: 300, at_most: 50%}", "金额“50%”应写成"),
        ("deductible: 300", "deductible: {value: 300, per: year}", "缺少“amount”"),
        ("deductible: 300", "deductible: {amount: 300}", "缺少“per”"),
        ("rate: 70%", "rate: 70%\n    bands: {measured_from: zero}", "只写一个"),
        ("rate: 70%", "parts: []", "没有任何分项"),
        ("base: in_scope", "base: in_scope * 2", "应写成名称的加减"),
        ("payer: basic", "payer: bank", "不认识的支付方“bank”"),
        ('pool: "990100"', "pool: 市里", "统筹区应为六位代码"),
        ('    pool: "990100"\n', "", "缺少 pool"),
        ("- id: basic", "- id: Basic", "“Basic”不能作 id"),
        ("version: 1\n", "version: ²\n", "版本号应为正整数"),
        ("scheme: resident", "scheme: rich", "不认识的险种“rich”"),
        ('region: "990102"', 'region: "99010"', "不是六位行政区划代码"),
        ("from: 2020-01-01", "from: 2020-02-30", "不是日期"),
        ("begins: 01-01", "begins: 02-29", "不是“月-日”，或是 2 月 29 日"),
        ("to: fen", "to: li", "取整单位不存在"),
        ("mode: half_up", "mode: nearest", "“nearest”不可用"),
        ("yizhan_policy: 1", "yizhan_policy: 2", "不认识的语言版本"),
        ("evidence: {status: stated, source: text}\n", "", "没有说明数从哪里来"),
        ("title: 测试政策", "titel: 测试政策", "不认识的键“titel”"),
    ],
)
def test_a_document_that_cannot_be_read_is_an_error(old: str, new: str, message: str) -> None:
    """Heads, dates, ids, amounts: each mistake has its own sentence and a remedy."""
    assert old in RIGHT
    found = faults_of(RIGHT.replace(old, new))

    told = " ".join(f.message for f in found if not f.is_warning)
    assert any(part in told for part in message.split("|"))
    assert all(f.remedy for f in found)


def test_only_where_an_identity_is_asked_may_it_be_of_one_s_own() -> None:
    """The remedy does not lead astray."""

    def remedy(when: str) -> str:
        row = f"{{choose: [{{when: {{{when}}}, value: 70%}}, {{otherwise: 5%}}]}}"
        return only([f.remedy for f in faults_of(RIGHT.replace("rate: 70%", f"rate: {row}"))])

    assert remedy("identity: 富人").endswith("；地方自定的写 local_ 加小写字母")
    assert remedy("tier: local_x") == "可用：乡镇卫生院、一级、二级、三级"


def test_every_fault_of_a_document_is_told_at_once() -> None:
    """Nobody should have to run the check once for each mistake."""
    text = RIGHT.replace("rate: 70%", "rate: 0.7").replace("version: 1", "version: 0")

    assert len(errors_of(text)) == 2
