"""Two policies are compared in terms of rules, and nothing is passed over (比较政策)."""

import pytest

from settlement.application.compare_policies import Change, ChangeKind, Comparison, compare_policies
from settlement.entrypoints.cli.diff_text import comparison_as_json
from tests.settlement.policies.drafts import BASIC, HEAD, RIGHT, layer, policy_of


def compared(before: str, after: str) -> Comparison:
    """Both texts as policies, side by side."""
    return compare_policies(before=policy_of(before), after=policy_of(after))


def lines(before: str, after: str) -> list[str]:
    """Every change as `item｜whom｜was → is`; changes of evidence alone have no values."""
    shown = comparison_as_json(compared(before, after))["changes"]
    return [
        f"{c['item']}｜{c['situation']}"
        if c["kind"] == "evidence"
        else f"{c['item']}｜{c['situation']}｜{c['before']} → {c['after']}"
        for c in shown
    ]


def kinds(found: Comparison) -> list[tuple[ChangeKind, str | None]]:
    """Kind and layer of each change."""
    return [(c.kind, c.layer) for c in found.changes]


def rate(text: str) -> str:
    """A document whose one rate is this."""
    return RIGHT.replace("rate: 70%", f"rate: {text}")


# --- numbers: for whom, from what, to what --------------------------------------------------------


def test_a_number_that_changed_for_everybody_is_one_row() -> None:
    """70% became 75%."""
    assert lines(RIGHT, rate("75%")) == ["比例｜全部｜70% → 75%"]


def test_a_number_that_changed_for_some_says_for_whom_and_where() -> None:
    """Rows in another order and unchanged ones do not matter: one row of the table changed."""
    before = rate(
        "{choose: [{when: {identity: 低保对象, tier: 二级}, value: 70%},"
        " {when: {tier: 三级}, value: 60%}, {otherwise: 65%}]}"
    )
    after = rate(
        "{choose: [{when: {tier: 三级}, value: 60%},"
        " {when: {identity: 低保对象, tier: 二级}, value: 75%}, {otherwise: 65%}]}"
    )
    assert lines(before, after) == ["比例｜低保对象·二级｜70% → 75%"]


def test_groups_that_change_alike_share_a_row() -> None:
    """Two identities and three tiers in one row, and the age as a range."""
    before = rate(
        "{choose: [{when: {identity: [低保对象, 特困人员], age: {from: 14, to: 59}}, value: 80%},"
        " {otherwise: 65%}]}"
    )
    after = rate(
        "{choose: [{when: {identity: [低保对象, 特困人员], age: {from: 14, to: 65}}, value: 80%},"
        " {otherwise: 65%}]}"
    )
    assert lines(before, after) == ["比例｜年龄 60 起至 65·低保对象、特困人员｜65% → 80%"]


def test_a_person_with_both_identities_is_not_forgotten() -> None:
    """The first row still decides for those who are both."""
    before = rate(
        "{choose: [{when: {identity: 特困人员}, value: 90%},"
        " {when: {identity: 低保对象}, value: 70%}, {otherwise: 60%}]}"
    )
    after = before.replace("value: 70%", "value: 75%")
    assert lines(before, after) == ["比例｜低保对象（特困人员除外）｜70% → 75%"]


def test_where_only_one_identity_counts_nobody_has_both() -> None:
    """With an order of precedence the exception need not be told."""
    people = "people: {precedence: [特困人员, 低保对象]}\n"
    before = people + rate(
        "{choose: [{when: {identity: 特困人员}, value: 90%},"
        " {when: {identity: 低保对象}, value: 70%}, {otherwise: 60%}]}"
    )
    after = before.replace("value: 70%", "value: 75%")
    assert lines(before, after) == ["比例｜低保对象｜70% → 75%"]


def test_a_number_that_became_known_shows_why_it_was_missing() -> None:
    """Missing for one tier, then 55%."""
    before = rate("{choose: [{when: {tier: 三级}, missing: 原文没有写}, {otherwise: 70%}]}")
    after = rate("{choose: [{when: {tier: 三级}, value: 55%}, {otherwise: 70%}]}")
    assert lines(before, after) == ["比例｜三级｜缺失（原文没有写） → 55%"]


def test_a_ceiling_shows_for_whom_it_changed_something() -> None:
    """60% plus 5 and plus 30 points: the ceiling of 90% became 85%, which only the poor meet."""
    text = (
        "{{value: 60%, adjust: [{{when: {{identity: 低保对象}}, plus: 30%}}], at_most: {}}}"
    ).format
    assert lines(rate(text("90%")), rate(text("85%"))) == ["比例｜低保对象｜90% → 85%"]


