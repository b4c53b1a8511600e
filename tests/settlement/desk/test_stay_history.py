"""The history of a stay is a timeline anybody can read."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.vocabulary import InstitutionId
from settlement.domain.stay import Stay, stay_id_of
from settlement.entrypoints.cli import app
from settlement.entrypoints.stay_history import HAPPENED
from standalone.generate_schemas import _events_of
from tests.support.settlement_desk import P1, Desk, open_parts

YUBEI = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    parts, people = open_parts(tmp_path)
    desk = Desk(parts)
    desk.import_institutions()
    people.add(P1, region="500112", identities=("subsistence_margin",))
    stay = desk.discharged(P1, "A1", charges=YUBEI)
    assert desk.settle(stay).status_code == 200
    undone = desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "费用有误"})
    assert undone.status_code == 200
    return desk


TIMELINE = [
    "入院登记：住院号 A1，入院日期 2023-03-01",
    "上传费用：批次 1，52000.00 元，其中政策范围内 50000.00 元",
    "出院登记：出院日期 2023-03-10",
    "开始结算 500112-2026-0000001：费用 52000.00 元，参保地 500112",
    "居民基本医疗保险：支付 34790.00 元",
    "大病保险：支付 0.00 元",
    "医疗救助：支付 10647.00 元",
    "倾斜救助：支付 937.80 元",
    (
        "结算完成 500112-2026-0000001：总费用 52000.00 元，基本医疗保险 34790.00 元，"
        "大病保险 0.00 元，医疗救助 10647.00 元，倾斜救助 937.80 元，个人应付 5625.20 元；"
        "记账日 2026-03-02"
    ),
    (
        "撤销结算 500112-2026-0000001：原因“费用有误”；基本医疗保险 34790.00 元，大病保险 0.00 元，"
        "医疗救助 10647.00 元，倾斜救助 937.80 元，个人应付 5625.20 元，全部冲回；"
        "记账日 2026-03-02"
    ),
]


def test_the_timeline_says_what_happened_when_and_by_whom(desk: Desk) -> None:
    """In order, with figures, the business day and the operator."""
    stay = stay_id_of(InstitutionId(desk.institution), "A1")

    events = desk.read(f"/v1/stays/{stay}/history").json()["events"]

    assert [event["happened"] for event in events] == TIMELINE
    assert {event["business_day"] for event in events} == {"2026-03-02"}
    assert [event["operator"] for event in events if event["operator"]] == ["cashier-1"] * 6
    assert events[-1]["content"]["reason"] == "费用有误"


def test_another_hospitals_history_is_not_told(desk: Desk) -> None:
    """It is as unknown as a stay that never was."""
    stay = stay_id_of(InstitutionId(desk.institution), "A1")
    desk.institution = "H99010100001"
    assert desk.read(f"/v1/stays/{stay}/history").status_code == 404


def test_every_kind_of_event_has_its_words() -> None:
    """A new kind needs one line in HAPPENED."""
    assert [kind.__qualname__ for kind in _events_of(Stay) if kind not in HAPPENED] == []


def test_the_command_prints_it(desk: Desk, tmp_path: Path) -> None:
    """By the hospital's own stay number; another hospital is refused."""
    asked = ["stay", "history", "A1", "--data", str(tmp_path), "--acting-for"]

    own = CliRunner().invoke(app, [*asked, desk.institution, "--json"])
    table = CliRunner().invoke(app, [*asked, desk.institution], env={"COLUMNS": "160"})
    other = CliRunner().invoke(app, [*asked, "H50011200002"])

    assert own.exit_code == 0
    assert len(own.stdout.splitlines()) == len(TIMELINE)
    assert "倾斜救助：支付 937.80 元" in own.stdout
    assert "上传费用：批次 1，52000.00 元" in table.stdout
    assert (other.exit_code, "没有住院 A1" in other.stderr) == (2, True)
