"""Which part of a stay, in words (第几段)."""


def part_in_words(part: int, *, goes_on: bool) -> str:
    """`第2段（中途结算）`, or the last one: `第3段（末段）`."""
    return f"第{part}段（{'中途结算' if goes_on else '末段'}）"
