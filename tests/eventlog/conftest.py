"""A fresh log for each story, on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventlog.log import EventLog
from tests.eventlog.log_addresses import new_address, open_at


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty log of its own is; another process can open it there."""
    return new_address(request.param, tmp_path)


@pytest.fixture
def log(address: str) -> Iterator[EventLog]:
    """An empty log."""
    with open_at(address) as log:
        yield log


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    """The file of an empty log."""
    return Path(new_address("sqlite", tmp_path))
