"""The replica of eligibility: kept by Kafka, asked while eligibility is down (资格副本)."""
