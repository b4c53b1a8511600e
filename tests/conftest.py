"""What holds for all tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.real_parts.kafka_broker import shared_broker

# An example may take as long as it takes: machines are busy, and time is no part of being right.
# Whoever chose another profile (`--hypothesis-profile`, mutation testing) keeps it.
if settings.get_current_profile_name() == "default":
    settings.register_profile("yizhan", deadline=None)
    settings.load_profile("yizhan")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The bootstrap servers of a real broker, one for all workers of the test run."""
    folder = tmp_path_factory.getbasetemp()
    with shared_broker((folder if worker_id == "master" else folder.parent) / "kafka") as servers:
        yield servers
