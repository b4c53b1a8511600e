"""The printed statement says all that decided a payment (结算单)."""

from datetime import date
from io import StringIO

from rich.console import Console

from settlement.application.preview_bill import BillPreviewed
from settlement.entrypoints.http.translating import show_previewed
from settlement.entrypoints.statement_table import print_statement
from settlement.kernel.cascade import compile_policy
from settlement.kernel.explain import assumed_numbers, explain
from settlement.kernel.settle import Inputs, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from tests.settlement.policies.drafts import HEAD, layer, policy_of

_DAY = date(2020, 6, 3)


def printed(text: str, charges: Charges) -> str:
    """What a person reads, with runs of blanks as one."""
    policy = policy_of(text)
    cascade = compile_policy(policy)
    outcome = settle_bill(cascade, Inputs(charges, Facts(), {}, {}))
    steps = explain(cascade, outcome)
    found = BillPreviewed(
        policy=policy,
        steps=steps,
        assumed=assumed_numbers(policy, steps),
        patient_fen=outcome.patient_fen,
    )
    shown = show_previewed(
        found, total_fen=charges.total_fen, admission=_DAY, discharge=_DAY, settled_on=_DAY
    )
    target = StringIO()
    print_statement(shown, Console(file=target, width=140), title="试算")
    return "\n".join(" ".join(line.split()) for line in target.getvalue().splitlines())


def test_a_cap_on_cost_is_printed_with_what_it_cut_off() -> None:
    """50,000 in scope, 10,000 of them looked at, 60% paid."""
    body = "name: 基本医保\nbase: in_scope\nrate: 60%\ncaps: [{per: stay, of: cost, amount: 10000}]"
    text = printed(HEAD + layer(body), Charges(60_000_00, in_scope_fen=50_000_00))
    assert "① 基本医保 政策范围内费用 50000.00 0.00 60% 费用 10000.00 6000.00 [1]" in text
    assert "封顶后 10000.00" in text


def test_a_top_up_is_printed_with_what_was_paid_already() -> None:
    """90% of 100 yuan less 70."""
    text = HEAD + layer("name: 甲\nbase: total\nrate: 70%", layer_id="first")
    text += layer("name: 乙\nbase: total\nrate: 90%\nminus: first")
    found = printed(text, Charges(100_00))
    assert "② 乙 总费用 100.00 0.00 ×90% 不设限 20.00 [1]" in found
    assert "− 70.00 已付" in found


def test_what_a_cap_leaves_is_printed_for_each_part() -> None:
    """20,000, of which the first part takes 18,000."""
    body = """
name: 补充
parts:
  - {id: a, name: 内, base: in_scope, rate: 90%}
  - {id: b, name: 外, base: out_of_scope, rate: 75%}
caps: [{per: year, amount: 20000}]
"""
    text = printed(HEAD + layer(body), Charges(30_000_00, in_scope_fen=20_000_00))
    assert "① 补充·内 政策范围内费用 20000.00 0.00 90% 20000.00 18000.00 [1]" in text
    assert "① 补充·外 政策范围外费用 10000.00 0.00 75% 2000.00 2000.00 [1]" in text


def test_what_the_bill_leaves_is_printed_where_it_decides() -> None:
    """80% twice of 100 yuan: the second finds 20 yuan unpaid."""
    text = HEAD + layer("name: 甲\nbase: total\nrate: 80%", layer_id="first")
    found = printed(text + layer("name: 乙\nbase: total\nrate: 80%"), Charges(100_00))
    assert "② 乙 总费用 100.00 0.00 80% 未付 20.00 20.00 [1]" in found


def test_rules_that_are_not_entered_stand_below_the_assumptions() -> None:
    """The reader learns what was assumed, and what was known and left out."""
    head = HEAD.replace(
        "layers:",
        "not_entered:\n  - 精神病住院不设起付线\n  - {text: 儿童另有规定, source: text}\nlayers:",
    )
    body = "base: total\nrate: 50%\npool: {code: '990100', status: assumed, note: 文件没有写}"
    text = printed(head + layer(body).replace('    pool: "990100"\n', ""), Charges(100_00))
    assert text.endswith(
        "※ 假定 second.pool 990100：文件没有写\n"
        "※ 未录入 精神病住院不设起付线\n"
        "※ 未录入 儿童另有规定（测试文件）"
    )
