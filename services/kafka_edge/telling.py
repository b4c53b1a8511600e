"""Who reads what a publisher or listener says (告知): a person at a screen, or a log."""

import logging
from collections.abc import Callable
from typing import Any, Final, Protocol

from kafka_edge.knocking import KafkaLoginRefused, KafkaUntrusted
from kafka_edge.security import KafkaSecurityUnusable

NO_SESSION: Final = "no-session"
STOPPED: Final = "stopped"
_OURS: Final = (KafkaLoginRefused, KafkaUntrusted, KafkaSecurityUnusable)


class Tell(Protocol):
    """Takes a line for a person, and the same as an event with fields for a log."""

    def __call__(self, line: str, event: str, **said: Any) -> None:
        """Tell it."""


def on_screen(echo: Callable[[str], None]) -> Tell:
    """To a person: the line."""
    return lambda line, event, **said: echo(line)  # noqa: ARG005 -- the log's part


def in_log(name: str) -> Tell:
    """To a log: what happened and its fields. Lines may quote what an error says, logs may not."""
    log = logging.getLogger(name)
    return lambda line, event, **said: log.info(event, extra=said)  # noqa: ARG005 -- a person's part


def said_of(wrong: Exception) -> dict[str, str]:
    """What a log may tell of an error: its kind, and sentences of ours that name nobody."""
    why = {"why": str(wrong)} if isinstance(wrong, _OURS) else {}
    return {"kind": type(wrong).__qualname__, **why}
