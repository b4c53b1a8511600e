"""What a process logs (日志行), kept as it would be written."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from http_edge.logs import configure_logs

_NAMES = ("", "yizhan", "uvicorn", "uvicorn.error", "uvicorn.access", "py.warnings")


class LogLines:
    """The lines of one story."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """All of them."""
        return self.stream.getvalue()

    def told(self, event: str) -> list[dict[str, Any]]:
        """Those of one kind, as data."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if line["event"] == event]


@contextmanager
def logging_kept() -> Iterator[LogLines]:
    """While the block runs, this process logs as a server does, into memory."""
    loggers = [logging.getLogger(name) for name in _NAMES]
    before = [(each.handlers, each.level, each.propagate) for each in loggers]
    hook = threading.excepthook
    lines = LogLines()
    configure_logs(lines.stream, as_json=True)
    try:
        yield lines
    finally:
        for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
            logger.handlers, logger.level, logger.propagate = handlers, level, propagate
            logger.manager._clear_cache()
        threading.excepthook = hook
        logging.captureWarnings(capture=False)
        sys.stderr.flush()
