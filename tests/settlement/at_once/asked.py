"""One request of a round (一次请求), and what its body says, drawn by the seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

OFFICE = "YIBAOJU"
"""In no directory of institutions, so an office: deductions are its to decide."""

OF_AN_OFFICE = ("impose-deduction", "withdraw-deduction")
_NIGHTS = (0, 3, 12)
_PRICES = ("3.35", "700", "1000")
_NORMAL_DEPOSIT_FEN = 10_000_00


@dataclass(frozen=True)
class Asked:
    """One request; `part` counts the parts of the stay from 1, and `vanishes` says when the client
    does not wait for its answer, the first time."""

    operation: str
    hospital: str
    stay: str
    key: str
    body: Mapping[str, Any] = field(default_factory=dict)
    operator: str = "cashier-1"
    pause_seconds: float = 0.0
    vanishes: str | None = None
    part: int = 1

    @property
    def institution(self) -> str:
        """Who asks: the hospital, or an office."""
        return OFFICE if self.operation in OF_AN_OFFICE else self.hospital


def body_of(
    chance: Random, operation: str, *, person: str, key: str, first_day: date
) -> dict[str, Any]:
    """What a request says of a stay, or of a part of one, that began on `first_day`."""
    amount = chance.choice([40_00, 300_00, 900_00, 1])
    elsewhere = chance.choice([{}, {}, {"reviewed": amount}])
    last_day = first_day + timedelta(days=chance.choice([*_NIGHTS, *_NIGHTS, -1]))
    stated = {"person": person, "admission": first_day}
    bodies: dict[str, dict[str, Any]] = {
        "settle": {"elsewhere": elsewhere, "as_previewed": chance.random() < 1 / 2},
        "settle-whole-stay": {
            **stated,
            "discharge": last_day,
            "batch": "1",
            "fen": fen(chance),
            "elsewhere": elsewhere,
        },
        "deliver-late-amount": {"fen": amount, "reference": f"REF-{key}"},
        "propose-decision": {"fen": amount},
        "approve-decision": {
            "proposal": chance.choice([1, 1, 1, 2]),
            # Hardly ever what comes out: then the refusal tells what does.
            "expected": chance.choice([None, None, None, None, None, amount]),
        },
        "reject-decision": {"proposal": chance.choice([1, 1, 2])},
        "record-fees": {"batch": chance.choice(["1", key, key]), **_fees(chance)},
        "delete-fee-batch": {"batch": "1"},
        "correct-fee-line": {"line": _line_number(chance), "price": chance.choice(_PRICES)},
        "delete-fee-line": {"line": _line_number(chance)},
        "discharge": {"discharge": last_day},
        "close-interim": {"until": last_day},
        "admit": stated,
        "change-admission": {
            "admission": first_day + timedelta(days=chance.choice([0, -1, 5])),
            "referral": chance.choice([True, True, False, None]),
        },
        "pay-deposit": {
            "receipt": chance.choice(["R1", "R2"]),
            "fen": chance.choice([1, 300_00, 1_999_99]),
            "normal": _NORMAL_DEPOSIT_FEN,
        },
        "refund-deposit": {"fen": chance.choice([1, 300_00])},
        "impose-deduction": {
            "fen": chance.choice([1, 100_00, 100_00, 9_000_00]),
            "document": chance.choice(["D1", "D2"]),
        },
    }
    return bodies.get(operation, {})


def fen(chance: Random) -> int:
    """What a bill comes to."""
    return chance.choice([1, 4, 9, 20, 90]) * 500_00 + 7


def lines(chance: Random) -> list[tuple[str, str]]:
    """Lines of fees: the number and the price of each."""
    first, second = chance.choice([("L1", "L2"), ("L3", "L4")])
    return [(first, chance.choice(_PRICES)), (second, "3.35")]


def _fees(chance: Random) -> dict[str, Any]:
    """Amounts, or lines; a stay has one or the other."""
    return {"fen": fen(chance)} if chance.random() < 1 / 2 else {"lines": lines(chance)}


def _line_number(chance: Random) -> str:
    return chance.choice(["L1", "L1", "L2", "L3"])
