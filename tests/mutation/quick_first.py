"""mutmut, with those tests first that are likely to find a mutant: `python -m … run PATTERN …`.

A mutant is dead at its first failing test. Tests that found another mutant of the same function go
first, then those that found one in its module, then those that take a millisecond; a few of them
are asked before the others are even collected. The order decides how long it takes, never what is
found. As a pytest plugin it sees to it that nothing is remembered from before the mutant was on.
"""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import settings
from mutmut.__main__ import cli
from mutmut.mutation import trampoline
from mutmut.runners.harness import PytestRunner
from mutmut.workers import isolation

_STATS = Path("mutmut-stats.json")
_FINDERS = Path("finders")
_FIRST = 24
_ENDLESS_SECONDS = 120.0
"""No test takes so long, of the processor's time: what does is an endless loop."""
_TIMEOUT = 36
"""mutmut's code of it."""
_KEEP = frozenset({"compile_walk", "compile_source"})
"""Caches of pure functions of a text, which call nothing of ours and take long to fill."""


class QuickRunner(PytestRunner):
    """Asks the likely tests, and the others where those found nothing."""

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        """0 when every test passed; without a mutant, all of them at once."""
        if mutant_name is None:
            return super().run_tests(mutant_name=None, tests=tests)
        ordered = _likely_first(Path("mutants"), mutant_name, tests)
        signal.signal(signal.SIGVTALRM, lambda *_: os._exit(_TIMEOUT))
        _set_the_clock()
        found = super().run_tests(mutant_name=mutant_name, tests=ordered[:_FIRST])
        if found or not ordered[_FIRST:]:
            return found
        return super().run_tests(mutant_name=mutant_name, tests=ordered[_FIRST:])

    def _pytest_args_regular_run(self, tests: Iterable[str]) -> list[str]:
        # These two collect garbage at every end, which takes longer than the tests.
        without = ["-p", "no:unraisableexception", "-p", "no:threadexception"]
        return [*without, *super()._pytest_args_regular_run(tests)]


def pytest_configure() -> None:
    """Before anything is collected: forget what unmutated code computed."""
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutation")
    _forget()
    _straighten(os.environ.get("MUTANT_UNDER_TEST", ""))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember which test found a mutant of which function; the next may take its time anew."""
    function, is_mutant, _ = os.environ.get("MUTANT_UNDER_TEST", "").partition("__mutmut_")
    if is_mutant:
        _set_the_clock()
    if report.failed and is_mutant:
        _FINDERS.mkdir(exist_ok=True)
        with (_FINDERS / function).open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid}\n")


def _set_the_clock() -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, _ENDLESS_SECONDS)


def _likely_first(made: Path, mutant: str, tests: Iterable[str]) -> list[str]:
    took = json.loads((made / _STATS).read_text("utf-8"))["duration_by_test"]
    function = mutant.partition("__mutmut_")[0]
    module = function.rpartition(".")[0]
    finders = made / _FINDERS
    near = _found([finders / function])
    around = _found(finders.glob(f"{module}.*"))
    return sorted(tests, key=lambda test: (-near[test], -around[test], took.get(test, 0.0)))


def _found(files: Iterable[Path]) -> Counter[str]:
    return Counter(
        test for file in files if file.exists() for test in file.read_text("utf-8").splitlines()
    )


def _forget() -> None:
    for module in _own_modules():
        for name, value in list(vars(module).items()):
            if hasattr(value, "cache_clear") and name not in _KEEP:
                value.cache_clear()


def _straighten(mutant: str) -> None:
    """Take away the detour that each function makes through mutmut, but for the mutant's module.

    Each call would look into the environment which mutant is on, a million times a run.
    """
    mutated, is_mutant, _ = mutant.rpartition(".")
    if not is_mutant:
        return
    for module in _own_modules():
        owners: list[Any] = [module, *(v for v in vars(module).values() if isinstance(v, type))]
        for owner in owners:
            for name, value in list(vars(owner).items()):
                if _is_detour(value) and value.__module__ != mutated:
                    setattr(owner, name, value.__wrapped__)
    trampoline.get_mutant_under_test = lambda: mutant


def _is_detour(value: object) -> bool:
    return isinstance(value, FunctionType) and value.__code__.co_name == "_trampoline_wrapper"


def _own_modules() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"arithmetic", "settlement", "contracts", "tests"}:
            yield module


if __name__ == "__main__":
    isolation.PytestRunner = QuickRunner  # type: ignore[misc]  # mutmut has no setting for it
    cli()
