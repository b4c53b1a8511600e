"""A pytest plugin for mutants: the quickest tests first, nothing remembered from before.

Loaded with `-p tests.mutation.quick_first`. A mutant is dead at its first failing test, so tests
that take a millisecond go before those that take a second.
"""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import settings

_STATS = Path("mutmut-stats.json")
_KEEP = frozenset({"compile_walk", "compile_source"})
"""Caches of pure functions of a text, which call nothing of ours and take long to fill."""


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is collected: forget what unmutated code computed, and order the tests."""
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutation")
    _forget()
    if _STATS.exists():
        took = json.loads(_STATS.read_text("utf-8"))["duration_by_test"]
        config.args.sort(key=lambda test: took.get(test, 0.0))


def _forget() -> None:
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] in {"settlement", "contracts", "tests"}:
            for name, value in list(vars(module).items()):
                if hasattr(value, "cache_clear") and name not in _KEEP:
                    value.cache_clear()
