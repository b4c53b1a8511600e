"""Settlement as its settings say (结算应用): one ledger, or several behind one address."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from http_edge.metrics import Gathered, HttpMetrics, Looked
from http_edge.operating import OperationRoutes, Operations
from http_edge.security_headers import SecurityHeaders
from http_edge.serving import NotStarted
from settlement.application.ports import Clock
from settlement.bootstrap import Shared, build_parts, build_shared
from settlement.entrypoints.http.app import create_app
from settlement.entrypoints.http.by_region import ByRegion, declare_region
from settlement.entrypoints.http.operating import SERVICE
from settlement.entrypoints.http.shard_doors import ShardDoor
from settlement.entrypoints.http.shards_health import ShardsHealth
from settlement.entrypoints.shards import Ledgers
from settlement.law.book import PolicyBook
from settlement.settings import Settings


def build_settlement(
    settings: Settings,
    clock: Clock,
    *,
    ledgers: Ledgers | None = None,
    book: PolicyBook | None = None,
) -> FastAPI:
    """The application of the ledger, or of all shards that this process serves.

    Raises NotStarted where nothing was published that bills could be settled by, and what building
    its parts raises; of a ledger that is away only where no other could be opened.
    """
    shared = build_shared(settings, book)
    if not shared.book.policies:
        raise NotStarted(
            f"{settings.policies} 里没有已公布的政策；检查 YIZHAN_POLICIES，"
            "草稿先用 yizhan policy publish 公布（培训环境可设 YIZHAN_DRAFTS=yes）"
        )
    if ledgers is None:
        return create_app(build_parts(settings, clock, shared=shared))
    return _several(ledgers, settings, clock, shared)


def _several(ledgers: Ledgers, settings: Settings, clock: Clock, shared: Shared) -> FastAPI:
    # Routes of two applications at once would be described out of each other's parameters: the
    # framework takes the annotations that they share to pieces.
    describing = Lock()

    def door_of(name: str) -> ShardDoor:
        own = ledgers.settings_of(name, settings)

        def build() -> FastAPI:
            parts = build_parts(own, clock, shared=shared)
            with describing:
                app = create_app(parts)
                declare_region(app)
            return app

        return ShardDoor(name, None if ledgers.shards[name].is_moving else build)

    doors = [door_of(name) for name in ledgers.served]
    # At once: one that is away is waited for, and the others need not.
    with ThreadPoolExecutor(len(doors)) as opening:
        list(opening.map(ShardDoor.open, doors))
    failed = [door.failed for door in doors if door.failed is not None]
    if failed and len(failed) == sum(not door.is_moving for door in doors):
        raise failed[0]
    return _in_front(doors, ledgers, settings, shared)


def _in_front(
    doors: list[ShardDoor], ledgers: Ledgers, settings: Settings, shared: Shared
) -> FastAPI:
    """What stands before the doors: health and metrics of all of them, and the dispatching."""
    counted = CollectorRegistry()
    health = ShardsHealth(doors)

    def registries() -> list[CollectorRegistry]:
        opened = [door.operations for door in doors]
        return [counted, *(each.registry for each in opened if each is not None)]

    gathered = CollectorRegistry()
    gathered.register(Gathered(registries))
    operations = Operations(
        service=SERVICE,
        health=health,
        looked=Looked(SERVICE, shards=health.looked),
        settings=settings.operating,
        registry=gathered,
        tracing=shared.tracing,
    )
    app = FastAPI(openapi_url=None)
    app.state.operations = operations
    app.state.gate = shared.gate
    app.add_middleware(
        ByRegion,
        doors=doors,
        owners=ledgers.owners,
        most_in_flight=settings.operating.most_in_flight,
        metrics=HttpMetrics(counted, SERVICE, shard="none"),
        tracing=shared.tracing,
    )
    app.add_middleware(OperationRoutes, operations=operations)
    app.add_middleware(SecurityHeaders)
    return app
