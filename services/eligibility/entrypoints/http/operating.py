"""How eligibility is operated (资格服务的运行): its checks, its metrics, its bounds."""

from collections.abc import Mapping
from dataclasses import replace

from prometheus_client import CollectorRegistry

from eligibility.bootstrap import Eligibility
from eligibility.read_models.list_members import LIST_MEMBERS
from eligibility.read_models.placed_people import PLACED_PEOPLE
from http_edge.following import following_checks
from http_edge.health import FAILED, Check, Health
from http_edge.metrics import LogMetrics, Looked
from http_edge.operating import Operations, log_measures
from http_edge.operating_settings import OperatingSettings

SERVICE = "eligibility"
QUESTIONS_A_REQUEST = 5
"""What one request to settlement may ask here at most, in its institution's name."""

READ_MODELS = (LIST_MEMBERS, PLACED_PEOPLE)


def eligibility_operations(eligibility: Eligibility) -> Operations:
    """The operation of eligibility; its log tells from now on what is stored."""
    registry = CollectorRegistry()
    log = eligibility.log
    log.measures = log_measures(LogMetrics(registry, SERVICE), saved=lambda _events: None)
    return Operations(
        service=SERVICE,
        health=Health(eligibility_checks(eligibility)),
        looked=Looked(
            SERVICE,
            last_position=log.last_position,
            followed=eligibility.followed,
            dead_letters=lambda: _set_aside(eligibility),
        ),
        settings=_bounds(eligibility.operating),
        registry=registry,
        tracing=eligibility.tracing,
    )


def _bounds(settings: OperatingSettings) -> OperatingSettings:
    """The same bounds with room for settlement, which asks on an institution's behalf."""
    return replace(
        settings,
        institution_per_second=settings.institution_per_second * QUESTIONS_A_REQUEST,
        institution_burst=settings.institution_burst * QUESTIONS_A_REQUEST,
    )


def eligibility_checks(eligibility: Eligibility) -> list[Check]:
    """What eligibility needs: its log, and the vault under the key it was started with."""
    return [
        *following_checks(
            eligibility.log, eligibility.followed, READ_MODELS, eligibility.operating
        ),
        Check("vault", lambda: None if eligibility.vault_is_usable() else FAILED),
    ]


def _set_aside(eligibility: Eligibility) -> Mapping[str, int]:
    """What offices sent and could not be taken, by connection (搁置的变更)."""
    feeds = eligibility.owner_knowledge.of_feeds()
    return {f"owner:{feed.connector.name}": len(feed.set_aside) for feed in feeds}