def test_a_ceiling_nobody_meets_is_another_way_to_write_the_same() -> None:
    """It is told, as a way of writing, and rules have not changed."""
    text = "{{value: 60%, at_most: {}}}".format
    found = compared(rate(text("90%")), rate(text("95%")))
    assert kinds(found) == [(ChangeKind.REWRITTEN, "basic")]
    assert not found.has_other_rules


def test_a_number_that_goes_on_with_the_age_is_told_as_it_is_written() -> None:
    """One point for each year above 40, from at most 20 to at most 30."""
    text = "{{value: 60%, adjust: [{{plus: 1%, for_each: age, beyond: 40, at_most: {}}}]}}".format
    assert lines(rate(text(20)), rate(text(30))) == [
        (
            "比例｜全部｜60%；加 1%（百分点），年龄超过 40 的部分每 1 计一次，至多 20"
            " → 60%；加 1%（百分点），年龄超过 40 的部分每 1 计一次，至多 30"
        )
    ]


def test_a_parameter_changes_itself_and_what_is_made_of_it() -> None:
    """Half of last year's income, rounded up to the yuan."""
    head = "parameters: {income: {name: 上年收入, amount: 28753}}\n"
    before = head + RIGHT.replace(
        "deductible: 300", "deductible: {of: income, times: 50%, rounding: {mode: up, to: yuan}}"
    )
    after = before.replace("28753", "30001")
    assert lines(before, after) == [
        "参数·上年收入｜全部｜28753.00 元 → 30001.00 元",
        (
            "每次起付线｜全部｜14377.00 元（上年收入×50%，进一到元）"
            " → 15001.00 元（上年收入×50%，进一到元）"
        ),
    ]


def test_a_literal_number_that_becomes_a_parameter_is_told() -> None:
    """The amount is the same today and will not be tomorrow."""
    after = "parameters: {line: {name: 标准, amount: 300}}\n" + RIGHT.replace(
        "deductible: 300", "deductible: {of: line}"
    )
    assert lines(RIGHT, after)[-1] == "每次起付线｜全部｜300.00 元 → 300.00 元（标准）"


def test_a_number_picked_by_an_amount_is_compared_row_by_row() -> None:
    """The second row of three pays more, and the first ends earlier."""
    text = (
        "{{by: total, rows: [{{up_to: {}, then: 50%}}, {{up_to: 30000, then: {}}}, {{then: 70%}}]}}"
    ).format
    assert lines(rate(text("10000", "60%")), rate(text("8000", "62%"))) == [
        "比例·第 1 行的界｜全部｜10000.00 元 → 8000.00 元",
        "比例·第 2 行｜全部｜60% → 62%",
    ]


def test_a_number_of_another_kind_is_shown_whole() -> None:
    """A fixed deductible became a share of the bill with bounds."""
    after = RIGHT.replace(
        "deductible: 300", "deductible: {share: 20%, of: total, at_least: 200, at_most: 1000}"
    )
    assert lines(RIGHT, after) == [
        (
            "每次起付线｜｜300.00 元 → 总费用的一部分\n所占比例：20%\n不低于：200.00 元\n"
            "不高于：1000.00 元"
        )
    ]


# --- layers ---------------------------------------------------------------------------------------

SECOND = layer("name: 大病保险\nbase: in_scope - basic\nrate: 60%")
THIRD = layer("name: 医疗救助\nbase: in_scope - basic\nrate: 50%", layer_id="aid", payer="医疗救助")


def test_a_new_layer_is_shown_with_its_rules() -> None:
    """Payer, pool, base and rate of what came."""
    assert lines(RIGHT, RIGHT + SECOND) == [
        (
            "｜｜（没有） → 支付方：大病保险\n统筹区：990100\n"
            "口径：政策范围内费用 − 基本医疗保险\n比例：60%"
        )
    ]


def test_a_layer_that_is_gone_is_told() -> None:
    """Removed, under its old id."""
    assert kinds(compared(RIGHT + SECOND, RIGHT)) == [(ChangeKind.REMOVED, "second")]


def test_a_layer_that_moved_is_told_once() -> None:
    """Assistance now pays before critical illness: one move, not two."""
    found = compared(RIGHT + SECOND + THIRD, RIGHT + THIRD + SECOND)
    assert [(c.kind, c.layer, c.before, c.after) for c in found.changes] == [
        (ChangeKind.MOVED, "second", 2, 3)
    ]


