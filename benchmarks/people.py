"""A province's people: a list imported by the real command, then asked about over HTTP.

`PEOPLE` in the environment makes it smaller for a quick look: `PEOPLE=20000 python -m
benchmarks.run people`. The command shows its progress where standard error is a terminal.
"""

import base64
import csv
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

from benchmarks.lookup_servers import BARE_TABLE
from benchmarks.lookups import Rush, ask, ask_many, serving
from benchmarks.measuring import Budget, Measured, less_is_better, more_is_better
from eligibility.domain.resident_id import check_character
from http_edge.identity.local_issuer import open_local_issuer
from http_edge.identity.roles import Role
from standalone.signing import SignedAsNamed

PEOPLE = int(os.environ.get("PEOPLE", "1000000"))
_HEADER = ("姓名", "身份证号", "救助类别", "批准日期", "停发日期", "村")
_KEY = base64.b64encode(bytes(32)).decode()
_ONE_IN = 50
_RUSHES, _ASKED = 5, 1_000
_BATCHES, _BATCH = 3, 1_000
_HALF = 0.5
_MIB = 1 << 10


@dataclass(frozen=True)
class _Run:
    seconds: float
    peak_mib: float


def measure() -> list[Measured | Budget]:
    """Import, import again with two per cent changed, and answer beside a bare look-up."""
    with tempfile.TemporaryDirectory(prefix="yizhan-people-") as name:
        folder = Path(name)
        tenth = _import(_written(folder / "tenth.csv", PEOPLE // 10), folder / "tenth")
        first = _import(_written(folder / "first.csv", PEOPLE), folder / "data")
        plain = _plain_seconds(folder / "first.csv", folder / "plain.sqlite")
        again = _import(
            _written(folder / "again.csv", PEOPLE, changed=True), folder / "data", day="2024-07-31"
        )
        return [
            *_imports(first, again, plain),
            Budget(
                f"导入 {PEOPLE:,} 人的内存，与十分之一的人相比 (memory, against a tenth)",
                budget=1.5,
                measured=first.peak_mib / tenth.peak_mib,
                unit="倍 (times)",
            ),
            *_answers(folder),
        ]


def _imports(first: _Run, again: _Run, plain: float) -> Iterator[Measured]:
    for what, run in (("首次导入", first), ("再次导入，2% 有变 (2 % changed)", again)):
        yield more_is_better(
            f"{what} {PEOPLE:,} 人",
            ours=PEOPLE / run.seconds,
            anchor=PEOPLE / plain,
            anchor_name="同样的行直接写入 SQLite (plain bulk insert)",
            unit="行/秒 (rows/s)",
            note=f"内存峰值 {run.peak_mib:.0f} MiB (peak memory)",
        )


def _answers(folder: Path) -> list[Measured]:
    """Rushes at our server and at the bare one, turn by turn."""
    ids = _ids(folder / "data" / "eligibility.sqlite")
    bare_file = _bare_table(folder / "bare.sqlite", ids)
    issuer = open_local_issuer(folder / "data")
    token = SignedAsNamed(issuer, lambda _: (Role.AUDITOR,)).token("O500112", "bench")
    environment = os.environ | {"YIZHAN_MASTER_KEY": _KEY}
    ours: list[Rush] = []
    bare: list[Rush] = []
    batches: list[float] = []
    with (
        serving("ours", folder / "data", environment) as our_server,
        serving("bare", bare_file, environment) as bare_server,
    ):
        for server in (our_server, bare_server):
            ask(server, ids, times=200, token=token)
        for _ in range(_RUSHES):
            ours.append(ask(our_server, ids, times=_ASKED, token=token))
            bare.append(ask(bare_server, ids, times=_ASKED, token=token))
            batches.append(ask_many(our_server, ids, times=_BATCHES, size=_BATCH, token=token))
    what = f"{PEOPLE:,} 人中查一人的待遇资格 (one person's entitlements)"
    anchor = "同一框架按主键查一行 (bare look-up)"
    return [
        more_is_better(
            what,
            ours=median(each.per_second for each in ours),
            anchor=median(each.per_second for each in bare),
            anchor_name=anchor,
            unit="次/秒 (a second)",
            target_ratio=_HALF,
        ),
        more_is_better(
            f"{PEOPLE:,} 人中每次查 {_BATCH:,} 人 (a batch of entitlements)",
            ours=median(batches),
            anchor=median(each.per_second for each in ours),
            anchor_name="逐人查询 (one person a call)",
            unit="人/秒 (people/s)",
        ),
        less_is_better(
            f"{what}，p99",
            ours=median(each.p99_ms for each in ours),
            anchor=median(each.p99_ms for each in bare),
            anchor_name=anchor,
            unit="ms",
        ),
    ]


def _import(file: Path, data: Path, *, day: str = "2024-06-30") -> _Run:
    """Run the command; its report goes to standard error, beside its progress."""
    command = [sys.executable, "-m", "yizhan", "roster", "import-list", str(file)]
    command += ["--owner", "民政", "--region", "500112", "--full", "低保对象"]
    command += ["--absent-until", day, "--data", str(data)]
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | {"YIZHAN_MASTER_KEY": _KEY}, stdout=sys.stderr
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        message = f"the import of {file.name} ended with {process.returncode}"
        raise RuntimeError(message)
    return _Run(time.perf_counter() - begun, used.ru_maxrss / _MIB)


def _written(path: Path, people: int, *, changed: bool = False) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(people):
            born = date(1930, 1, 1) + timedelta(days=number % 34_000)
            body = f"9900{number // 34_000_000:02d}{born:%Y%m%d}{number // 34_000 % 1000:03d}"
            ends = "2025-12-31" if changed and number % _ONE_IN == 0 else ""
            certificate = body + check_character(body)
            begins = f"20{18 + number % 6}-0{1 + number % 9}-15"
            name, village = f"样例{number % 3000}", f"第{number // 400}村"
            writer.writerow((name, certificate, "低保对象", begins, ends, village))
    return path


def _plain_seconds(file: Path, database: Path) -> float:
    """The same rows, unread and unsealed, in one transaction under their primary key."""
    begun = time.perf_counter()
    with closing(sqlite3.connect(database)) as connection, file.open(encoding="utf-8") as content:
        connection.execute(
            "CREATE TABLE rows (name, certificate TEXT PRIMARY KEY, kind, first, last, village)"
        )
        rows = csv.reader(content)
        next(rows)
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
    return time.perf_counter() - begun


def _ids(log: Path) -> list[str]:
    with closing(sqlite3.connect(log)) as connection:
        found = connection.execute(
            "SELECT originator_id FROM stored_events "
            "WHERE topic = 'eligibility.person-registered.v1'"
        )
        return [str(UUID(each)) for (each,) in found]


def _bare_table(file: Path, ids: list[str]) -> Path:
    source = "civil_affairs/list:500112:845466a5-a0f7-57c8-9788-b11861cc7acc"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(BARE_TABLE)
        connection.executemany(
            "INSERT INTO people VALUES (?, 'subsistence_allowance', '2023-01-01', NULL, ?)",
            ((each, source) for each in sorted(ids)),
        )
        connection.commit()
    return file
