"""Logs (日志): one line an event on standard error, JSON unless a person reads them.

No line quotes an exception: of an error only kinds and places are told, since its message may
quote what was sent. Libraries tell warnings; ours begin with `yizhan.`.
"""

import json
import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, TextIO

from http_edge.error_places import error_places
from http_edge.request_id import current_request_id

_OWN = "yizhan"
# At INFO these tell addresses with their queries.
_QUIET = ("httpx", "httpx2", "httpcore", "httpcore2", "urllib3", "kafka")

Line = MutableMapping[str, Any]


def configure_logs(stream: TextIO | None = None, *, as_json: bool | None = None) -> None:
    """Send all log lines of this process to a stream, standard error unless another is given.

    `as_json` of None: JSON unless the stream is a terminal. Called once, by commands that run
    servers and workers; loggers that had handlers of their own lose them.
    """
    import structlog  # noqa: PLC0415 -- commands that log nothing need not wait for it

    target = stream or sys.stderr
    renderer = (
        structlog.processors.JSONRenderer(serializer=_json)
        if as_json or (as_json is None and not target.isatty())
        else structlog.dev.ConsoleRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _add_request_id,
        ],
        processors=[
            _tell_places_of_error,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
        ],
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(formatter)
    handler.addFilter(_without_messages)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OWN).setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], name != "uvicorn.access"
    logging.captureWarnings(capture=True)
    threading.excepthook = _tell_of_thread


def _without_messages(record: logging.LogRecord) -> bool:
    """Put its kind in the place of every exception that a line would quote."""
    if isinstance(record.msg, BaseException):
        record.msg = _kind(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(
            _kind(each) if isinstance(each, BaseException) else each for each in record.args
        )
    if record.name == "asyncio":
        # Its further lines are representations of tasks, with what they raised.
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True


def _kind(error: BaseException) -> str:
    """The kind of an error; of the system's own also the system's words for it."""
    kind = type(error).__qualname__
    return f"{kind}: {error.strerror}" if isinstance(error, OSError) else kind


def _json(line: Line, **_how: Any) -> str:
    # What is no JSON is told by its kind: its text may be anything.
    return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__qualname__)


def _add_request_id(_logger: Any, _method: str, line: Line) -> Line:
    request_id = current_request_id()
    if request_id is not None:
        line["request_id"] = request_id
    return line


def _tell_places_of_error(_logger: Any, _method: str, line: Line) -> Line:
    """In place of a traceback, whose last line is the error's message."""
    record = line.get("_record")
    told = line.pop("exc_info", None) or getattr(record, "exc_info", None)
    line.pop("exception", None)
    line.pop("color_message", None)
    line.pop("stack_info", None)
    if isinstance(told, tuple):
        told = told[1]
    if isinstance(told, BaseException):
        line["error"] = error_places(told)
    return line


def _tell_of_thread(args: threading.ExceptHookArgs) -> None:
    logging.getLogger("yizhan.process").error(
        "thread ended by an error", extra={"error": error_places(args.exc_value)}
    )