def test_a_layer_that_is_called_otherwise_is_renamed() -> None:
    """The same id, another name."""
    found = compared(RIGHT + SECOND, RIGHT + SECOND.replace("大病保险", "大病补充保险"))
    assert [(c.kind, c.before, c.after) for c in found.changes] == [
        (ChangeKind.RENAMED, "大病保险", "大病补充保险")
    ]


def test_a_layer_with_another_id_is_the_same_layer() -> None:
    """What names it follows; only the id, and nothing that follows from it, is told."""
    after = (RIGHT + SECOND).replace("id: basic", "id: jiben").replace("- basic", "- jiben")
    found = compared(RIGHT + SECOND, after)
    assert [(c.kind, c.before, c.after) for c in found.changes] == [
        (ChangeKind.RENAMED, "basic", "jiben")
    ]


def test_a_yearly_total_that_changes_its_name_is_told() -> None:
    """A new id gives the year's totals a new name, and they begin at zero."""
    capped = RIGHT.replace("rate: 70%", "rate: 70%\n    caps: [{per: year, amount: 1000}]")
    found = lines(capped, capped.replace("id: basic", "id: jiben"))
    assert "每年支付封顶·累计器｜｜basic.paid → jiben.paid" in found


def test_a_layer_that_comes_to_apply_to_others_says_to_whom() -> None:
    """For 低保对象; then for 特困人员 as well."""
    before = RIGHT + SECOND.replace("name:", "applies: {when: {identity: 低保对象}}\n    name:")
    after = before.replace("identity: 低保对象", "identity: [低保对象, 特困人员]")
    assert lines(before, after) == ["适用｜特困人员（低保对象除外）｜不适用 → 适用"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("base: in_scope", "base: total", "口径｜｜政策范围内费用 → 总费用"),
        ("deductible: 300", "deductible: 500", "每次起付线｜全部｜300.00 元 → 500.00 元"),
        (
            "deductible: 300",
            "deductible: {per: year, amount: 300}",
            "每年起付线｜｜每次起付线 → 每年起付线",
        ),
        ("    deductible: 300\n", "", "起付线｜｜每次起付线：300.00 元 → （没有）"),
        ("rate: 70%", "rate: 70%\n    first_self_pay: 10%", "先自付｜｜（没有） → 10%"),
        ("rate: 70%", "rate: 70%\n    factor: 80%", "系数｜｜（没有） → 80%"),
        ("rate: 70%", "rate: 70%\n    not_above: total", "不超过｜｜（没有） → 总费用"),
        (
            "rate: 70%",
            "rate: 70%\n    caps: [{per: year, of: payment, amount: 5000}]",
            "每年支付封顶｜｜（没有） → 每年支付封顶：5000.00 元",
        ),
        ("payer: basic", "payer: 慈善救助", "支付方｜｜基本医疗保险 → 慈善救助"),
        ('pool: "990100"', 'pool: "990200"', "统筹区｜｜990100 → 990200"),
        ("rate: 70%", "rate: 70%\n    article: 第九条", "条款｜｜（没有） → 第九条"),
        ("mode: half_up", "mode: down", "取整｜｜四舍五入到分 → 舍去到分"),
        ("from: 2020-01-01", "from: 2020-07-01", "施行日｜｜2020-01-01 → 2020-07-01"),
        (
            "person_asked_as_of: admission",
            "person_asked_as_of: discharge",
            "认身份的日期｜｜入院日 → 出院日",
        ),
        (
            "begins: 01-01, chosen_by: discharge",
            "begins: 07-01, chosen_by: discharge",
            "待遇年度｜｜自 01-01 起、按出院日归入 → 自 07-01 起、按出院日归入",
        ),
        ("scheme: resident", "scheme: employee", "险种｜｜城乡居民基本医疗保险 → 职工基本医疗保险"),
        ("layers:", "not_entered: [器官移植]\nlayers:", "未录入｜｜（没有） → 器官移植"),
        (
            "layers:",
            "people: {precedence: [特困人员, 低保对象]}\nlayers:",
            "身份认定·身份先后｜｜（没有） → 特困人员 → 低保对象",
        ),
        (
            "layers:",
            "asks: {student: {name: 在校学生, kind: yes_no}}\nlayers:",
            "另须申报的情形·在校学生｜｜（没有） → 在校学生：是或否",
        ),
        ("title: 测试文件", "title: 另一文件", "出处·text·名称｜｜测试文件 → 另一文件"),
    ],
)
def test_every_kind_of_rule_is_told_by_its_name(old: str, new: str, told: str) -> None:
    """What it is called, what it was, what it is."""
    assert old in RIGHT
    assert told in lines(RIGHT, RIGHT.replace(old, new, 1))


