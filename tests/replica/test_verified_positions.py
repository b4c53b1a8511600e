"""What a ledger may say of the replica that a settlement was answered from."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from settlement.application.verifying.inputs import _of_replica

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("position", "complete_at", "wrong"),
    [
        (0, NOW, []),  # complete when eligibility knew nobody; the person was told of since
        (7, NOW - timedelta(seconds=3), []),
        (-1, NOW, ["资格副本的位置"]),
        (1, NOW + timedelta(seconds=1), ["资格副本的完整时刻"]),
    ],
)
def test_a_replica_was_complete_before_it_was_asked(
    position: int, complete_at: datetime, wrong: list[str]
) -> None:
    """Up to some position of eligibility's log, of which there are none before 0."""
    used: Any = SimpleNamespace(known_at=NOW)
    replica: Any = SimpleNamespace(position=position, complete_at=complete_at)
    assert [what for what, *_ in _of_replica(used, replica)] == wrong
