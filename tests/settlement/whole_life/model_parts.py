"""Parts of a stay (分段): part 2 of stay 1 is stay 1/2, a stay of its own."""

from tests.settlement.whole_life.model_settlements import StayKey


def part_of(key: StayKey) -> int:
    """Which part it is; 1 for a stay as a whole."""
    return int(key[1].partition("/")[2] or 1)


def first_of(key: StayKey) -> StayKey:
    """The part that the patient was admitted to."""
    return key[0], key[1].partition("/")[0]


def next_of(key: StayKey) -> StayKey:
    """The part after it."""
    return nth_of(key, part_of(key) + 1)


def former_of(key: StayKey) -> StayKey:
    """The part before it."""
    return nth_of(key, part_of(key) - 1)


def nth_of(key: StayKey, part: int) -> StayKey:
    """Another part of the same stay."""
    hospital, number = first_of(key)
    return hospital, f"{number}/{part}" if part > 1 else number