def test_a_rounding_that_all_layers_share_is_told_once() -> None:
    """It stands once in the document, whatever layer it is met in."""
    text = RIGHT + SECOND + THIRD
    assert lines(text, text.replace("half_up", "up")) == ["取整｜｜四舍五入到分 → 进一到分"]


def test_bands_that_are_cut_otherwise_are_shown_whole() -> None:
    """Two bands became three."""
    text = "{{measured_from: zero, rows: [{}{{rate: 70%}}]}}".format
    before = RIGHT.replace("rate: 70%", "bands: " + text("{up_to: 30000, rate: 60%}, "))
    after = RIGHT.replace(
        "rate: 70%", "bands: " + text("{up_to: 30000, rate: 60%}, {up_to: 50000, rate: 65%}, ")
    )
    (line,) = lines(before, after)
    assert line.startswith("分段｜｜")
    assert "50000.00 元" in line


# --- evidence -------------------------------------------------------------------------------------


def test_an_assumption_that_is_now_stated_is_news() -> None:
    """The number is the same, and rests on something else."""
    before = rate("{value: 70%, status: assumed, note: 借自邻县}")
    found = compared(before, RIGHT)
    assert [(c.kind, c.item) for c in found.changes] == [(ChangeKind.EVIDENCE, "比例")]
    change = found.changes[0]
    assert [str(b.status) for b in (*change.before_bases, *change.after_bases)] == [
        "assumed",
        "stated",
    ]
    assert found.has_other_rules


def test_evidence_of_what_nobody_has_is_not_told() -> None:
    """A layer that applies to all and tops nothing up has no condition and no minus to rest on."""
    before = RIGHT.replace("payer: basic", "payer: basic\n    status: assumed\n    note: 借来")
    told = {line.split("｜")[0] for line in lines(before, RIGHT)}
    assert told == {"统筹区", "每次起付线", "口径", "比例"}


# --- the same, and nearly the same ----------------------------------------------------------------


def test_equal_documents_are_said_to_be_equal() -> None:
    """Comments and the order of keys are nothing."""
    found = compared(RIGHT, "# 注释\n" + RIGHT)
    assert found.is_same_text
    assert comparison_as_json(found)["summary"] == "两份政策相同。"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RIGHT, RIGHT.replace("title: 测试政策", "title: 测试政策（修订）")),
        (
            rate("{value: 70%, status: assumed, note: 甲}"),
            rate("{value: 70%, status: assumed, note: 乙}"),
        ),
        (rate("{missing: 没有写}"), rate("{missing: 截断了}")),
    ],
)
def test_only_words_differ(before: str, after: str) -> None:
    """Titles and explanations: a line says so, and no rule has changed."""
    found = compared(before, after)
    assert found.is_only_worded
    assert not found.has_other_rules
    assert comparison_as_json(found)["only_worded"]


def test_another_way_to_write_the_same_is_told_as_such() -> None:
    """A label for a code, 70.0% for 70%."""
    before = rate("{choose: [{when: {tier: 二级}, value: 70%}, {otherwise: 60%}]}")
    after = rate("{choose: [{when: {tier: level_2}, value: 70.0%}, {otherwise: 60%}]}")
    found = compared(before, after)
    assert found.is_only_rewritten
    assert found.written == ("layers.0.rate.choose.0.value", "layers.0.rate.choose.0.when.tier")


def test_names_of_the_parts_of_a_change_can_be_looked_up() -> None:
    """Programs get facts, codes and fen."""
    before = rate("{choose: [{when: {tier: 二级}, value: 70%}, {otherwise: 60%}]}")
    after = before.replace("70%", "75%").replace("deductible: 300", "deductible: 400")
    shown = comparison_as_json(compared(before, after))["changes"]
    assert [(c["path"], c["before_value"], c["after_value"], c["when"]) for c in shown] == [
        ("basic.deductible.amount", 30000, 40000, []),
        ("basic.rate", "70%", "75%", [{"fact": "tier", "values": ["level_2"]}]),
    ]


def test_the_same_policy_has_no_changes_even_against_itself() -> None:
    """Nothing is invented."""
    text = HEAD + BASIC + SECOND + THIRD
    assert compared(text, text).changes == ()


def test_changes_are_values() -> None:
    """Two equal changes are one."""
    found = compared(RIGHT, rate("75%"))
    assert isinstance(found.changes[0], Change)
    assert found.changes == compared(RIGHT, rate("75%")).changes
