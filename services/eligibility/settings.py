"""What is set from outside (设置): where data lives, and the master key."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eventlog.database_address import read_database_url
from http_edge.identity.identity_settings import (
    LOCAL_IDENTITY,
    IdentitySettings,
    read_identity,
    secret_from,
)
from http_edge.operating_settings import (
    OperatingSettings,
    OperatingSettingUnusable,
    read_operating,
)

DATA_DIR_VARIABLE = "YIZHAN_DATA"
MASTER_KEY_VARIABLE = "YIZHAN_MASTER_KEY"
NEW_MASTER_KEY_VARIABLE = "YIZHAN_NEW_MASTER_KEY"
LOCAL_IDENTITIES_VARIABLE = "YIZHAN_LOCAL_IDENTITIES"
OWNERS_VARIABLE = "YIZHAN_OWNERS"
OWNER_TOKENS_START = "YIZHAN_OWNER_TOKEN_"
LIST_END_LIMIT_VARIABLE = "YIZHAN_LIST_END_LIMIT_PERCENT"
RESOLVE_LIMIT_VARIABLE = "YIZHAN_RESOLVE_LIMIT_PERCENT"
SCHEMA_VARIABLE = "YIZHAN_ELIGIBILITY_SCHEMA"
MASTER_KEY_BYTES = 32


class SettingUnusable(Exception):
    """A setting cannot be used (设置有误); the message names it and never repeats a key."""


@dataclass(frozen=True)
class Settings:
    """The settings of eligibility; without `master_key` a key file in the data folder is used.

    `local_identities` is the registry of the region's own identities (本地身份登记表); without one
    every `local_…` code is taken. A full list that leaves out more than `list_end_limit_percent`
    per cent of its people is refused until somebody confirms the number (名单缺人上限);
    a comparison that would resolve more than `resolve_limit_percent` per cent of what is open,
    likewise (销号上限).
    `owners` is the file of offices' servers (部门连接表), `owner_tokens` the variables that tokens
    for them may come from.
    `identity` says whose tokens are trusted (身份设置).
    `new_master_key` is what `yizhan keys rotate` replaces the master key with (新主密钥).
    `operating` bounds a worker process (`http_edge/operating_settings.py`).
    `database` is the PostgreSQL database that takes the place of the files below, in `schema`; key
    files stay in the data folder.
    """

    data_dir: Path = Path("var")
    master_key: bytes | None = field(default=None, repr=False)
    local_identities: Path | None = None
    list_end_limit_percent: int = 5
    owners: Path | None = None
    owner_tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    new_master_key: bytes | None = field(default=None, repr=False)
    resolve_limit_percent: int = 20
    identity: IdentitySettings = LOCAL_IDENTITY
    operating: OperatingSettings = field(default_factory=OperatingSettings)
    database: str | None = field(default=None, repr=False)
    schema: str = "eligibility"

    @property
    def log_file(self) -> Path:
        """The event log and the register of requests (事件日志)."""
        return self.data_dir / "eligibility.sqlite"

    @property
    def vault_file(self) -> Path:
        """Person keys, look-up and staged rosters (个人信息库)."""
        return self.data_dir / "eligibility_vault.sqlite"

    @property
    def reads_file(self) -> Path:
        """Who read whose facts (查阅记录)."""
        return self.data_dir / "eligibility_reads.sqlite"

    @property
    def feed_contacts_file(self) -> Path:
        """When each office's feed was last asked (变更清单联系记录)."""
        return self.data_dir / "eligibility_feed_contacts.sqlite"

    @property
    def read_models_file(self) -> Path:
        """What is derived from the events and may be deleted (读模型)."""
        return self.data_dir / "eligibility_read_models.sqlite"

    @property
    def master_key_file(self) -> Path:
        """The embedded default's master key (主密钥文件)."""
        return self.data_dir / "master.key"

    @property
    def new_master_key_file(self) -> Path:
        """The key that takes its place, while a replacement is under way (新主密钥文件)."""
        return self.data_dir / "master.key.next"


def read_settings(environment: Mapping[str, str], *, data_dir: Path | None = None) -> Settings:
    """Settings from environment variables; `data_dir` goes before YIZHAN_DATA and any database.

    Raises `SettingUnusable`, `IdentityUnusable`, `OSError`.
    """
    folder = data_dir or Path(environment.get(DATA_DIR_VARIABLE) or "var")
    encoded = secret_from(environment, MASTER_KEY_VARIABLE)
    renewed = secret_from(environment, NEW_MASTER_KEY_VARIABLE)
    registry = environment.get(LOCAL_IDENTITIES_VARIABLE)
    owners = environment.get(OWNERS_VARIABLE)
    return Settings(
        folder,
        _decode_key(encoded, MASTER_KEY_VARIABLE) if encoded else None,
        Path(registry) if registry else None,
        _percent(environment.get(LIST_END_LIMIT_VARIABLE) or "5", LIST_END_LIMIT_VARIABLE),
        Path(owners) if owners else None,
        {name: value for name, value in environment.items() if name.startswith(OWNER_TOKENS_START)},
        _decode_key(renewed, NEW_MASTER_KEY_VARIABLE) if renewed else None,
        _percent(environment.get(RESOLVE_LIMIT_VARIABLE) or "20", RESOLVE_LIMIT_VARIABLE),
        read_identity(environment),
        _operating(environment),
        None if data_dir else read_database_url(environment),
        people_schema_named(environment),
    )


def people_schema_named(environment: Mapping[str, str]) -> str:
    """The schema of a database in which people are kept."""
    return environment.get(SCHEMA_VARIABLE) or "eligibility"


def _operating(environment: Mapping[str, str]) -> OperatingSettings:
    try:
        return read_operating(environment)
    except OperatingSettingUnusable as unusable:
        raise SettingUnusable(str(unusable)) from unusable


_PERCENT = re.compile(r"[0-9]{1,2}|100")


def _percent(text: str, variable: str) -> int:
    if not _PERCENT.fullmatch(text):
        message = f"{variable} 须为 0 至 100 的整数 (per cent)"
        raise SettingUnusable(message)
    return int(text)


def _decode_key(encoded: str, variable: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        message = f"{variable} 须为 {MASTER_KEY_BYTES} 字节密钥的 Base64 编码"
        raise SettingUnusable(message)
    return key
