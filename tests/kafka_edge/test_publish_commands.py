"""The commands that publish say what they did, and what to do where they could not."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import httpx2 as httpx
import pytest
from typer.testing import CliRunner

import eligibility.entrypoints.cli as eligibility_cli
import settlement.entrypoints.cli as settlement_cli
from contracts.channels import ELIGIBILITY
from http_edge.serving import free_port
from kafka_edge.servers import KafkaServers
from tests.eligibility.conftest import Desk, number
from tests.kafka_edge.reading import told
from tests.support.people_places import ON_BOTH, new_people_place, people_environment

ROW = f"居民身份证,{number(1)},样例,,低保对象,2023-01-01,,500112,居民,一档,2015-01-01,"


@pytest.fixture(name="servers")
def _servers(kafka: str, monkeypatch: pytest.MonkeyPatch) -> KafkaServers:
    """A broker as operators name it."""
    prefix = f"{uuid4().hex}."
    monkeypatch.setenv("YIZHAN_KAFKA", kafka)
    monkeypatch.setenv("YIZHAN_KAFKA_PREFIX", prefix)
    return KafkaServers(kafka, prefix)


@ON_BOTH
def test_a_catch_up_of_eligibility(
    servers: KafkaServers, kept_on: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Topics are made when asked, never otherwise; a second catch-up finds nothing to do."""
    data = new_people_place(kept_on, tmp_path)
    Desk(data).bring(ROW)
    for name, value in people_environment(data).items():
        monkeypatch.setenv(name, value)
    once = ["eligibility-publish", "--once"]
    early = CliRunner().invoke(eligibility_cli.app, once)
    assert early.exit_code == 1
    assert "请先以 --create-topics 建立" in early.stderr

    first = CliRunner().invoke(eligibility_cli.app, [*once, "--create-topics"])
    assert first.exit_code == 0, first.output
    assert f"已建立主题 {servers.prefix}yizhan.eligibility.events.v1" in first.output
    assert sorted(each["type"] for each in told(ELIGIBILITY, servers)) == [
        "eligibility.enrolment-changed.v1",
        "eligibility.person-status-changed.v1",
        "eligibility.roster-imported.v1",
    ]
    again = CliRunner().invoke(eligibility_cli.app, once)
    assert again.output.startswith("已发布至位置 ")
    assert len(told(ELIGIBILITY, servers)) == 3


def test_settlement_publishes_until_it_is_asked_to_end(
    servers: KafkaServers, tmp_path: Path
) -> None:
    """An empty ledger; beside it, health tells the truth of Kafka, and what it says are lines of a
    log. SIGTERM ends it as if nothing had happened."""
    command = ["publish", "--data", str(tmp_path)]
    made = CliRunner().invoke(settlement_cli.app, [*command, "--once", "--create-topics"])
    assert made.output.endswith("已发布至位置 0\n")
    assert servers.prefix in made.output

    port = free_port("127.0.0.1")
    away = {**os.environ, "YIZHAN_KAFKA": f"127.0.0.1:{free_port('127.0.0.1')}"}
    asked = [sys.executable, "-m", "yizhan", *command, "--metrics-port", str(port)]
    for environment, words in (
        (dict(os.environ), {"event-log": "ok", "kafka": "ok", "publisher": "ok"}),
        (away, {"event-log": "ok", "kafka": "failed", "publisher": "no-session"}),
    ):
        with (tmp_path / "log").open("wb") as log:
            worker = subprocess.Popen(asked, env=environment, stderr=log)
        try:
            until(lambda words=words: health(port) == words, worker)  # type: ignore[misc]  # bound now
            metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
            assert 'yizhan_publisher_position{source="/yizhan/settlement"}' in metrics
            if environment is not away:
                worker.send_signal(signal.SIGTERM)
                assert worker.wait(timeout=30) == 0
        finally:
            worker.kill()
            worker.wait()
        lines = (tmp_path / "log").read_text("utf-8").splitlines()
        assert all(json.loads(line)["level"] for line in lines)


def until(holds: Callable[[], bool], worker: "subprocess.Popen[bytes]") -> None:
    """Wait for what a process comes to by itself."""
    deadline = monotonic() + 60
    while not holds():
        assert worker.poll() is None
        assert monotonic() < deadline
        sleep(0.1)


def health(port: int) -> dict[str, str]:
    """What each check says; nothing before it listens."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/health/ready")
    except httpx.HTTPError:
        return {}
    words: dict[str, str] = answer.json()["checks"]
    assert answer.is_success == (set(words.values()) == {"ok"})
    return words
