"""`yizhan eligibility-publish` (发布资格事件): to Kafka, in order, each once."""

import os
from typing import Annotated

import typer

from eligibility.entrypoints.cli_running import DataDir, open_eligibility, telling_errors


def publish_eligibility(
    *,
    people: Annotated[
        bool, typer.Option("--people", help="改为发布人员现况，只供结算服务的资格副本读取")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="发布完现有的事件即止")] = False,
    creates_topics: Annotated[
        bool, typer.Option("--create-topics", help="先建立缺少的主题（首次运行）")
    ] = False,
    host: Annotated[str, typer.Option(help="健康检查与指标的监听地址")] = "127.0.0.1",
    metrics_port: Annotated[
        int, typer.Option("--metrics-port", help="在此端口给出健康检查与 Prometheus 指标；0 为不给")
    ] = 0,
    data: DataDir = None,
) -> None:
    """把人员变更、名单生效（--people：人员现况）按次序发布到 YIZHAN_KAFKA，每条一次。

    随时可停，再运行时从断处继续。
    """
    # What Kafka takes to read is not read by every other command.
    from contracts.channels import ELIGIBILITY, PEOPLE  # noqa: PLC0415 -- see above
    from eligibility.entrypoints import publish as feeds  # noqa: PLC0415 -- see above
    from http_edge.logs import configure_logs  # noqa: PLC0415 -- see above
    from http_edge.serving import NotStarted  # noqa: PLC0415 -- see above
    from http_edge.side_server import kafka_checks, told_beside  # noqa: PLC0415 -- see above
    from kafka_edge.knocking import require_reachable  # noqa: PLC0415 -- see above
    from kafka_edge.publish_command import PublishingFailed, publish  # noqa: PLC0415 -- see above
    from kafka_edge.security import KafkaSecurityUnusable  # noqa: PLC0415 -- see above
    from kafka_edge.servers import KafkaNotNamed, read_kafka_servers  # noqa: PLC0415 -- see above
    from kafka_edge.telling import in_log, on_screen  # noqa: PLC0415 -- see above

    with telling_errors():
        try:
            servers = read_kafka_servers(os.environ)
            eligibility = open_eligibility(data)
            if not once:
                configure_logs()
            publish(
                feeds.PeopleFeed(eligibility) if people else feeds.EligibilityFeed(eligibility),
                PEOPLE if people else ELIGIBILITY,
                servers,
                once=once,
                creates_topics=creates_topics,
                tell=on_screen(typer.echo) if once else in_log("yizhan.publisher"),
                beside=lambda watch: told_beside(
                    "eligibility-publisher",
                    kafka_checks(
                        log_usable=eligibility.log.require_usable,
                        kafka_reachable=lambda: require_reachable(servers.bootstrap),
                        name="publisher",
                        word=watch.word,
                    ),
                    eligibility.operating,
                    host=host,
                    port=metrics_port,
                ),
            )
        except (KafkaNotNamed, KafkaSecurityUnusable, NotStarted, PublishingFailed) as wrong:
            typer.echo(str(wrong), err=True)
            raise typer.Exit(1) from wrong
