"""Operating what follows a log (跟随者的运行): checks of its read models, and of a worker."""

from collections.abc import Callable, Sequence
from typing import Protocol

from http_edge.health import Check, Followed, Health, read_model_check, usable
from http_edge.metrics import Looked
from http_edge.operating import Operations
from http_edge.operating_settings import OperatingSettings


class FollowedLog(Protocol):
    """A log as health looks at it (事件日志)."""

    def require_usable(self) -> None:
        """Raises when it cannot be read."""

    def last_position(self) -> int:
        """The position of the last event."""


Find = Callable[[], Sequence[Followed]]
"""The read models of a service, which may be made when they are first asked for."""


def following_operations(
    service: str, log: FollowedLog, find: Find, names: Sequence[str], settings: OperatingSettings
) -> Operations:
    """The operation of a worker that follows the read models of these names."""
    return Operations(
        service=service,
        health=Health(following_checks(log, find, names, settings)),
        looked=Looked(service, last_position=log.last_position, followed=find),
        settings=settings,
    )


def following_checks(
    log: FollowedLog, find: Find, names: Sequence[str], settings: OperatingSettings
) -> list[Check]:
    """The log, and each read model that follows it."""
    models = (
        read_model_check(
            name,
            _named(find, name),
            last_position=log.last_position,
            most_lag_events=settings.most_lag_events,
        )
        for name in names
    )
    return [Check("event-log", usable(log.require_usable)), *models]


def _named(find: Find, name: str) -> Callable[[], Followed]:
    return lambda: next(each for each in find() if each.name == name)
