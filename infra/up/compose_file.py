"""Reading docker-compose.yml (整套的描述): strictly, so that what is not understood is refused.

The part of the format that our file uses, with the same meaning that Compose gives it: variables
are filled in from the environment and `.env`, every other key is a mistake.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

# What stands in for a variable may name variables itself.
_VARIABLE: Final = re.compile(
    r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-((?:[^{}]|\$\{[^{}]*\})*))?\})"
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DURATION: Final = re.compile(r"([0-9]+)(s|m)")
_SECONDS: Final = {"s": 1, "m": 60}


class ComposeFaulty(Exception):
    """The file cannot be used as it stands (编排文件有误); the message says where."""


def _seconds(text: object) -> object:
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        message = f"须如 10s、2m：{text}"
        raise ValueError(message)
    return int(found[1]) * _SECONDS[found[2]]


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Seconds = Annotated[int, BeforeValidator(_seconds)]
Text = Annotated[str, BeforeValidator(_text)]
Condition = Literal["service_healthy", "service_started", "service_completed_successfully"]
Restart = Literal["no", "on-failure", "unless-stopped"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Build(_Part):
    """How an image of ours is made."""

    context: Literal["."]
    dockerfile: str
    args: Mapping[str, str]


class HealthCheck(_Part):
    """How one asks whether a service is well."""

    test: Annotated[list[Text], Field(min_length=2)]
    interval: Seconds
    timeout: Seconds
    retries: int
    start_period: Seconds
    start_interval: Seconds = 5


class DependsOn(_Part):
    """What has to be first."""

    condition: Condition


class Service(_Part):
    """One service: an image, a command, what it needs and how it is treated."""

    image: str
    build: Build | None = None
    command: list[Text] = []
    restart: Restart
    environment: Mapping[str, Text] = {}
    secrets: list[str] = []
    volumes: list[str] = []
    ports: list[str] = []
    depends_on: Mapping[str, DependsOn] = {}
    healthcheck: HealthCheck | None = None
    stop_grace_period: Seconds = 10
    user: str | None = None
    read_only: bool = False
    tmpfs: list[str] = []
    cap_drop: list[str] = []
    security_opt: list[str] = []

    def mounts(self) -> Mapping[str, str]:
        """The folders of volumes in the container, and the volumes."""
        return {target: name for name, _, target in (each.partition(":") for each in self.volumes)}


class Secret(_Part):
    """A file that holds one secret."""

    file: str


class Compose(_Part):
    """The whole file."""

    name: str
    services: Mapping[str, Service]
    volumes: Mapping[str, None] = {}
    secrets: Mapping[str, Secret] = {}


def read_compose(path: Path, environment: Mapping[str, str]) -> Compose:
    """The file, with the variables filled in. Raises ComposeFaulty."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        plain = {key: value for key, value in loaded.items() if not key.startswith("x-")}
        read = Compose.model_validate(_filled(plain, environment))
    except (ValidationError, yaml.YAMLError) as wrong:
        message = f"{path.name}：{wrong}"
        raise ComposeFaulty(message) from wrong
    if faults := list(_faults(read)):
        message = f"{path.name}：{'；'.join(faults)}"
        raise ComposeFaulty(message)
    return read


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a `.env`; none where there is no such file.

    What Compose would read as something else than what stands there is refused, by name and line.
    Raises ComposeFaulty, OSError.
    """
    if not path.exists():
        return {}
    read = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ComposeFaulty(f"{path.name} 须为 UTF-8 的文本") from None
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and not line.startswith("#"):
            name, value = _env_line(line, f"{path.name} 第 {number} 行")
            read[name] = value
    return read


def _env_line(line: str, where: str) -> tuple[str, str]:
    name, sign, value = (each.strip() for each in line.partition("="))
    if name.startswith("export "):
        raise ComposeFaulty(f"{where}：不要写 export，直接写 {name.split()[-1]}=值")
    if not sign or not _NAME.fullmatch(name):
        raise ComposeFaulty(f"{where}：应写 变量=值，变量只用字母、数字与下划线")
    if value.startswith(("'", '"')):
        raise ComposeFaulty(f"{where}：{name} 的值不加引号")
    if value.startswith("#") or re.search(r"\s#", value):
        raise ComposeFaulty(f"{where}：{name} 的值后面不能有注释；注释另起一行")
    if "$" in value:
        raise ComposeFaulty(f"{where}：{name} 的值里不能有 $，也不能引用别的变量")
    return name, value


def _filled(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, environment) for each in value]
    return _filled_text(value, environment) if isinstance(value, str) else value


def _filled_text(text: str, environment: Mapping[str, str]) -> str:
    def filled(found: re.Match[str]) -> str:
        name, otherwise = found[1], found[2]
        if name is None:
            return "$"
        value = environment.get(name)
        if not value and otherwise is not None:
            return _filled_text(otherwise, environment)
        if value is None:
            message = f"变量 {name} 没有值 (variable without a value)"
            raise ComposeFaulty(message)
        return value

    return _VARIABLE.sub(filled, text)


def _faults(read: Compose) -> list[str]:
    """What the parts say of each other and does not hold."""
    faults = []
    for name, service in read.services.items():
        for needed, how in service.depends_on.items():
            other = read.services.get(needed)
            if other is None:
                faults.append(f"{name} 依赖的 {needed} 不存在")
            elif how.condition == "service_healthy" and other.healthcheck is None:
                faults.append(f"{name} 等 {needed} 健康，它却没有健康检查")
        faults += [
            f"{name} 的卷 {each} 没有声明"
            for each in service.mounts().values()
            if each not in read.volumes
        ]
        faults += [
            f"{name} 的密钥 {each} 没有声明" for each in service.secrets if each not in read.secrets
        ]
    if len(in_order(read)) < len(read.services):
        faults.append("依赖成环 (dependencies in a circle)")
    return faults


def in_order(read: Compose) -> list[str]:
    """The services, each after all it depends on; those in a circle are left out."""
    ordered: list[str] = []
    while ready := [
        name
        for name, service in read.services.items()
        if name not in ordered and all(each in ordered for each in service.depends_on)
    ]:
        ordered += ready
    return ordered
