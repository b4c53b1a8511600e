"""Undoing from many windows at once: one reversal each, and true answers to everybody."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from settlement.application.verify_ledger import verify_ledger
from tests.support.settlement_desk import P1, Desk, open_parts

WINDOWS = 8
ROUNDS = 6


def test_one_of_many_reversals_happens_and_the_others_are_told_so(tmp_path: Path) -> None:
    """Eight windows undo the later of two settlements at once, six times over."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    desk.import_institutions()
    charges = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
    assert desk.settle(desk.discharged(P1, "A1", charges=charges)).status_code == 200
    stay = desk.discharged(P1, "A2", charges=charges)

    for _ in range(ROUNDS):
        assert desk.settle(stay).status_code == 200
        start = Barrier(WINDOWS)

        def undo(_: int, start: Barrier = start) -> str:
            start.wait()
            answer = desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "更正"})
            return answer.json().get("type", "done").removeprefix("urn:yizhan:problem:")

        with ThreadPoolExecutor(WINDOWS) as windows:
            answers = sorted(windows.map(undo, range(WINDOWS)))

        assert answers == ["done", *["not-settled"] * (WINDOWS - 1)]
    assert verify_ledger(parts.ledger, parts.laws).discrepancies == ()


def test_every_window_undoes_another_settlement_of_one_person(tmp_path: Path) -> None:
    """Eight stays of one person, each undone by a window of its own at once: all of them are, in
    some order, and the later ones that were adjusted meanwhile leave nothing behind."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    desk.import_institutions()
    charges = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
    stays = [desk.discharged(P1, f"A{n}", charges=charges) for n in range(WINDOWS)]
    for stay in stays:
        assert desk.settle(stay).status_code == 200
    start = Barrier(WINDOWS)

    def undo(stay: str) -> int:
        start.wait()
        path = f"/v1/stays/{stay}/settlement/reversal"
        return int(desk.write(path, {"reason": "更正"}).status_code)

    with ThreadPoolExecutor(WINDOWS) as windows:
        answers = list(windows.map(undo, stays))

    assert answers == [200] * WINDOWS
    trial = parts.fund_account.trial_balance()
    assert all(debit == credit for debit, credit in trial.values())
    books = parts.fund_account
    assert verify_ledger(parts.ledger, parts.laws, fund_books=books).discrepancies == ()
