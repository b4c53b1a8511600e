"""One process settles a person's stays while another undoes earlier ones: some serial order."""

import multiprocessing
from pathlib import Path
from typing import Any

from settlement.application.ledger_history import settlements_recorded
from settlement.application.verify_ledger import verify_ledger
from tests.support.settlement_desk import P1, Desk, open_parts

EARLY, LATE = 3, 4
CHARGES = {"total_fen": 60_000_00, "in_scope_fen": 55_000_00}


def desk_of(data: Path) -> Desk:
    """A window: its own connections."""
    parts, people = open_parts(data)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    return Desk(parts)


def settle_some(data: str, start: Any) -> None:
    """A window that settles."""
    desk = desk_of(Path(data))
    stays = [desk.discharged(P1, f"L{n}", charges=CHARGES) for n in range(LATE)]
    start.wait()
    for stay in stays:
        answer = desk.settle(stay)
        assert answer.status_code == 200, answer.text


def undo_some(data: str, stays: list[str], start: Any) -> None:
    """A window that undoes."""
    desk = desk_of(Path(data))
    start.wait()
    for stay in stays:
        answer = desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "更正"})
        assert answer.status_code == 200, answer.text


def paid(desk: Desk) -> dict[str, list[int]]:
    """What every step of every stay that counts pays, in the order of settling."""
    recorded = settlements_recorded(desk.parts.ledger.events())
    return {
        str(s.stay_id): [step.paid_fen for step in s.steps] for s in recorded if not s.is_reversed
    }


def test_settling_and_undoing_at_once_end_as_some_serial_order(tmp_path: Path) -> None:
    """Settled afresh in the order that came out, every step pays the same."""
    desk = desk_of(tmp_path / "data")
    desk.import_institutions()
    early = [desk.discharged(P1, f"E{n}", charges=CHARGES) for n in range(EARLY)]
    for stay in early:
        assert desk.settle(stay).status_code == 200
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    data = str(tmp_path / "data")
    windows = [
        context.Process(target=settle_some, args=(data, start)),
        context.Process(target=undo_some, args=(data, early[:2], start)),
    ]
    for window in windows:
        window.start()
    for window in windows:
        window.join(timeout=240)
    assert [w.exitcode for w in windows] == [0, 0]

    found = paid(desk)
    fresh = desk_of(tmp_path / "fresh")
    fresh.import_institutions()
    numbers = {early[2]: "E2"} | {
        str(stay): f"L{n}" for n, stay in enumerate(s for s in found if s != early[2])
    }
    for stay in found:
        assert fresh.settle(fresh.discharged(P1, numbers[stay], charges=CHARGES)).status_code == 200

    assert list(found) == list(numbers)
    assert found == paid(fresh)
    assert verify_ledger(desk.parts.ledger, desk.parts.laws).discrepancies == ()
