"""The HTTP application of settlement (结算服务)."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from http_edge.body_limit import BodyLimit
from http_edge.identity.gate import install_guard
from http_edge.identity.token_routes import (
    LARGEST_TOKEN_REQUEST_BYTES,
    TOKEN_PATH,
    token_routes,
)
from http_edge.operating import install_operations
from http_edge.problems import install_problems
from http_edge.readable_address import ReadableAddress
from settlement.application.find_stay import is_hospital
from settlement.bootstrap import Parts
from settlement.entrypoints.http.accounts import account_routes
from settlement.entrypoints.http.decisions import decision_routes
from settlement.entrypoints.http.deductions import deduction_routes
from settlement.entrypoints.http.deposits import deposit_routes
from settlement.entrypoints.http.found_settlements import found_settlement_routes
from settlement.entrypoints.http.funds import fund_routes
from settlement.entrypoints.http.institutions import institution_routes
from settlement.entrypoints.http.late_amounts import late_amount_routes
from settlement.entrypoints.http.notices import notice_routes
from settlement.entrypoints.http.operating import settlement_operations
from settlement.entrypoints.http.problem_table import PROBLEMS
from settlement.entrypoints.http.replica_settlements import replica_settlement_routes
from settlement.entrypoints.http.requests import request_routes
from settlement.entrypoints.http.revisions import revision_routes
from settlement.entrypoints.http.statements import statement_routes
from settlement.entrypoints.http.stay_changes import stay_change_routes
from settlement.entrypoints.http.stay_list import stay_list_routes
from settlement.entrypoints.http.stay_parts import stay_part_routes
from settlement.entrypoints.http.stays import stay_routes
from settlement.entrypoints.http.touched import touched_routes
from settlement.entrypoints.http.who_may import WHO_MAY
from settlement.entrypoints.http.whole_stays import (
    stateless_preview_routes,
    whole_stay_routes,
)


def create_app(parts: Parts) -> FastAPI:
    """Every route of settlement."""
    app = FastAPIOffline(
        redoc_url=None,
        title="一站 · 结算服务 (yizhan settlement)",
        version="v1",
        description="入院、费用、出院、预结算、结算、撤销、基金；金额一律为整数分（_fen）。",
    )
    every = (
        # The first is found soonest, and desks wait for this one most.
        whole_stay_routes,
        stateless_preview_routes,
        stay_routes,
        touched_routes,
        replica_settlement_routes,
        institution_routes,
        fund_routes,
        request_routes,
        found_settlement_routes,
        account_routes,
        notice_routes,
        stay_change_routes,
        stay_list_routes,
        stay_part_routes,
        deposit_routes,
        late_amount_routes,
        decision_routes,
        deduction_routes,
        revision_routes,
    )
    for routes in every:
        app.include_router(routes(parts))
    app.include_router(statement_routes(parts.papers, parts.clock))
    install_problems(app, PROBLEMS)
    app.add_middleware(BodyLimit, limit_bytes_by_path={TOKEN_PATH: LARGEST_TOKEN_REQUEST_BYTES})
    app.add_middleware(ReadableAddress)
    gate = parts.gate
    if gate.issuer is not None and gate.clients is not None:
        app.include_router(token_routes(gate.issuer, gate.clients))
    install_guard(
        app,
        gate,
        WHO_MAY,
        rate=parts.operating.caller_rate(),
        is_hospital=lambda institution: is_hospital(parts.ledger, institution),
    )
    install_operations(app, settlement_operations(parts))
    return app
