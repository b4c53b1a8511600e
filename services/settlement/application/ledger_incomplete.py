"""The ledger lacks something that it must hold (账本不完整)."""


class LedgerIncomplete(Exception):
    """The ledger lacks what a settlement must have written; nothing is changed."""
