"""Apache Kafka out of its jars (Kafka)."""
