"""`yizhan publish` (发布公开事件): settlement's public events to Kafka, in order, each once."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from settlement.bootstrap import build_members
from settlement.entrypoints.cli.ledger_place import ShardOption, opened, settings_on
from settlement.entrypoints.cli.refusing import refuse


def publish_settlement(
    once: Annotated[bool, typer.Option("--once", help="发布完现有的事件即止")] = False,
    creates_topics: Annotated[
        bool, typer.Option("--create-topics", help="先建立缺少的主题（首次运行）")
    ] = False,
    host: Annotated[str, typer.Option(help="健康检查与指标的监听地址")] = "127.0.0.1",
    metrics_port: Annotated[
        int, typer.Option("--metrics-port", help="在此端口给出健康检查与 Prometheus 指标；0 为不给")
    ] = 0,
    data: Annotated[
        Path | None, typer.Option("--data", help="数据目录（默认取 YIZHAN_DATA，或 var）")
    ] = None,
    shard: ShardOption = None,
) -> None:
    """把入院、出院等公开事件按次序发布到 YIZHAN_KAFKA，每条一次；随时可停，再运行时从断处继续。"""
    # What Kafka takes to read is not read by every other command.
    from contracts.channels import SETTLEMENT  # noqa: PLC0415 -- see above
    from http_edge.logs import configure_logs  # noqa: PLC0415 -- see above
    from http_edge.serving import NotStarted  # noqa: PLC0415 -- see above
    from http_edge.side_server import kafka_checks, told_beside  # noqa: PLC0415 -- see above
    from kafka_edge.knocking import require_reachable  # noqa: PLC0415 -- see above
    from kafka_edge.publish_command import PublishingFailed, publish  # noqa: PLC0415 -- see above
    from kafka_edge.security import KafkaSecurityUnusable  # noqa: PLC0415 -- see above
    from kafka_edge.servers import KafkaNotNamed, read_kafka_servers  # noqa: PLC0415 -- see above
    from kafka_edge.telling import in_log, on_screen  # noqa: PLC0415 -- see above
    from settlement.entrypoints.publish import SettlementFeed  # noqa: PLC0415 -- see above

    settings = settings_on(data, shard)
    # Each ledger is a source of its own: its positions, and who writes them.
    channel = replace(SETTLEMENT, source=settings.source)
    try:
        servers = read_kafka_servers(os.environ)
        ledger = opened(settings).ledger
        if not once:
            configure_logs()
        publish(
            SettlementFeed(ledger, build_members(settings), channel),
            channel,
            servers,
            once=once,
            creates_topics=creates_topics,
            tell=on_screen(typer.echo) if once else in_log("yizhan.publisher"),
            beside=lambda watch: told_beside(
                "settlement-publisher",
                kafka_checks(
                    log_usable=ledger.log.require_usable,
                    kafka_reachable=lambda: require_reachable(servers.bootstrap),
                    name="publisher",
                    word=watch.word,
                ),
                settings.operating,
                host=host,
                port=metrics_port,
            ),
        )
    except (KafkaNotNamed, KafkaSecurityUnusable, NotStarted, PublishingFailed) as wrong:
        refuse(str(wrong))
