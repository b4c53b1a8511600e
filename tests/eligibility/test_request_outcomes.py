"""An office that lost an answer asks what became of its request."""

from typing import Any

from tests.eligibility.conftest import Desk, number

FARMER = f"居民身份证,{number(2)},样例乙,,,,,421022,居民,,2015-01-01,"
STATED: dict[str, Any] = {
    "owner": "disabled_federation",
    "disabilities": [{"level": 2, "valid_from": "2020-06-01"}],
}


def outcome(desk: Desk, operation: str, key: str, **query: str) -> Any:
    """What became of a request."""
    return desk.client.get(
        f"/v1/requests/{operation}/{key}", params=query, headers=desk.headers("unused")
    )


def test_a_request_about_a_person_is_found_by_the_persons_id(desk: Desk) -> None:
    """Done with `of`, the id that stood in the path; without it nobody knows such a request."""
    desk.bring(FARMER)
    person_id = desk.person_id(number(2))
    path = f"/v1/persons/{person_id}/statements"
    first = desk.client.post(path, json=STATED, headers=desk.headers("say-1"))

    found = outcome(desk, "state-facts", "say-1", of=person_id).json()

    assert (found["state"], found["answer"]) == ("done", {"status": 200, "body": first.json()})
    unknown = outcome(desk, "state-facts", "say-1")
    assert unknown.status_code == 404
    assert unknown.json()["type"] == "urn:yizhan:problem:request-unknown"


def test_a_request_about_nobody_in_particular_needs_no_id(desk: Desk) -> None:
    """A staged roster is found by operation and key alone."""
    staged = desk.stage(b"nonsense", key="list-1")

    found = outcome(desk, "stage-roster", "list-1").json()

    assert (found["state"], found["answer"]["body"]) == ("refused", staged.json())
