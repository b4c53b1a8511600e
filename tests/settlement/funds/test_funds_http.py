"""Funds over HTTP: statements for those who owe and are owed, payments once each."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.settlement.funds.conftest import Clock
from tests.settlement.funds.fund_stories import ASSISTANCE, BASIC, HOSPITAL_A

JULY = {"from": "2023-07-01", "to": "2023-07-31"}
AUGUST = {"from": "2023-08-01", "to": "2023-08-31"}
PAYMENT = {
    "institution_id": HOSPITAL_A,
    "amount_fen": 400_00,
    "kind": "partial",
    "paid_on": "2023-08-10",
    "bank_reference": "BANK-1",
    "remark": "七月款",
}


def post(client: TestClient, path: str, body: dict[str, Any], key: str = "k1") -> Response:
    """A write by the administration."""
    headers = {
        "Yizhan-Institution": "YIBAOJU",
        "Yizhan-Operator": "clerk",
        "Idempotency-Key": key,
    }
    return client.post(f"/v1/funds/{BASIC}/{path}", json=body, headers=headers)


def statement(client: TestClient, period: dict[str, str], fund_id: str = BASIC) -> dict[str, Any]:
    """A fund's statement."""
    response = client.get(f"/v1/funds/{fund_id}/statement", params=period)
    assert response.status_code == 200
    shown: dict[str, Any] = response.json()
    return shown


def problem(response: Response) -> tuple[int, str]:
    """Status and slug of a refusal."""
    return response.status_code, response.json()["type"].removeprefix("urn:yizhan:problem:")


def test_a_statement_has_balances_lines_and_totals(client: TestClient) -> None:
    """August opens with July's 420.50, takes N1 back, and closes at what N2 still owes."""
    assert statement(client, JULY)["closing_fen"] == 420_50

    august = statement(client, AUGUST)

    assert august == {
        "contract": "settlement_funds.v1",
        "fund_id": BASIC,
        "payer_label": "基本医疗保险",
        "from_date": "2023-08-01",
        "to_date": "2023-08-31",
        "opening_fen": 420_50,
        "owed_fen": -300_00,
        "deducted_fen": 0,
        "net_fen": -300_00,
        "paid_fen": 0,
        "closing_fen": 120_50,
        "hospitals": [
            {
                "institution_id": HOSPITAL_A,
                "opening_fen": 420_50,
                "owed_fen": -300_00,
                "deducted_fen": 0,
                "net_fen": -300_00,
                "paid_fen": 0,
                "closing_fen": 120_50,
                "owed": [
                    {
                        "booked_on": "2023-08-09",
                        "kind": "reversal",
                        "settlement_number": "N1",
                        "reverses_booked_on": "2023-07-03",
                        "hospital_stay_number": "ZY-N1",
                        "invoice_number": "FP-N1",
                        "layer": "basic",
                        "amount_fen": -300_00,
                        "is_surplus": False,
                    }
                ],
                "deducted": [],
                "paid": [],
            }
        ],
    }


def test_funds_are_those_of_the_policies_and_those_ever_booked(client: TestClient) -> None:
    """A fund that a policy names is listed with zeros before anything is booked."""
    funds = {f["fund_id"]: f for f in client.get("/v1/funds").json()["funds"]}

    assert funds[BASIC] == {
        "fund_id": BASIC,
        "payer_label": "基本医疗保险",
        "owed_fen": 120_50,
        "paid_fen": 0,
        "balance_fen": 120_50,
        "to_patients_fen": 0,
        "from_patients_fen": 0,
        "deducted_fen": 0,
        "last_booked_on": "2023-08-09",
    }
    assert funds[ASSISTANCE]["balance_fen"] == 0
    assert funds["500000-critical_illness"]["last_booked_on"] is None


def test_a_payment_is_booked_today_and_in_the_next_statement(client: TestClient) -> None:
    """Today is the 11th in Shanghai, while UTC still has the 10th."""
    response = post(client, "payments", PAYMENT)

    assert response.status_code == 201
    assert response.json() == {"fund_id": BASIC, **PAYMENT, "booked_on": "2023-08-11"}
    august = statement(client, AUGUST)
    assert (august["paid_fen"], august["closing_fen"]) == (400_00, -279_50)
    assert august["hospitals"][0]["paid"] == [
        {
            "booked_on": "2023-08-11",
            "kind": "payment",
            "payment_kind": "partial",
            "bank_reference": "BANK-1",
            "withdraws_booked_on": None,
            "paid_on": "2023-08-10",
            "remark": "七月款",
            "amount_fen": 400_00,
        }
    ]


