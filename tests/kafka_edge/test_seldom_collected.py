"""A publisher looks seldom for garbage, and leaves Python as it was."""

import gc
from contextlib import suppress

from kafka_edge.seldom_collected import seldom_collected


def test_what_was_there_is_left_alone_until_it_ends() -> None:
    """What was there before is not looked through, what was set before is set again, also after
    something went wrong."""
    before = gc.get_threshold()
    with suppress(RuntimeError), seldom_collected():
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold()[0] > before[0]
        raise RuntimeError
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
