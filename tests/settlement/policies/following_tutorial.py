"""Follows docs/tutorial.md: writes its files, runs its commands, and says what they print.

Blocks: `yaml file=…` and `csv file=…` write a file, `append=…` adds to one, `diff file=…` puts
the + lines where the - lines stand, `console` runs each `$` line. The words after the language are
invisible where the text is read.

`python -m tests.settlement.policies.following_tutorial` writes into the text what its commands
print now; read what changed before keeping it.
"""

import os
import re
import shlex
import shutil
import tempfile
from pathlib import Path

from typer.testing import CliRunner

from settlement.adapters.policy_files import SHIPPED_POLICIES
from settlement.entrypoints.cli import app

TUTORIAL = SHIPPED_POLICIES.parents[2] / "docs" / "tutorial.md"

_BLOCK = re.compile(r"```(?P<language>[a-z]+)(?P<where> [^\n]*)?\n(?P<body>.*?)```", re.DOTALL)
_WIDTH = "100"
LEFT_OUT = "……"


class NotFollowed(AssertionError):
    """A step of the text cannot be done as written."""


def as_followed(text: str, directory: Path) -> str:
    """The text with what its commands really print, done from the top in an empty directory.

    The working directory must be `directory` already. Where the text shows `……` on a line of its
    own, lines that nobody needs to read are left out.
    """

    def done(block: re.Match[str]) -> str:
        kind, _, name = (block["where"] or "").strip().partition("=")
        if block["language"] == "console":
            return f"```console\n{''.join(map(_as_run, _steps(block['body'])))}```"
        if name:
            _change(directory / name, kind, block["language"], block["body"])
        return block[0]

    return _BLOCK.sub(done, text)


def _steps(body: str) -> list[str]:
    """Each `$` line with what is shown below it."""
    return [step for step in re.split(r"(?m)^(?=\$ )", body) if step]


def _as_run(step: str) -> str:
    """The step as it is shown, if that is what happens; else with what really happens."""
    command, *shown = step.splitlines()
    real = _run(command.removeprefix("$ "))
    fits = _is_shortened(shown, real) if LEFT_OUT in shown else shown == real
    return step if fits else "\n".join([command, *real]) + "\n"


def _is_shortened(shown: list[str], real: list[str]) -> bool:
    """Whether the pieces between what is left out stand in the real lines, in order."""
    start, *middle, end = (piece.strip("\n") for piece in "\n".join(shown).split(LEFT_OUT))
    rest = "\n".join(real)
    if not rest.startswith(start) or not rest.endswith(end):
        return False
    rest = rest[len(start) : len(rest) - len(end)]
    for piece in middle:
        _, found, rest = rest.partition(piece)
        if not found:
            return False
    return True


def _change(file: Path, kind: str, language: str, body: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "append":
        body = file.read_text(encoding="utf-8") + body
    if language == "diff":
        old = "".join(f"{line[1:]}\n" for line in body.splitlines() if line.startswith("-"))
        new = "".join(f"{line[1:]}\n" for line in body.splitlines() if line.startswith("+"))
        before = file.read_text(encoding="utf-8")
        if before.count(old) != 1:
            raise NotFollowed(f"{file} does not hold this once:\n{old}")
        body = before.replace(old, new)
    file.write_text(body, encoding="utf-8")


def _run(command: str) -> list[str]:
    """What the command prints, as a terminal shows it."""
    program, *words = shlex.split(command)
    if program == "cp":
        shutil.copyfile(*words)
        return []
    if program != "yizhan":
        raise NotFollowed(f"the text may run yizhan and cp, not {program}")
    result = CliRunner(env={"COLUMNS": _WIDTH}).invoke(app, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return [line.rstrip() for line in result.output.strip("\n").splitlines()]


def main() -> None:
    """Write the tutorial again, with what its commands print."""
    text = TUTORIAL.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        TUTORIAL.write_text(as_followed(text, Path(directory)), encoding="utf-8")


if __name__ == "__main__":
    main()
