"""The disk is full for a while: nothing is half stored, and with room again all goes on."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.end_to_end.full_disk import disk_full
from tests.end_to_end.server_process import ServerProcess, run_yizhan
from tests.end_to_end.test_crash import (
    HEADERS,
    assert_settled_once,
    import_samples,
    settle,
    whole_stays,
)

THREADS = 3


def test_a_full_disk_loses_nothing_and_needs_no_hands(tmp_path: Path) -> None:
    """Forty stays, each sent until it is settled; in between the disk is full.

    While it is, every request hears that it may be sent again, and what was settled is read as
    before; then everything goes on in the same process, each stay settled once.
    """
    data = tmp_path / "data"
    with ServerProcess(data, tmp_path / "log") as server:
        requests = whole_stays(import_samples(server), 0)
        first = dict(list(requests.items())[:6])
        answers = send(server, first)
        assert {each.status_code for each in answers.values()} == {201}

        with disk_full(server.pid):
            refused = send(server, requests)
            with server.client(server.settlement) as client:
                stays = [answer.json()["stay_id"] for answer in answers.values()]
                for stay_id in stays:
                    assert_settled_once(client, stay_id)
                undone = [outcome(reverse(client, stay_id)) for stay_id in stays]

        # Eligibility has to record who asked, and so has no answer.
        assert Counter(map(outcome, refused.values())) == {
            "201, replayed": 6,
            "503 urn:yizhan:problem:eligibility-unreachable": 34,
        }
        assert undone == ["503 urn:yizhan:problem:busy-try-again"] * 6
        settled = send(server, requests)

        assert {each.status_code for each in settled.values()} == {201}
        for key, answer in answers.items():
            assert settled[key].content == refused[key].content == answer.content
        with server.client(server.settlement) as client:
            for answer in settled.values():
                assert_settled_once(client, answer.json()["stay_id"])

    verified = run_yizhan("verify", data=data)
    assert verified.returncode == 0, verified.stdout
    assert "40 笔结算（其中 0 笔已撤销）" in verified.stdout


def reverse(client: httpx.Client, stay_id: str) -> httpx.Response:
    """Undo a settlement, which asks nobody."""
    key = {"Idempotency-Key": f"undo-{stay_id}"}
    path = f"/v1/stays/{stay_id}/settlement/reversal"
    return client.post(path, json={"reason": "重复"}, headers=HEADERS | key)


def outcome(answer: httpx.Response) -> str:
    """What became of a request, in a word."""
    if answer.status_code == 201:
        return f"201, {'replayed' if 'Idempotency-Replayed' in answer.headers else 'new'}"
    assert answer.headers["Retry-After"]
    return f"{answer.status_code} {answer.json()['type']}"


def send(server: ServerProcess, requests: dict[str, dict[str, Any]]) -> dict[str, httpx.Response]:
    """Everything from several threads, by request key."""

    def send_some(keys: list[str]) -> dict[str, httpx.Response]:
        with server.client(server.settlement) as client:
            return {key: settle(client, key, requests[key]) for key in keys}

    keys, answers = list(requests), dict[str, httpx.Response]()
    with ThreadPoolExecutor(THREADS) as pool:
        for some in pool.map(send_some, (keys[n::THREADS] for n in range(THREADS))):
            answers |= some
    return answers
