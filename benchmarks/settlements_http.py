"""Whole stays through HTTP on PostgreSQL (整笔结算，生产形态), on one machine with everything.

Two workers of settlement, the database and the sender share the machine. Each stay is admitted,
given two batches of fees, discharged and settled in four layers by one call, answered with its
statement, and on the disk before the answer. Who the person was comes out of the worker's own
memory, as from a replica; one row asks the real eligibility service instead. `SECONDS_EACH` in
the environment makes the runs shorter for a quick look.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks.lookups import serving
from benchmarks.measuring import Budget, Measured, Part, more_is_better
from benchmarks.settlement_people import admitted_people, made_up_people
from benchmarks.settlement_rivals import bare_rows, library_saves, pgbench_transactions
from benchmarks.settlement_site import Site, Took, site
from benchmarks.whole_stay_load import Told
from http_edge.identity.local_issuer import open_local_issuer
from http_edge.identity.roles import Role
from standalone.signing import SignedAsNamed
from tests.real_parts.postgres_server import started_in

SECONDS = float(os.environ.get("SECONDS_EACH", "10"))
_CLIENTS = (1, 8, 32)
_SATURATING = 128
_WORKERS = 2
_PEOPLE = 20_000
_ASKED_PEOPLE = 400
_TARGET = 1_000
_ARRIVING = 700
_ARRIVING_LINES = 128
_P99_MS = 30
_RATE = "笔/秒 (settlements/s)"
_RIVALS = (
    ("事件库自带记录器：一次保存九个事件 (eventsourcing, nine events)", library_saves, 1.0),
    ("驱动直接插入九行 (psycopg, nine rows)", bare_rows, None),
    ("pgbench（TPC-B 类）", pgbench_transactions, None),
)


def measure() -> list[Measured | Budget | Part]:
    """Closed loops of 1, 8 and 32 hospitals beside the rivals; of as many as there is more to do
    than can be done; then a fixed arrival."""
    with tempfile.TemporaryDirectory(prefix="yizhan-settling-") as name:
        folder = Path(name)
        url = _database(folder)
        rows: list[Measured | Budget | Part] = []
        with site(folder, url, workers=_WORKERS, people=made_up_people(_PEOPLE)) as ours:
            _run(ours, max(_CLIENTS))  # the first ones compile policies and open connections
            for clients in _CLIENTS:
                told, _ = _run(ours, clients)
                rows += _beside_rivals(url, clients, told)
            told, took = _run(ours, _SATURATING)
            rows += _saturated(told, _best_of(rows))
            rows += _parts(told, took)
            rows += _at_fixed_arrival(ours)
        rows.append(_asking_eligibility(folder, url))
        return rows


def _database(folder: Path) -> str:
    (folder / "postgres").mkdir()
    server = started_in(folder / "postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    return make_conninfo(server, dbname="bench")


def _run(ours: Site, clients: int) -> tuple[Told, Took]:
    with ours.sending(clients) as load:
        before = ours.took()
        told = load.one_after_another(SECONDS)
        return told, ours.took() - before


def _beside_rivals(url: str, clients: int, told: Told) -> Iterator[Measured]:
    note = f"p50 {told.quantile_ms(0.5):.1f} ms，p99 {told.quantile_ms(0.99):.1f} ms"
    for name, rival, target in _RIVALS:
        yield more_is_better(
            f"整笔住院经 HTTP 结算，PostgreSQL，{clients} 个客户端 (clients)",
            ours=told.per_second,
            anchor=rival(url, clients=clients, seconds=SECONDS),
            anchor_name=name,
            unit=_RATE,
            target_ratio=target,
            note=note,
        )


def _best_of(rows: Sequence[Measured | Budget | Part]) -> float:
    """Saves a second of the library's recorder, with as many clients as suit it best."""
    return max(
        row.anchor for row in rows if isinstance(row, Measured) and row.anchor_name == _RIVALS[0][0]
    )


def _saturated(told: Told, library: float) -> list[Measured]:
    name = f"整笔住院经 HTTP 结算，饱和，{_SATURATING} 个客户端 (at saturation)"
    note = (
        f"p50 {told.quantile_ms(0.5):.1f} ms，p99 {told.quantile_ms(0.99):.1f} ms；"
        f"本机 {os.cpu_count()} 个核心，服务、数据库与发送方都在内 (cores, with everything)"
    )
    return [
        more_is_better(
            name,
            ours=told.per_second,
            anchor=anchor,
            anchor_name=anchor_name,
            unit=_RATE,
            target_ratio=1.0,
            note=note,
        )
        for anchor, anchor_name in (
            (_TARGET, "目标：两个核心上每秒一千笔 (target on two cores)"),
            (library, f"{_RIVALS[0][0]}，以其最快者计 (at its best)"),
        )
    ]


def _parts(told: Told, took: Took) -> list[Part]:
    """Processor time of one settlement, and whose."""
    whole = took.workers + took.database + took.sender
    return [
        Part(f"处理器时间，每笔：{name}", seconds / told.stays * 1000, seconds / whole)
        for name, seconds in (
            ("结算服务 (workers)", took.workers),
            ("数据库 (database)", took.database),
            ("发送方 (sender)", took.sender),
        )
    ]


def _at_fixed_arrival(ours: Site) -> list[Budget]:
    """From the instant at which each was due, whether a connection was free or not."""
    with ours.sending(_ARRIVING_LINES) as load:
        told = load.arriving(_ARRIVING, SECONDS)
    at = f"每秒到达 {_ARRIVING} 笔 (arrivals/s)，办完 {told.per_second:.0f}/s"
    return [
        Budget(f"{at}：p50", _P99_MS, told.quantile_ms(0.5), "ms"),
        Budget(f"{at}：p99", _P99_MS, told.quantile_ms(0.99), "ms"),
    ]


def _asking_eligibility(folder: Path, url: str) -> Measured:
    """With a question to the real service in every settlement, each of which it records."""
    data = folder / "data"
    tokens = SignedAsNamed(open_local_issuer(data), lambda _: (Role.REGISTRAR,))
    with serving("ours", data, {**os.environ, "YIZHAN_INSTITUTION_RATE": "0"}) as port:
        address = f"http://127.0.0.1:{port}"
        people = admitted_people(address, tokens, _ASKED_PEOPLE)
        with site(folder, url, workers=_WORKERS, people=people, eligibility_url=address) as ours:
            _run(ours, _CLIENTS[1])
            told, took = _run(ours, _CLIENTS[1])
    return more_is_better(
        f"同上，每笔都问资格服务 (eligibility asked each time)，{_CLIENTS[1]} 个客户端",
        ours=told.per_second,
        anchor=_TARGET,
        anchor_name="目标：每秒一千笔 (target)",
        unit=_RATE,
        note=f"p99 {told.quantile_ms(0.99):.1f} ms；"
        f"结算服务每笔 {took.workers / told.stays * 1000:.2f} 处理器毫秒 (CPU ms of the workers)",
    )
