"""Counts of several processes (多进程计数), added up by files in a folder that they share."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from http_edge.metrics import MULTIPROCESS_VARIABLE

_PREFIX: Final = "yizhan-metrics-"
# Between its making and its marking a folder looks like nobody's.
_NEW_SECONDS = 60


@contextmanager
def counts_added_up() -> Iterator[None]:
    """Processes that are started here, whichever answers the scrape, tell what all of them counted.

    Folders whose processes were all killed are removed first. Raises OSError.
    """
    if os.environ.get(MULTIPROCESS_VARIABLE):
        yield
        return
    _remove_leftovers(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        os.environ[MULTIPROCESS_VARIABLE] = folder
        try:
            with counts_in_use():
                yield
        finally:
            del os.environ[MULTIPROCESS_VARIABLE]


@contextmanager
def counts_in_use() -> Iterator[None]:
    """The folder is not left over as long as this process lives, or the block runs."""
    folder = os.environ.get(MULTIPROCESS_VARIABLE, "")
    if not Path(folder).name.startswith(_PREFIX):
        yield
        return
    # Told by a lock, which ends with its process; the same number may be another's process.
    with _opened(Path(folder)) as number:
        fcntl.flock(number, fcntl.LOCK_SH)
        yield


def _remove_leftovers(where: Path) -> None:
    for folder in where.glob(f"{_PREFIX}*"):
        # Whoever else starts now may have removed it, and it may be another user's.
        with suppress(OSError):
            is_new = time.time() - folder.stat().st_mtime < _NEW_SECONDS
            if not is_new and not _is_in_use(folder):
                shutil.rmtree(folder)


def _is_in_use(folder: Path) -> bool:
    with _opened(folder) as number:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield number
    finally:
        os.close(number)
