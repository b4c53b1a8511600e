"""The file of configured servers (部门连接表): read by line, refused with what to do."""

import re
import ssl
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import yaml

from contracts.vocabulary import DataOwner
from eligibility.adapters.owner_http import OwnerAddress, OwnerHttp, open_owner_client
from eligibility.domain.online_facts import Connector

VARIABLE_START: Final = "YIZHAN_OWNER_TOKEN_"
"""Only variables of this name are read as tokens, so that a file cannot send out other secrets."""

OWNER_WORDS: Final = {
    "乡村振兴": DataOwner.POVERTY_OFFICE,
    "民政": DataOwner.CIVIL_AFFAIRS,
    "医保": DataOwner.HEALTH_INSURANCE,
    "残联": DataOwner.DISABLED_FEDERATION,
    "卫健": DataOwner.HEALTH,
    "商保": DataOwner.COMMERCIAL_INSURER,
}
_REQUIRED: Final = ("名称", "部门", "地址")
_TOKENS: Final = ("令牌文件", "令牌变量")
_KEYS: Final = (*_REQUIRED, *_TOKENS, "区划", "连接限时秒", "应答限时秒", "根证书")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_REGION: Final = re.compile(r"[0-9]{6}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_VARIABLE: Final = re.compile(VARIABLE_START + r"[A-Z0-9_]{1,60}")
_HERE: Final = ("127.0.0.1", "::1", "localhost")
_LONGEST_SECONDS: Final = 30.0


class OwnerSourcesUnusable(Exception):
    """The file of servers cannot be used (部门连接表有误): line, and what to correct."""


def read_owner_sources(path: Path, *, tokens: Mapping[str, str]) -> dict[str, OwnerHttp]:
    """The servers by name; `tokens` are the variables tokens may come from.

    Raises `OwnerSourcesUnusable`.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError):
        message = f"部门连接表无法读取：{path}；须为 UTF-8 的 YAML 文件 (YIZHAN_OWNERS)"
        raise OwnerSourcesUnusable(message) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _fault(
            path, mark.line + 1 if mark else 1, "不是合法的 YAML；请核对缩进与引号"
        ) from None
    if not isinstance(root, yaml.SequenceNode):
        raise _fault(path, 1, "须为列表：每个部门一项，以“- 名称: …”开头")
    sources: dict[str, OwnerHttp] = {}
    for node in root.value:
        entry = _Entry(path, node)
        source = _source(entry, tokens)
        if source.connector.name in sources:
            raise entry.fault("名称", "与前面的连接重名；每个连接的名称须各不相同")
        sources[source.connector.name] = source
    return sources


class _Entry:
    """One item of the list, with the line of each of its keys."""

    def __init__(self, path: Path, node: yaml.Node) -> None:
        self._path = path
        self._line = node.start_mark.line + 1
        self._values: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            raise _fault(path, self._line, "每一项须逐行写“键: 值”")
        for key, value in node.value:
            name = str(key.value)
            line = key.start_mark.line + 1
            if name not in _KEYS:
                raise _fault(path, line, f"没有这个键；可用：{'、'.join(_KEYS)}")
            if name in self._values:
                raise _fault(path, line, f"“{name}”写了两次；请只留一个")
            self._values[name] = value
        for name in _REQUIRED:
            if name not in self._values:
                raise _fault(path, self._line, f"缺少“{name}”；请补上")

    def fault(self, name: str, what: str) -> OwnerSourcesUnusable:
        """What is wrong with a key, at its line."""
        node = self._values.get(name)
        line = node.start_mark.line + 1 if node is not None else self._line
        return _fault(self._path, line, f"“{name}”{what}")

    def text(self, name: str) -> str | None:
        """A key's text, or None where it is left out."""
        node = self._values.get(name)
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.fault(name, "须为一个值")
        return str(node.value).strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """A key's list of texts."""
        node = self._values.get(name)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            raise self.fault(name, '须为列表，如 ["500112"]')
        return tuple(str(each.value) for each in node.value)


def _source(entry: _Entry, tokens: Mapping[str, str]) -> OwnerHttp:
    connector = Connector(_name(entry), _owner(entry), _regions(entry))
    roots = entry.text("根证书")
    address = OwnerAddress(
        url=_url(entry),
        token=_token(entry, tokens),
        connect_seconds=_seconds(entry, "连接限时秒", 2.0),
        answer_seconds=_seconds(entry, "应答限时秒", 5.0),
        root_certificates=Path(roots) if roots is not None else None,
    )
    try:
        return OwnerHttp(connector, open_owner_client(address), address=address)
    except (OSError, ssl.SSLError):
        raise entry.fault("根证书", "无法读取；须为 PEM 格式的证书文件") from None


def _name(entry: _Entry) -> str:
    name = entry.text("名称") or ""
    if not _NAME.fullmatch(name):
        raise entry.fault("名称", "须为小写字母开头的字母、数字、下划线，如 yubei_minzheng")
    return name


def _owner(entry: _Entry) -> DataOwner:
    word = entry.text("部门") or ""
    codes = {each.value: each for each in DataOwner}
    owner = OWNER_WORDS.get(word) or codes.get(word)
    if owner is None:
        raise entry.fault("部门", f"须为：{'、'.join(OWNER_WORDS)}")
    return owner


def _regions(entry: _Entry) -> tuple[str, ...]:
    regions = entry.texts("区划")
    if not all(_REGION.fullmatch(each) for each in regions):
        raise entry.fault("区划", "须为带引号的 6 位行政区划代码 (GB/T 2260)")
    return regions


def _url(entry: _Entry) -> str:
    url = entry.text("地址") or ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or parts.query or parts.username:
        raise entry.fault("地址", "须为 https:// 开头的地址，不带参数与口令")
    if parts.scheme == "http" and host not in _HERE:
        raise entry.fault("地址", "须用 https://：姓名与证件号码不得明文传输（本机除外）")
    return url.rstrip("/")


def _token(entry: _Entry, tokens: Mapping[str, str]) -> str:
    file, variable = entry.text("令牌文件"), entry.text("令牌变量")
    if (file is None) is (variable is None):
        raise entry.fault("令牌文件", "与“令牌变量”须写且只写一个")
    if variable is not None:
        return _variable_token(entry, variable, tokens)
    path = Path(file or "")
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise entry.fault("令牌文件", "他人可读；请先运行 chmod 600")
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise entry.fault("令牌文件", "无法读取；请核对路径与权限") from None
    return _require_token(token, lambda: entry.fault("令牌文件", "内容须为一行可见字符"))


def _variable_token(entry: _Entry, variable: str, tokens: Mapping[str, str]) -> str:
    if not _VARIABLE.fullmatch(variable):
        raise entry.fault("令牌变量", f"须为 {VARIABLE_START} 加大写字母、数字、下划线")
    return _require_token(
        tokens.get(variable, "").strip(),
        lambda: entry.fault("令牌变量", f"没有设置环境变量 {variable}，或其值不是可见字符"),
    )


def _require_token(token: str, fault: Callable[[], OwnerSourcesUnusable]) -> str:
    if not _TOKEN.fullmatch(token):
        raise fault()
    return token


def _seconds(entry: _Entry, name: str, otherwise: float) -> float:
    text = entry.text(name)
    if text is None:
        return otherwise
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds <= _LONGEST_SECONDS:
        raise entry.fault(name, "须为 0 至 30 之间的秒数，如 2 或 0.5")
    return seconds


def _fault(path: Path, line: int, what: str) -> OwnerSourcesUnusable:
    return OwnerSourcesUnusable(f"{path} 第 {line} 行：{what} (YIZHAN_OWNERS)")
