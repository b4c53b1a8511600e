"""Making a settlement again from other inputs (重做结算), and all that comes after and rests on it.

What it was made from stays but for the amounts decided elsewhere. Nothing is written by
`remade_with`; `write_remade` writes what it found.
"""

from dataclasses import replace
from datetime import date, datetime

from settlement.application.law_library import LawLibrary
from settlement.application.prepare_settlement import compute
from settlement.application.rederive_later import (
    Later,
    PersonKept,
    Rederived,
    adjust_later,
    made_again,
    rederive_later,
)
from settlement.domain.adjustment import Cause
from settlement.domain.record import Actor


def remade_with(
    elsewhere_fen: dict[str, int],
    later: Later,
    *,
    person: PersonKept,
    laws: LawLibrary,
    by: Actor,
) -> tuple[Rederived, ...]:
    """A settlement with these amounts decided elsewhere, in fen by layer, and after it every later
    one that is another then.

    Raises what the kernel refuses its amounts for, LawMissing, CorrectionsUnstated,
    LaterNotRederivable, LaterUnknown, NotInOrder.
    """
    settlement = later.settlement
    inputs = replace(settlement.inputs, elsewhere_fen=dict(sorted(elsewhere_fen.items())))
    again = compute(laws.cascade_of(inputs), inputs)
    own = made_again(later, again, by=by, otherwise=f"请改由机构 {later.stay.institution_id} 登记")
    moved = rederive_later(settlement, moves=own.moves, person=person, laws=laws, by=by)
    return own, *moved


def write_remade(
    rederived: tuple[Rederived, ...],
    *,
    cause: Cause,
    person: PersonKept,
    booked_on: date,
    by: Actor,
    at: datetime,
) -> None:
    """Write a settlement that was made again to the orders of its person, and it and those after
    it to their stays and years. Raises NotInOrder, BookedBackwards."""
    own = rederived[0].later
    used = own.settlement.inputs.eligibility
    for each in used.records:
        order = person.order(used, each)
        order.remake(number=own.settlement.number, stay_id=own.stay.id, at=at)
    adjust_later(rederived, cause=cause, person=person, booked_on=booked_on, by=by, at=at)
