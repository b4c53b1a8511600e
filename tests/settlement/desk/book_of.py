"""A policy book from texts alone, for what is held against a ledger."""

from settlement.adapters.plain_yaml import read_plain_text
from settlement.law.book import PolicyBook
from settlement.law.reading import read_policy


def book_of(*texts: str) -> PolicyBook:
    """The policies in these documents."""
    return PolicyBook([read_policy(read_plain_text(text, {})) for text in texts])
