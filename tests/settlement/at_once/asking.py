"""What the windows of a round ask for (并发请求), few people and stays, any command."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.settlement.whole_life.two_regions import HOSPITALS, PEOPLE
from tests.support.settlement_desk import P1, P2, P3

WINDOWS = 3
_STAYS = 4
_ASKED_EACH = 9
_FIRST_DAY = date(2023, 6, 20)
_PEOPLE = (P1, P1, P1, P2, P3, list(PEOPLE)[-1])

FITTING = "fitting"
"""A request of which only the stay is said; the window looks how it stands and asks what fits."""

_FITTING = {
    None: ["admit"],
    "admitted": ["record-fees", "discharge", "discharge", "pay-deposit", "correct-fee-line"],
    "discharged": ["settle", "settle", "settle", "settle", "undo-discharge", "pay-deposit"],
    "settled": [
        "reverse",
        "reverse",
        "deliver-late-amount",
        "propose-decision",
        "propose-decision",
        "refund-deposit",
    ],
    "cancelled": ["admit"],
}

_OPERATIONS = {
    FITTING: 60,
    "settle": 6,
    "settle-whole-stay": 4,
    "reverse": 5,
    "deliver-late-amount": 4,
    "propose-decision": 3,
    "approve-decision": 4,
    "reject-decision": 1,
    "record-fees": 2,
    "delete-fee-batch": 1,
    "correct-fee-line": 1,
    "discharge": 3,
    "undo-discharge": 2,
    "admit": 1,
    "change-admission": 1,
    "cancel-admission": 1,
    "pay-deposit": 2,
    "refund-deposit": 1,
}


@dataclass(frozen=True)
class Asked:
    """One request; `vanishes` says when the client does not wait for its answer, the first time."""

    operation: str
    hospital: str
    stay: str
    key: str
    body: Mapping[str, Any] = field(default_factory=dict)
    operator: str = "cashier-1"
    pause_seconds: float = 0.0
    vanishes: str | None = None


@dataclass(frozen=True)
class Round:
    """What happens before the windows meet, what each asks then, and whether two ids are known to
    be one person's."""

    seed: int
    before: tuple[Asked, ...]
    windows: tuple[tuple[Asked, ...], ...]
    is_one_person: bool


def round_of(seed: int) -> Round:
    """The round of a seed; the same seed asks the same."""
    chance = Random(seed)  # noqa: S311 -- what is asked, not secrets
    stays = [
        (chance.choice(list(HOSPITALS)), f"S{n}", chance.choice(_PEOPLE)) for n in range(_STAYS)
    ]
    before = [asked for stay in stays for asked in _so_far(chance, *stay)]
    windows = [
        [_any(chance, stays, f"w{window}-{n}", window) for n in range(_ASKED_EACH)]
        for window in range(WINDOWS)
    ]
    for window in windows:
        _say_again(chance, window, window)
    # The same request from two windows: sent twice at once.
    _say_again(chance, windows[0], windows[1])
    return Round(
        seed, tuple(before), tuple(tuple(each) for each in windows), chance.random() < 1 / 3
    )


def _so_far(chance: Random, hospital: str, stay: str, person: str) -> list[Asked]:
    """A stay as the windows find it: admitted, with fees, discharged, or settled."""
    admission, discharge = _days(chance)
    ways: list[tuple[str, dict[str, Any]]] = [
        ("admit", {"person": person, "admission": admission}),
        ("record-fees", {"batch": "1", "fen": _fen(chance)}),
        ("pay-deposit", {"receipt": "R0", "fen": 300_00, "normal": 10_000_00}),
        ("discharge", {"discharge": discharge}),
        ("settle", {"elsewhere": {}}),
    ]
    until = chance.choice([2, 4, 4, 5, 5, 5, 5])
    return [
        Asked(operation, hospital, stay, f"before-{stay}-{operation}", body)
        for operation, body in ways[:until]
    ]


