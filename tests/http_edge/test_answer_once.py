"""The same request gets the same answer; a refused one may be sent again."""

import json
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from eventlog.log import EventLog, VersionConflict
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.answer_once import answer_once, body_hash, content_hash, response_of
from tests.eventlog.log_addresses import new_address, open_at
from tests.eventlog.savings_box import Box

KEY = RequestKey(institution_id="H1", operation="open-box", key="k1")
BODY = b'{"owner": "li", "fen": 1}'


class TooPoor(Exception):
    """A domain error."""


def refuse(error: Exception) -> Answer | None:
    return Answer(422, b'{"type":"too-poor"}') if isinstance(error, TooPoor) else None


class Desk:
    """A use case: opens a box and commits its answer with the event."""

    def __init__(self, folder: Path) -> None:
        self.log: EventLog = open_at(new_address("sqlite", folder))
        self.refusing: Exception | None = None
        self.done = 0

    def open_box(self, hashed: str, *, key: RequestKey = KEY) -> Answer:
        self.done += 1
        if self.refusing is not None:
            raise self.refusing
        answer = Answer(201, b'{"box":%d}' % self.done)
        self.log.save(Box.open(str(uuid4())), accepted=RegisteredRequest(key, hashed, True, answer))
        return answer

    def send(self, body: bytes = BODY) -> tuple[Answer, bool]:
        return answer_once(
            self.log, key=KEY, hashed=body_hash(body), do=self.open_box, refuse=refuse
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_repeated_request_is_answered_alike_and_not_done_again(desk: Desk) -> None:
    """The second time the first answer comes back, byte for byte and marked as replayed."""
    first, again = desk.send(), desk.send(b'{ "fen": 1, "owner": "li" }')

    assert first == (Answer(201, b'{"box":1}'), False)
    assert again == (Answer(201, b'{"box":1}'), True)
    assert (desk.done, desk.log.last_position()) == (1, 1)


def test_an_accepted_key_with_another_body_is_refused(desk: Desk) -> None:
    """409 request-key-reused, and the first answer stays."""
    desk.send()

    answer, replayed = desk.send(b'{"owner": "li", "fen": 2}')

    assert (answer.status, replayed) == (409, False)
    assert b"urn:yizhan:problem:request-key-reused" in answer.body
    assert desk.send() == (Answer(201, b'{"box":1}'), True)


def test_a_refused_request_leaves_a_row_and_no_event_and_is_judged_anew(desk: Desk) -> None:
    """The same key may be sent again, as it was or corrected, until it is accepted."""
    desk.refusing = TooPoor()
    assert desk.send() == (Answer(422, b'{"type":"too-poor"}'), False)
    row = desk.log.find_request(KEY)
    assert row == RegisteredRequest(
        KEY, body_hash(BODY), False, Answer(422, b'{"type":"too-poor"}')
    )
    assert desk.log.last_position() == 0

    assert desk.send() == (Answer(422, b'{"type":"too-poor"}'), False)
    desk.refusing = None
    corrected = b'{"owner": "li", "fen": 3}'

    assert desk.send(corrected) == (Answer(201, b'{"box":3}'), False)
    assert desk.send(corrected) == (Answer(201, b'{"box":3}'), True)
    assert desk.send()[0].status == 409


def test_an_unexpected_error_leaves_no_row(desk: Desk) -> None:
    """What is not a refusal is raised; the request may be sent again."""
    desk.refusing = RuntimeError()

    with pytest.raises(RuntimeError):
        desk.send()

    assert desk.log.find_request(KEY) is None


def test_a_lost_race_is_decided_again(desk: Desk) -> None:
    """After a version conflict the use case runs again on what is stored now."""

    def conflict_twice(hashed: str) -> Answer:
        if desk.done < 2:
            desk.done += 1
            raise VersionConflict
        return desk.open_box(hashed)

    answer, replayed = answer_once(
        desk.log, key=KEY, hashed=body_hash(BODY), do=conflict_twice, refuse=refuse
    )

    assert (answer, replayed) == (Answer(201, b'{"box":3}'), False)


def test_a_race_that_is_always_lost_ends(desk: Desk) -> None:
    """After eight attempts the conflict is raised; no row is left."""

    def always(_hashed: str) -> Answer:
        desk.done += 1
        raise VersionConflict

    with pytest.raises(VersionConflict):
        answer_once(desk.log, key=KEY, hashed=body_hash(BODY), do=always, refuse=refuse)

    assert (desk.done, desk.log.find_request(KEY)) == (8, None)


def test_the_slower_of_two_equal_requests_gets_the_answer_of_the_faster(desk: Desk) -> None:
    """A request that finds itself refused because its twin was just accepted is answered alike."""

    def accepted_meanwhile(hashed: str) -> Answer:
        desk.open_box(hashed)
        raise TooPoor

    answer = answer_once(
        desk.log, key=KEY, hashed=body_hash(BODY), do=accepted_meanwhile, refuse=refuse
    )

    assert answer == (Answer(201, b'{"box":1}'), True)


def test_one_request_sent_by_many_threads_is_done_once(desk: Desk) -> None:
    """Ten threads send one request: one event, one answer, nine replays."""
    answers: list[tuple[Answer, bool]] = []
    threads = [threading.Thread(target=lambda: answers.append(desk.send())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert desk.log.last_position() == 1
    assert len({answer for answer, _ in answers}) == 1
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * 9


def test_bodies_are_compared_in_canonical_form() -> None:
    """Order of keys and spaces do not count; every value does; other bytes count as they are."""
    assert body_hash(b'{"a":1,"b":[1,2]}') == body_hash(b' { "b" : [1, 2], "a": 1 } ')
    different = [b'{"a":1}', b'{"a":1.0}', b'{"a":"1"}', b'{"a":true}', b'{"a":null}', b"{}", b""]
    different += [b"a,b", b"a, b", b"\xff", b'"\\ud800"']
    assert len({body_hash(body) for body in different}) == len(different)


def test_what_was_read_has_the_hash_of_its_text() -> None:
    """A retry meets the row of its first try, whichever of the two told the hash of it."""
    texts = ['{"b":[1,2.50,1e400,NaN],"a":null}', '"\\ud800"', '{"\u5206":"\\u0000"}', "[]", "0"]
    for content in map(json.loads, texts):
        assert content_hash(content) == body_hash(json.dumps(content).encode())


def test_responses_say_what_they_are() -> None:
    """A refusal has the media type of problems; a replay has its header."""
    accepted = response_of(Answer(201, b"{}"), replayed=True)
    refused = response_of(Answer(422, b"{}"), replayed=False)

    assert accepted.headers["content-type"] == "application/json"
    assert accepted.headers["idempotency-replayed"] == "true"
    assert refused.headers["content-type"] == "application/problem+json"
    assert "idempotency-replayed" not in refused.headers
