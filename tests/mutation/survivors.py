"""Mutants that nothing notices (存活的变异), and the file that says why each may live.

A survivor is known by the function it is in and the lines it changes, not by a number: an edit
elsewhere leaves it known, an edit of those lines makes it a new one that needs a new reason.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Survivor:
    """One change nobody noticed: where, the lines that were there, the lines instead."""

    function: str
    was: tuple[str, ...]
    now: tuple[str, ...]

    def __str__(self) -> str:
        """As it stands in the file."""
        lines = [f"in: {self.function}"]
        lines += [f"- {line}" for line in self.was]
        lines += [f"+ {line}" for line in self.now]
        return "\n".join(lines)


class ListMalformed(ValueError):
    """A line of the list that is none of `why:`, `in:`, `-`, `+`, or stands in the wrong place."""


def survivor_of(function: str, diff: str) -> Survivor:
    """The survivor that a unified diff of its function shows."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    return Survivor(
        function,
        tuple(line[1:].strip() for line in lines if line.startswith("-")),
        tuple(line[1:].strip() for line in lines if line.startswith("+")),
    )


def read_reasons(text: str, *, file: str = "survivors.txt") -> Counter[Survivor]:
    """The survivors that have a reason, with how many of each.

    Blocks are `why: reason`, then for each survivor `in: function` and its changed lines. Raises
    ListMalformed.
    """
    found: Counter[Survivor] = Counter()
    reason, function = "", ""
    changes: dict[str, list[str]] = {"-": [], "+": []}

    def close() -> None:
        if function:
            found[Survivor(function, tuple(changes["-"]), tuple(changes["+"]))] += 1
        changes["-"], changes["+"] = [], []

    for number, line in enumerate([*text.splitlines(), "why: end"], start=1):
        word, _, rest = line.partition(" ")
        if word == "why:" and rest.strip():
            close()
            reason, function = rest.strip(), ""
        elif word == "in:" and reason:
            close()
            function = rest.strip()
        elif word in changes and function:
            changes[word].append(rest.strip())
        elif line.strip() and not line.startswith("#"):
            raise ListMalformed(f"{file}:{number}: {line}")
    return found


def read_reasons_file(file: Path) -> Counter[Survivor]:
    """The list as it is committed. Raises ListMalformed."""
    return read_reasons(file.read_text("utf-8"), file=file.name)