def _any(chance: Random, stays: list[tuple[str, str, str]], key: str, window: int) -> Asked:
    operation = chance.choices(list(_OPERATIONS), list(_OPERATIONS.values()))[0]
    hospital, stay, person = chance.choice(stays)
    if operation == "settle-whole-stay":
        # Now and then two windows admit under one number.
        stay = chance.choice([f"W{window}-{key}", "W"])
    return Asked(
        operation,
        hospital,
        stay,
        key,
        {"person": person} if operation == FITTING else _body(chance, operation, person, key),
        operator=f"cashier-{chance.randint(1, 2)}",
        pause_seconds=chance.choice([0.0, 0.0, chance.uniform(0, 0.004)]),
        vanishes=chance.choice([None] * 6 + ["before", "after"]),
    )


def fitting(seed: int, asked: Asked, status: str | None, proposals: int) -> Asked:
    """A request that fits a stay as it stands at this moment; somebody may come first."""
    chance = Random(f"{seed}/{asked.key}")  # noqa: S311 -- as above
    operations = _FITTING[status]
    if status == "settled" and proposals:
        operations = [*operations, *["approve-decision"] * 3, "reject-decision"]
    operation = chance.choice(operations)
    body = _body(chance, operation, asked.body["person"], asked.key)
    if "proposal" in body:
        # Nobody decides on a proposal of his own.
        return replace(
            asked,
            operation=operation,
            body=body | {"proposal": proposals},
            operator="cashier-3",
        )
    return replace(asked, operation=operation, body=body)


def _body(chance: Random, operation: str, person: str, key: str) -> dict[str, Any]:
    admission, discharge = _days(chance)
    amount = chance.choice([40_00, 300_00, 900_00, 1])
    elsewhere = chance.choice([{}, {}, {"reviewed": amount}])
    stated = {"person": person, "admission": admission}
    bodies: dict[str, dict[str, Any]] = {
        "settle": {"elsewhere": elsewhere, "as_previewed": chance.random() < 1 / 2},
        "settle-whole-stay": {
            **stated,
            "discharge": discharge,
            "batch": "1",
            "fen": _fen(chance),
            "elsewhere": elsewhere,
        },
        "deliver-late-amount": {"fen": amount, "reference": f"REF-{key}"},
        "propose-decision": {"fen": amount},
        "approve-decision": {"proposal": chance.choice([1, 1, 2])},
        "reject-decision": {"proposal": chance.choice([1, 1, 2])},
        "record-fees": {"batch": chance.choice(["1", key]), **_fees(chance)},
        "delete-fee-batch": {"batch": "1"},
        "correct-fee-line": {"line": "L1", "price": chance.choice(["3.35", "1000"])},
        "discharge": {"discharge": discharge},
        "admit": stated,
        "change-admission": {"admission": admission},
        "pay-deposit": {
            "receipt": chance.choice(["R1", "R2"]),
            "fen": chance.choice([1, 300_00, 1_999_99]),
            "normal": 10_000_00,
        },
        "refund-deposit": {"fen": chance.choice([1, 300_00])},
    }
    return bodies.get(operation, {})


def _say_again(chance: Random, said: list[Asked], again: list[Asked]) -> None:
    """One of what was said is said again, later or elsewhere, with the same key and body."""
    for _ in range(2):
        which = chance.randrange(len(said))
        again.insert(chance.randint(which + 1 if said is again else 0, len(again)), said[which])


def _days(chance: Random) -> tuple[date, date]:
    """Around the turn of North's second benefit year."""
    admission = _FIRST_DAY + timedelta(days=chance.choice([0, 5, 20]))
    return admission, admission + timedelta(days=chance.choice([0, 3, 12]))


def _fees(chance: Random) -> dict[str, Any]:
    """Amounts, or a line."""
    return {"fen": _fen(chance)} if chance.random() < 1 / 2 else {"line": "L1", "price": "3.35"}


def _fen(chance: Random) -> int:
    return chance.choice([1, 4, 9, 20, 90]) * 500_00 + 7
