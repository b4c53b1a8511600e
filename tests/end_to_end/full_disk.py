"""A disk without room (磁盘已满), for one process and a while."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

LARGEST_FILE_BYTES = 4096


@contextmanager
def disk_full(pid: int) -> Iterator[None]:
    """No file of a process grows beyond its first page."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (LARGEST_FILE_BYTES, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
