"""`yizhan listen` (资格副本) and `yizhan recheck` (复核)."""

import os
import signal
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from eventlog.follower import FollowerStopped
from eventlog.log import EventLogMissing, EventNotReadable
from settlement.bootstrap import ReplicaParts, build_replica
from settlement.entrypoints import clock
from settlement.entrypoints.cli.ledger_place import existing_place, opened, settings_on
from settlement.entrypoints.cli.refusing import refuse

Data = Annotated[
    Path | None, typer.Option("--data", help="数据目录，默认 YIZHAN_DATA 或 var", file_okay=False)
]


def listen(
    once: Annotated[bool, typer.Option("--once", help="读完现有的消息、核对一次即止")] = False,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="清空副本，从头重读")
    ] = False,
    host: Annotated[str, typer.Option(help="健康检查与指标的监听地址")] = "127.0.0.1",
    metrics_port: Annotated[
        int,
        typer.Option("--metrics-port", help="在此端口给出健康检查与 Prometheus 指标；0 为不给"),
    ] = 0,
    data: Data = None,
) -> None:
    """从 YIZHAN_KAFKA 读取人员现况，保持资格副本：资格服务停时由它代答，恢复后逐笔复核。"""
    # What Kafka takes to read is not read by every other command.
    from kafka.errors import KafkaError  # noqa: PLC0415 -- see above

    from contracts.channels import PEOPLE  # noqa: PLC0415 -- likewise
    from http_edge.health import Check, usable  # noqa: PLC0415 -- likewise
    from http_edge.logs import configure_logs  # noqa: PLC0415 -- likewise
    from http_edge.serving import NotStarted  # noqa: PLC0415 -- likewise
    from http_edge.side_server import kafka_checks, told_beside  # noqa: PLC0415 -- likewise
    from kafka_edge.exactly_once import TopicMissing  # noqa: PLC0415 -- likewise
    from kafka_edge.knocking import KafkaLoginRefused, KafkaUntrusted, require_reachable  # noqa: PLC0415 -- likewise
    from kafka_edge.listener import Listener, RecordRefused, TopicShorter  # noqa: PLC0415 -- likewise
    from kafka_edge.listener_watch import ListenerWatch  # noqa: PLC0415 -- likewise
    from kafka_edge.security import KafkaSecurityUnusable  # noqa: PLC0415 -- likewise
    from kafka_edge.servers import KafkaNotNamed, read_kafka_servers  # noqa: PLC0415 -- likewise
    from kafka_edge.telling import in_log, on_screen  # noqa: PLC0415 -- likewise
    from settlement.entrypoints.listen import (  # noqa: PLC0415 -- likewise
        GROUP,
        BesideListening,
        PeopleTopic,
    )

    shard = existing_place(data).shard
    # Each ledger has a replica of its own, and reads everything.
    group = f"{GROUP}.{shard.shard}" if shard else GROUP
    replica = _replica(data)
    ending = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ending.set())
    try:
        servers = read_kafka_servers(os.environ)
        if from_beginning:
            replica.people.forget()
        if not once:
            configure_logs()
        tell = on_screen(typer.echo) if once else in_log("yizhan.replica")
        watch = ListenerWatch(servers.named(PEOPLE.topic), tell)
        listener = Listener(
            PEOPLE,
            servers,
            PeopleTopic(replica.people),
            group=group,
            watched=watch,
            ending=ending,
            beside=BesideListening(replica, clock.now, lambda line: tell(line, line)),
        )
        checks = kafka_checks(
            log_usable=replica.ledger.log.require_usable,
            kafka_reachable=lambda: require_reachable(servers.bootstrap),
            name="listener",
            word=watch.word,
        )
        checks.append(Check("replica", usable(replica.people.completeness)))
        with told_beside(
            "settlement-listener",
            checks,
            settings_on(data).operating,
            host=host,
            port=metrics_port,
        ):
            listener.listen(once=once)
    except (
        KafkaLoginRefused,
        KafkaNotNamed,
        KafkaSecurityUnusable,
        KafkaUntrusted,
        NotStarted,
        RecordRefused,
        TopicMissing,
        TopicShorter,
    ) as wrong:
        refuse(str(wrong))
    except KafkaError as wrong:
        refuse(f"Kafka 没有完成：{wrong}；已读的不会重复，请再运行一次")
    complete = replica.people.completeness()
    until = f"完整至 {complete.complete_at.isoformat()}" if complete else "尚未与资格服务核对过"
    typer.echo(f"副本有 {replica.people.count()} 个人员标识，{until}")


def recheck(data: Data = None) -> None:
    """复核副本代答的结算：再问资格服务；不同的列出并以 1 退出，以身份更正处理；不改动任何结算。"""
    from settlement.entrypoints.listen import BesideListening  # noqa: PLC0415 -- of this alone

    replica = _replica(data)
    try:
        done = BesideListening(replica, clock.now, typer.echo).recheck()
    except (EventNotReadable, FollowerStopped) as wrong:
        refuse(f"账本无法读取：{wrong}；请先运行 yizhan verify")
    if done.away is not None:
        refuse(done.away)
    if done.failed:
        typer.echo(f"未能询问 {len(done.failed)} 笔，仍待复核：{'、'.join(done.failed[:20])}")
    typer.echo(f"复核相同 {done.confirmed} 笔，不同 {len(done.different)} 笔")
    raise typer.Exit(1 if done.different or done.failed else 0)


def _replica(data: Path | None) -> ReplicaParts:
    settings = existing_place(data)
    storage = opened(settings)
    try:
        return build_replica(settings, storage)
    except EventLogMissing as missing:
        refuse(str(missing))
