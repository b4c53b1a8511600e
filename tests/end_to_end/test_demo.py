"""`yizhan demo`, as a newcomer runs it: published bills come out to the fen."""

from pathlib import Path

import pytest

from tests.end_to_end.server_process import run_yizhan

# What was published, layer by layer, and the patient's part; yuan.
PUBLISHED = {
    "重庆渝北 2023": ("34790.00", "10647.00", "937.80", "个人 5625.20"),
    "重庆某区 2023": ("125790.00", "29743.68", "17126.42", "2687.93", "个人 24651.97"),
    "湖北公安县 2018": ("3518.18", "个人 4136.84"),
    "山东沂水 2017": ("1313.04", "292.54", "18.14", "155.07", "个人 8.16"),
    "湖北 2024": ("150000.00", "93800.00", "个人 56200.00"),
}


@pytest.fixture(name="shown", scope="module")
def _shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the demonstration prints; its data is its own, whatever is set for other work."""
    untouched: Path = tmp_path_factory.mktemp("demo") / "data"
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv("YIZHAN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
        ended = run_yizhan("demo", data=untouched)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not untouched.exists()
    return ended.stdout


@pytest.mark.parametrize("title", PUBLISHED)
def test_a_published_bill_is_settled_to_the_fen(shown: str, title: str) -> None:
    """Each payer's amount and the patient's stand on the statement under the bill's title."""
    _, _, after = shown.partition(f"\n{title}：")
    statement, agreed, _ = after.partition("✓ 各项与公布的金额一致，分毫不差")
    assert agreed
    assert statement.count("已结算") == 1
    assert [amount for amount in PUBLISHED[title] if amount not in statement] == []


def test_the_ledger_is_shown_reversed_replayed_and_verified(shown: str) -> None:
    """The history, a reversal, the real revision's 900 yuan, and no difference at the end."""
    for topic in ("stay-admitted", "fees-recorded", "patient-discharged", "settlement-completed"):
        assert f"settlement.{topic}.v1" in shown
    assert "撤销 500112-2" in shown
    assert "退回个人 5625.20 元" in shown
    changed = [line for line in shown.splitlines() if "420000-2" in line and "-900.00" in line]
    assert len(changed) == 1
    assert "57100.00" in changed[0]
    assert "56200.00" in changed[0]
    assert "账本与重新计算的结果完全一致（差异 0）" in shown


def test_an_office_is_asked_on_line_and_its_silence_told(shown: str) -> None:
    """Recognised during the stay; when the server is down, the answer's age is told."""
    assert "联机核实：有变化，新记录 1 项" in shown
    assert "来源 civil_affairs/online:gongan_minzheng:" in shown
    assert "没有应答（对方系统出错）；仍用" in shown


def test_the_fund_reconciles_and_two_mistakes_are_found(shown: str) -> None:
    """The same list agrees; with a line lost and a fen less, both are named."""
    assert "逐笔一致，没有差异" in shown
    assert "对方减我方 0.00 元" in shown
    _, _, mistaken = shown.partition("假如基金的清单少列一行、另一行少一分")
    assert "差异 2 处" in mistaken
    assert "10646.99" in mistaken
    assert mistaken.rstrip().endswith("接口文档在 /docs")
    assert "演示完成" in mistaken
