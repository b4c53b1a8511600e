"""The printed statement says every rule that came between a base and a payment (结算单)."""

import json
from io import StringIO
from pathlib import Path

from rich.console import Console

from contracts.settlement_v1 import StatementShown
from settlement.entrypoints.statement_table import base_in_words, print_statement
from tests.support.settlement_desk import Desk, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book


def printed(tmp_path: Path, *layers: str, total_fen: int = 10_000_00) -> str:
    """What a person reads of a bill under these layers, with runs of blanks as one."""
    policies = write_book(tmp_path / "policies", policy_text(*layers))
    parts, _ = open_parts(tmp_path, policies=policies)
    bill = {
        "region": REGION,
        "scheme": "resident",
        "admission_date": "2023-03-01",
        "discharge_date": "2023-03-10",
        "charges": {"total_fen": total_fen},
    }
    answer = Desk(parts).write("/v1/previews", bill)
    assert answer.status_code == 200, answer.text
    shown = StatementShown.model_validate_json(json.dumps(answer.json()))
    target = StringIO()
    print_statement(shown, Console(file=target, width=160), title="试算")
    return "\n".join(" ".join(line.split()) for line in target.getvalue().splitlines())


def test_a_factor_is_printed_after_the_rate(tmp_path: Path) -> None:
    """10,000 × 70% × 90% = 6,300."""
    body = "name: 甲\nbase: total\nrate: 70%\nfactor: 90%"
    text = printed(tmp_path, layer_text(body))
    assert "① 甲 总费用 10000.00 0.00 ×70% 不设限 6300.00 [1]" in text
    assert "再×90%" in text


def test_first_self_pay_before_the_deductible_is_printed_as_such(tmp_path: Path) -> None:
    """10,000 − 1,000 − 500 = 8,500 at 80%."""
    body = "name: 甲\nbase: total\ndeductible: 500\nfirst_self_pay: 10%\n"
    body += "first_self_pay_taken: before\nrate: 80%"
    text = printed(tmp_path, layer_text(body))
    assert "① 甲 总费用 10000.00 500.00 先自付10%（起付线前） 不设限 6800.00 [1]" in text
    assert "再×80%" in text


def test_a_floor_and_a_ceiling_are_printed_with_what_they_came_to(tmp_path: Path) -> None:
    """30% would be 3,000: raised to the first layer's 4,000, and under the 6,000 it left."""
    first = layer_text("name: 甲\nbase: total\nrate: 40%", layer_id="first")
    body = "name: 乙\nbase: total\nrate: 30%\nnot_below: first\nnot_above: total - first"
    text = printed(tmp_path, first, layer_text(body, layer_id="second"))
    assert "② 乙 总费用 10000.00 0.00 30% 不设限 4000.00 [1]" in text
    assert "不低于 4000.00（①）" in text
    assert "不高于 6000.00（总费用 − ①）" in text


def test_names_of_expressions_are_printed_in_words() -> None:
    """The year so far, the patient's burden, and what a layer has besides its payment."""
    marks = {"basic": "①"}
    assert (
        base_in_words("year.basic + year.in_scope", marks)
        == "本年此前的① ＋ 本年此前的政策范围内费用"
    )
    assert base_in_words("patient - basic.over_cap", marks) == "个人负担 − ①超封顶部分"
    assert base_in_words("basic.eligible + basic.computed", marks) == "①起付线以上 ＋ ①计算额"
    assert base_in_words("定额", marks) == "定额"
