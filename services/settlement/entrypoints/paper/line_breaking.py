"""Breaking lines of Chinese with figures (断行): a number stays whole, no comma begins a line.

The PDF library breaks either at spaces, of which Chinese has none, or anywhere, and then within an
amount too.
"""

import re
from collections.abc import Callable, Iterator

# A run of Latin letters, digits and signs of a figure is one piece; any other character is one.
_PIECES = re.compile(r"[0-9A-Za-z.,%×()¥+\-−_/:@]+|\s|.", re.DOTALL)
_NEVER_FIRST = frozenset("，。、；：？！）》】」』”’％…—·,.;:)%")
_NEVER_LAST = frozenset("（《【「『“‘(¥")


def broken_lines(text: str, *, width: float, measure: Callable[[str], float]) -> str:
    """The text with line ends so that no line is wider than `width`, as far as pieces allow."""
    lines, line = [], ""
    for piece in _unbreakable(text):
        if piece == "\n":
            lines.append(line)
            line = ""
        elif line and measure(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
        while measure(line) > width and len(line) > 1:
            head = _longest(line, width=width, measure=measure)
            lines.append(head)
            line = line[len(head) :]
    return "\n".join([*lines, line])


def _unbreakable(text: str) -> Iterator[str]:
    """Pieces that a line may begin with."""
    held = ""
    for piece in _PIECES.findall(text):
        joins = piece[0] in _NEVER_FIRST or (held and held[-1] in _NEVER_LAST)
        if held and not joins:
            yield held
            held = ""
        held += piece
    if held:
        yield held


def _longest(line: str, *, width: float, measure: Callable[[str], float]) -> str:
    """As much of a piece that is too long for any line as fits, one character at least."""
    at = 1
    while at < len(line) and measure(line[: at + 1]) <= width:
        at += 1
    return line[:at]
