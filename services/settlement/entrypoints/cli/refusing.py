"""How a command says no (命令的拒绝): on standard error, in red, with exit code 2.

Exit code 1 is for what a command was asked to find: differences, faults, wrong cases.
"""

from typing import NoReturn

import typer
from rich.console import Console

REFUSED = 2


def refuse(message: str) -> NoReturn:
    """Say why nothing was done, and end."""
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(REFUSED)
