"""The broker that tests run against is a real one; that it can be killed and started again is seen
where the publisher goes on after it (tests/kafka_edge)."""

import socket
from contextlib import closing
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from tests.real_parts.kafka_broker import VARIABLE, BrokerNotReady, KafkaBroker, shared_broker


def test_workers_share_one_broker(
    kafka: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> None:
    """Who asks for a broker that runs gets that one, and it goes on when they are done."""
    folder = tmp_path_factory.getbasetemp()
    with shared_broker((folder if worker_id == "master" else folder.parent) / "kafka") as again:
        assert again == kafka
    client = KafkaAdminClient(bootstrap_servers=kafka)
    assert client.describe_cluster()["controller_id"] == 1
    client.close()


def test_another_broker_may_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable takes the place of the broker that would be started, and nothing is started."""
    monkeypatch.setenv(VARIABLE, "elsewhere:9092")
    with shared_broker(tmp_path / "kafka") as given:
        assert given == "elsewhere:9092"
    assert not (tmp_path / "kafka").exists()


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    """Its port is taken: the test that needs the broker fails with the broker's own words."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        broker = KafkaBroker(tmp_path, port=taken.getsockname()[1])
        with pytest.raises(BrokerNotReady, match=r"(?s)已退出.*Address already in use"):
            broker.start()
