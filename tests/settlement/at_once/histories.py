"""What there was before the windows meet (此前), and what all rush to then (争办)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.settlement.at_once.asked import Asked, body_of, fen, lines

_NIGHTS_OF_A_PART = 6
_RUSHED = 3
_RUSH_SECONDS = 0.004
"""About what a command takes: another one falls into the middle of it."""

_Step = tuple[str, int]
"""What is done, and to which part of the stay."""

_CLOSE: _Step = ("close-interim", 1)
_UNDO: _Step = ("undo-discharge", 1)
_IN: tuple[_Step, ...] = (("admit", 1), ("record-fees", 1))
_HELD: tuple[_Step, ...] = (*_IN, ("pay-deposit", 1))
_CLOSED: tuple[_Step, ...] = (*_IN, _CLOSE)
_SETTLED: tuple[_Step, ...] = (*_HELD, ("discharge", 1), ("settle", 1))
_LEFT: tuple[_Step, ...] = (("record-fees", 2), ("discharge", 2))


@dataclass(frozen=True)
class History:
    """A stay up to the meeting, and what all are quick to do then, the likelier the more often;
    one of them comes first."""

    steps: tuple[_Step, ...]
    rush: tuple[_Step, ...]


_HISTORIES: Mapping[History, int] = {
    History(
        (("admit", 1),),
        (("cancel-admission", 1), ("cancel-admission", 1), ("record-fees", 1)),
    ): 2,
    History(
        _IN,
        (("close-interim", 1), ("close-interim", 1), ("close-interim", 1), ("undo-discharge", 1)),
    ): 2,
    History((*_HELD, ("discharge", 1)), (("settle", 1), _UNDO)): 2,
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
    History(
        _CLOSED,
        (("undo-discharge", 1), ("undo-discharge", 1), ("close-interim", 1), ("record-fees", 2)),
    ): 2,
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


def rush(chance: Random, stay: StayOfARound, window: int) -> list[Asked]:
    """What a window asks first, at the same moment as the others, a little sooner or later."""
    return [
        Asked(
            operation,
            stay.hospital,
            stay.number,
            f"w{window}-rush-{n}",
            body_of(
                chance,
                operation,
                person=stay.person,
                key=f"w{window}-rush-{n}",
                first_day=_first_day(stay, part),
            ),
            operator=f"cashier-{window}",
            pause_seconds=chance.uniform(0, _RUSH_SECONDS),
            part=part,
        )
        for n, (operation, part) in enumerate(chance.choices(stay.history.rush, k=_RUSHED))
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
