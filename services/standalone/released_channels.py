"""`python -m standalone.released_channels` (已发布的消息): today's public events against those
released.

contracts/released holds the AsyncAPI descriptions of the last release. `--keep`, at a release, puts
today's in their place; what readers of either could not read is refused there too.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import contracts
from contracts.channels import CHANNELS
from standalone.asyncapi import asyncapi_of
from standalone.compatible_channels import incompatibilities

RELEASED = Path(contracts.__file__).resolve().parent / "released"


def main(
    keep: Annotated[bool, typer.Option("--keep", help="发布时：以今天的取代")] = False,  # noqa: FBT002 - a flag
) -> None:
    """与已发布的公开事件比较；新旧读者有一方读不了，就列出并以 1 退出。"""
    today = {f"{each.owner}.asyncapi.json": asyncapi_of(each) for each in CHANNELS}
    found = [
        fault
        for name, described in today.items()
        if not keep or (RELEASED / name).is_file()
        for fault in faults(name, described)
    ]
    if found:
        listed = "\n".join(f"  {each}" for each in found)
        sys.stderr.write(f"公开事件与已发布的不兼容（incompatible with the release）：\n{listed}\n")
        raise typer.Exit(1)
    if keep:
        RELEASED.mkdir(exist_ok=True)
        for name, described in today.items():
            text = json.dumps(described, ensure_ascii=False, indent=2, sort_keys=True)
            (RELEASED / name).write_text(f"{text}\n", encoding="utf-8")
    typer.echo(f"公开事件：{len(today)} 个通道，与已发布的兼容")


def faults(name: str, described: dict[str, Any]) -> list[str]:
    """What is incompatible of a description with the one released under its name."""
    released = RELEASED / name
    if not released.is_file():
        return [f"contracts/released/{name} 缺少：请由版本库找回；新通道在发布时以 --keep 留存"]
    return incompatibilities(json.loads(released.read_bytes()), described)


if __name__ == "__main__":
    typer.run(main)
