"""What the product says, kept in files (存下的原话): each story's input, then every word of it.

A file is a list of stories: lines that begin with `=== ` tell what is done, the lines below what
is said. When a wording is changed on purpose, `python -m tests.settlement.kernel.kept_texts` says
everything again; the difference is read, line by line, before it is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_MARK = "=== "


@dataclass(frozen=True)
class Story:
    """What is done, and what is said of it; `number` is its place in the file, from 1."""

    number: int
    done: str
    said: str


def stories_in(name: str) -> list[Story]:
    """The stories of a file beside this one."""
    found: list[Story] = []
    done: list[str] = []
    said: list[str] = []

    def close() -> None:
        if done:
            found.append(Story(len(found) + 1, "\n".join(done), "\n".join(said).strip()))

    for line in _file(name).read_text(encoding="utf-8").splitlines():
        if line.startswith(_MARK):
            if said:
                close()
                done, said = [], []
            done.append(line.removeprefix(_MARK))
        elif done:
            said.append(line)
    close()
    return found


def say_again(name: str, tell: Callable[[str], str]) -> None:
    """Write a file anew with what is said now."""
    text = _file(name).read_text(encoding="utf-8")
    head = text[: text.index(_MARK)]
    blocks = [
        "\n".join([*(_MARK + line for line in story.done.splitlines()), tell(story.done)])
        for story in stories_in(name)
    ]
    _file(name).write_text(head + "\n\n".join(blocks) + "\n", encoding="utf-8")


def _file(name: str) -> Path:
    return Path(__file__).with_name(name)


def main() -> None:
    """Say everything again."""
    from tests.settlement.kernel import test_what_a_settlement_says as settling  # noqa: PLC0415
    from tests.settlement.kernel import test_what_checking_says as checking  # noqa: PLC0415

    say_again(checking.KEPT, checking.tell)
    say_again(settling.KEPT, settling.tell)


if __name__ == "__main__":
    main()
