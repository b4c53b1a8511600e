"""Looking seldom for garbage (少做垃圾回收) in a process that makes small things by the million."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A page of events is some tens of thousands of things, made and let go together. By Python's own
# number, 700, they would be looked through dozens of times before that: a tenth of the time.
_THINGS_BETWEEN = 50_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Meanwhile, look for garbage seldom, and never among what was there before: modules, policies.

    What nothing refers to any more is freed at once, as always; this is about cycles alone.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_THINGS_BETWEEN, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
