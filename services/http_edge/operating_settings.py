"""How a service is operated (运行设置): what it takes on at once, who may read its metrics."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from http_edge.backpressure import CallerRate
from http_edge.identity.identity_settings import IdentityUnusable, secret_from

MOST_IN_FLIGHT_VARIABLE = "YIZHAN_MOST_IN_FLIGHT"
RATE_VARIABLE = "YIZHAN_INSTITUTION_RATE"
BURST_VARIABLE = "YIZHAN_INSTITUTION_BURST"
DRAIN_VARIABLE = "YIZHAN_DRAIN_SECONDS"
MOST_LAG_VARIABLE = "YIZHAN_MOST_LAG_EVENTS"
TRACES_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
METRICS_TOKEN_VARIABLE = "YIZHAN_METRICS_TOKEN"  # noqa: S105 -- the variable's name

MOST_WORKERS = 64
"""Of one command; more is a slip of the hand, which would start thousands of processes."""

_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


class OperatingSettingUnusable(Exception):
    """A setting of operation cannot be used (运行设置有误); the message names it, never a token."""


@dataclass(frozen=True)
class OperatingSettings:
    """The bounds of one worker process; each is generous for a hospital.

    `most_in_flight`: requests that wait or are worked on at once (在办请求上限), 0 for no bound;
    `institution_per_second`: what one institution may ask a second on the long run (每秒请求数),
    0 for no bound, and `institution_burst` at one moment; an address without a token as much;
    `most_lag_events`: how far a read model may be behind the log before readiness says so
    (落后上限); `drain_seconds`: how long a process that ends goes on taking requests while it says
    that it is not ready, so that whoever sends them notices (停机前等待); `metrics_token`: what a
    reader of `/metrics` has to bring, None where everybody may who reaches the port; `traces`:
    whether the environment names a collector of traces (链路追踪).
    """

    most_in_flight: int = 256
    institution_per_second: int = 200
    institution_burst: int = 2_000
    most_lag_events: int = 50_000
    drain_seconds: int = 0
    metrics_token: str | None = field(default=None, repr=False)
    traces: bool = False

    def caller_rate(self) -> CallerRate:
        """What one caller may ask of one application; new each time, so that none share."""
        return CallerRate(per_second=self.institution_per_second, burst=self.institution_burst)


def read_operating(environment: Mapping[str, str]) -> OperatingSettings:
    """The settings from environment variables. Raises `OperatingSettingUnusable`."""
    usual = OperatingSettings()
    return OperatingSettings(
        most_in_flight=_number(environment, MOST_IN_FLIGHT_VARIABLE, usual.most_in_flight),
        institution_per_second=_number(environment, RATE_VARIABLE, usual.institution_per_second),
        institution_burst=_number(environment, BURST_VARIABLE, usual.institution_burst),
        most_lag_events=_number(environment, MOST_LAG_VARIABLE, usual.most_lag_events),
        drain_seconds=_number(environment, DRAIN_VARIABLE, usual.drain_seconds),
        metrics_token=_secret(environment, METRICS_TOKEN_VARIABLE),
        traces=bool(environment.get(TRACES_VARIABLE)),
    )


def _secret(environment: Mapping[str, str], variable: str) -> str | None:
    try:
        return secret_from(environment, variable)
    except IdentityUnusable as unusable:
        raise OperatingSettingUnusable(str(unusable)) from unusable


def _number(environment: Mapping[str, str], variable: str, usual: int) -> int:
    text = environment.get(variable)
    if not text:
        return usual
    if not _WHOLE_NUMBER.fullmatch(text):
        message = f"{variable} 须为非负整数；请改正后重新启动 (a whole number)"
        raise OperatingSettingUnusable(message)
    return int(text)
