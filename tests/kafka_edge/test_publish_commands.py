"""The commands that publish say what they did, and what to do where they could not."""

import os
import signal
from pathlib import Path
from threading import Thread
from time import sleep
from uuid import uuid4

import pytest
from typer.testing import CliRunner

import eligibility.entrypoints.cli as eligibility_cli
import settlement.entrypoints.cli as settlement_cli
from contracts.channels import ELIGIBILITY
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
    """An empty ledger; SIGTERM ends it as if nothing had happened."""
    command = ["publish", "--data", str(tmp_path)]
    made = CliRunner().invoke(settlement_cli.app, [*command, "--once", "--create-topics"])
    assert made.output.endswith("已发布至位置 0\n")

    handler = signal.getsignal(signal.SIGTERM)

    def end() -> None:
        while signal.getsignal(signal.SIGTERM) is handler:
            sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    ending = Thread(target=end)
    ending.start()
    ended = CliRunner().invoke(settlement_cli.app, command)
    ending.join()
    assert ended.exit_code == 0, ended.output
    assert signal.getsignal(signal.SIGTERM) is handler
    assert servers.prefix in made.output
