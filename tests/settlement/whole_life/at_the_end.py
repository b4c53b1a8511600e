"""What is asked of a ledger at the end of a run: everything again, from what was stored."""

import json
from collections import Counter
from typing import Any

from settlement.application.ledger_history import settlements_recorded
from settlement.application.prepare_settlement import compute
from settlement.application.replay_ledger import Scope, replay_ledger
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.settlement import payer_steps, shares_of
from settlement.domain.stay import Stay
from tests.settlement.whole_life.real_desk import RealDesk, owed_to_hospital


def require_consistent_ledger(desk: RealDesk, *, is_all_as_known: bool) -> None:
    """Raises AssertionError where anything comes out otherwise. `is_all_as_known`: every settlement
    is under the version that is right by what is known now."""
    desk.look()
    _require_recomputed(desk)
    _require_booked(desk)
    _require_verified(desk)
    if is_all_as_known:
        _require_replayed(desk)
    _require_rebuilt(desk)


def _require_recomputed(desk: RealDesk) -> None:
    """Each stay from its own events alone, and the texts of the law."""
    for stay in desk.stays.values():
        again: Any = None
        for event in desk.ledger.history(stay.id):
            again = event.mutate(again)
        assert isinstance(again, Stay)
        for settlement in again.settlements:
            computed = compute(desk.laws.cascade_of(settlement.inputs), settlement.inputs)
            steps = payer_steps(computed.steps)
            assert (steps, shares_of(steps)) == (settlement.steps, settlement.shares)
            assert computed.patient_fen == settlement.patient_fen
            assert computed.beside.outside == settlement.outside


def _require_booked(desk: RealDesk) -> None:
    """What the books say each fund owes hospitals is what its settlements owe, less deductions."""
    owed: Counter[str] = Counter()
    for stay in desk.stays.values():
        if stay.current_settlement:
            owed.update(owed_to_hospital(stay.current_settlement))
        for kept in stay.deductions.every:
            owed[kept.imposed.fund_id] -= kept.stands_fen
    booked = {each.fund_id: each.balance_fen for each in desk.funds.balances()}
    assert {f: fen for f, fen in booked.items() if fen} == {f: n for f, n in owed.items() if n}


def _require_verified(desk: RealDesk) -> None:
    """Every event again, the books of the funds among them."""
    verified = verify_ledger(desk.ledger, desk.laws, fund_books=desk.funds)
    assert verified.discrepancies == ()
    settlements = [s for stay in desk.stays.values() for s in stay.settlements]
    assert verified.settlements == len(settlements) == len({s.number for s in settlements})
    assert verified.fund_books_until == desk.position


def _require_replayed(desk: RealDesk) -> None:
    """Under the same book and from empty totals, to the byte."""
    recorded = settlements_recorded(desk.ledger.events())
    replayed = replay_ledger(recorded, desk.book, Scope())
    assert replayed.refused == ()
    assert len(replayed.stays) == sum(not s.is_reversed for s in recorded)
    before = [json.dumps(s.before_fen, sort_keys=True) for s in replayed.stays]
    after = [json.dumps(s.after_fen, sort_keys=True) for s in replayed.stays]
    assert after == before


def _require_rebuilt(desk: RealDesk) -> None:
    """Read models that followed step by step equal those made anew at once."""
    for read_model in desk.read_models:
        assert read_model.catch_up() == desk.position
    followed = desk.rows()
    for read_model in desk.read_models:
        read_model.rebuild()
    assert desk.rows() == followed
