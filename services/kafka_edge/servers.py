"""Where Apache Kafka is (消息服务器), from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

SERVERS_VARIABLE = "YIZHAN_KAFKA"
PREFIX_VARIABLE = "YIZHAN_KAFKA_PREFIX"


class KafkaNotNamed(Exception):
    """Nobody said where Kafka is (未指定消息服务器)."""


@dataclass(frozen=True)
class KafkaServers:
    """Bootstrap servers, `host:port` with commas, and what goes before the names of topics.

    The prefix keeps apart what shares one cluster, as a training system beside the real one.
    """

    bootstrap: str
    prefix: str = ""

    def named(self, name: str) -> str:
        """A topic or a transactional id as it is called on these servers."""
        return f"{self.prefix}{name}"


def read_kafka_servers(environment: Mapping[str, str]) -> KafkaServers:
    """YIZHAN_KAFKA and YIZHAN_KAFKA_PREFIX. Raises `KafkaNotNamed`."""
    servers = environment.get(SERVERS_VARIABLE, "")
    if not servers:
        message = f"请以 {SERVERS_VARIABLE} 指定 Kafka，如 127.0.0.1:9092 (where is Kafka?)"
        raise KafkaNotNamed(message)
    return KafkaServers(servers, environment.get(PREFIX_VARIABLE, ""))
