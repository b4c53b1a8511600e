"""Several processes settle one person at once on one ledger: no cap and no deductible twice."""

import multiprocessing
from pathlib import Path
from typing import Any

from settlement.application.ledger_history import settlements_recorded
from settlement.application.verify_ledger import verify_ledger
from tests.support.settlement_desk import P1, Desk, open_parts

PROCESSES = 4
STAYS_EACH = 4
THRESHOLD_FEN = 16_901_00
TILT_CAP_FEN = 20_000_00


def settle_some(data: str, process: int, start: Any) -> None:
    """One hospital window: its own process, its own connections."""
    parts, people = open_parts(Path(data))
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    stays = [
        desk.discharged(
            P1, f"W{process}-{n}", charges={"total_fen": 150_000_00, "in_scope_fen": 140_000_00}
        )
        for n in range(STAYS_EACH)
    ]
    start.wait()
    for stay in stays:
        answer = desk.settle(stay)
        assert answer.status_code == 200, answer.text


def test_concurrent_settlements_end_as_some_serial_order(tmp_path: Path) -> None:
    """Sixteen stays from four processes: each meets the counters its predecessor left."""
    parts, _ = open_parts(tmp_path)
    Desk(parts).import_institutions()
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES)
    windows = [
        context.Process(target=settle_some, args=(str(tmp_path), n, start))
        for n in range(PROCESSES)
    ]
    for window in windows:
        window.start()
    for window in windows:
        window.join(timeout=120)
    assert [w.exitcode for w in windows] == [0] * PROCESSES

    found = settlements_recorded(parts.ledger.events())
    steps = [step for settlement in found for step in settlement.steps]
    deducted = sum(s.deductible_fen for s in steps if s.layer == "critical")
    tilt = sum(s.paid_fen for s in steps if s.layer == "tilt")

    assert len(found) == PROCESSES * STAYS_EACH
    assert len({s.number for s in found}) == len(found)
    assert deducted == THRESHOLD_FEN
    assert tilt == TILT_CAP_FEN
    assert [s.inputs.counters_before["admissions"] for s in found] == list(range(len(found)))
    assert verify_ledger(parts.ledger, parts.laws).discrepancies == ()
