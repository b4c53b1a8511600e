"""A policy document as read (政策文档): nested text, and faults that say where and what to do.

Scalars stay the text that was written, so that `0.9` never becomes a binary float.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

Tree: TypeAlias = "str | Mapping[str, Tree] | Sequence[Tree]"
Path = tuple[str | int, ...]

_NONE = ("null", "~")
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def in_half_width(text: str) -> str:
    """The text with every full-width letter, digit and sign as it stands on a keyboard (半角)."""
    return text.translate(_HALF_WIDTH)


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a document (问题): where, what, and what to do about it.

    `is_warning` marks what a policy may have and users should know, such as a missing number.
    """

    path: Path
    message: str
    remedy: str
    is_warning: bool = False


class PolicyUnreadable(Exception):
    """A document that is not a policy; carries every fault found."""

    def __init__(self, faults: Sequence[Fault]):
        """Keep the faults, and show the first."""
        self.faults = tuple(faults)
        first = self.faults[0]
        where = ".".join(str(p) for p in first.path)
        super().__init__(f"政策文档有 {len(faults)} 处问题；{where}：{first.message}")


def canonical_text(tree: Tree) -> str:
    """The one text of a document, whatever its comments, order of keys and spacing."""
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint_of(canonical: str, language_version: str) -> str:
    """The fingerprint (指纹) of a policy: over its canonical text and the language's version."""
    return sha256(f"{language_version}\n{canonical}".encode()).hexdigest()


class Node:
    """A place in a document, which knows its path and gathers faults."""

    def __init__(self, tree: Tree, path: Path, faults: list[Fault]):
        """Stand at `path`; faults go to the shared list."""
        self.tree = tree
        self.path = path
        self._faults = faults
        self._used: set[str] = set()

    def fault(self, message: str, remedy: str) -> None:
        """Note what is wrong here and what to do; the same thing once."""
        found = Fault(self.path, message, remedy)
        if found not in self._faults:
            self._faults.append(found)

    def unreadable(self, message: str, remedy: str) -> None:
        """Note that the value here could not be read; full-width signs look like the right ones."""
        text = self.tree.strip() if isinstance(self.tree, str) else ""
        if text.isascii() or in_half_width(text) == text:
            self.fault(message, remedy)
        else:
            self.fault(f"“{text}”里有全角字符", f"改成半角：{in_half_width(text)}")

    @property
    def is_mapping(self) -> bool:
        """Whether keys are expected here."""
        return isinstance(self.tree, Mapping)

    @property
    def is_text(self) -> bool:
        """Whether this is a single value."""
        return isinstance(self.tree, str)

    @property
    def keys(self) -> list[str]:
        """The keys here, none if this is not a mapping."""
        return list(self.tree) if isinstance(self.tree, Mapping) else []

    def get(self, key: str, *, may_be_none: bool = False) -> "Node | None":
        """The value of a key, or None when it is absent.

        A key without a value is a fault: nobody can tell "none" from "forgotten". `null` is a
        value only where it `may_be_none`.
        """
        self._used.add(key)
        if not isinstance(self.tree, Mapping) or key not in self.tree:
            return None
        found = Node(self.tree[key], (*self.path, key), self._faults)
        text = found.tree.strip() if isinstance(found.tree, str) else None
        if text == "" or text in _NONE:
            if text == "" or not may_be_none:
                found.fault(
                    f"“{key}”写了却没有值", "删去这一行，或写出它的值；不知道的数写 missing"
                )
            return None
        return found

    def need(self, key: str, remedy: str) -> "Node | None":
        """The value of a key that must be there."""
        if not self.is_mapping:
            self.fault("这里应当是一组“键: 值”", remedy)
            return None
        found = self.get(key)
        if key not in self.keys:
            self.fault(f"缺少“{key}”", remedy)
        return found

    def text(self, remedy: str = "写成一个值") -> str:
        """The value as written; a fault and an empty text when it is not a single value."""
        if isinstance(self.tree, str):
            return self.tree.strip()
        self.fault("这里应当是一个值", remedy)
        return ""

    def optional_text(self, key: str) -> str | None:
        """The text of a key that may be absent."""
        found = self.get(key)
        return found.text() if found else None

    def items(self) -> Iterator["Node"]:
        """The members of a list; a single value counts as a list of one."""
        if isinstance(self.tree, str):
            yield self
        elif isinstance(self.tree, Mapping):
            self.fault("这里应当是一个列表", "每项前写“- ”")
        else:
            for at, member in enumerate(self.tree):
                found = Node(member, (*self.path, at), self._faults)
                if isinstance(member, str) and member.strip() in ("", *_NONE):
                    found.fault("列表里有一项没有值", "删去这一项，或写出它的值")
                yield found

    def close(self) -> None:
        """Every key must have been asked for; others are misspelt."""
        for key in self.keys:
            if key not in self._used:
                Node("", (*self.path, key), self._faults).fault(
                    f"不认识的键“{key}”",
                    "可用的键：" + "、".join(sorted(self._used)),
                )
