"""Whatever is done to the fees and the deposit of a stay, in any order: the totals hold."""

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import CatalogueClass, DepositMethod, InstitutionId, PersonId
from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import DepositLimit
from settlement.domain.fees import lines_left, total_of
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import StayRefusal
from settlement.law.bill import BillDoesNotAddUp, Charges
from settlement.law.fee_lines import FeeLine, FeeLineFaulty

AT = datetime(2026, 3, 2, tzinfo=UTC)
BY = Actor("cashier-1", InstitutionId("H1"))
REFUSED = (StayRefusal, BillDoesNotAddUp, FeeLineFaulty)

_names = st.sampled_from(["1", "2", "3", "4", "5", "6"])


@st.composite
def fee_lines(draw: st.DrawFn) -> FeeLine:
    """A line of few numbers, so that they meet; every third takes something back."""
    quantity = draw(st.integers(1, 3))
    gives_back = draw(st.none() | st.none() | _names)
    sign = "" if gives_back is None else "-"
    fen = quantity * 335
    return FeeLine(
        number=draw(_names) if gives_back is None else f"back-{draw(_names)}",
        item_code="X",
        catalogue_class=CatalogueClass.B,
        quantity=f"{sign}{quantity}",
        unit_price_yuan="3.35",
        amount_fen=fen if gives_back is None else -fen,
        price_limit_yuan="3",
        self_pay_share="0.15",
        gives_back=gives_back,
    )


_batches = st.tuples(
    st.just("batch"), _names, st.lists(fee_lines(), min_size=1, max_size=4), st.none() | _names
)
_commands = st.one_of(
    _batches,
    _batches,
    st.tuples(st.just("delete batch"), _names),
    st.tuples(st.just("correct"), fee_lines()),
    st.tuples(st.just("delete line"), _names | _names.map("back-{}".format)),
)


def a_stay() -> Stay:
    """Somebody who lies in hospital."""
    return Stay.admit(
        institution_id=InstitutionId("H1"),
        hospital_stay_number="ZY-1",
        person_id=PersonId("p"),
        scheme=None,
        admission=date(2026, 3, 1),
        circumstances=Circumstances(),
        by=BY,
        today=date(2026, 3, 2),
        at=AT,
    )


def do(stay: Stay, command: tuple[Any, ...]) -> None:
    """A command upon the fees."""
    match command:
        case ("batch", number, lines, replaces):
            stay.record_fees(
                batch_number=number,
                charges=None,
                lines=tuple(lines),
                replaces=replaces,
                by=BY,
                at=AT,
            )
        case ("delete batch", number):
            stay.delete_fee_batch(batch_number=number, by=BY, at=AT)
        case ("correct", line):
            stay.correct_fee_line(line=line, by=BY, at=AT)
        case ("delete line", number):
            stay.delete_fee_line(line_number=number, by=BY, at=AT)


@given(st.lists(_commands, max_size=12))
@settings(max_examples=150)
def test_the_total_is_always_that_of_the_lines_that_stand(commands: list[Any]) -> None:
    """After every command, and again from its own events; a refusal leaves everything alone."""
    stay = a_stay()
    for command in commands:
        before, pending = stay.fees, len(stay.pending_events)
        try:
            do(stay, command)
        except REFUSED:
            assert (stay.fees, len(stay.pending_events)) == (before, pending)
            continue
        assert (stay.charges or Charges(0)).amounts() == _as_if_new(stay).amounts()
        assert all(left.quantity_exact >= 0 for left in lines_left(stay.fees.batches).values())
        if stay.charges:
            stay.charges.check()
    again: Any = None
    for event in stay.collect_events():
        again = event.mutate(again)
    assert again.fees == stay.fees


def _as_if_new(stay: Stay) -> Charges:
    """The total of all that stands, derived from the beginning."""
    return total_of(stay.fees.batches) or Charges(0)


@given(
    st.lists(
        st.tuples(st.booleans(), st.none() | _names, st.integers(1, 5)), min_size=1, max_size=20
    )
)
def test_what_is_held_is_what_was_paid_less_what_was_given_back(
    moves: list[tuple[bool, str | None, int]],
) -> None:
    """Never below zero, in all and of each receipt, and never above what is allowed."""
    stay, held_fen = a_stay(), 0
    for is_payment, receipt, amount_fen in moves:
        try:
            if is_payment:
                stay.pay_deposit(
                    receipt_number=receipt or "7",
                    amount_fen=amount_fen,
                    method=DepositMethod.CASH,
                    limit=DepositLimit("x", most_fen=12),
                    by=BY,
                    at=AT,
                )
            else:
                stay.refund_deposit(
                    receipt_number=receipt,
                    amount_fen=amount_fen,
                    method=DepositMethod.CASH,
                    by=BY,
                    at=AT,
                )
        except StayRefusal:
            continue
        held_fen += amount_fen if is_payment else -amount_fen
        assert stay.deposit.held_fen == held_fen
        assert 0 <= held_fen <= 12
        assert all(left.left_fen >= 0 for left in stay.deposit.receipts)
