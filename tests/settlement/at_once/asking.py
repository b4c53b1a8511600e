"""What the windows of a round ask for (并发请求), few people and stays, any command."""

from dataclasses import dataclass
from datetime import date
from random import Random

from tests.settlement.at_once.asked import OF_AN_OFFICE, Asked, body_of
from tests.settlement.at_once.fitting import FITTING
from tests.settlement.at_once.histories import StayOfARound, before, rush, stay_of
from tests.settlement.whole_life.two_regions import HOSPITALS, PEOPLE
from tests.support.settlement_desk import P1, P2, P3

WINDOWS = 3
_STAYS = 4
_ASKED_EACH = 9
_FIRST_DAY = date(2023, 6, 20)
"""About the turn of North's second benefit year."""

_PEOPLE = (P1, P1, P1, P2, P3, list(PEOPLE)[-1])

_OPERATIONS = {
    FITTING: 75,
    "settle": 6,
    "settle-whole-stay": 4,
    "reverse": 3,
    "deliver-late-amount": 4,
    "propose-decision": 3,
    "approve-decision": 1,
    "reject-decision": 1,
    "record-fees": 2,
    "delete-fee-batch": 1,
    "correct-fee-line": 1,
    "delete-fee-line": 1,
    "discharge": 3,
    "close-interim": 3,
    "undo-discharge": 3,
    "admit": 1,
    "change-admission": 2,
    "cancel-admission": 2,
    "pay-deposit": 2,
    "refund-deposit": 1,
}

OPERATIONS = {*_OPERATIONS, *OF_AN_OFFICE} - {FITTING}
"""Every command that is sent."""


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
        stay_of(chance, chance.choice(list(HOSPITALS)), f"S{n}", chance.choice(_PEOPLE), _FIRST_DAY)
        for n in range(_STAYS)
    ]
    there_was = [asked for stay in stays for asked in before(chance, stay)]
    rushed = chance.choice(stays)
    windows = [_window(chance, stays, rushed, number) for number in range(WINDOWS)]
    for window in windows:
        _say_again(chance, window, window)
    # The same request from two windows: sent twice at once.
    _say_again(chance, windows[0], windows[1])
    return Round(
        seed, tuple(there_was), tuple(tuple(each) for each in windows), chance.random() < 1 / 3
    )


def _window(
    chance: Random, stays: list[StayOfARound], rushed: StayOfARound, window: int
) -> list[Asked]:
    first = rush(chance, rushed, window)
    left = range(len(first), _ASKED_EACH)
    return [*first, *(_any(chance, stays, f"w{window}-{n}", window) for n in left)]


def _any(chance: Random, stays: list[StayOfARound], key: str, window: int) -> Asked:
    operation = chance.choices(list(_OPERATIONS), list(_OPERATIONS.values()))[0]
    stay = chance.choice(stays)
    number = stay.number
    if operation == "settle-whole-stay":
        # Now and then two windows admit under one number.
        number = chance.choice([f"W{window}-{key}", "W"])
    if operation == FITTING:
        body = {"person": stay.person, "first_day": stay.first_day}
    else:
        body = body_of(chance, operation, person=stay.person, key=key, first_day=stay.first_day)
    is_whole = operation in ("admit", "settle-whole-stay", "cancel-admission")
    return Asked(
        operation,
        stay.hospital,
        number,
        key,
        body,
        operator=f"cashier-{chance.randint(1, 2)}",
        pause_seconds=chance.choice([0.0, 0.0, chance.uniform(0, 0.004)]),
        vanishes=chance.choice([None] * 6 + ["before", "after"]),
        part=1 if is_whole else chance.choice([1] * 9 + [2]),
    )


def _say_again(chance: Random, said: list[Asked], again: list[Asked]) -> None:
    """One of what was said is said again, later or elsewhere, with the same key and body."""
    for _ in range(2):
        which = chance.randrange(len(said))
        again.insert(chance.randint(which + 1 if said is again else 0, len(again)), said[which])
