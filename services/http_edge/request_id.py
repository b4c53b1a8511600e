"""The id of a request (请求标识): the caller's, the trace's, or one made at the door.

It stands in every log line of the request, goes along when another service is asked, and comes
back as `X-Request-Id`, so that a hospital can name the request it asks about.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from uuid import uuid4

from http_edge.withholding import is_loggable

REQUEST_ID_HEADER = "X-Request-Id"

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("yizhan_request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request that is worked on here, None outside of one."""
    return _current.get()


def work_on(request_id: str) -> None:
    """From here on, in this task and the threads it starts, this request is worked on."""
    _current.set(request_id)


def request_id_of(headers: Mapping[bytes, str]) -> str:
    """The id a request gets: what it calls itself, unless that may be somebody's certificate."""
    named = headers.get(b"x-request-id")
    if named is not None and is_loggable(named):
        return named
    trace = _TRACEPARENT.fullmatch(headers.get(b"traceparent", ""))
    return trace[1] if trace else uuid4().hex
