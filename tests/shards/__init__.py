"""Ledgers divided by pooling region (分片): whose each request is, and moving one of them."""
