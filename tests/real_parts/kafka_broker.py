"""A real Apache Kafka broker for tests: one node in a folder, on free ports, on 127.0.0.1 alone.

`KafkaBroker` starts, stops, kills and starts again on the same folder and ports. `shared_broker`
gives all workers of one test run the same one: the first who needs it starts it, the last who is
done stops it. `YIZHAN_TEST_KAFKA` (bootstrap servers) takes its place. Whoever cannot start it
fails and says why; nothing is skipped.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from uuid import uuid4

from infra.kafka.node import format_node, kafka_command

INFRA = Path(__file__).resolve().parents[2] / "infra/kafka"
VARIABLE = "YIZHAN_TEST_KAFKA"
READY_SECONDS = 90.0
# Small and quick to start: a test broker lives for a minute.
_JVM = ("-Xmx320m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class BrokerNotReady(Exception):
    """The broker did not start (未能启动); the message ends with what it logged last."""


def free_port() -> int:
    """A port nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class KafkaBroker:
    """One node in a folder. After `stop` or `kill`, `start` goes on with what is there.

    `more_properties` go before those of infra/kafka; `format_options` are told to who formats it.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)
    process_id: int | None = None
    more_properties: str = ""
    format_options: tuple[str, ...] = ()

    @property
    def bootstrap(self) -> str:
        """Where it is reached."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers. Raises `BrokerNotReady`, KafkaNotFetched."""
        properties = self._written_properties()
        if not (self.folder / "data/meta.properties").exists():
            self._format(properties)
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                kafka_command("kafka.Kafka", properties, java_options=_JVM),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C stops the tests, and they stop the broker
            )
        self.process_id = process.pid
        self._wait_until(self._is_ready, "没有开始服务")

    def stop(self) -> None:
        """Let it finish what it does and end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, in the middle of anything (kill -9)."""
        self._end(signal.SIGKILL)

    @property
    def _log(self) -> Path:
        return self.folder / "broker.log"

    def _written_properties(self) -> str:
        text = (INFRA / "server.properties").read_text(encoding="utf-8")
        values = {
            "@PORT@": self.port,
            "@CONTROLLER_PORT@": self.controller_port,
            "@DATA@": self.folder / "data",
        }
        for name, value in values.items():
            text = text.replace(name, str(value))
        self.folder.mkdir(parents=True, exist_ok=True)
        written = self.folder / "server.properties"
        # What stands later counts.
        written.write_text(text + self.more_properties, encoding="utf-8")
        return str(written)

    def _format(self, properties: str) -> None:
        cluster = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        format_node(cluster, "--standalone", "-c", properties, *self.format_options)

    def _is_ready(self) -> bool:
        # Not whether somebody listens on the port: that may be another.
        if not _is_running(self.process_id):
            raise BrokerNotReady(f"Kafka 已退出：{self._logged_last()}")
        return b"Kafka Server started" in self._log.read_bytes()

    def _end(self, with_signal: signal.Signals) -> None:
        if self.process_id is None:
            return
        if _is_running(self.process_id):
            os.kill(self.process_id, with_signal)
        self._wait_until(lambda: not _is_running(self.process_id), "没有结束")
        self.process_id = None

    def _wait_until(self, holds: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise BrokerNotReady(f"Kafka {otherwise}：{self._logged_last()}")
            time.sleep(0.05)

    def _logged_last(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-2_000:]


def _is_running(process_id: int | None) -> bool:
    """Whether a process runs; one of ours that ended is laid to rest on the way."""
    if process_id is None:
        return False
    try:
        if os.waitpid(process_id, os.WNOHANG) != (0, 0):
            return False
    except ChildProcessError:
        pass  # another worker's child
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process_id}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@contextmanager
def own_broker(folder: Path) -> Iterator[KafkaBroker]:
    """A broker for one test alone, which may kill it."""
    broker = KafkaBroker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


@contextmanager
def shared_broker(folder: Path) -> Iterator[str]:
    """The bootstrap servers of the broker that all workers share, through a lock file in `folder`.

    It ends with the last who is done; should the test run itself be killed, a moment later.
    """
    if given := os.environ.get(VARIABLE):
        yield given
        return
    with _counted(folder) as (broker, users):
        if users == 0 or not _is_running(broker.process_id):
            broker.start()
            assert broker.process_id
            end_with_test_run(broker.process_id)
        _write_state(folder, broker, users + 1)
    try:
        yield broker.bootstrap
    finally:
        with _counted(folder) as (broker, users):
            if users == 1:
                broker.stop()
            _write_state(folder, broker, users - 1)


@contextmanager
def _counted(folder: Path) -> Iterator[tuple[KafkaBroker, int]]:
    """The broker as it was last written, and how many use it, while nobody else may look."""
    folder.mkdir(parents=True, exist_ok=True)
    lock: IO[str]
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = folder / "state.json"
        kept = json.loads(state.read_text()) if state.exists() else {}
        users = kept.pop("users", 0)
        yield KafkaBroker(folder / "broker", **kept), users


def _write_state(folder: Path, broker: KafkaBroker, users: int) -> None:
    kept = {
        "port": broker.port,
        "controller_port": broker.controller_port,
        "process_id": broker.process_id,
        "users": users,
    }
    (folder / "state.json").write_text(json.dumps(kept))


def end_with_test_run(process_id: int) -> None:
    """Have somebody watch the test run, who ends a process when nobody else can any more."""
    under_xdist = "PYTEST_XDIST_WORKER" in os.environ
    test_run = os.getppid() if under_xdist else os.getpid()
    subprocess.Popen(
        [
            "sh",
            "-c",
            'while kill -0 "$1" && kill -0 "$2"; do sleep 2; done 2>/dev/null; kill -9 "$2"',
            "watch",
            str(test_run),
            str(process_id),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
