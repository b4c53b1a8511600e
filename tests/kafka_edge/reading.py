"""What a topic holds, as a reader of committed records sees it."""

import json
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from contracts.channels import Channel
from kafka_edge.servers import KafkaServers


def records(topic: str, servers: KafkaServers, *, committed: bool = True) -> list[Any]:
    """All records, partition by partition, each in its own order."""
    consumer = KafkaConsumer(
        bootstrap_servers=servers.bootstrap,
        isolation_level="read_committed" if committed else "read_uncommitted",
    )
    numbers = consumer.partitions_for_topic(topic) or ()
    partitions = [TopicPartition(topic, each) for each in sorted(numbers)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(partitions)
    found: dict[int, list[Any]] = {each.partition: [] for each in partitions}
    while any(consumer.position(each) < ends[each] for each in partitions):
        for partition, new in consumer.poll(timeout_ms=500).items():
            found[partition.partition] += new
    consumer.close()
    return [each for number in sorted(found) for each in found[number]]


def told(channel: Channel, servers: KafkaServers) -> list[dict[str, Any]]:
    """The events of a channel, as readers get them."""
    found = records(servers.named(channel.topic), servers)
    return [json.loads(each.value) for each in found]


def positions_by_key(events: list[dict[str, Any]]) -> dict[str, list[int]]:
    """In which order the events of each key came."""
    found: dict[str, list[int]] = {}
    for each in events:
        found.setdefault(each["partitionkey"], []).append(each["data"]["position"])
    return found
