"""Both services in one process as they are served on one machine, for `benchmarks.stays`.

`python -m benchmarks.stay_server FOLDER plain` or `… timed`. Tells its address on the first line;
then, for each line it is sent, the CPU seconds it took since the last one and, where it is timed,
the seconds of each part. It ends when nothing is left to read.
"""

import json
import os
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response

from benchmarks.timed_parts import Clocks, Place
from contracts import settlement_v1 as message
from eventlog.log import EventLog
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.application import prepare_settlement
from settlement.bootstrap import Parts
from settlement.domain.benefit_year import BenefitYear
from settlement.domain.settlement_order import SettlementOrder
from settlement.domain.stay import Stay
from settlement.entrypoints.http import once, stays, translating, who_may, whole_stays
from settlement.entrypoints.http.app import create_app
from settlement.entrypoints.http.once import Arrived
from settlement.read_models.fund_account import FundAccount
from settlement.read_models.settlement_index import SqlSettlementIndex
from settlement.read_models.stay_list import StayList
from standalone import serving

NOTHING_DONE = "/v1/settlements-not-made"
"""Reads and checks what a whole stay is, and answers what it is told to; nothing is decided."""

KEEPING_ONCE = "请求登记 (register of requests)"
ELIGIBILITY = "资格查询 (eligibility's answer, over HTTP)"
LOADING = "读出聚合 (loading aggregates)"
KERNEL = "内核计算 (kernel)"
EXPLAINING = "逐步说明 (explanation)"
DECIDING = "聚合决定与事件 (decisions and their events)"
NUMBERING = "结算单号 (serial, a commit of its own)"
SAVING = "写入事件 (saving, flushed to disk)"
SHOWING = "组成答复 (making the answer)"
FOLLOWING = "读模型跟进 (read models brought up to date)"
OTHERWISE = "其余 (the rest of the use case)"

PARTS: dict[str, tuple[Place, ...]] = {
    KEEPING_ONCE: ((once, "answer_once"),),
    OTHERWISE: (
        (whole_stays, "settle_whole_stay"),
        (stays, "admit_patient"),
        (stays, "record_fees"),
        (stays, "discharge_patient"),
        (stays, "settle_stay"),
    ),
    ELIGIBILITY: ((EligibilityHttp, "entitlements"),),
    LOADING: ((EventLog, "find"),),
    KERNEL: ((prepare_settlement, "settle_bill"),),
    EXPLAINING: ((prepare_settlement, "explain"),),
    DECIDING: (
        (Stay, "admit"),
        (Stay, "record_fees"),
        (Stay, "discharge_patient"),
        (Stay, "settle"),
        (BenefitYear, "open"),
        (BenefitYear, "move"),
        (SettlementOrder, "begin"),
        (SettlementOrder, "take"),
    ),
    NUMBERING: ((EventLog, "next_serial"),),
    SAVING: ((EventLog, "save"),),
    SHOWING: (
        (translating, "show_prepared"),
        (translating, "show_stay"),
        (message.StatementShown, "model_dump_json"),
        (message.StayShown, "model_dump_json"),
    ),
    FOLLOWING: (
        (FundAccount, "catch_up"),
        (SqlSettlementIndex, "catch_up"),
        (StayList, "catch_up"),
    ),
}


def _with_nothing_done(parts: Parts) -> FastAPI:
    who_may.WHO_MAY[f"POST {NOTHING_DONE}"] = who_may.WHO_MAY["POST /v1/settlements"]
    app = create_app(parts)

    @app.post(NOTHING_DONE)
    def nothing(asked: message.WholeStay, arrived: Arrived, answer_bytes: int) -> Response:  # noqa: ARG001 -- read and checked as ours are
        return Response(b" " * answer_bytes, HTTPStatus.CREATED, media_type="application/json")

    return app


def main() -> None:
    """Serve, and tell what it took, until nobody asks any more."""
    folder, is_timed = Path(sys.argv[1]), sys.argv[2] == "timed"
    clocks = Clocks()
    if is_timed:
        for part, places in PARTS.items():
            clocks.measure(part, places)
    serving.create_settlement = _with_nothing_done
    with serving.running(
        data=folder, host="127.0.0.1", port=0, environment=dict(os.environ)
    ) as addresses:
        _tell({"settlement": addresses.settlement, "eligibility": addresses.eligibility})
        begun = time.process_time()
        for _ in sys.stdin:
            now = time.process_time()
            _tell({"cpu": now - begun, "parts": clocks.take()})
            begun = now


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
