"""Whether old readers read new events, and new readers old ones (消息兼容性).

Two AsyncAPI descriptions of a channel are held against each other. Both directions are asked, so
little may change: an event may be added, and to an event a field that may be missing. Readers look
at the name of an event first, and pass over events and fields that they do not know.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

# What is said about a value and changes nothing about it.
_ANNOTATIONS = frozenset({"title", "description", "examples", "deprecated", "$comment"})
_BRANCHES = ("anyOf", "oneOf", "allOf", "prefixItems")
_REMEDY = "请另立新版本的事件（名称末尾加一，如 .v2），旧版本照旧发布"


def incompatibilities(released: Schema, today: Schema) -> list[str]:
    """What readers of either description could not read of the other, each with what to do."""
    old, new = released["channels"]["events"], today["channels"]["events"]
    found = []
    if old["address"] != new["address"]:
        found.append(f"主题 {old['address']} 改成了 {new['address']}：读者找不到了；请改回")
    if old["bindings"]["kafka"]["partitions"] != new["bindings"]["kafka"]["partitions"]:
        found.append(f"主题 {old['address']} 的分区数变了：同一键的先后会乱；请改回")
    before, now = (_messages_by_name(each) for each in (released, today))
    for name, message in before.items():
        if name not in now:
            found.append(f"事件 {name} 没有了：还有读者在等它；请保留它，直到没有读者")
            continue
        if message["bindings"] != now[name]["bindings"]:
            found.append(f"事件 {name} 的键变了：同一键的先后会乱；{_REMEDY}")
        if message["contentType"] != now[name]["contentType"]:
            found.append(f"事件 {name} 的 contentType 变了；{_REMEDY}")
        compared = _Compared(released, today)
        faults = compared.differences(message["payload"], now[name]["payload"], name)
        found += [f"{each}；{_REMEDY}" for each in faults]
    return found


def _messages_by_name(described: Schema) -> dict[str, Schema]:
    return {each["name"]: each for each in described["components"]["messages"].values()}


class _Compared:
    """Two documents in which schemas refer to one another."""

    def __init__(self, released: Schema, today: Schema) -> None:
        self._released, self._today = released, today
        self._met: set[tuple[str, str]] = set()

    def differences(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        """What one of the two schemas takes and the other does not, as far as it may."""
        references = (str(old.get("$ref")), str(new.get("$ref")))
        if "$ref" in old and "$ref" in new:
            if references in self._met:
                return  # a schema that contains itself
            self._met.add(references)
        old, new = _resolved(old, self._released), _resolved(new, self._today)
        yield from self._of_fields(old, new, at)
        yield from _of_values(old, new, at)
        for word in _BRANCHES:
            yield from self._of_branches(old.get(word, ()), new.get(word, ()), at)
        for word in ("items", "additionalProperties"):
            yield from self._of_part(old.get(word), new.get(word), f"{at}.{word}")
        known = {"properties", "required", "enum", "items", "additionalProperties", *_BRANCHES}
        for word in sorted((old.keys() | new.keys()) - known - _ANNOTATIONS):
            if old.get(word) != new.get(word):
                yield f"{at} 的 {word} 由 {old.get(word)} 改成了 {new.get(word)}"

    def _of_fields(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            if name not in now:
                yield f"{at}.{name} 被去掉了：旧读者要读它"
                continue
            was, is_now = _need(name in needed_before), _need(name in needed_now)
            if was != is_now:
                yield f"{at}.{name} 由{was}改成了{is_now}"
            yield from self.differences(before[name], now[name], f"{at}.{name}")
        for name in now:
            if name not in before and name in needed_now:
                yield f"{at}.{name} 是新增的必填字段：旧事件里没有它"
        # A requirement without a property is one all the same.
        for name in sorted((needed_before ^ needed_now) - before.keys() - now.keys()):
            yield f"{at}.{name} 是否必填变了"

    def _of_branches(self, old: Sequence[Schema], new: Sequence[Schema], at: str) -> Iterator[str]:
        if len(old) != len(new):
            yield f"{at} 可取的类型由 {len(old)} 种改成了 {len(new)} 种"
            return
        for number, (before, now) in enumerate(zip(old, new, strict=True), start=1):
            yield from self.differences(before, now, f"{at}（第 {number} 种）")

    def _of_part(self, old: Any, new: Any, at: str) -> Iterator[str]:
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from self.differences(old, new, at)
        elif old != new:
            yield f"{at} 由 {old} 改成了 {new}"


def _of_values(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if ("enum" in old) != ("enum" in new):
        yield f"{at} 的取值范围有了或没了"
        return
    before, now = old.get("enum", ()), new.get("enum", ())
    if gone := [each for each in before if each not in now]:
        yield f"{at} 取消了取值 {gone}：新读者读不了旧事件"
    if come := [each for each in now if each not in before]:
        yield f"{at} 增加了取值 {come}：旧读者读不了新事件"


def _resolved(schema: Schema, document: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = document
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[step]
        # What stands beside a reference holds as well.
        schema = {**found, **{word: v for word, v in schema.items() if word != "$ref"}}
    return schema


def _need(is_required: bool) -> str:  # noqa: FBT001 -- a word for either
    return "必填" if is_required else "可缺省"
