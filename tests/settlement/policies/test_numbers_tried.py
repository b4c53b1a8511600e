"""Numbers tried in every situation, and questions left open: each finding, word for word."""

import pytest

from settlement.kernel.checking import check_policy
from settlement.law.document import PolicyUnreadable
from tests.settlement.policies.drafts import HEAD, RIGHT, layer, policy_of

OTHERWISE = "补上这些行，或写 otherwise；在此之前这些情形的结算会被拒绝"
LOWER = "改正比例；加点后有上限的写 at_most"
FEWER = "减少一张表里的情形，或拆成几层"
RISE = "把 up_to 从小到大排列，各不相同"


def _told(text: str) -> list[tuple[str, str, str]]:
    """Of each finding: the place, what is wrong, what to do."""
    return [
        (".".join(map(str, fault.path)), fault.message, fault.remedy)
        for fault in check_policy(policy_of(text))
    ]


def _rate(rate: str) -> str:
    return RIGHT.replace("rate: 70%", f"rate: {rate}")


def _deductible(amount: str) -> str:
    return RIGHT.replace("deductible: 300", f"deductible: {amount}")


def _identities(count: int) -> str:
    named = "".join(f"  local_{at}: 第{at}类\n" for at in range(count))
    return f"identities:\n{named}"


def _adjusted(count: int, change: str) -> str:
    return ", ".join(f"{{when: {{identity: local_{at}}}, {change}}}" for at in range(count))


ASKS = """\
asks:
  years: {name: 连续参保年数, kind: number}
  ward: {name: 病房, kind: word, words: [普通, 特需]}
"""


@pytest.mark.parametrize(
    ("rate", "uncovered"),
    [
        ("{choose: [{when: {age: {to: 14}}, value: 60%}]}", "年龄＝15"),
        ("{choose: [{when: {age: 6}, value: 60%}]}", "年龄＝0；年龄＝5；年龄＝7"),
        ("{choose: [{when: {ward: 特需}, value: 60%}]}", "病房＝普通"),
        ("{choose: [{unless: {identity: local_x}, value: 60%}]}", "身份＝六类人员"),
        (
            "{choose: [{when: {identity: 低保对象}, unless: {identity: 孤儿}, value: 60%}]}",
            "身份＝都不是；身份＝孤儿；身份＝孤儿＋低保对象",
        ),
        (
            (
                "{choose: [{when: {plan: 一档}, value: 60%}],"
                " adjust: [{for_each: age, beyond: 60, at_most: 20, plus: 0.2%}]}"
            ),
            "参保档次＝其他、年龄＝0；参保档次＝其他、年龄＝59；参保档次＝其他、年龄＝60 等 5 种",
        ),
    ],
)
def test_situations_without_a_row_are_named(rate: str, uncovered: str) -> None:
    """One of each that the rows, and what is counted, can tell apart."""
    text = _rate(rate).replace("layers:", ASKS + "layers:") + "identities: {local_x: 六类人员}\n"
    found = [told for told in _told(text) if not told[0].startswith("asks")]

    assert found == [("layers.0.rate", f"basic.rate 没有包括所有情形，如：{uncovered}", OTHERWISE)]


def test_what_is_counted_is_tried_to_its_end() -> None:
    """Twenty years beyond sixty, and what the policy itself asks for."""
    by_age = "{value: 60%, adjust: [{for_each: age, beyond: 60, at_most: 20, plus: 2.1%}]}"
    by_years = by_age.replace("age", "years")
    asks = "asks:\n  years: {name: 连续参保年数, kind: number}\nlayers:"

    assert _told(_rate(by_age)) == [
        ("layers.0.rate", "basic.rate 超过 100%：年龄＝80时为 102%；年龄＝81时为 102%", LOWER)
    ]
    assert _told(_rate(by_years).replace("layers:", asks)) == [
        (
            "layers.0.rate",
            "basic.rate 超过 100%：连续参保年数＝80时为 102%；连续参保年数＝81时为 102%",
            LOWER,
        )
    ]


def test_what_cannot_be_tried_to_the_end_needs_a_bound() -> None:
    """Points for each day without end; more than all of the rest."""
    endless = layer(
        "base: in_scope - basic\n"
        "first_self_pay: {value: 5%, adjust: [{for_each: days, plus: 0.1%}]}\nrate: 60%"
    )
    (found, *_) = _told(RIGHT + endless)

    assert found == (
        "layers.1.first_self_pay",
        "second.first_self_pay 逐个累加而没有上限",
        "写 at_most，如 at_most: 90%",
    )
    more = _told(_rate("{value: 60%, adjust: [{when: {place: 省外}, on_rest: 120%}]}"))
    assert more[0] == ("layers.0.rate", "basic.rate 的 on_rest 超过 100%", "改正比例")


