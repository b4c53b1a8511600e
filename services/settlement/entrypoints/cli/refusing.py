"""How a command says no (命令的拒绝): on standard error, in red, with exit code 2.

Exit code 1 is for what a command was asked to find: differences, faults, wrong cases.
"""

from typing import NoReturn

import typer
from rich.console import Console

from http_edge.identity.identity_settings import IdentityUnusable
from http_edge.operating_settings import OperatingSettingUnusable
from settlement.settings import Settings

REFUSED = 2


def refuse(message: str) -> NoReturn:
    """Say why nothing was done, and end."""
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(REFUSED)


def settings_from_environment() -> Settings:
    """As the environment says; what does not hold together is refused."""
    try:
        return Settings.from_environment()
    except (IdentityUnusable, OperatingSettingUnusable, OSError) as wrong:
        refuse(str(wrong))
