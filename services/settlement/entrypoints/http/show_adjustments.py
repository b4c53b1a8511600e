"""Between adjustments and messages (转换): what was made again, and how it is carried."""

from contracts import settlement_v1 as message
from contracts.vocabulary import InstitutionId, Payer
from settlement.application.rederive_later import Rederived
from settlement.application.reverse_settlement import Reversed, ReverseSettlement
from settlement.domain.adjustment import Adjustment, Change
from settlement.domain.settlement import CASH, SURPLUS
from settlement.law.policy import Policy


def show_reversed(result: Reversed, command: ReverseSettlement) -> message.ReversalShown:
    """What was undone, as the hospital had booked it, and what had to follow."""
    booked = result.booked
    beside = {
        kind: sum(owed.amount_fen for owed in booked.outside if owed.kind == kind)
        for kind in (CASH, SURPLUS)
    }
    return message.ReversalShown(
        stay_id=str(result.stay.id),
        settlement_number=result.settlement.number,
        returned_to_patient_fen=booked.patient_fen,
        returned_by_hospital_to_funds_fen=sum(s.amount_fen for s in booked.shares if s.fund),
        booked_on=command.booked_on,
        cash_taken_back_fen=beside[CASH],
        surplus_taken_back_fen=beside[SURPLUS],
        adjustments=tuple(
            show_adjusted(each, command.by.institution_id) for each in result.adjusted
        ),
    )


def show_adjusted(rederived: Rederived, seen_by: InstitutionId) -> message.AdjustedShown:
    """A settlement that was made again; of another institution's its number alone."""
    stay, settlement = rederived.later.stay, rederived.later.settlement
    is_own = stay.institution_id == seen_by
    return message.AdjustedShown(
        settlement_number=settlement.number,
        institution_id=stay.institution_id,
        hospital_stay_number=stay.hospital_stay_number if is_own else None,
        adjustment=len(settlement.adjustments) + 1,
        changes=show_changes(rederived.changes, rederived.prepared.policy) if is_own else (),
    )


def show_adjustment(adjustment: Adjustment, policy: Policy) -> message.AdjustmentShown:
    """One adjustment of a settlement."""
    return message.AdjustmentShown.model_validate(
        {
            "adjustment": adjustment.adjustment,
            "cause": adjustment.cause.kind,
            "cause_reference": adjustment.cause.reference,
            "cause_settlement": adjustment.cause.settlement,
            "booked_on": adjustment.booked_on,
            "changes": show_changes(adjustment.changes, policy),
        }
    )


def show_changes(changes: tuple[Change, ...], policy: Policy) -> tuple[message.ChangeShown, ...]:
    """Each difference with its way; a layer that the policy no longer has goes by its id."""
    names = {layer.id: layer.name for layer in policy.layers}
    return tuple(
        message.ChangeShown.model_validate(
            {
                "kind": change.kind,
                "layer": change.layer,
                "name": names.get(change.layer, change.layer) if change.layer else "个人应付",
                "payer": change.payer,
                "payer_label": Payer(change.payer).label,
                "fund": change.fund,
                "delta_fen": change.delta_fen,
                "way": change.way,
            }
        )
        for change in changes
    )
