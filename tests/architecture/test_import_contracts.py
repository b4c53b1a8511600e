"""Every import contract can fail: each is broken once, in a copy, and the linter says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BREAKS = [
    ("Only standalone knows both services", "services/eligibility/domain/person.py", "settlement"),
    ("The yizhan command imports nothing", "services/yizhan/command.py", "contracts.vocabulary"),
    ("settlement: entrypoints", "services/settlement/law/bill.py", "settlement.kernel.settle"),
    (
        "eligibility: entrypoints",
        "services/eligibility/domain/person.py",
        "eligibility.application.ports",
    ),
    ("contracts: every message module", "contracts/vocabulary.py", "contracts.eligibility_v1"),
    (
        "Messages stop at adapters",
        "services/settlement/application/settle_stay.py",
        "contracts.settlement_v1",
    ),
    ("Nothing below adapters", "services/settlement/domain/stay.py", "sqlalchemy"),
    ("The law and the kernel know no clock", "services/settlement/kernel/settle.py", "time"),
    ("The vocabulary needs the standard", "contracts/vocabulary.py", "pydantic"),
    (
        "Adapters take values",
        "services/settlement/adapters/policy_files.py",
        "settlement.settings",
    ),
]


@pytest.fixture(name="copy")
def _copy(tmp_path: Path) -> Path:
    for name in ("services", "contracts"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.yaml")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(copy: Path) -> "subprocess.CompletedProcess[str]":
    """The linter's verdict on a copy of the tree."""
    paths = os.pathsep.join([str(copy / "services"), str(copy)])
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


def broken_contracts(verdict: "subprocess.CompletedProcess[str]") -> str:
    """The lines that name broken contracts."""
    return "\n".join(x for x in verdict.stdout.splitlines() if x.rstrip().endswith("BROKEN"))


def test_the_tree_as_it_is_keeps_every_contract(copy: Path) -> None:
    """Nothing is broken, and no root is missing from the list."""
    verdict = lint(copy)
    assert verdict.returncode == 0, verdict.stdout
    roots = {p.parent.name for p in (copy / "services").glob("*/__init__.py")} | {"contracts"}
    config = (copy / "pyproject.toml").read_text(encoding="utf-8")
    listed = config.split("root_packages = [")[1].split("]")[0]
    assert roots == {name.strip(' ",') for name in listed.split() if name.strip(' ",')}


@pytest.mark.parametrize(("contract", "file", "imported"), BREAKS, ids=[b[0] for b in BREAKS])
def test_a_forbidden_import_is_refused(copy: Path, contract: str, file: str, imported: str) -> None:
    """One import in the wrong direction breaks the contract that forbids it."""
    with (copy / file).open("a", encoding="utf-8") as source:
        source.write(f"\nimport {imported}\n")
    verdict = lint(copy)
    assert verdict.returncode == 1
    assert contract in broken_contracts(verdict), verdict.stdout


@pytest.mark.parametrize(
    ("stray", "contract"),
    [
        ("services/settlement/helpers.py", "settlement: entrypoints"),
        ("services/eligibility/helpers.py", "eligibility: entrypoints"),
        ("contracts/settlement_v2.py", "contracts: every message module"),
    ],
)
def test_a_room_nobody_argued_for_is_refused(copy: Path, stray: str, contract: str) -> None:
    """A stray module in a service, or a message module nobody listed, fails the check."""
    (copy / stray).write_text('"""Stray."""\n', encoding="utf-8")
    verdict = lint(copy)
    assert verdict.returncode != 0
    assert contract in verdict.stdout
    assert Path(stray).stem in verdict.stdout
