"""A fresh log for each story."""

from pathlib import Path

import pytest

from eventlog.log import EventLog
from tests.eventlog.savings_box import new_log


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    """An empty log in a folder of its own."""
    return new_log(tmp_path)
