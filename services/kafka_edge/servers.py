"""Where Apache Kafka is, and how it is spoken to (消息服务器), from the environment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kafka_edge.knocking import require_let_in
from kafka_edge.security import KafkaSecurity, read_security

SERVERS_VARIABLE = "YIZHAN_KAFKA"
PREFIX_VARIABLE = "YIZHAN_KAFKA_PREFIX"
TClient = TypeVar("TClient")


class KafkaNotNamed(Exception):
    """Nobody said where Kafka is (未指定消息服务器)."""


@dataclass(frozen=True)
class KafkaServers:
    """Bootstrap servers, `host:port` with commas, and what goes before the names of topics.

    The prefix keeps apart what shares one cluster, as a training system beside the real one.
    """

    bootstrap: str
    prefix: str = ""
    security: KafkaSecurity = field(default_factory=KafkaSecurity)

    def named(self, name: str) -> str:
        """A topic or a transactional id as it is called on these servers."""
        return f"{self.prefix}{name}"

    @property
    def connection(self) -> dict[str, Any]:
        """What every client of the library is told. Raises KafkaSecurityUnusable."""
        return {"bootstrap_servers": self.bootstrap, **self.security.keywords()}

    def open(self, client: Callable[..., TClient], **settings: Any) -> TClient:
        """A producer, consumer or admin client of the library.

        Raises KafkaUntrusted, KafkaLoginRefused, KafkaSecurityUnusable, and KafkaError where there
        is no Kafka.
        """
        require_let_in(self.bootstrap, self.security)
        return client(**self.connection, **settings)


def read_kafka_servers(environment: Mapping[str, str]) -> KafkaServers:
    """YIZHAN_KAFKA, YIZHAN_KAFKA_PREFIX and how to connect (see `kafka_edge.security`).

    Raises `KafkaNotNamed`, KafkaSecurityUnusable.
    """
    servers = environment.get(SERVERS_VARIABLE, "")
    if not servers:
        message = f"请以 {SERVERS_VARIABLE} 指定 Kafka，如 127.0.0.1:9092 (where is Kafka?)"
        raise KafkaNotNamed(message)
    return KafkaServers(servers, environment.get(PREFIX_VARIABLE, ""), read_security(environment))
