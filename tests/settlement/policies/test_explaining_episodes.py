"""What is left of a deductible that several stays share is told, and the bands of each bill."""

import pytest

from settlement.law.bill import Charges
from settlement.law.facts import Facts
from tests.settlement.desk.test_episodes import ONCE
from tests.settlement.policies.test_explain import explained, sums
from tests.support.small_policies import layer_text, policy_text

ROWS = "rows: [{up_to: 1000, rate: 50%}, {rate: 80%}]"
LEFT = "连续住院尚未扣的起付线：起付线 1000.00 − 连续住院此前已扣 400.00 ＝ 600.00"


@pytest.mark.parametrize(
    ("rate", "paid"),
    [
        ("rate: 80%", ["乘比例：2400.00×80% ＝ 1920.00，四舍五入到分 ＝ 1920.00"]),
        (
            f"bands: {{measured_from: zero, {ROWS}}}",
            [
                "分段：从 600.00 到 3000.00，界 1000.00 ＝ 2400.00",
                "乘比例：400.00×50% ＋ 2000.00×80% ＝ 1800.00，四舍五入到分 ＝ 1800.00",
            ],
        ),
        (
            f"bands: {{measured_from: deductible, {ROWS}}}",
            [
                "分段：从 0.00 到 2400.00，界 1000.00 ＝ 2400.00",
                "乘比例：1000.00×50% ＋ 1400.00×80% ＝ 1620.00，四舍五入到分 ＝ 1620.00",
            ],
        ),
    ],
)
def test_the_difference_to_what_was_deducted_before_is_told(rate: str, paid: list[str]) -> None:
    """400.00 of 1,000.00 were deducted before: 600.00 of 3,000.00 come off."""
    text = policy_text(layer_text(ONCE.replace("rate: 80%", rate)))
    found = explained(
        text,
        Charges(3_000_00),
        facts=Facts(tier="level_3", episode="x", care="inpatient"),
        counters={"basic.deducted@x": 400_00},
    )
    told = sums(found)
    assert told[1] == LEFT
    assert told[4:-1] == paid
