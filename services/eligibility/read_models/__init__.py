"""What is derived from the events (读模型): one read model a file, each can be thrown away."""
