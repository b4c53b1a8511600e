"""The production shape without containers (整套), as `make up` runs it: for tests, in a folder."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2 as httpx

from http_edge.serving import free_port
from infra.up.compose_file import read_env_file
from kafka_edge.servers import KafkaServers
from standalone.serving import Addresses
from standalone.signing import ADMINISTRATION, signed_as_samples
from tests.real_parts.kafka_broker import end_with_test_run

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120
_SETTINGS = {
    # Small and quick to start: this broker lives for a minute.
    "KAFKA_HEAP_OPTS": "-Xms128m -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "YIZHAN_OFFICES": ADMINISTRATION,
}
_PORTS = tuple(name for name in read_env_file(ROOT / ".env.example") if name.endswith("_PORT"))


def until(holds: Callable[[], object]) -> None:
    """Wait for something that happens by itself."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@dataclass
class ProductionShape:
    """A copy of the compose file and what runs from it, on ports of its own."""

    folder: Path
    ports: dict[str, str] = field(
        default_factory=lambda: {name: str(free_port("127.0.0.1")) for name in _PORTS}
    )

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "docker-compose.yml", self.folder)

    @property
    def place(self) -> Path:
        """What `var/up` is to `make up`."""
        return self.folder / "up"

    @property
    def data(self) -> Path:
        """The data folder of settlement."""
        return self.place / "volumes/settlement-data"

    @property
    def _places(self) -> list[str]:
        return ["--file", str(self.folder / "docker-compose.yml"), "--place", str(self.place)]

    @cached_property
    def environment(self) -> dict[str, str]:
        """The settings of a process of settlement's that a test runs beside the services."""
        return {
            "YIZHAN_DATA": str(self.data),
            "YIZHAN_DATABASE_URL_FILE": str(self.place / "secrets/database_url"),
            "YIZHAN_ELIGIBILITY_URL": self.addresses.eligibility,
            "YIZHAN_KAFKA": self.kafka.bootstrap,
        }

    @cached_property
    def addresses(self) -> Addresses:
        """Where the services answer."""
        return Addresses(
            settlement=f"http://127.0.0.1:{self.ports['YIZHAN_SETTLEMENT_PORT']}",
            eligibility=f"http://127.0.0.1:{self.ports['YIZHAN_ELIGIBILITY_PORT']}",
        )

    @cached_property
    def kafka(self) -> KafkaServers:
        """Where Kafka answers."""
        return KafkaServers(f"127.0.0.1:{self.ports['KAFKA_PORT']}")

    def make(self, action: str) -> str:
        """`make up`, `make down`: what it said."""
        command = [sys.executable, "-m", "infra.up", action]
        ran = subprocess.run(
            [*command, *self._places],
            cwd=ROOT,
            env={**os.environ, **_SETTINGS, **self.ports},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr + self.logs()
        return ran.stdout

    def end_with_test_run(self) -> None:
        """Should the test run be killed, the supervisor is, and everything ends with it."""
        told = json.loads((self.place / "state.json").read_text(encoding="utf-8"))
        end_with_test_run(told["supervisor"])

    def services(self) -> dict[str, dict[str, Any]]:
        """How each service does."""
        told: dict[str, Any] = json.loads((self.place / "state.json").read_text(encoding="utf-8"))
        services: dict[str, dict[str, Any]] = told["services"]
        return services

    def yizhan(self, *arguments: str, service: str = "settlement") -> str:
        """A command beside the running services, as `make up` says to run one: what it said."""
        command = [sys.executable, "-m", "infra.up", "exec", service, *self._places]
        ran = subprocess.run(
            [*command, "--", "yizhan", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.ports, "COLUMNS": "240", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def client(self) -> httpx.Client:
        """Signed as whom its headers name, by the issuer of the services."""
        return httpx.Client(timeout=30, auth=signed_as_samples(self.data))

    def logs(self) -> str:
        """The last of what every process wrote."""
        files = sorted(self.place.glob("logs/*.log"))
        return "\n".join(f"{each.name}:\n{each.read_text('utf-8')[-1_500:]}" for each in files)
