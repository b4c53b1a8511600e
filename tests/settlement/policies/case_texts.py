"""Files of worked cases for tests: a policy with one bill, and the command that runs it."""

from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from settlement.entrypoints.cli import app
from tests.settlement.policies.drafts import RIGHT

BILL = """\
  name: 一千元
  kind: published
  source: {text: 某报}
  bill: {total: 1000, in_scope: 1000}
  dates: {admission: 2020-02-01, discharge: 2020-02-03}
"""
"""One stay of a published bill, without what it comes to."""

EXPECT = "  expect: {layers: {basic: 490.00}, patient: 510.00}\n"


def own_policy(*cases: str, policy: str = RIGHT) -> str:
    """A file that carries its own policy, with these cases."""
    indented = "".join(f"  {line}\n" for line in policy.splitlines())
    listed = "".join("  " + f"- {c[2:]}".replace("\n", "\n  ").rstrip() + "\n" for c in cases)
    return f"policy:\n{indented}cases:\n{listed}"


def written(folder: Path, text: str) -> Path:
    """The text as a file of cases."""
    file = folder / "bill.cases.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def run(*words: object) -> Result:
    """The command with these words, on a screen wide enough not to break lines."""
    return CliRunner(env={"COLUMNS": "250"}).invoke(app, [str(word) for word in words])
