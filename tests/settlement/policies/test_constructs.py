"""What FORMAT.md and docs/policy-language.md say can be written is written and settled here."""

from pathlib import Path
from typing import Any

from settlement.adapters.policy_files import load_policy
from settlement.kernel.cascade import compile_policy
from settlement.kernel.settle import Inputs, Outcome, settle_bill
from settlement.law.bill import Charges
from settlement.law.facts import Facts
from settlement.law.policy import Policy
from tests.settlement.policies.drafts import HEAD, RIGHT, errors_of, layer, policy_of

REST = "in_scope - basic"


def settle(
    text: str,
    *,
    in_scope_fen: int = 1_000_000,
    total_fen: int | None = None,
    counters: dict[str, int] | None = None,
    **facts: Any,
) -> Outcome:
    """Settle a bill under a document that the check has nothing against."""
    assert errors_of(text) == []
    return settle_under(
        policy_of(text),
        in_scope_fen=in_scope_fen,
        total_fen=total_fen,
        counters=counters,
        **facts,
    )


def settle_under(
    policy: Policy,
    *,
    in_scope_fen: int = 1_000_000,
    total_fen: int | None = None,
    counters: dict[str, int] | None = None,
    **facts: Any,
) -> Outcome:
    """Settle a bill under a policy."""
    charges = Charges(total_fen or in_scope_fen, in_scope_fen=in_scope_fen)
    return settle_bill(compile_policy(policy), Inputs(charges, Facts(**facts), counters or {}, {}))


def paid(outcome: Outcome, *names: str) -> tuple[int, ...]:
    """What these layers paid, and the patient, in fen."""
    return (*(outcome.values[f"{name}_paid"] for name in names), outcome.patient_fen)


def test_a_floor_pays_the_better_of_rule_and_floor() -> None:
    """保底 (D38): (1000−300)×30% is 210; the floor of 45% tops it up to 450."""
    text = RIGHT.replace("rate: 70%", "rate: 30%") + layer(
        "base: in_scope\nrate: 45%\nminus: basic", layer_id="floor", payer="basic"
    )

    assert paid(settle(text, in_scope_fen=1_000_00), "basic", "floor") == (210_00, 240_00, 550_00)
    # (10000−300)×70% is above the floor, which then adds nothing.
    assert paid(settle(text.replace("rate: 30%", "rate: 70%")), "basic", "floor") == (
        6_790_00,
        0,
        3_210_00,
    )


def test_the_better_of_two_guarantees_is_two_top_ups() -> None:
    """取优 (D49): up to 90%, or all above 500 yuan, whichever is more for the patient."""
    text = (
        RIGHT
        + layer("base: in_scope\nrate: 90%\nminus: basic", layer_id="ratio")
        + layer("base: in_scope - basic - ratio\ndeductible: 500\nrate: 100%", layer_id="amount")
    )

    assert paid(settle(text), "ratio", "amount") == (2_210_00, 500_00, 500_00)
    assert paid(settle(text, in_scope_fen=2_000_00), "ratio", "amount") == (610_00, 0, 200_00)


def test_a_limit_price_is_a_cap_on_cost() -> None:
    """限价内按比例 (D55): 70% of 8,000 for a bill of 10,000."""
    text = HEAD + layer(
        "base: total\nrate: 70%\ncaps: [{per: stay, of: cost, amount: 8000}]",
        layer_id="fixed",
        payer="basic",
    )

    assert paid(settle(text), "fixed") == (5_600_00, 4_400_00)


def test_a_fixed_self_pay_is_a_deductible_before_everything() -> None:
    """病种固定自付 (D57): the patient pays 1,500, the fund the rest."""
    text = HEAD + layer(
        "base: total\ndeductible: 1500\nrate: 100%", layer_id="fixed", payer="basic"
    )

    assert paid(settle(text), "fixed") == (8_500_00, 1_500_00)


def test_two_payers_share_a_standard_and_nothing_is_left() -> None:
    """两方分担 (D58, D61): 15% and the rest; odd fen go to the last."""
    text = (
        HEAD
        + layer("base: total\nrate: 15%", layer_id="health", payer="fiscal_backstop")
        + layer("base: total - health\nrate: 100%", layer_id="fund", payer="basic")
    )

    assert paid(settle(text, in_scope_fen=333_33), "health", "fund") == (50_00, 283_33, 0)


def test_equal_shares_of_two_payers_both_count() -> None:
    """盐池 (D61): 9,355.72 twice is 18,711.44."""
    text = (
        HEAD
        + layer("base: total\nrate: 50%", layer_id="one", payer="civil_assistance")
        + layer("base: total - one\nrate: 100%", layer_id="two", payer="charity")
    )

    assert paid(settle(text, in_scope_fen=18_711_44), "one", "two") == (9_355_72, 9_355_72, 0)


