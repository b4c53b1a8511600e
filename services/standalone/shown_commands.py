"""Commands the demonstration runs as a person would (演示中的命令): shown, then run."""

import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from eventlog.database_address import URL_FILE_VARIABLE, URL_VARIABLE


class CommandFailed(Exception):
    """A command did not end as it should; its output stands above."""


def run_shown(arguments: list[str], *, data: Path, console: Console, expected: int = 0) -> None:
    """Show `yizhan …`, run it on this data directory, and let it print.

    Raises CommandFailed when it ends with another code than `expected`.
    """
    console.print(f"\n[bold cyan]$ yizhan {escape(' '.join(arguments))}[/]", highlight=False)
    sys.stdout.flush()
    environment = {
        **os.environ,
        "YIZHAN_DATA": str(data),
        # Not the database that is worked on here.
        URL_VARIABLE: "",
        URL_FILE_VARIABLE: "",
        "COLUMNS": str(console.width),
    }
    if console.is_terminal:
        environment["FORCE_COLOR"] = "1"
    done = subprocess.run(  # noqa: S603 - our own command, arguments of our own
        [sys.executable, "-m", "yizhan", *arguments], env=environment, check=False
    )
    if done.returncode != expected:
        raise CommandFailed(f"yizhan {arguments[0]} 以 {done.returncode} 结束，应为 {expected}")