UNLIMITED = ("只有封顶线可以不设限（unlimited）", "不设起付线写 0；最后一段不写 up_to")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (_deductible("unlimited"), ["layers.0.deductible"]),
        (RIGHT + "    caps: [{per: year, of: payment, amount: unlimited}]\n", []),
        (
            _deductible("{per: stay, amount: 300, limit: {per: year, amount: unlimited}}"),
            [],
        ),
        (
            _deductible("{per: stay, amount: {share: 10%, of: total, at_most: unlimited}}"),
            [],
        ),
        (
            _deductible("{per: stay, amount: {share: 10%, of: total, at_least: unlimited}}"),
            ["layers.0.deductible.amount.at_least"],
        ),
    ],
)
def test_only_limits_may_be_unlimited(text: str, places: list[str]) -> None:
    """Caps, the year's limit of deductibles, and the ceiling of a share."""
    assert [told for told in _told(text) if told[1:] == UNLIMITED] == [
        (place, *UNLIMITED) for place in places
    ]


def test_a_parameter_may_be_unlimited_and_a_deposit_may_not() -> None:
    """A cap is made from the parameter."""
    line = "parameters:\n  line: {name: 限额, amount: unlimited}\nlayers:"
    cap = "    caps: [{per: year, of: payment, amount: {of: line}}]\n"
    text = (RIGHT + cap).replace("layers:", line)

    assert _told(text) == []
    assert _told(text.replace("layers:", "deposit: {amount: unlimited}\nlayers:")) == [
        (
            "deposit.amount",
            "deposit.amount 不能不设限（unlimited）",
            "写出数来；没有规定的整行不写",
        )
    ]


@pytest.mark.parametrize(
    ("first", "second", "is_right"),
    [
        ("below: 100", "up_to: 100", True),
        ("up_to: 100", "below: 100", False),
        ("up_to: 100", "up_to: 100", False),
        ("below: 100", "below: 100", False),
        ("up_to: 100", "up_to: 200", True),
        ("up_to: 200", "up_to: 100", False),
        ("up_to: 0", "up_to: 0.01", True),
        ("up_to: 0.01", "up_to: 0.02", True),
    ],
)
def test_rows_rise(first: str, second: str, *, is_right: bool) -> None:
    """One may end below an amount and the next hold that amount alone."""
    rows = f"{{by: total, rows: [{{{first}, then: 50%}}, {{{second}, then: 60%}}, {{then: 70%}}]}}"
    wrong = [("layers.0.rate", "分段没有从低到高：任何情形", RISE)]

    assert _told(_rate(rows)) == ([] if is_right else wrong)


def test_bands_rise_and_are_never_equal() -> None:
    """An edge nobody knows does not hide those after it."""
    rows = "[ROWS{rate: 50%}, {up_to: 300, rate: 60%}, {rate: 70%}]"
    bands = f"bands:\n      measured_from: zero\n      rows: {rows}"

    def told(first: str) -> list[str]:
        text = RIGHT.replace("rate: 70%", bands).replace("ROWS{rate", f"{first}, rate")
        return [message for _, message, _ in _told(text)]

    assert told("{up_to: 200") == []
    assert told("{up_to: 300") == ["分段没有从低到高：任何情形"]
    unknown = "{up_to: {missing: 没有写}, rate: 40%}, {up_to: 400"
    assert "分段没有从低到高：任何情形" in told(unknown)


def test_a_share_may_be_held_to_one_amount() -> None:
    """A floor as high as the ceiling is one amount; a higher one is a contradiction."""
    share = "{per: stay, amount: {share: 10%, of: total, at_least: FLOOR, at_most: 200}}"

    assert _told(_deductible(share.replace("FLOOR", "200"))) == []
    assert _told(_deductible(share.replace("FLOOR", "200.01"))) == [
        (
            "layers.0.deductible.amount",
            "at_least 大于 at_most：任何情形",
            "把下限改小，或把上限改大",
        )
    ]


def test_situations_too_many_to_try_are_told_at_their_layer() -> None:
    """Fifteen identities have 32768 combinations, ten have 1024."""
    many = f"{{value: 300, adjust: [{_adjusted(15, 'plus: 1')}]}}"
    few = f"{{value: 300, adjust: [{_adjusted(10, 'plus: 1')}]}}"
    told = ("layers.0", "情形太多（15 类代码的所有组合），没有逐一检查", FEWER)

    assert _told(_deductible(many) + _identities(15)) == [told]
    assert _told(_deductible(few) + _identities(10)) == []
    rows = f"{{by: total, rows: [{{up_to: {many}, then: 50%}}, {{then: 70%}}]}}"
    assert _told(_rate(rows) + _identities(15)) == [told, told]


