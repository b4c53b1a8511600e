"""Amounts that people decide after the settlement, over HTTP (事后裁定)."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from contracts import settlement_stays_v1 as message
from http_edge.acting import ActingHeaders
from settlement.application.decide_discretion import (
    Approved,
    ApproveDiscretion,
    ProposeDiscretion,
    RejectDiscretion,
    approve_discretion,
    propose_discretion,
    reject_discretion,
)
from settlement.application.find_stay import hospital_acting, stay_in_sight
from settlement.bootstrap import Parts
from settlement.domain.discretion import Proposal, ProposalStatus
from settlement.domain.stay import Stay
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.http import translating
from settlement.entrypoints.http.once import Arrived, answer_write
from settlement.entrypoints.http.show_adjustments import show_adjusted
from settlement.read_models.decision_list import OpenDecision

Decision = Annotated[int, Path(ge=1, le=9_999, description="第几号提议，从 1 起")]
LARGEST_PAGE = 500
Status = Literal["proposed", "lapsed", "approved", "rejected"]


def decision_routes(parts: Parts) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["事后裁定 decisions"])

    @routes.get("/v1/decisions", summary="待批准的裁定 (open decisions)")
    def open_decisions(
        acting: ActingHeaders,
        status: Annotated[  # noqa: ARG001 - there is one list so far; it says which in its address
            Literal["proposed"], Query(description="待批准的，已失效的会注明 (status)")
        ] = "proposed",
        after: Annotated[
            int, Query(ge=0, description="上次答复的 next_after，首次为 0 (cursor)")
        ] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="每页至多 (page)")] = 100,
    ) -> message.DecisionsListed:
        """各次住院待批准的裁定，按提出先后；医疗机构只看本机构的，经办机构看全部。"""
        whose = hospital_acting(parts.ledger, translating.actor(acting))
        found = parts.decision_list.open_decisions(whose, after=after, limit=limit)
        return message.DecisionsListed(
            decisions=tuple(_show_listed(parts, each) for each in found),
            next_after=found[-1].position if len(found) == limit else None,
        )

    @routes.get("/v1/stays/{stay_id}/decisions", summary="裁定列表 (list decisions)")
    def decisions(
        stay_id: UUID, acting: ActingHeaders, status: Status | None = None
    ) -> message.DecisionsShown:
        """裁定列表：待批准、已失效、已批准、已退回，按提出先后。"""
        stay = stay_in_sight(parts.ledger, stay_id, translating.actor(acting))
        shown = (_show(stay, proposed) for proposed in stay.proposals)
        return message.DecisionsShown(
            decisions=tuple(each for each in shown if status in (None, each.status))
        )

    @routes.post(
        "/v1/stays/{stay_id}/decisions",
        summary="提议裁定 (propose a decision)",
        status_code=201,
        response_model=message.DecisionShown,
    )
    def propose(stay_id: UUID, asked: message.DecisionProposal, arrived: Arrived) -> Response:
        """提议裁定：待定的层由人审定多少及理由；须由另一位经办人批准后才记账。"""
        command = ProposeDiscretion(
            stay_id=stay_id,
            layer=asked.layer,
            amount_fen=asked.amount_fen,
            reason=asked.reason,
            by=arrived.by,
            at=parts.clock(),
        )
        return answer_write(
            parts,
            "propose-decision",
            arrived,
            decide=lambda accept: propose_discretion(
                command, ledger=parts.ledger, laws=parts.laws, accept=accept
            ),
            show=lambda result: _show(result.stay, result.proposed),
            status=HTTPStatus.CREATED,
        )

    @routes.post(
        "/v1/stays/{stay_id}/decisions/{decision}/approval",
        summary="批准裁定 (approve a decision)",
        response_model=message.DecisionMade,
    )
    def approve(
        stay_id: UUID, decision: Decision, asked: message.DecisionApproval, arrived: Arrived
    ) -> Response:
        """批准裁定：不能批准自己的提议；结算此后有变动的，提议失效，须重新提议。"""
        at = parts.clock()
        command = ApproveDiscretion(
            stay_id=stay_id,
            proposal=decision,
            expected_personal_fen=asked.expected_personal_fen,
            booked_on=business_date(at),
            by=arrived.by,
            at=at,
        )
        return answer_write(
            parts,
            "approve-decision",
            arrived,
            decide=lambda accept: approve_discretion(
                command, ledger=parts.ledger, laws=parts.laws, accept=accept
            ),
            show=lambda result: _show_made(result, command),
        )

    @routes.post(
        "/v1/stays/{stay_id}/decisions/{decision}/rejection",
        summary="退回裁定 (reject a decision)",
        response_model=message.DecisionShown,
    )
    def reject(
        stay_id: UUID, decision: Decision, asked: message.DecisionRejection, arrived: Arrived
    ) -> Response:
        """退回裁定：由另一位经办人退回，写明理由；可以重新提议。"""
        command = RejectDiscretion(
            stay_id=stay_id,
            proposal=decision,
            reason=asked.reason,
            by=arrived.by,
            at=parts.clock(),
        )
        return answer_write(
            parts,
            "reject-decision",
            arrived,
            decide=lambda accept: reject_discretion(command, ledger=parts.ledger, accept=accept),
            show=lambda result: _show(result.stay, result.proposed),
        )

    return routes


def _show_listed(parts: Parts, listed: OpenDecision) -> message.DecisionShown:
    stay = parts.ledger.find(listed.stay_id, Stay)
    assert stay is not None  # noqa: S101 - the list follows the ledger
    return _show(stay, stay.proposals[listed.proposal - 1])


def _show(stay: Stay, proposed: Proposal) -> message.DecisionShown:
    status = stay.proposal_status(proposed)
    is_open = status is ProposalStatus.PROPOSED
    changed = proposed.what_changed(stay.current_settlement) if is_open else None
    return message.DecisionShown.model_validate(
        {
            "stay_id": str(stay.id),
            "decision": proposed.proposal,
            "reference": proposed.reference,
            "settlement_number": proposed.number,
            "layer": proposed.layer,
            "amount_fen": proposed.amount_fen,
            "was_fen": proposed.was_fen,
            "reason": proposed.reason,
            "proposed_by": proposed.by.operator,
            "proposed_for": proposed.by.institution_id,
            "status": "lapsed" if changed else status.value,
            "lapsed_because": changed,
        }
    )


def _show_made(result: Approved, command: ApproveDiscretion) -> message.DecisionMade:
    own, *later = result.rederived
    return message.DecisionMade(
        decision=_show(result.stay, result.proposed),
        patient_fen=own.prepared.patient_fen,
        booked_on=command.booked_on,
        adjustments=(
            # Whoever may decide on a stay may see what becomes of it.
            show_adjusted(own, result.stay.institution_id),
            *(show_adjusted(each, command.by.institution_id) for each in later),
        ),
    )
