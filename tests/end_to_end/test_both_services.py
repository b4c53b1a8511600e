"""Both services over real HTTP: from a roster to a fund's statement, and without eligibility."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

import eligibility.settings
from eligibility.entrypoints.http.app import build_app as build_eligibility
from eventlog.log import open_event_log
from http_edge.serving import Server, free_port
from settlement.bootstrap import build_parts
from settlement.entrypoints.clock import business_date, now
from settlement.entrypoints.http.app import create_app as create_settlement
from settlement.settings import Settings
from standalone.demo import INSTITUTIONS, ROSTER
from tests.eligibility.conftest import number, roster
from tests.support.signed import signed_in
from tests.support.small_policies import RICHER_POLICY, write_book

HOSPITAL = "H50011200001"
PATIENT = "990001196803150014"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
KEYS = count(1)


@dataclass
class Services:
    """The two services on sockets of their own, so that one can be stopped alone."""

    desk: httpx.Client
    people: httpx.Client
    data: Path
    _eligibility: ExitStack

    def stop_eligibility(self) -> None:
        """Nobody listens on its address any more."""
        self._eligibility.close()

    def import_samples(self) -> None:
        """The sample institutions and people."""
        imported = self.upload(self.desk, "/v1/institutions", INSTITUTIONS.read_bytes())
        assert imported["institutions"] > 0
        self.import_roster(ROSTER.read_bytes())

    def import_roster(self, content: bytes) -> None:
        """A roster, staged and made true."""
        staged = self.upload(self.people, "/v1/rosters", content)
        assert staged["errors"] == []
        url = f"/v1/rosters/{staged['roster_id']}/activation"
        activated = self.people.post(url, json={}, headers=headers()).json()
        assert activated["persons_new"] > 0

    def upload(self, client: httpx.Client, url: str, content: bytes) -> dict[str, Any]:
        """A CSV file."""
        answer = client.post(url, content=content, headers=headers() | {"Content-Type": "text/csv"})
        assert answer.is_success, answer.text
        return dict(answer.json())

    def patient(self) -> str:
        """The patient's opaque id, by certificate."""
        found = self.people.post("/v1/persons/lookup", json={"certificate_number": PATIENT})
        return str(found.json()["person_id"])

    def write(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A POST to settlement that succeeds."""
        answer = self.desk.post(path, json=body, headers=headers())
        assert answer.is_success, answer.text
        return dict(answer.json())

    def read(self, path: str) -> dict[str, Any]:
        """A GET from settlement."""
        answer = self.desk.get(path, headers=headers())
        assert answer.is_success, answer.text
        return dict(answer.json())

    def refused(self, path: str, body: dict[str, Any]) -> tuple[int, str]:
        """A POST to settlement that is refused: the status and the type's last word."""
        answer = self.desk.post(path, json=body, headers=headers())
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["type"].removeprefix("urn:yizhan:problem:")

    def stored(self) -> int:
        """How many events settlement holds."""
        return open_event_log(self.data / "settlement.sqlite").last_position()


def headers() -> dict[str, str]:
    """Who acts, and a fresh request key."""
    return {
        "Yizhan-Institution": HOSPITAL,
        "Yizhan-Operator": "cashier-1",
        "Idempotency-Key": f"key-{next(KEYS)}",
    }


@pytest.fixture(name="services")
def _services(tmp_path: Path) -> Iterator[Services]:
    with _listening(tmp_path) as services:
        yield services


@contextmanager
def _listening(data: Path, *, policies: Path | None = None) -> Iterator[Services]:
    with ExitStack() as stack:
        beside = ExitStack()
        stack.callback(beside.close)
        people = build_eligibility(eligibility.settings.Settings(data_dir=data))
        below = beside.enter_context(Server(people, host="127.0.0.1", port=free_port("127.0.0.1")))
        settings = Settings(data=data, policies=policies, eligibility_url=below.url)
        desk = create_settlement(build_parts(settings, now))
        front = stack.enter_context(Server(desk, host="127.0.0.1", port=free_port("127.0.0.1")))
        yield Services(
            desk=stack.enter_context(
                httpx.Client(base_url=front.url, timeout=30, auth=signed_in(data))
            ),
            people=stack.enter_context(
                httpx.Client(base_url=below.url, timeout=30, auth=signed_in(data))
            ),
            data=data,
            _eligibility=beside,
        )


def admission(person_id: str) -> dict[str, Any]:
    """The published stay of Yubei, at its beginning."""
    return {
        "person_id": person_id,
        "hospital_stay_number": "ZY2023-0001",
        "admission_date": "2023-09-01",
    }


def discharged(services: Services) -> str:
    """The published stay, ready to settle; returns its path."""
    stay = services.write("/v1/stays", admission(services.patient()))
    path = f"/v1/stays/{stay['stay_id']}"
    charges = {"total_fen": 52_000_00, "in_scope_fen": 50_000_00}
    services.write(f"{path}/fees", {"batch_number": "1", "charges": charges})
    left = {"discharge_date": "2023-09-15", "invoice_number": "FP0000001"}
    services.write(f"{path}/discharge", left)
    return path


def test_a_bill_walks_from_the_roster_to_the_funds_statement(services: Services) -> None:
    """46,374.80 of the published bill: preview, settlement, statement, history, the fund's list."""
    services.import_samples()
    path = discharged(services)
    preview = services.write(f"{path}/preview", {})
    settled = services.write(
        f"{path}/settlement", {"expected_personal_fen": preview["patient_fen"]}
    )

    paid = {step["layer"]: step["paid_fen"] for step in settled["steps"]}
    assert paid == {"basic": 34_790_00, "critical": 0, "assistance": 10_647_00, "tilt": 937_80}
    assert (settled["funds_fen"], settled["patient_fen"]) == (46_374_80, 5_625_20)
    assert services.read(f"{path}/statement") == settled

    history = services.read(f"{path}/history")["events"]
    assert [event["topic"].split(".")[1] for event in history] == [
        "stay-admitted",
        "fees-recorded",
        "patient-discharged",
        "settlement-opened",
        *["payer-step-settled"] * 4,
        "settlement-completed",
    ]
    assert PATIENT not in str(history)
    assert "样例甲" not in str(history)

    today = business_date(now())
    period = f"from={today:%Y}-01-01&to={today}"
    fund = services.read(f"/v1/funds/500000-medical_assistance/statement?{period}")
    assert (fund["opening_fen"], fund["owed_fen"], fund["closing_fen"]) == (0, 10_647_00, 10_647_00)
    [hospital] = fund["hospitals"]
    [line] = hospital["owed"]
    assert hospital["institution_id"] == HOSPITAL
    assert line["settlement_number"] == settled["settlement_number"]
    assert line["hospital_stay_number"] == "ZY2023-0001"
    assert line["amount_fen"] == 10_647_00


def test_an_identity_that_ended_is_asked_for_and_counts_as_the_policy_says(
    tmp_path: Path,
) -> None:
    """Low income ended in 2022 and counts for twelve months: the allowance is due in 2023 and no
    longer in 2024; the fixed price leaves a surplus; the ledger keeps the window it asked."""
    policies = write_book(tmp_path / "policies", RICHER_POLICY)
    with _listening(tmp_path, policies=policies) as services:
        services.upload(services.desk, "/v1/institutions", INSTITUTIONS.read_bytes())
        row = "样例丙,1968-03-15,低保对象,2020-01-01,2022-12-31,990103,居民,,2015-01-01,"
        services.import_roster(roster(f"居民身份证,{PATIENT},{row}"))
        kept = services.write("/v1/settlements", _whole_stay(services.patient(), 2023))
        over = services.write("/v1/settlements", _whole_stay(services.patient(), 2024))
        history = services.read(f"/v1/stays/{kept['stay_id']}/history")["events"]

    assert [(o["kind"], o["amount_fen"]) for o in kept["outside"]] == [
        ("surplus", 500_00),
        ("cash", 300_00),
    ]
    assert [o["kind"] for o in over["outside"]] == ["surplus"]
    opened = next(e["content"] for e in history if "settlement-opened" in e["topic"])
    used = opened["inputs"]["eligibility"]
    assert (used["identities_from"], used["identities_to"]) == ("2022-03-01", "2023-03-01")
    assert [i["valid_to"] for i in used["identities"]] == ["2022-12-31"]
    assert [day["on"] for day in used["other_days"]] == ["2023-03-10"]


def _whole_stay(person_id: str, year: int) -> dict[str, Any]:
    declared = {"student": False, "years_insured": 8, "ward": "普通"}
    return {
        "person_id": person_id,
        "hospital_stay_number": f"ZY{year}-0001",
        "admission_date": f"{year}-03-01",
        "discharge_date": f"{year}-03-10",
        "circumstances": {"disease": "阑尾炎", "declared": declared},
        "batches": [{"batch_number": "1", "charges": {"total_fen": 6_000_00}}],
    }


def test_a_person_eligibility_does_not_know_is_refused(services: Services) -> None:
    """Neither the look-up nor the admission invents somebody; nothing is stored."""
    services.import_samples()
    before = services.stored()
    stranger = number(999)
    nobody = services.people.post("/v1/persons/lookup", json={"certificate_number": stranger})
    assert nobody.status_code == 404
    assert nobody.json()["type"] == "urn:yizhan:problem:unknown-person"
    assert stranger not in nobody.text
    assert services.refused("/v1/stays", admission(UNKNOWN)) == (422, "person-unknown")
    assert services.stored() == before


def test_without_eligibility_nothing_is_admitted_previewed_or_settled(services: Services) -> None:
    """503 `eligibility-unreachable`, no event; what settlement knows by itself it still tells."""
    services.import_samples()
    path = discharged(services)
    patient = services.patient()
    before = services.stored()

    services.stop_eligibility()

    unreachable = (503, "eligibility-unreachable")
    another = admission(patient) | {"hospital_stay_number": "ZY2023-0002"}
    assert services.refused("/v1/stays", another) == unreachable
    assert services.refused(f"{path}/preview", {}) == unreachable
    assert services.refused(f"{path}/settlement", {}) == unreachable
    assert services.stored() == before
    assert services.read(path)["status"] == "discharged"


def test_somebody_recognised_retroactively_is_found_among_the_settled(services: Services) -> None:
    """Civil affairs recognises the patient from before admission: the settlement is listed, and
    who asked stands in the record of readings; said again and withdrawn, it is not listed."""
    services.import_samples()
    settled = services.write(f"{discharged(services)}/settlement", {})
    assert services.read("/v1/touched-settlements")["touched"] == []
    person = f"/v1/persons/{services.patient()}"
    said = {
        "owner": "civil_affairs",
        "identities": [{"identity": "orphan", "valid_from": "2023-08-01"}],
    }

    stated = services.people.post(f"{person}/statements", json=said, headers=headers())
    assert stated.is_success, stated.text
    [touched] = services.read("/v1/touched-settlements")["touched"]
    reads = services.people.get(f"{person}/reads", headers=headers()).json()["reads"]
    withdrawal = said | {"reason": "another_person"}
    withdrawn = services.people.post(f"{person}/withdrawals", json=withdrawal, headers=headers())
    assert withdrawn.is_success, withdrawn.text

    assert touched["settlement_number"] == settled["settlement_number"]
    [difference] = touched["differences"]
    assert (difference["identity"], difference["was"]) == ("orphan", None)
    assert difference["now"]["first_day"] == "2023-08-01"
    asked = {(r["institution_id"], r["operator"]) for r in reads if r["call"] != "lookup"}
    assert asked == {(HOSPITAL, "cashier-1")}
    assert services.read("/v1/touched-settlements")["touched"] == []
