"""What operators see of settlement: readiness that is true, metrics that count, nothing hidden."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from http_edge.metrics import METRICS
from http_edge.operating import operations_of
from settlement.read_models import fund_account
from tests.support.settlement_desk import P1, Desk, open_parts

BILL = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
FOLLOWED = (
    "decision_list",
    "fund_account",
    "replica_answers",
    "revision_list",
    "settlement_index",
    "stay_list",
    "touched_settlements",
)


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    """A desk with institutions and one insured person; eligibility's own health is out of reach."""
    parts, people = open_parts(tmp_path)
    people.add(P1, region="500112", identities=("subsistence_margin",))
    desk = Desk(parts)
    desk.import_institutions()
    assert isinstance(desk.http.app, FastAPI)
    operations = operations_of(desk.http.app)
    assert operations is not None
    operations.health.remembered_seconds = 0
    return desk


def samples(desk: Desk) -> Mapping[str, float]:
    """Every sample by its name and labels, without the service's."""
    answer = desk.http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for each in family.samples:
            labels = [f"{k}={v}" for k, v in sorted(each.labels.items()) if k != "service"]
            found[f"{each.name}[{','.join(labels)}]"] = each.value
    return found


def checks(desk: Desk) -> tuple[int, dict[str, str]]:
    """The readiness as it is told."""
    answer = desk.http.get("/health/ready")
    return answer.status_code, answer.json()["checks"]


def test_settlements_refusals_and_positions_are_counted(desk: Desk) -> None:
    """One settled, one answered again, one refused; then the read models are asked."""
    stay = desk.discharged(P1, "A1", charges=BILL)
    assert desk.settle(stay, key="k1").is_success
    assert desk.settle(stay, key="k1").is_success
    assert desk.settle(stay, key="k2").status_code == 409

    found = samples(desk)
    assert found["yizhan_settlements_total[]"] == 1
    assert found["yizhan_settled_cost_fen_total[]"] == 52_000_00
    assert found["yizhan_reversals_total[]"] == 0
    assert found["yizhan_http_refusals_total[problem=already-settled]"] == 1
    route = "method=POST,route=/v1/stays/{stay_id}/settlement"
    counted = "yizhan_http_request_duration_seconds_count"
    assert found[f"{counted}[{route},status_class=2xx]"] == 2
    assert found[f"{counted}[{route},status_class=4xx]"] == 1
    last = desk.parts.register.last_position()
    assert found["yizhan_event_log_last_position[]"] == last
    assert found["yizhan_events_stored_total[]"] == last
    assert found["yizhan_group_commit_saves_count[]"] > 1
    assert found["yizhan_follower_lag_events[follower=fund_account]"] == last
    assert found["yizhan_http_requests_in_flight[]"] == 0

    assert desk.read("/v1/funds").is_success
    assert samples(desk)["yizhan_follower_lag_events[follower=fund_account]"] == 0


def test_every_metric_has_its_name_and_nothing_else_is_told(desk: Desk) -> None:
    """What the alert rules may ask about is what is exposed."""
    text = desk.http.get("/metrics").text
    named = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    assert {name for name in named if not name.endswith("_created")} == set(METRICS)


def test_without_eligibility_it_is_degraded_and_ready(desk: Desk) -> None:
    """Statements are read and funds reconciled; the body names what is missing."""
    status, found = checks(desk)
    assert status == 200
    assert found == {
        "event-log": "ok",
        **{f"read-model:{name}": "ok" for name in FOLLOWED},
        "policies": "ok",
        "eligibility": "failed",
    }


def test_a_log_of_another_version_is_not_ready_until_it_is_right_again(
    desk: Desk, tmp_path: Path
) -> None:
    """As a new process would find it; the running one notices without a restart."""
    with closing(sqlite3.connect(tmp_path / "settlement.sqlite")) as connection:
        connection.execute("PRAGMA user_version=99")
        status, found = checks(desk)
        assert (status, found["event-log"]) == (503, "failed")
        assert samples(desk)["yizhan_health_check[check=event-log]"] == 0
        connection.execute("PRAGMA user_version=1")
    assert checks(desk)[0] == 200


def test_a_log_that_is_gone_is_not_ready(desk: Desk, tmp_path: Path) -> None:
    """Looking does not make an empty one in its place."""
    (tmp_path / "settlement.sqlite").rename(tmp_path / "elsewhere.sqlite")
    assert checks(desk)[0] == 503
    assert not (tmp_path / "settlement.sqlite").exists()


def test_a_follower_that_stops_is_seen_by_name_and_goes_on_when_mended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays before the event it cannot apply; metrics and readiness say which one it is."""
    assert desk.settle(desk.discharged(P1, "A1", charges=BILL)).is_success
    right = fund_account.journal_of

    def failing(*_args: object) -> None:
        raise ValueError

    monkeypatch.setattr(fund_account, "journal_of", failing)
    assert desk.read("/v1/funds").status_code == 500
    assert checks(desk)[1]["read-model:fund_account"] == "stopped"
    found = samples(desk)
    assert found["yizhan_follower_stopped[follower=fund_account]"] == 1
    assert found["yizhan_follower_stopped[follower=stay_list]"] == 0
    assert found["yizhan_follower_lag_events[follower=fund_account]"] > 0

    monkeypatch.setattr(fund_account, "journal_of", right)
    assert desk.read("/v1/funds").is_success
    assert checks(desk)[1]["read-model:fund_account"] == "ok"
    assert samples(desk)["yizhan_follower_stopped[follower=fund_account]"] == 0


def test_a_request_has_one_id_from_end_to_end(desk: Desk) -> None:
    """The caller's own comes back; one that may be a certificate is replaced; a trace's serves."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    for sent, expected in (
        ({"X-Request-Id": "HIS-20260101-77"}, "HIS-20260101-77"),
        ({"traceparent": f"00-{trace}-b7ad6b7169203331-01"}, trace),
    ):
        assert desk.http.get("/v1/funds", headers=sent).headers["x-request-id"] == expected
    made = desk.http.get("/v1/funds", headers={"X-Request-Id": "990001196209170071"})
    assert len(made.headers["x-request-id"]) == 32
