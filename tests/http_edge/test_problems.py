"""Every error is a problem detail with a stable type, and repeats nothing that was sent."""

import logging
from collections.abc import Iterator
from datetime import date
from typing import Annotated

import pytest
from fastapi import FastAPI, Query
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from contracts.vocabulary import Scheme
from eventlog.log import LogBusy, OutcomeUnknown, VersionConflict
from http_edge.acting import ActingHeaders, IdempotencyKey
from http_edge.problems import ProblemKind, install_problems, refusal_of

NUMBER = "500112199003070011"
NAME = "样例甲"


class AlreadySettled(Exception):
    """A domain error."""


class SettledElsewhere(AlreadySettled):
    """A more special one without a row of its own."""


class OfficeAway(Exception):
    """A domain error that passes by itself."""


class Fee(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount_fen: Annotated[int, Field(strict=True, ge=0)]
    on: date
    scheme: Scheme = Scheme.RESIDENT


class Bill(BaseModel):
    fees: list[Fee]
    certificate_number: Annotated[str, Field(max_length=5)] = ""


TABLE: dict[type[Exception], ProblemKind] = {
    AlreadySettled: ProblemKind("already-settled", 409, "已经结算"),
    OfficeAway: ProblemKind("office-away", 503, "部门没有应答"),
}


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    install_problems(app, TABLE)

    @app.post("/bills")
    def post_bill(bill: Bill) -> int:
        return len(bill.fees)

    @app.get("/fail/{how}")
    def fail(how: str, limit: Annotated[int, Query(le=10)] = 1) -> None:
        errors = {
            "settled": SettledElsewhere("住院 S1 已于 2018-11-20 结算，请先冲正"),
            "busy": LogBusy("path and lock"),
            "unknown": OutcomeUnknown("the last moment"),
            "conflict": VersionConflict("version 3"),
            "away": OfficeAway("部门没有应答，请稍后再试"),
        }
        if how in errors:
            raise errors[how]
        TypeAdapter(int).validate_python(NUMBER + NAME)
        raise AssertionError(limit)

    @app.post("/acting")
    def post_acting(acting: ActingHeaders, key: IdempotencyKey) -> dict[str, str]:
        return {"institution": acting.institution_id, "operator": acting.operator, "key": key}

    with TestClient(app) as client:
        yield client


def fee(**changes: object) -> dict[str, object]:
    return {"amount_fen": 100, "on": "2023-07-01"} | changes


def test_a_domain_error_is_answered_by_its_row_in_the_table(client: TestClient) -> None:
    """Type, title and status come from the table, the detail from the error; so for subclasses."""
    response = client.get("/fail/settled")

    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:yizhan:problem:already-settled",
        "title": "已经结算",
        "status": 409,
        "detail": "住院 S1 已于 2018-11-20 结算，请先冲正",
    }


@pytest.mark.parametrize(
    ("how", "status", "slug"),
    [
        ("busy", 503, "busy-try-again"),
        ("unknown", 503, "outcome-unknown"),
        ("conflict", 409, "changed-meanwhile"),
    ],
)
def test_what_passes_by_itself_asks_to_try_again(
    client: TestClient, how: str, status: int, slug: str
) -> None:
    """A busy log and a lost race are known to every application, without their inner words."""
    response = client.get(f"/fail/{how}")

    assert (response.status_code, response.json()["type"]) == (status, f"urn:yizhan:problem:{slug}")
    assert "detail" not in response.json()


@pytest.mark.parametrize(("how", "retry_after"), [("busy", "1"), ("away", "1"), ("settled", None)])
def test_what_is_unavailable_says_when_to_come_back(
    client: TestClient, how: str, retry_after: str | None
) -> None:
    """Every 503 has `Retry-After`; what the caller must change first has none."""
    assert client.get(f"/fail/{how}").headers.get("retry-after") == retry_after


