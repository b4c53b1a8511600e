"""Making a settlement again with an amount decided elsewhere (重做结算), and all that comes after
and rests on it. What else it was made from stays.
"""

from dataclasses import replace
from datetime import date, datetime

from settlement.application.law_library import LawLibrary
from settlement.application.prepare_settlement import Prepared, compute
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
from settlement.domain.settlement import Settlement


def computed_with(
    settlement: Settlement, *, layer: str, amount_fen: int, laws: LawLibrary
) -> Prepared:
    """The settlement with a layer at this amount. Raises what the kernel refuses it for, and
    LawMissing."""
    amounts = settlement.inputs.elsewhere_fen | {layer: amount_fen}
    inputs = replace(settlement.inputs, elsewhere_fen=dict(sorted(amounts.items())))
    return compute(laws.cascade_of(inputs), inputs)


def complete_layer(
    later: Later,
    *,
    layer: str,
    amount_fen: int,
    cause: Cause,
    person: PersonKept,
    laws: LawLibrary,
    booked_on: date,
    by: Actor,
    at: datetime,
) -> tuple[Rederived, ...]:
    """Make a settlement again with a layer at this amount, and after it every later one that is
    another then; write them to their stays, orders and years.

    Raises what the kernel refuses the amount for, LawMissing, CorrectionsUnstated,
    LaterNotRederivable, LaterUnknown, NotInOrder, BookedBackwards.
    """
    stay, settlement = later.stay, later.settlement
    used = settlement.inputs.eligibility
    for person_id in used.records:
        person.order(used, person_id)  # orders come first
    again = computed_with(settlement, layer=layer, amount_fen=amount_fen, laws=laws)
    own = made_again(later, again, by=by, otherwise=f"请改由机构 {stay.institution_id} 登记")
    moved = rederive_later(settlement, moves=own.moves, person=person, laws=laws, by=by)
    rederived = (own, *moved)
    adjust_later(rederived, cause=cause, person=person, booked_on=booked_on, by=by, at=at)
    return rederived
