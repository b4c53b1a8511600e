"""What there was before the windows meet (此前), and what all rush to then (争办)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.settlement.at_once.asked import Asked, body_of, fen, lines

_NIGHTS_OF_A_PART = 6
_Step = tuple[str, int]
"""What is done, and to which part of the stay."""

_IN: tuple[_Step, ...] = (("admit", 1), ("record-fees", 1))
_HELD: tuple[_Step, ...] = (*_IN, ("pay-deposit", 1))
_CLOSED: tuple[_Step, ...] = (*_IN, ("close-interim", 1))
_SETTLED: tuple[_Step, ...] = (*_HELD, ("discharge", 1), ("settle", 1))
_LEFT: tuple[_Step, ...] = (("record-fees", 2), ("discharge", 2))


@dataclass(frozen=True)
class History:
    """A stay up to the meeting, and what somebody may be quick to do then; where all are quick
    to do one thing, one of them comes first."""

    steps: tuple[_Step, ...]
    rush: tuple[_Step, ...]


_HISTORIES: Mapping[History, int] = {
    History(
        (("admit", 1),),
        (("cancel-admission", 1), ("cancel-admission", 1), ("record-fees", 1)),
    ): 2,
    History(_IN, (("close-interim", 1), ("close-interim", 1), ("correct-fee-line", 1))): 2,
    History((*_HELD, ("discharge", 1)), (("settle", 1), ("undo-discharge", 1))): 2,
    History(_SETTLED, (("reverse", 1), ("deliver-late-amount", 1), ("impose-deduction", 1))): 3,
    History(
        (*_SETTLED, ("propose-decision", 1)),
        (
            ("approve-decision", 1),
            ("approve-decision", 1),
            ("reject-decision", 1),
            ("reverse", 1),
        ),
    ): 3,
    History(
        (*_SETTLED, ("impose-deduction", 1)),
        (("withdraw-deduction", 1), ("withdraw-deduction", 1), ("deliver-late-amount", 1)),
    ): 2,
    History(_CLOSED, (("undo-discharge", 1), ("undo-discharge", 1), ("record-fees", 2))): 2,
    # The second could be settled, but for the first.
    History((*_CLOSED, *_LEFT), (("settle", 2), ("settle", 1), ("undo-discharge", 2))): 2,
    History((*_CLOSED, ("settle", 1), *_LEFT, ("settle", 2)), (("reverse", 1), ("reverse", 2))): 1,
}


@dataclass(frozen=True)
class StayOfARound:
    """One of the stays that the windows have to do with."""

    hospital: str
    number: str
    person: str
    first_day: date
    history: History


def stay_of(chance: Random, hospital: str, number: str, person: str, day: date) -> StayOfARound:
    """A stay that begins about a day."""
    first_day = day + timedelta(days=chance.choice([0, 5, 20]))
    history = chance.choices(list(_HISTORIES), list(_HISTORIES.values()))[0]
    return StayOfARound(hospital, number, person, first_day, history)


def before(chance: Random, stay: StayOfARound) -> list[Asked]:
    """A stay as the windows find it."""
    fees = {"lines": lines(chance)} if chance.random() < 1 / 3 else {"fen": fen(chance)}
    return [_step(chance, stay, *step, fees=fees) for step in stay.history.steps]


def rush(chance: Random, stay: StayOfARound, windows: int) -> list[Asked]:
    """What each window asks first, all at the same moment: one thing, or two that meet."""
    likely = chance.choice(stay.history.rush)
    ways = [chance.choice([likely, likely, *stay.history.rush]) for _ in range(windows)]
    return [
        Asked(
            operation,
            stay.hospital,
            stay.number,
            f"w{window}-rush",
            body_of(
                chance,
                operation,
                person=stay.person,
                key=f"w{window}-rush",
                first_day=_first_day(stay, part),
            ),
            operator=f"cashier-{window}",
            part=part,
        )
        for window, (operation, part) in enumerate(ways)
    ]


def _step(
    chance: Random, stay: StayOfARound, operation: str, part: int, *, fees: dict[str, Any]
) -> Asked:
    first_day = _first_day(stay, part)
    last_day = first_day + timedelta(days=_NIGHTS_OF_A_PART)
    bodies: dict[str, dict[str, Any]] = {
        "admit": {"person": stay.person, "admission": first_day},
        "record-fees": {"batch": "1", **fees},
        "pay-deposit": {"receipt": "R0", "fen": 300_00, "normal": 10_000_00},
        "close-interim": {"until": last_day},
        "discharge": {"discharge": last_day - timedelta(days=chance.choice([0, 3, 6]))},
        "settle": {"elsewhere": {}},
        "propose-decision": {"fen": 40_00},
        "impose-deduction": {"fen": 100_00, "document": "D0"},
    }
    key = f"before-{stay.number}-{part}-{operation}"
    return Asked(operation, stay.hospital, stay.number, key, bodies[operation], part=part)


def _first_day(stay: StayOfARound, part: int) -> date:
    return stay.first_day + timedelta(days=(part - 1) * (_NIGHTS_OF_A_PART + 1))
