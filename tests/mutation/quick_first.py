"""A pytest plugin for mutants: what is likely to find them first, nothing remembered from before.

Loaded with `-p tests.mutation.quick_first`. A mutant is dead at its first failing test: tests that
found another mutant of the same function go first, and then those that take a millisecond before
those that take a second. The order decides how long it takes, never what is found.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import settings
from mutmut.mutation import trampoline

_STATS = Path("mutmut-stats.json")
_FINDERS = Path("finders")
_KEEP = frozenset({"compile_walk", "compile_source"})
"""Caches of pure functions of a text, which call nothing of ours and take long to fill."""


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected: forget what unmutated code computed, and order the tests."""
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutation")
    _forget()
    _straighten(os.environ.get("MUTANT_UNDER_TEST", ""))
    if _STATS.exists():
        took = json.loads(_STATS.read_text("utf-8"))["duration_by_test"]
        found = _found_before()
        config.args.sort(key=lambda test: (-found[test], took.get(test, 0.0)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember which test found a mutant of which function."""
    finders = _finders()
    if report.failed and finders:
        _FINDERS.mkdir(exist_ok=True)
        with finders.open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid}\n")


def _found_before() -> Counter[str]:
    finders = _finders()
    if not finders or not finders.exists():
        return Counter()
    return Counter(finders.read_text("utf-8").splitlines())


def _finders() -> Path | None:
    function, is_mutant, _ = os.environ.get("MUTANT_UNDER_TEST", "").partition("__mutmut_")
    return _FINDERS / function if is_mutant else None


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
