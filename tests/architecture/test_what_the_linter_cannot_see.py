"""What import contracts cannot see: the standard library of the core, folders, banned parts."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ROOT / "services"

ALLOWED_IN_THE_CORE = {
    "ast",  # the overflow proof reads the generated function
    "calendar",  # how many days a month has
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "typing",
    "numpy",
    "numba",
    "contracts.vocabulary",
    "settlement.kernel",
    "settlement.law",
}


def imported_by(source: str) -> set[str]:
    """Every module a piece of Python names in an import, wherever it stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def strangers_in(source: str) -> set[str]:
    """The imports that the law and the kernel may not have."""
    return {
        name
        for name in imported_by(source)
        if not any(name == ok or name.startswith(f"{ok}.") for ok in ALLOWED_IN_THE_CORE)
    }


def clock_reads_in(source: str) -> list[str]:
    """Calls that read the clock through an allowed module."""
    reads = {"now", "today", "utcnow", "fromtimestamp"}
    return [
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in reads
    ]


def floats_in(source: str) -> list[str]:
    """Float literals, `float(…)` and true division."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(str(node.value))
        elif isinstance(node, ast.Name) and node.id == "float":
            found.append("float")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append("/")
    return found


def core_files() -> list[Path]:
    """The files of the law and the kernel."""
    files = [
        p for room in ("law", "kernel") for p in (SERVICES / "settlement" / room).rglob("*.py")
    ]
    assert len(files) > 10
    return files


def test_the_core_imports_only_what_is_named() -> None:
    """The law and the kernel import a short list of modules, and read no clock."""
    for path in core_files():
        source = path.read_text(encoding="utf-8")
        assert strangers_in(source) == set(), path
        assert clock_reads_in(source) == [], path


def test_no_float_is_near_money() -> None:
    """No float literal, conversion or true division in the core, the domain or the use cases."""
    rooms = [SERVICES / "settlement" / room for room in ("law", "kernel", "domain", "application")]
    for path in [p for room in rooms for p in room.rglob("*.py")]:
        assert floats_in(path.read_text(encoding="utf-8")) == [], path


def test_these_checks_can_fail() -> None:
    """A file, a clock and a float are each found where they stand."""
    assert strangers_in("from pathlib import Path\nimport json") == {"pathlib"}
    assert strangers_in("def f():\n    import os") == {"os"}
    assert clock_reads_in("from datetime import datetime\ndatetime.now()") == ["now"]
    assert floats_in("x = 0.9") == ["0.9"]
    assert floats_in("x = a / b\ny = float(x)") == ["/", "float"]


def test_every_folder_with_code_is_a_package() -> None:
    """A folder without `__init__.py` would be invisible to the import contracts."""
    bare = {
        p.parent
        for root in (SERVICES, ROOT / "contracts", ROOT / "tests", ROOT / "benchmarks")
        for p in root.rglob("*.py")
        if not (p.parent / "__init__.py").exists()
    }
    assert bare == set()


@pytest.mark.parametrize(
    "snippet",
    [
        "from eventsourcing.dcb import api\n",
        "import eventsourcing_sqlalchemy\n",
        "import datetime\n\nseen = datetime.datetime.now()\n",
        'import msgspec\n\nread = msgspec.json.decode(b"1", type=int)\n',
        "import msgspec\n\nread = msgspec.convert(1, int)\n",
    ],
)
def test_unsafe_parts_of_libraries_are_banned(snippet: str) -> None:
    """The linter refuses recorders that lose events, clocks read anywhere but at the door, and
    types that are learnt at their first use, which two threads may make at once."""
    verdict = subprocess.run(
        [
            str(Path(sys.executable).parent / "ruff"),
            "check",
            "--select=TID251",
            "--no-cache",
            "--stdin-filename=services/settlement/adapters/example.py",
            "-",
        ],
        cwd=ROOT,
        input=snippet,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verdict.returncode == 1
    assert "TID251" in verdict.stdout
