"""A worker process that follows read models (跟随进程), with health and metrics beside it."""

from collections.abc import Sequence
from contextlib import nullcontext

from eventlog.following import Following, Follows
from http_edge.logs import configure_logs
from http_edge.operating import Operations, side_app
from http_edge.serving import Server
from http_edge.stopping import stopping_on_signals


def run_follow_worker(
    followed: Sequence[Follows], operations: Operations, *, host: str, port: int
) -> None:
    """Follow until SIGTERM or SIGINT; health and metrics answer on `port`, 0 for nowhere.

    Raises `NotStarted`.
    """
    configure_logs()
    beside = Server(side_app(operations), host=host, port=port) if port else nullcontext()
    with stopping_on_signals() as stopping, beside:
        Following(followed).run(stopping.wait)