def test_a_condition_too_wide_to_try_is_told_at_its_layer() -> None:
    """Seven ranges of numbers and days."""
    numbers = ("age", "days", "admission_number", "same_tier_admission_number")
    days = ("admission_date", "discharge_date", "settlement_date")
    asked = [f"{name}: {{from: 2, to: 9}}" for name in numbers]
    asked += [f"{name}: {{from: 2020-01-01, to: 2020-12-31}}" for name in days]
    found = _told(RIGHT + f"    applies: {{when: {{{', '.join(asked)}}}}}\n")

    assert {told[0] for told in found} == {"layers.0"}
    assert all(told[1].endswith("种情形组合），没有逐一检查") for told in found)


def test_totals_that_nobody_keeps_are_told_with_those_that_are_kept() -> None:
    """Or that there are none."""
    counts = "    counts_toward: [basik.paid]\n"
    caps = "    caps: [{per: year, of: payment, amount: 9}, {per: year, of: cost, amount: 9}]\n"

    assert _told(RIGHT + counts) == [
        ("layers.0.counts_toward", "没有一层用累计器“basik.paid”", "可用：（没有累计器）")
    ]
    assert _told(RIGHT + caps + counts) == [
        (
            "layers.0.counts_toward",
            "没有一层用累计器“basik.paid”",
            "可用：basic.cost、basic.paid",
        )
    ]


@pytest.mark.parametrize(
    ("limit", "cap", "kinds"),
    [
        ("limit: {per: year, amount: 900, counter: a.b}", "payment", "既累计起付线又累计支付"),
        ("limit: {per: year, amount: 900}", "times", "既累计次数又累计支付"),
    ],
)
def test_a_total_is_of_one_thing(limit: str, cap: str, kinds: str) -> None:
    """Deductibles, times, payments."""
    text = _deductible(f"{{per: stay, amount: 300, {limit}}}")
    text += f"    caps: [{{per: year, of: {cap}, amount: 9, counter: a.b}}]\n"
    text += "    counts_toward: [a.b]\n"

    assert ("layers.0", f"累计器“a.b”{kinds}", "给其中一个写另外的 counter") in _told(text)


def test_what_an_episode_deducted_is_no_payment() -> None:
    """Both under one name."""
    text = _deductible("{per: episode, amount: 300, counter: a.b}")
    text += "    caps: [{per: year, amount: 9, counter: a.b}]\n"

    kinds = "既累计连续住院的起付线又累计支付"
    assert ("layers.0", f"累计器“a.b”{kinds}", "给其中一个写另外的 counter") in _told(text)


def test_a_yearly_deductible_by_tier_is_asked_how_it_adds_up() -> None:
    """At the deductible."""
    by_tier = "{per: year, amount: {choose: [{when: {tier: 三级}, value: 900}, {otherwise: 300}]}}"
    (found,) = (told for told in _told(_deductible(by_tier)) if "随各次不同" in told[1])

    assert found == (
        "layers.0.deductible",
        "全年的数随各次不同，没有写一年内有几种时怎样累计",
        "它随“医院等级”不同：分别累计写 each: tier，合并累计写 each: none",
    )


def test_a_top_up_is_asked_whether_it_counts() -> None:
    """Under the yearly cap of the same payer."""
    cap = "    caps: [{per: year, of: payment, amount: 9}]\n"
    text = RIGHT + cap + layer("base: in_scope\nrate: 80%\nminus: basic", payer="basic")

    assert _told(text) == [
        (
            "layers.1",
            "没有写补足的金额是否计入同一支付方的年度限额",
            "计入写 counts_toward: [那一层.paid]，不计入写 counts_toward: none",
        )
    ]


def test_a_document_published_on_its_first_day_takes_nothing_back() -> None:
    """A day later it has to say what becomes of a lower benefit."""
    text = RIGHT.replace("version: 1\n", "version: 1\npublished: 2020-01-01\n")

    assert _told(text) == []
    assert [
        told[0] for told in _told(text.replace("published: 2020-01-01", "published: 2020-01-02"))
    ] == ["in_force"]


def test_numbers_of_two_layers_never_meet_in_one_argument() -> None:
    """Part class_a of layer basic, and layer basic_class_a: both have a rate."""
    parts = (
        "parts:\n  - {id: class_a, base: class_a, rate: 60%}\n  - {id: b, base: class_b, rate: 7%}"
    )
    text = (
        HEAD
        + layer(parts, layer_id="basic")
        + layer("base: total - basic\nrate: 60%", layer_id="basic_class_a")
    )

    assert _told(text) == [
        (
            "layers",
            "两个名称写成了同一个变量 n_basic_class_a_rate；请改动层、分项或计数器的 id",
            "换一个层、分项或累计器的名称",
        )
    ]


def test_a_document_without_parameters_has_none_to_offer() -> None:
    """Told where one is meant."""
    with pytest.raises(PolicyUnreadable) as refused:
        policy_of(_deductible("{of: income}"))

    assert [(fault.message, fault.remedy) for fault in refused.value.faults] == [
        ("没有参数“income”", "先写进 parameters；已有：（还没有参数）")
    ]
