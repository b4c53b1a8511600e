"""The law (政策): what a bill is, what a policy says, which one is in force. Pure values."""
