"""The `yizhan` command (一站): gathers each service's sub-commands and knows none of them itself.

A service offers a typer app through the entry-point group `yizhan.commands`; its commands and
groups appear at the top level. A service that cannot be loaded is named, and the others work; one
that is not installed is no fault: images hold one service each.
"""

import sys
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

import typer
from typer import rich_utils
from typer.main import get_command_name

from yizhan.migrating import migrate

GROUP = "yizhan.commands"

_PANELS = {
    "ARGUMENTS_PANEL_TITLE": "参数 (Arguments)",
    "OPTIONS_PANEL_TITLE": "选项 (Options)",
    "COMMANDS_PANEL_TITLE": "命令 (Commands)",
    "ERRORS_PANEL_TITLE": "错误 (Error)",
}


@dataclass
class Gathered:
    """The root app, the names it answers to, and what could not be loaded (未能载入)."""

    app: typer.Typer
    names: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)


def gather(offered: list[EntryPoint]) -> Gathered:
    """One app of all that is offered, in the order of entry-point names."""
    gathered = Gathered(
        typer.Typer(
            name="yizhan",
            help="一站：一站式医疗费用结算，精确到分，每一步都有依据。",
            no_args_is_help=True,
            add_completion=False,
            pretty_exceptions_show_locals=False,
        )
    )
    gathered.app.callback()(_root)
    gathered.app.command("migrate")(migrate)
    gathered.names.add("migrate")
    for entry_point in sorted(offered, key=lambda e: e.name):
        if _is_elsewhere(entry_point):
            continue
        try:
            app = entry_point.load()
        except Exception as wrong:  # whatever one service does, the others keep working
            gathered.failures.append(f"{entry_point.name}（{entry_point.value}）：{wrong}")
            continue
        if isinstance(app, typer.Typer):
            _merge(app, gathered, entry_point.name)
        else:
            gathered.failures.append(f"{entry_point.name}（{entry_point.value}）：不是 typer 应用")
    return gathered


def _is_elsewhere(entry_point: EntryPoint) -> bool:
    """An image holds one service: what another one offers is not missing there."""
    root = entry_point.module.partition(".")[0]
    return root == entry_point.name and find_spec(root) is None


def _root() -> None:
    """Keep commands under their names even when there is only one."""


def _merge(app: typer.Typer, gathered: Gathered, offered_by: str) -> None:
    for command in app.registered_commands:
        callback_name = command.callback.__name__ if command.callback else ""
        if _is_new(command.name or get_command_name(callback_name), gathered, offered_by):
            gathered.app.registered_commands.append(command)
    for group in app.registered_groups:
        inner = group.typer_instance
        name = group.name or (inner.info.name if inner else None)
        if _is_new(str(name), gathered, offered_by):
            gathered.app.registered_groups.append(group)


def _is_new(name: str, gathered: Gathered, offered_by: str) -> bool:
    if name in gathered.names:
        gathered.failures.append(f"{offered_by}：命令“{name}”与先载入的重名，未采用")
        return False
    gathered.names.add(name)
    return True


def explain_failures(gathered: Gathered) -> str:
    """What could not be loaded, and what to do, in one text."""
    listed = "\n".join(f"  - {failure}" for failure in gathered.failures)
    return f"以下子命令未能载入：\n{listed}\n请在项目目录运行 make setup 后再试。"


def main() -> None:
    """Run the command."""
    for title, text in _PANELS.items():
        setattr(rich_utils, title, text)
    gathered = gather(list(entry_points(group=GROUP)))
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if gathered.failures and (not words or words[0] not in gathered.names):
        sys.stderr.write(explain_failures(gathered) + "\n")
        if words:
            raise SystemExit(2)
    gathered.app()
