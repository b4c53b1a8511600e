"""What tests of the kernel may ask for."""

from collections.abc import Iterator
from typing import Any

import numba
import pytest

from settlement.kernel.columns import compile_walk


@pytest.fixture
def without_the_compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Columns are walked in plain Python: every line of the walk can be tried in milliseconds."""

    def njit(**_: Any) -> Any:
        return lambda function: function

    monkeypatch.setattr(numba, "njit", njit)
    compile_walk.cache_clear()
    yield
    compile_walk.cache_clear()
