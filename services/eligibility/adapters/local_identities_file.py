"""The registry of local identities as a file (本地身份登记表): one `local_…: 中文名称` a line."""

from pathlib import Path

import yaml

from contracts.vocabulary import Identity
from eligibility.domain.local_identities import LOCAL_CODE, LocalIdentities

_LONGEST_NAME = 40


class LocalIdentitiesUnusable(Exception):
    """The registry cannot be read (本地身份登记表有误); the message says what to correct."""


def read_local_identities(path: Path) -> LocalIdentities:
    """Read the registry. Raises `LocalIdentitiesUnusable`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        message = f"本地身份登记表无法读取：{path}；须为 UTF-8 的 YAML 文件"
        raise LocalIdentitiesUnusable(message) from None
    if not isinstance(content, dict):
        message = f"本地身份登记表须逐行写“local_代码: 中文名称”：{path}"
        raise LocalIdentitiesUnusable(message)
    names: dict[str, str] = {}
    for code, name in content.items():
        names[str(code)] = _require_usable(code, name, taken=names)
    return LocalIdentities(names)


def _require_usable(code: object, name: object, *, taken: dict[str, str]) -> str:
    if not isinstance(code, str) or not LOCAL_CODE.fullmatch(code):
        message = f"本地身份代码须为 local_ 加小写字母、数字或下划线：{code}"
        raise LocalIdentitiesUnusable(message)
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= _LONGEST_NAME:
        message = f"{code} 的中文名称须为 1 至 {_LONGEST_NAME} 个字"
        raise LocalIdentitiesUnusable(message)
    if name in taken.values() or name in {each.label for each in Identity}:
        message = f"{code} 的名称“{name}”已被使用；名册按名称识别身份，名称须各不相同"
        raise LocalIdentitiesUnusable(message)
    return name
