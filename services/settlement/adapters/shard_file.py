"""The file of the shards (分片文件): which ledger keeps which pooling regions, and where it is.

    shards:
      - name: yichang
        regions: [420500]
        schema: settlement_yichang
      - name: hubei
        regions: [420000]
        schema: settlement_hubei
        database_file: /run/secrets/hubei_database
        moving: yes

`regions` are codes of six digits: a prefecture covers its counties, a province what is in it, and
the longest that is named decides. What is not said is as in the service's settings: the database,
and without any a directory below the data (`folder`, by default the shard's name). `source` is what
Kafka knows the shard's events by, and never changes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contracts.vocabulary import RegionCode
from settlement.adapters.plain_yaml import NotPlain, read_plain
from settlement.law.document import Path as TreePath
from settlement.law.document import Tree

_FORMS: Final = {
    "name": r"[a-z][a-z0-9-]{0,30}",
    "schema": r"[a-z_][a-z0-9_]{0,62}",
    "database_file": r".+",
    "database_variable": r"[A-Z][A-Z0-9_]*",
    "folder": r"[A-Za-z0-9][A-Za-z0-9._-]*",
    "moving": r"yes|no",
    "source": r"/yizhan/settlement(/[a-z0-9-]+)?",
}
_REGION: Final = r"[1-9][0-9]{5}"


class ShardsFaulty(Exception):
    """The file of the shards cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class Shard:
    """One ledger among several (分片); None is what the service's own settings say."""

    name: str
    regions: tuple[RegionCode, ...]
    folder: str
    source: str
    schema: str | None = None
    database: str | None = field(default=None, repr=False)
    is_moving: bool = False


def read_shards(file: Path, environment: Mapping[str, str]) -> tuple[Shard, ...]:
    """The shards of a file, in its order. Raises ShardsFaulty."""
    lines: dict[TreePath, int] = {}
    try:
        tree = read_plain(file, lines)
    except NotPlain as wrong:
        raise ShardsFaulty(f"{file} 第 {wrong.line} 行：{wrong.message}；{wrong.remedy}") from wrong
    rows = tree.get("shards") if isinstance(tree, Mapping) and set(tree) == {"shards"} else None
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise ShardsFaulty(f"{file}：最外层只写 shards，其下每个分片一项 (list the shards)")
    shards = []
    for at, row in enumerate(rows):
        try:
            shards.append(_shard(row, environment))
        except _Fault as fault:
            line = lines.get(("shards", at), 1)
            raise ShardsFaulty(f"{file} 第 {line} 行起的分片：{fault}") from fault
    try:
        _require_apart(shards)
    except _Fault as fault:
        raise ShardsFaulty(f"{file}：{fault}") from fault
    return tuple(shards)


def owners_of(shards: Sequence[Shard]) -> dict[RegionCode, str]:
    """Which shard each region that is named belongs to."""
    return {region: shard.name for shard in shards for region in shard.regions}


class _Fault(Exception):
    """What is wrong with a shard, without the place."""


def _shard(row: Tree, environment: Mapping[str, str]) -> Shard:
    if not isinstance(row, Mapping):
        raise _Fault("应写 name、regions 等项")
    said = {key: value for key, value in row.items() if key != "regions"}
    for key, value in said.items():
        form = _FORMS.get(key)
        if form is None:
            raise _Fault(f"没有“{key}”这一项；有：regions、{'、'.join(_FORMS)}")
        if not isinstance(value, str) or not re.fullmatch(form, value):
            raise _Fault(f"{key} 的写法不对，应符合 {form}")
    if "name" not in said:
        raise _Fault("缺少 name")
    name = str(said["name"])
    return Shard(
        name=name,
        regions=_regions(row.get("regions", [])),
        folder=str(said.get("folder", name)),
        source=str(said.get("source", f"/yizhan/settlement/{name}")),
        schema=str(said["schema"]) if "schema" in said else None,
        database=_database(said, environment),
        is_moving=said.get("moving") == "yes",
    )


def _regions(listed: Tree) -> tuple[RegionCode, ...]:
    if isinstance(listed, str | Mapping) or not listed:
        raise _Fault("regions 应为行政区划代码的列表，如 [420500]")
    wrong = [each for each in listed if not re.fullmatch(_REGION, str(each))]
    if wrong:
        raise _Fault(f"行政区划代码应为六位数字：{'、'.join(map(str, wrong))}")
    return tuple(RegionCode(str(each)) for each in listed)


def _database(said: Mapping[str, Tree], environment: Mapping[str, str]) -> str | None:
    file, variable = said.get("database_file"), said.get("database_variable")
    if file is not None and variable is not None:
        raise _Fault("database_file 与 database_variable 只写一项")
    if file is not None:
        try:
            return Path(str(file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise _Fault(f"读不出 database_file 所写的文件 {file}") from None
    if variable is not None:
        address = environment.get(str(variable))
        if not address:
            raise _Fault(f"没有设环境变量 {variable}")
        return address
    return None


def _require_apart(shards: Sequence[Shard]) -> None:
    """No two may have a name, a region or a directory in common."""
    for what, values in (
        ("名称", [shard.name for shard in shards]),
        ("地区", [str(region) for shard in shards for region in shard.regions]),
        ("source", [shard.source for shard in shards]),
        ("folder", [shard.folder for shard in shards]),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise _Fault(f"{what}重复：{'、'.join(twice)}；每个分片须不同")
