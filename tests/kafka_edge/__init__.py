"""Tests of what both services share to speak with Apache Kafka."""
