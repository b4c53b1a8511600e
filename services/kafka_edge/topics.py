"""Creating topics (建立主题): a step that somebody takes, never done on the way."""

from typing import Any

from kafka.admin import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from contracts.channels import (
    PARTITIONS,
    POSITIONS_CONFIGURATION,
    Channel,
)
from kafka_edge.servers import KafkaServers


def create_topics(channel: Channel, servers: KafkaServers) -> list[str]:
    """Create what is missing of a channel's topics, with the servers' own number of copies.

    Returns the names of those created. Several processes may do so at once.
    Raises what `KafkaServers.open` raises.
    """
    wanted: dict[str, dict[str, Any]] = {
        servers.named(channel.topic): {
            "num_partitions": PARTITIONS,
            "configs": dict(channel.configuration),
        },
        servers.named(channel.positions_topic): {
            "num_partitions": 1,
            "configs": dict(POSITIONS_CONFIGURATION),
        },
    }
    admin = servers.open(KafkaAdminClient)
    try:
        created = []
        for name, options in wanted.items():
            try:
                admin.create_topics({name: options})
            except TopicAlreadyExistsError:
                continue
            created.append(name)
        admin.wait_for_topics(list(wanted))
        return created
    finally:
        admin.close()