def test_a_hospital_waives_what_is_left() -> None:
    """余额全免 (D59): no fund owes the hospital's own share."""
    text = RIGHT + layer("base: total - basic\nrate: 100%", payer="hospital").replace(
        '    pool: "990100"\n', ""
    )

    assert errors_of(text) == []
    assert policy_of(text).layer("second").fund_id is None
    assert paid(settle(text), "basic", "second") == (6_790_00, 3_210_00, 0)


def test_a_trigger_pays_from_the_first_yuan_once_it_is_passed() -> None:
    """门槛 (D26): 3,000 is not above 3,000; 3,210 pays half of everything."""
    trigger = "deductible: {per: stay, amount: 3000, kind: trigger, passed: above}"
    body = f"base: {REST}\n{trigger}\nrate: 50%"
    text = RIGHT + layer(body)

    assert paid(settle(text, in_scope_fen=9_300_00), "second") == (0, 3_000_00)
    assert paid(settle(text), "second") == (1_605_00, 1_605_00)


def test_layers_that_share_a_counter_share_its_cap() -> None:
    """几层共用限额 (D43): together they pay no more than 2,000 a year, 500 of it already gone."""
    cap = "caps: [{per: year, of: payment, amount: 2000, counter: shared.paid}]"
    text = (
        RIGHT
        + layer(f"base: {REST}\nrate: 30%\n{cap}")
        + layer(f"base: {REST} - second\nrate: 90%\n{cap}", layer_id="third")
    )

    outcome = settle(text, counters={"shared.paid": 500_00})

    assert paid(outcome, "second", "third") == (963_00, 537_00, 1_710_00)
    assert outcome.counters["shared.paid"] == 2_000_00


def test_a_referral_penalty_may_be_points_a_factor_or_an_exclusion() -> None:
    """减点、乘系数、除外 (D81, D83, D84), emergencies excepted (D86)."""
    row = "{when: {place: 省外, referral: 否}, unless: {emergency: 是}"
    points = RIGHT.replace("rate: 70%", f"rate: {{value: 70%, adjust: [{row}, minus: 20%}}]}}")
    factor = RIGHT.replace("rate: 70%", f"rate: {{value: 70%, adjust: [{row}, times: 95%}}]}}")
    excluded = RIGHT + layer(f"applies: {{unless: {{place: 省外}}}}\nbase: {REST}\nrate: 50%")
    away: dict[str, Any] = {"place": "out_of_province", "referral": False}

    assert paid(settle(points, **away, emergency=False), "basic") == (4_850_00, 5_150_00)
    assert paid(settle(points, **away, emergency=True), "basic") == (6_790_00, 3_210_00)
    assert paid(settle(factor, **away, emergency=False), "basic") == (6_450_50, 3_549_50)
    assert paid(settle(excluded, **away), "second") == (0, 3_210_00)


def test_the_deductible_may_fall_with_the_admission_and_double_outside() -> None:
    """随次数下降、外地加倍 (D21, D85)."""
    text = RIGHT.replace(
        "deductible: 300",
        "deductible:\n      choose:\n"
        "        - {when: {admission_number: {from: 2}}, value: 150}\n        - otherwise: 300\n"
        "      adjust: [{when: {place: 省外}, times: 200%}]",
    )
    home: dict[str, Any] = {"place": "in_county"}

    assert settle(text, admission_number=1, **home).values["basic_deductible"] == 300_00
    assert settle(text, admission_number=2, **home).values["basic_deductible"] == 150_00
    away = settle(text, admission_number=2, place="out_of_province")
    assert away.values["basic_deductible"] == 300_00


def test_a_step_may_be_rounded_down_to_the_jiao() -> None:
    """取整 (D101): 70% of 333.33 is 233.331, paid as 233.30."""
    text = HEAD + layer(
        "base: total\nrate: 70%\nrounding: {mode: down, to: jiao}", layer_id="basic", payer="basic"
    )

    assert paid(settle(text, in_scope_fen=333_33), "basic") == (233_30, 100_03)


def test_a_list_of_diseases_may_be_shared(tmp_path: Path) -> None:
    """病种清单 (D53, D39): the county uses the province's list; categories cover sub-codes."""
    shared = tmp_path / "shared" / "990000" / "diseases.yaml"
    shared.parent.mkdir(parents=True)
    shared.write_text('major: ["C50", "I21"]\n', encoding="utf-8")
    file = tmp_path / "990102" / "resident" / "2020-01-01.v1.yaml"
    file.parent.mkdir(parents=True)
    rows = (
        'rate:\n      choose:\n        - {when: {diagnosis: {use: "990000/diseases.major"}},'
        " value: 80%}\n        - otherwise: 70%"
    )
    file.write_text(RIGHT.replace("rate: 70%", rows), encoding="utf-8")
    policy = load_policy(file, tmp_path)

    assert paid(settle_under(policy, diagnosis="I21.9"), "basic") == (7_760_00, 2_240_00)
    assert paid(settle_under(policy, diagnosis="J18"), "basic") == (6_790_00, 3_210_00)