def test_a_payment_sent_twice_is_one_payment(client: TestClient) -> None:
    """The same key gets the first answer; another key meets the bank's reference."""
    first = post(client, "payments", PAYMENT)
    again = post(client, "payments", PAYMENT)
    other_key = post(client, "payments", PAYMENT, key="k2")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert problem(other_key) == (409, "payment-repeated")
    assert "BANK-1 已于 2023-08-11 登记 400.00 元" in other_key.json()["detail"]
    assert statement(client, AUGUST)["paid_fen"] == 400_00


def test_a_payment_recorded_by_mistake_is_withdrawn_in_its_own_period(
    client: TestClient, clock: Clock
) -> None:
    """August keeps it, September takes it back, and the reference may be used again."""
    post(client, "payments", PAYMENT)
    clock.now = clock.now.replace(month=9)

    withdrawn = post(
        client, "payments/withdrawal", {"bank_reference": "BANK-1", "reason": "金额有误"}
    )
    right = post(client, "payments", PAYMENT | {"amount_fen": 40_00}, key="k3")

    assert withdrawn.json()["withdrawn_booked_on"] == "2023-09-11"
    assert withdrawn.json()["payment"]["amount_fen"] == 400_00
    assert right.status_code == 201
    assert statement(client, AUGUST)["paid_fen"] == 400_00
    september = statement(client, {"from": "2023-09-01", "to": "2023-09-30"})
    assert (september["paid_fen"], september["closing_fen"]) == (-360_00, 80_50)


def test_withdrawing_what_was_never_recorded_is_refused(client: TestClient) -> None:
    """And so is withdrawing twice."""
    body = {"bank_reference": "BANK-1", "reason": "误登"}

    assert problem(post(client, "payments/withdrawal", body)) == (404, "payment-unknown")
    post(client, "payments", PAYMENT, key="k2")
    assert post(client, "payments/withdrawal", body, key="k3").status_code == 200
    assert problem(post(client, "payments/withdrawal", body, key="k4")) == (404, "payment-unknown")


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"amount_fen": 400.0}, (422, "amount-not-fen")),
        ({"amount_fen": "40000"}, (422, "amount-not-fen")),
        ({"amount_fen": True}, (422, "amount-not-fen")),
        ({"amount_fen": 0}, (422, "amount-not-fen")),
        ({"amount_fen": -5}, (422, "amount-not-fen")),
        ({"amount_fen": 10**14}, (422, "amount-not-fen")),
        ({"kind": "later"}, (422, "invalid-request")),
        ({"paid_on": "2023-08-12"}, (422, "payment-dates-invalid")),
        ({"institution_id": "H-UNKNOWN"}, (422, "institution-unknown")),
        ({"bank_reference": ""}, (422, "invalid-request")),
        ({"currency": "CNY"}, (422, "invalid-request")),
    ],
)
def test_a_wrong_payment_is_refused_and_nothing_is_booked(
    client: TestClient, change: dict[str, Any], refused: tuple[int, str]
) -> None:
    """Each with its own type; the statement stays as it was."""
    assert problem(post(client, "payments", PAYMENT | change)) == refused
    assert statement(client, AUGUST)["paid_fen"] == 0


def test_an_unknown_fund_is_refused_and_not_opened(client: TestClient) -> None:
    """A mistyped id has neither a statement nor a payment."""
    unknown = client.get("/v1/funds/500001-basic/statement", params=JULY)
    headers = {
        "Yizhan-Institution": "YIBAOJU",
        "Yizhan-Operator": "clerk",
        "Idempotency-Key": "k1",
    }
    paid = client.post("/v1/funds/500001-basic/payments", json=PAYMENT, headers=headers)

    assert problem(unknown) == (404, "fund-unknown")
    assert problem(paid) == (404, "fund-unknown")
    assert "500001-basic" not in {f["fund_id"] for f in client.get("/v1/funds").json()["funds"]}


def test_a_period_must_be_two_dates_in_order(client: TestClient) -> None:
    """Swapped, missing or not dates at all."""
    path = f"/v1/funds/{BASIC}/statement"
    swapped = {"from": "2023-07-31", "to": "2023-07-01"}

    assert problem(client.get(path, params=swapped)) == (422, "period-invalid")
    assert problem(client.get(path, params={"from": "2023-07-01"})) == (422, "invalid-request")
    assert problem(client.get(path, params=JULY | {"to": "七月底"})) == (422, "invalid-request")


def test_a_payment_without_saying_who_acts_is_refused(client: TestClient) -> None:
    """Institution, operator and request key come with every write."""
    response = client.post(f"/v1/funds/{BASIC}/payments", json=PAYMENT)

    assert problem(response) == (400, "missing-header")
