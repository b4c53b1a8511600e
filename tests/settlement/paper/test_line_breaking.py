"""Lines break where a reader of Chinese expects it, and never within an amount."""

from hypothesis import given
from hypothesis import strategies as st

from settlement.entrypoints.paper.line_breaking import broken_lines


def wide(text: str) -> float:
    """Han characters two wide, all others one."""
    return sum(1.0 if character.isascii() else 2.0 for character in text)


def test_an_amount_stays_whole_and_no_comma_begins_a_line() -> None:
    """A line is left shorter instead."""
    text = "看的费用：50000.00，起付线：300.00"
    assert broken_lines(text, width=16, measure=wide).split("\n") == [
        "看的费用：",
        "50000.00，起付",
        "线：300.00",
    ]


def test_what_is_longer_than_a_line_is_cut() -> None:
    """A long name of a fund goes on in the next line instead of over the edge."""
    found = broken_lines("500000-critical_illness", width=10, measure=wide)
    assert found.split("\n") == ["500000-cri", "tical_illn", "ess"]


@given(st.text("基金医疗，。（）123.45 ×%a\n", max_size=80), st.integers(4, 30))
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    """Only spaces at the ends of lines go."""
    found = broken_lines(text, width=width, measure=wide)
    assert found.replace("\n", "").replace(" ", "") == text.replace("\n", "").replace(" ", "")
    assert all(wide(line.rstrip()) <= width for line in found.split("\n"))
