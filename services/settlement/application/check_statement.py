"""Checking a paper against the ledger (核对结算单), for whoever holds one.

The answer is one word: without the code, which is on the paper alone, it tells nothing, not even
whether there is a settlement with this number.
"""

from enum import StrEnum

from settlement.application.find_settlement import history_of_issued
from settlement.application.paper_ports import SettlementNumbers
from settlement.application.ports import Ledger
from settlement.domain.statement_code import is_same_code, statement_code


class Checked(StrEnum):
    """What a paper is to the ledger (核对结果)."""

    MATCHES = "matches"
    """It says what the ledger says (相符)."""
    REVERSED = "reversed"
    """It said so, and the settlement was reversed since (相符，其后已撤销)."""
    CHANGED = "changed"
    """It said so, and the amounts under this number were changed since (其后已调整)."""
    DIFFERS = "differs"
    """It does not say what the ledger says, or the number was never given (不符)."""


def check_statement(
    number: str, code: str, *, numbers: SettlementNumbers, ledger: Ledger
) -> Checked:
    """Hold a settlement number and the code printed with it against the ledger."""
    stay_id = numbers.stay_of(number)
    forms = history_of_issued(ledger, stay_id, number) if stay_id is not None else []
    matching = [form for form in forms if is_same_code(code, statement_code(form))]
    if not matching:
        return Checked.DIFFERS
    if forms[-1].settlement.is_reversed:
        return Checked.REVERSED
    return Checked.MATCHES if matching[-1] == forms[-1] else Checked.CHANGED
