"""Changes the law, the kernel and what it writes in every small way; tells what nothing noticed.

`make mutate` tries every mutant that is neither known to be dead nor accounted for by a reason,
`make mutate ARGS='PATTERN …'` some of them (`settlement.law.exact.*`), `make mutate ARGS=--afresh`
all.
mutmut works in var/mutation, on a tree laid out as Python sees it; what it may change and which
tests judge stands in pyproject.toml, why a survivor may live in tests/mutation/survivors.txt.
"""

import argparse
import contextlib
import fnmatch
import json
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

from tests.mutation.generated import PACKAGE, write_modules
from tests.mutation.survivors import Survivor, read_reasons_file, survivor_of

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "var" / "mutation"
REASONS = Path(__file__).with_name("survivors.txt")
LEAST_KILLED = 0.90
_DEAD = frozenset({"killed", "timeout", "caught by type check", "segfault"})
_LAID_OUT = ("contracts", "tests", "pyproject.toml")
_UNTRIED = "not checked"
_SEPARATOR = "ǁ"  # mutmut's, between class and method


def main() -> None:
    """Run, compare with the reasons, and leave with 1 when something needs attention."""
    parser = argparse.ArgumentParser(description="变异检验 (mutation testing)")
    parser.add_argument("mutants", nargs="*", metavar="PATTERN", help="e.g. settlement.law.exact.*")
    parser.add_argument("--afresh", action="store_true", help="forget earlier results")
    parser.add_argument("--report", action="store_true", help="show the last results, run nothing")
    asked = parser.parse_args()
    lay_out(afresh=asked.afresh)
    if not asked.report:
        try_mutants(asked.mutants)
    with contextlib.chdir(WORK):
        sys.exit(report(asked.mutants))


def lay_out(*, afresh: bool) -> None:
    """The tree that mutmut works on: packages at the top, as they are imported."""
    if afresh:
        shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    services = [f"services/{x.parent.name}" for x in (ROOT / "services").glob("*/__init__.py")]
    for path in (*_LAID_OUT, *services):
        link = WORK / Path(path).name
        if not link.is_symlink():
            link.symlink_to(ROOT / path)
    write_modules(WORK / PACKAGE)


def try_mutants(patterns: list[str]) -> None:
    """Let mutmut try what is not known to be dead, with the tests as they are now."""
    made = WORK / "mutants"
    shutil.rmtree(made / "tests", ignore_errors=True)
    shutil.rmtree(made / "settlement" / "policies", ignore_errors=True)
    (made / "mutmut-stats.json").unlink(missing_ok=True)
    with contextlib.chdir(WORK):
        revive(read_reasons_file(REASONS))
    tools = Path(sys.executable).parent
    subprocess.run(
        [sys.executable, "-m", "tests.mutation.quick_first", "run", *patterns],
        cwd=WORK,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        check=True,
    )
    require_tests_by_name(made)


def require_tests_by_name(made: Path) -> None:
    """Every test must pass by the name it was recorded under while nothing is mutated.

    A test that pytest cannot find by its name would look like one that found every mutant.
    """
    recorded = json.loads((made / "mutmut-stats.json").read_text("utf-8"))["duration_by_test"]
    names = made / "every-test.txt"
    names.write_text("\n".join(recorded), "utf-8")
    subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir=.", "-x", "-q", f"@{names.name}"],
        cwd=made,
        env={**os.environ, "MUTANT_UNDER_TEST": "", "PYTHONPATH": "."},
        check=True,
    )


def revive(reasons: Counter[Survivor]) -> None:
    """Forget the verdict on what lived without a reason: tests may have been added since.

    Whatever has one would outlive every test again, which takes a minute each.
    """
    accounted = reasons.copy()
    for path in walk_mutatable_files():
        meta = Path("mutants") / f"{path}.meta"
        if not meta.is_file():
            continue
        found = json.loads(meta.read_text("utf-8"))
        codes = found["exit_code_by_key"]
        for name, code in codes.items():
            status = status_by_exit_code[code]
            if status in _DEAD or status == _UNTRIED:
                continue
            survivor = survivor_of(function_of(name), get_diff_for_mutant(name, path=path))
            if status == "survived" and accounted[survivor]:
                accounted[survivor] -= 1
            else:
                codes[name] = None
        meta.write_text(json.dumps(found), "utf-8")


def report(patterns: list[str]) -> int:
    """Tell what died and what lived, module by module; 1 when something needs attention."""
    tally: dict[str, Counter[str]] = defaultdict(Counter)
    lived: Counter[Survivor] = Counter()
    for path, name, status in _verdicts(patterns):
        tally[".".join(path.with_suffix("").parts)][status] += 1
        if status not in _DEAD and status != _UNTRIED:
            lived[survivor_of(function_of(name), get_diff_for_mutant(name, path=path))] += 1
    whole = sum(tally.values(), Counter[str]())
    for module in sorted(tally):
        _say(_line(module, tally[module]))
    _say(_line("合计 (total)", whole))
    reasons = read_reasons_file(REASONS)
    for survivor in () if patterns else (reasons - lived).elements():
        _say(f"\n已不再存活，请从 {REASONS.name} 删去 (no longer survives):\n{survivor}")
    unexplained = lived - reasons
    for survivor in unexplained.elements():
        _say(f"\n{survivor}")
    if unexplained:
        _say(f"\n{unexplained.total()} 个变异没有被发现，也没有写明理由：加测试，或写进 {REASONS}")
        _say(f"({unexplained.total()} survivors without a reason: add a test, or write them down)")
    if whole[_UNTRIED]:
        _say(f"\n{whole[_UNTRIED]} 个变异还没有试 (not tried yet)")
    is_enough = _share_dead(whole) >= LEAST_KILLED
    return int(bool(unexplained) or bool(whole[_UNTRIED]) or not is_enough)


def _verdicts(patterns: list[str]) -> Iterator[tuple[Path, str, str]]:
    for path in walk_mutatable_files():
        found = SourceFileMutationData(path=path)
        found.load()
        for name, code in found.exit_code_by_key.items():
            if not patterns or any(fnmatch.fnmatch(name, p) for p in patterns):
                yield path, name, status_by_exit_code[code]


def function_of(mutant: str) -> str:
    """`settlement.law.bill.Charges.check` for mutmut's name of one of its mutants."""
    module, _, mangled = mutant.partition("__mutmut_")[0].rpartition(".")
    if _SEPARATOR in mangled:
        _, owner, name = mangled.split(_SEPARATOR)
        return f"{module}.{owner}.{name}"
    return f"{module}.{mangled.removeprefix('x_')}"


def _share_dead(found: Counter[str]) -> float:
    return sum(found[status] for status in _DEAD) / max(1, found.total())


def _line(name: str, found: Counter[str]) -> str:
    parts = "  ".join(f"{status} {count}" for status, count in sorted(found.items()))
    return f"{name:45s} {_share_dead(found):6.1%}  {found.total():5d}  {parts}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