def test_an_unexpected_error_tells_a_reference_and_nothing_else(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the answer nor the log repeats the exception's words; the reference joins them."""
    with caplog.at_level(logging.ERROR):
        response = client.get("/fail/otherwise")

    body = response.json()
    assert (response.status_code, body["type"]) == (500, "urn:yizhan:problem:internal-error")
    assert body["reference"] in caplog.text
    assert "ValidationError" in caplog.text
    assert NUMBER not in response.text + caplog.text
    assert NAME not in response.text + caplog.text


@pytest.mark.parametrize("amount", [1.0, 1.5, "100", True, -1, None, [100]])
def test_an_amount_that_is_no_integer_of_fen_has_a_type_of_its_own(
    client: TestClient, amount: object
) -> None:
    """Any mistake in a field ending in `_fen` is answered as amount-not-fen."""
    response = client.post("/bills", json={"fees": [fee(), fee(amount_fen=amount)]})

    assert response.status_code == 422
    assert response.json()["type"] == "urn:yizhan:problem:amount-not-fen"
    assert response.json()["errors"][0]["pointer"] == "#/fees/1/amount_fen"


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({}, "#/fees", "缺少该字段 (missing)"),
        ({"fees": [fee(on="2023-13-01")]}, "#/fees/0/on", "必须是日期 YYYY-MM-DD (date)"),
        (
            {"fees": [fee(scheme=NAME)]},
            "#/fees/0/scheme",
            "取值须为：'employee', 'rural_cooperative' or 'resident'",
        ),
        ({"fees": [fee(total=1)]}, "#/fees/0/total", "未知字段 (unknown field)"),
        ({"fees": [fee(**{NUMBER: 1})]}, "#/fees/0/?", "未知字段 (unknown field)"),
        ({"fees": [fee(**{NAME: 1})]}, "#/fees/0/?", "未知字段 (unknown field)"),
        ({"fees": [], "certificate_number": NUMBER}, "#/certificate_number", "至多 5 个字符"),
        ([NAME], "#/", "必须是对象 (object)"),
    ],
)
def test_an_invalid_field_is_pointed_at_without_its_value(
    client: TestClient, body: object, pointer: str, message: str
) -> None:
    """The pointer and a Chinese message; never the certificate number or the name that was sent."""
    response = client.post("/bills", json=body)

    assert response.status_code == 422
    assert response.json()["type"] == "urn:yizhan:problem:invalid-request"
    assert response.json()["errors"] == [{"pointer": pointer, "message": message}]
    assert NUMBER not in response.text
    assert NAME not in response.text


def test_a_wrong_query_parameter_is_named(client: TestClient) -> None:
    """What is not in the body is pointed at by its place."""
    response = client.get("/fail/settled?limit=11")

    assert response.json()["errors"] == [{"pointer": "query:limit", "message": "不得大于 10"}]


@pytest.mark.parametrize("body", [b"{", b'{"fees": [}', b"\xff\xfe{}", NAME.encode("gb18030")])
def test_malformed_json_is_400(client: TestClient, body: bytes) -> None:
    """Bytes that are no JSON are told apart from JSON of the wrong shape."""
    response = client.post("/bills", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 400
    assert response.json()["type"] == "urn:yizhan:problem:malformed-json"


def test_unknown_paths_and_methods_are_problems_too(client: TestClient) -> None:
    """404 and 405 in the same form; 405 keeps its Allow header."""
    missing, wrong_method = client.get("/nowhere"), client.get("/bills")

    assert (missing.status_code, missing.json()["type"]) == (404, "urn:yizhan:problem:not-found")
    assert wrong_method.status_code == 405
    assert wrong_method.json()["type"] == "urn:yizhan:problem:method-not-allowed"
    assert wrong_method.headers["allow"] == "POST"


HEADERS = {
    "Yizhan-Institution": "H50011200001",
    "Yizhan-Operator": "%E5%BC%A0",
    "Idempotency-Key": "k",
}


def test_a_write_carries_who_acts_for_whom_and_its_key(client: TestClient) -> None:
    """The operator's name may be percent-encoded UTF-8."""
    response = client.post("/acting", headers=HEADERS)

    assert response.json() == {"institution": "H50011200001", "operator": "张", "key": "k"}


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_missing_header_is_named(client: TestClient, name: str) -> None:
    """Each of the three headers is required, and 400 says which one is missing."""
    response = client.post(
        "/acting", headers={key: value for key, value in HEADERS.items() if key != name}
    )

    assert (response.status_code, response.json()["type"]) == (
        400,
        "urn:yizhan:problem:missing-header",
    )
    assert response.json()["errors"] == [
        {"pointer": f"header:{name}", "message": "缺少该字段 (missing)"}
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Idempotency-Key", "k" * 129),
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "a b"),
        ("Yizhan-Institution", "a b"),
        ("Yizhan-Operator", "%FF"),
        ("Yizhan-Operator", "%20"),
        ("Yizhan-Operator", "%0A"),
        ("Yizhan-Operator", "a" * 65),
    ],
)
def test_an_unusable_header_is_refused(client: TestClient, name: str, value: str) -> None:
    """A key has 1 to 128 visible ASCII characters, an operator 1 to 64 printable characters."""
    response = client.post("/acting", headers=HEADERS | {name: value})

    assert (response.status_code, response.json()["type"]) == (
        400,
        "urn:yizhan:problem:invalid-header",
    )
    assert response.json()["errors"][0]["pointer"] == f"header:{name}"


def test_only_known_domain_errors_become_refusals() -> None:
    """What may pass by itself, and what nobody expected, is not recorded as a refusal."""
    assert refusal_of(AlreadySettled("x"), TABLE) is not None
    assert refusal_of(LogBusy("x"), TABLE) is None
    assert refusal_of(OutcomeUnknown("x"), TABLE) is None
    assert refusal_of(RuntimeError("x"), TABLE) is None
