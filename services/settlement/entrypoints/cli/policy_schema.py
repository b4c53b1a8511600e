"""`yizhan policy schema` (编辑器模式): JSON Schema files that make editors complete and check."""

import json
from pathlib import Path
from typing import Annotated

import typer

from settlement.entrypoints.policy_schema.cases import case_file_schema
from settlement.entrypoints.policy_schema.document import policy_document_schema
from settlement.entrypoints.policy_schema.pieces import Schema

POLICY_SCHEMA = "policy.schema.json"
CASES_SCHEMA = "cases.schema.json"


def schema(
    directory: Annotated[
        Path, typer.Argument(help="写到哪个目录（一般是政策目录）", exists=True, file_okay=False)
    ],
) -> None:
    """写出编辑器用的 JSON Schema：政策文件一份，算例文件一份。"""
    for path in write_schemas(directory):
        typer.echo(f"已写 {path}")
    typer.echo(f"在政策文件第一行写：{modeline(POLICY_SCHEMA)}")


def write_schemas(directory: Path) -> list[Path]:
    """Both schema files in a directory, as this version of the language has them."""
    made = editor_schemas()
    for name, content in made.items():
        (directory / name).write_text(_written(content), encoding="utf-8")
    return [directory / name for name in made]


def editor_schemas() -> dict[str, Schema]:
    """The schemas by the names of their files."""
    return {POLICY_SCHEMA: policy_document_schema(), CASES_SCHEMA: case_file_schema()}


def modeline(name: str) -> str:
    """The comment that tells an editor which schema a file two folders below the book follows."""
    return f"# yaml-language-server: $schema=../../{name}"


def _written(content: Schema) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
