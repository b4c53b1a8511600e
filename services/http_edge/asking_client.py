"""Asking another service (调用其他服务): the request id and the trace go along."""

from typing import Any

import httpx2 as httpx

from http_edge.request_id import REQUEST_ID_HEADER, current_request_id
from http_edge.tracing import current_tracing


class AskingClient(httpx.Client):
    """An HTTP client whose requests belong to the request that is worked on."""

    def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        """Send, with `X-Request-Id` and, where this is traced, `traceparent`."""
        request_id = current_request_id()
        if request_id is not None:
            request.headers[REQUEST_ID_HEADER] = request_id
        tracing = current_tracing()
        if tracing is None:
            return super().send(request, **how)
        # Not the address: a path names a person's id.
        with tracing.asking(f"{request.method} {request.url.host}") as span:
            context: dict[str, str] = {}
            tracing.inject(context)
            request.headers.update(context)
            span.tell("http.request.method", request.method)
            span.tell("server.address", request.url.host)
            response = super().send(request, **how)
            span.tell("http.response.status_code", response.status_code)
            return response
