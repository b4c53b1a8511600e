"""`python -m tests.http_edge.served_by_workers WORKERS [wrong | SECONDS]`: a small application,
one that cannot be built, or one whose workers are replaced after so many seconds of silence.
"""

import os
import sys
import time
from collections.abc import Callable

from fastapi import FastAPI

import http_edge.workers
from http_edge.health import Health
from http_edge.metrics import Looked
from http_edge.operating import Operations, install_operations
from http_edge.serving import NotStarted
from http_edge.workers import serve


class CannotBeBuilt(Exception):
    """Something is missing."""


def build() -> FastAPI:
    """Says which process answers."""
    app = FastAPI()

    @app.get("/who")
    def who() -> int:
        return os.getpid()

    @app.get("/slow")
    def slow() -> int:
        time.sleep(1.5)
        return os.getpid()

    install_operations(app, Operations("small", Health([]), Looked("small")))
    return app


def build_wrongly() -> FastAPI:
    """Never does."""
    raise CannotBeBuilt("少了一样东西")


def say(told: str) -> None:
    """On standard output, at once."""
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()


def main(workers: str, how: str = "") -> None:
    """Serve until asked to end."""
    made: Callable[[], FastAPI] = build_wrongly if how == "wrong" else build
    if how.isdigit():
        http_edge.workers.SILENT_SECONDS = float(how)
    try:
        serve(
            made,
            host="127.0.0.1",
            port=0,
            workers=int(workers),
            told_errors=(CannotBeBuilt,),
            when_serving=say,
        )
    except NotStarted as not_started:
        say(f"NotStarted {not_started}")
        raise SystemExit(3) from None


if __name__ == "__main__":
    main(*sys.argv[1:])
