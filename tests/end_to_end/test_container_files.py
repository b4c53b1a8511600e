"""The container files fit the tree: what they copy is there, and what they name agrees."""

import fnmatch
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import yaml

from http_edge.stopping import HANGING_SECONDS

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "infra/Dockerfile").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of a kind, continued lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name}\s+(.+)$", joined, flags=re.MULTILINE)


def copied() -> list[str]:
    """The sources of every COPY."""
    return [source for line in instructions("COPY") for source in shlex.split(line)[:-1]]


def compose() -> dict[str, Any]:
    """The standalone service of the compose file."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    assert set(found["services"]) == {"standalone"}
    assert set(found["volumes"]) == {"yizhan-data"}
    service: dict[str, Any] = found["services"]["standalone"]
    return service


def test_everything_that_is_copied_exists_and_is_sent_to_the_builder() -> None:
    """Each COPY source is in the tree, and .dockerignore lets it through."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert copied() == ["requirements.lock", "pyproject.toml", "README.md", "contracts", "services"]
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert sent == set(copied())


def test_every_package_of_the_wheel_is_copied() -> None:
    """A package added to pyproject.toml but not to the image would fail only there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    without = [
        package
        for package in packages
        if not any(fnmatch.fnmatch(package, pattern) for s in copied() for pattern in (s, f"{s}/*"))
    ]
    assert packages
    assert without == []


def test_the_server_runs_as_nobody_special_on_the_locked_dependencies() -> None:
    """Hashes required, an ordinary user, data on the volume, reachable from outside."""
    assert instructions("FROM") == ["python:3.12-slim"]
    assert "--require-hashes -r requirements.lock" in " ".join(instructions("RUN")[0].split())
    assert instructions("USER") == ["yizhan"]
    assert instructions("VOLUME") == ["/data"]
    assert instructions("CMD") == ['["yizhan", "serve", "--host", "0.0.0.0"]']


def test_the_container_is_healthy_when_both_services_are_ready_and_stops_in_order() -> None:
    """Both ports are asked; the signal is the one that finishes what was accepted, with time."""
    (check,) = instructions("HEALTHCHECK")
    assert "/health/ready" in check
    assert "(8000, 8001)" in check
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert compose()["stop_grace_period"] == f"{HANGING_SECONDS + 5}s"


def test_the_compose_file_runs_that_image_on_this_machine_only() -> None:
    """The file it builds from exists; both ports are bound to loopback; data outlives it."""
    service = compose()
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert service["ports"] == ["127.0.0.1:8000:8000", "127.0.0.1:8001:8001"]
    assert instructions("EXPOSE") == ["8000 8001"]
    assert service["volumes"] == ["yizhan-data:/data"]
