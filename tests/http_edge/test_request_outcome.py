"""What became of a request is known and never guessed: done, refused, running, or nothing kept."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eventlog.log import EventLog
from eventlog.requests import Answer, RegisteredRequest, RequestKey
from http_edge.answer_once import answer_once, body_hash
from http_edge.request_outcome import RequestOutcome, RequestUnknown, outcome_of
from tests.eventlog.log_addresses import new_address, open_at
from tests.eventlog.savings_box import Box

ROOT = Path(__file__).resolve().parents[2]
KEY = RequestKey(institution_id="H1", operation="open-box", key="k1")
BODY = b"{}"
DONE, REFUSED = Answer(201, b'{"box":1}'), Answer(422, b'{"type":"too-poor"}')


@pytest.fixture(name="address", params=["sqlite", "postgres"])
def _address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_address(request.param, tmp_path)


@pytest.fixture(name="log")
def _log(address: str) -> Iterator[EventLog]:
    with open_at(address) as log:
        yield log


def test_before_while_and_after_it_is_done(log: EventLog) -> None:
    """Nothing is kept, then it runs, then its first answer is there; all gone from the running."""
    seen: list[RequestOutcome] = []

    def do(hashed: str) -> Answer:
        seen.append(outcome_of(log, KEY))
        log.save(Box.open("li"), accepted=RegisteredRequest(KEY, hashed, True, DONE))
        return DONE

    with pytest.raises(RequestUnknown, match="放心重发"):
        outcome_of(log, KEY)
    answer_once(log, key=KEY, hashed=body_hash(BODY), do=do, refuse=lambda _: None)

    assert seen == [RequestOutcome("running", None)]
    assert outcome_of(log, KEY) == RequestOutcome("done", DONE)
    assert not log.is_running(KEY)


def test_a_refusal_is_told_with_its_reason_until_it_is_sent_again(log: EventLog) -> None:
    """Refused; then running, since the refusal was of an earlier attempt; then done."""

    def refused(_hashed: str) -> Answer:
        raise ValueError

    answer_once(log, key=KEY, hashed=body_hash(BODY), do=refused, refuse=lambda _: REFUSED)
    assert outcome_of(log, KEY) == RequestOutcome("refused", REFUSED)

    with log.running(KEY):
        assert outcome_of(log, KEY) == RequestOutcome("running", None)
    assert outcome_of(log, KEY) == RequestOutcome("refused", REFUSED)


def test_an_error_that_may_pass_leaves_nothing_and_does_not_run_for_ever(log: EventLog) -> None:
    """The use case broke: no row, not running, and it may be sent again."""

    def broken(_hashed: str) -> Answer:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        answer_once(log, key=KEY, hashed=body_hash(BODY), do=broken, refuse=lambda _: None)
    with pytest.raises(RequestUnknown):
        outcome_of(log, KEY)


def test_a_key_belongs_to_its_institution_and_operation(log: EventLog) -> None:
    """Another institution's, or another operation's, request of the same key is not seen."""
    with log.running(KEY):
        for other in (replace(KEY, institution_id="H2"), replace(KEY, operation="close-box")):
            with pytest.raises(RequestUnknown):
                outcome_of(log, other)


def test_sent_twice_at_once_it_runs_until_both_have_ended(address: str, log: EventLog) -> None:
    """Two attempts under one key, also through a second opening of the same log."""
    with open_at(address) as again:
        with log.running(KEY):
            with again.running(KEY):
                pass
            assert again.is_running(KEY)
        assert not again.is_running(KEY)


def test_another_process_is_seen_and_a_killed_one_no_longer_runs(
    address: str, log: EventLog
) -> None:
    """Running as long as the other process lives; killed, nothing is kept and nothing runs."""
    command = [sys.executable, "-m", "tests.http_edge.running_process", address, KEY.key]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "running\n"
        running = outcome_of(log, KEY)
        # A repetition in this process ends; the other one goes on.
        with log.running(KEY):
            pass
        still = outcome_of(log, KEY)
        other.kill()
        other.wait()

    assert running == still == RequestOutcome("running", None)
    # A server hears of its client's end a moment later.
    while log.is_running(KEY):
        time.sleep(0.01)
    with pytest.raises(RequestUnknown):
        outcome_of(log, KEY)
