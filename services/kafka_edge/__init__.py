"""What both services share to speak with Apache Kafka (消息): topics, publishing, reading once."""
