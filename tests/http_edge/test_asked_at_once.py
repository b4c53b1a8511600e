"""Parameters read at once are declared, taken and refused as the framework does it one by one."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from pydantic import AwareDatetime, BaseModel, Field

from http_edge.asked_at_once import declared, read_at_once
from http_edge.json_answers import json_answer
from http_edge.problems import install_problems


class Asked(BaseModel):
    """A query of all kinds of parameter."""

    on: Annotated[date, Field(description="day")]
    known_at: Annotated[AwareDatetime | None, Field(description="instant")] = None
    version: Annotated[Annotated[int, Field(ge=1)] | None, Field(description="version")] = None
    first: Annotated[date | None, Field(alias="from", description="first")] = None
    form: Annotated[Literal["2", "3"], Field(description="form")] = "2"


class Headers(BaseModel):
    """One header."""

    institution: Annotated[
        str | None, Field(alias="Yizhan-Institution", pattern=r"^[A-Z]{1,4}$", description="who")
    ] = None


class Told(BaseModel):
    """What was understood."""

    words: tuple[str, ...]
    near: str | None = None
    day: date


def told(asked: Asked, institution: str | None) -> Told:
    """All of it."""
    words = (repr(asked), repr(institution), "汉字<&>\u2028")
    return Told(words=words, day=asked.on)


@pytest.fixture
def client() -> TestClient:
    """Both ways beside each other."""
    app = FastAPI()
    install_problems(app, {})

    @app.get("/one-by-one")
    def one_by_one(
        on: Annotated[date, Query(description="day")],
        known_at: Annotated[AwareDatetime | None, Query(description="instant")] = None,
        version: Annotated[int | None, Query(ge=1, description="version")] = None,
        first: Annotated[date | None, Query(alias="from", description="first")] = None,
        form: Annotated[Literal["2", "3"], Query(description="form")] = "2",
        institution: Annotated[
            str | None,
            Header(alias="Yizhan-Institution", pattern=r"^[A-Z]{1,4}$", description="who"),
        ] = None,
    ) -> Told:
        asked = Asked.model_construct(
            on=on, known_at=known_at, version=version, first=first, form=form
        )
        return told(asked, institution)

    parameters = [*declared(Asked, "query"), *declared(Headers, "header")]

    @app.get("/at-once", response_model=Told, openapi_extra={"parameters": parameters})
    def at_once(request: Request) -> Any:
        mistakes: list[Any] = []
        asked = read_at_once(Asked, "query", request.query_params, mistakes)
        headers = read_at_once(Headers, "header", request.headers, mistakes)
        if asked is None or headers is None:
            raise RequestValidationError(mistakes)
        return json_answer(told(asked, headers.institution))

    return TestClient(app)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("on=2023-07-01", 200),
        ("on=2023-07-01&on=2023-07-02", 200),
        ("on=2023-07-01&known_at=2023-07-01T00:00:00%2B08:00&version=3&from=2023-01-01", 200),
        ("on=2023-07-01T00:00:00&form=3&unheard=of", 200),
        ("", 422),
        ("on=&version=0&from=never&form=4", 422),
        ("on=2023-02-30&known_at=2023-07-01T00:00:00&version=1.5", 422),
        ("on=2023-07-01&version=" + "9" * 5000, 422),
        ("on=2023-07-01&version=%20", 422),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"yizhan-institution": "ABC"}])
def test_answers_and_refusals_have_the_same_bytes(
    client: TestClient, query: str, status: int, headers: dict[str, str]
) -> None:
    """Whatever is sent; the last of two counts, what is not asked for is passed over."""
    one_by_one = client.get(f"/one-by-one?{query}", headers=headers)
    at_once = client.get(f"/at-once?{query}", headers=headers)

    assert one_by_one.status_code == status
    assert (at_once.status_code, at_once.content, dict(at_once.headers)) == (
        one_by_one.status_code,
        one_by_one.content,
        dict(one_by_one.headers),
    )


def test_mistakes_of_both_places_are_told_together(client: TestClient) -> None:
    """A header of the wrong form beside a day that is none."""
    sent = {"Yizhan-Institution": "12345"}

    one_by_one = client.get("/one-by-one?on=never", headers=sent)

    assert one_by_one.status_code == 400
    assert client.get("/at-once?on=never", headers=sent).content == one_by_one.content


def test_both_are_declared_alike(client: TestClient) -> None:
    """Name by name, with form, description and default."""
    paths = client.get("/openapi.json").json()["paths"]

    at_once = paths["/at-once"]["get"]["parameters"]

    assert [each["name"] for each in at_once] == [
        *("on", "known_at", "version", "from", "form", "Yizhan-Institution"),
    ]
    assert at_once == paths["/one-by-one"]["get"]["parameters"]
