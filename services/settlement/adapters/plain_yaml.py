"""Plain YAML (朴素 YAML): a file as nested text with the line of every place, nothing clever.

Scalars stay text, so 0.9 never becomes a binary float; anchors, aliases and merges are refused,
so every reader sees each number where it applies and no file can unfold without end.
"""

from pathlib import Path

import yaml

from settlement.adapters.yaml_slips import slip_in_set, slip_of
from settlement.law.document import Path as TreePath
from settlement.law.document import Tree

_DEEPEST = 40
_LARGEST_BYTES = 1_000_000


class NotPlain(Exception):
    """The text itself is not acceptable; names the line, what is wrong and what to do."""

    def __init__(self, line: int, message: str, remedy: str):
        """Keep the line for the message."""
        self.line, self.message, self.remedy = line, message, remedy
        super().__init__(message)


# The parser in C where it was built in: a county's book is read an order of magnitude sooner.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _require_plain(text: str) -> None:
    """Look at the text piece by piece before nodes are made of it: nothing that refers elsewhere,
    nothing nested so deep that making nodes could fail. Raises NotPlain, YAMLError."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if getattr(event, "anchor", None) is not None:
            raise NotPlain(
                line,
                "不能使用锚点和引用（& 与 *）",
                "把数写在它适用的地方；各地共用的放进 shared/ 用 use 引用",
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise NotPlain(line, "嵌套太深", "不需要这么多层")


def read_plain(path: Path, lines: dict[TreePath, int]) -> Tree:
    """The tree of texts in a file; `lines` receives where each place stands. Raises NotPlain."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise NotPlain(1, "文件不是 UTF-8 编码", "另存为 UTF-8") from wrong
    except OSError as wrong:
        raise NotPlain(1, f"文件无法打开（{wrong.strerror}）", "检查路径和权限") from wrong
    if len(text) > _LARGEST_BYTES:
        raise NotPlain(1, "文件过大", "一份文件不超过 1 MB")
    return read_plain_text(text, lines)


def read_plain_text(text: str, lines: dict[TreePath, int]) -> Tree:
    """The tree of texts in YAML text. Raises NotPlain."""
    try:
        _require_plain(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as wrong:
        raise NotPlain(*slip_of(wrong, text)) from wrong
    except (RecursionError, ValueError) as wrong:
        raise NotPlain(1, "YAML 无法读取", "检查嵌套和特殊字符") from wrong
    return _plain(node, (), lines)


def _plain(node: yaml.Node | None, place: TreePath, lines: dict[TreePath, int]) -> Tree:
    if node is None:
        raise NotPlain(1, "文件是空的", "参照 policies/FORMAT.md 写")
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if len(place) > _DEEPEST:
        raise NotPlain(line, "嵌套太深", "不需要这么多层")
    if isinstance(node, yaml.ScalarNode):
        return _readable(str(node.value), line)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(n, (*place, at), lines) for at, n in enumerate(node.value)]
    found: dict[str, Tree] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise NotPlain(line, "键应当是一个词", "不要用列表作键")
        name = _readable(str(key.value), line)
        if name in found or name == "<<":
            raise NotPlain(line, f"键“{name}”重复或不可用", "每个键只写一次")
        is_bare = value.start_mark.index == key.end_mark.index
        if found and is_bare and getattr(node, "flow_style", False):
            raise NotPlain(line, *slip_in_set(name))
        lines[(*place, name)] = line
        found[name] = _plain(value, (*place, name), lines)
    return found


def _readable(text: str, line: int) -> str:
    """Text that can be shown and stored: no control characters, no half characters."""
    if all(c.isprintable() or c in "\n\t" for c in text):
        return text
    raise NotPlain(line, "有不可见或不完整的字符", "删去控制字符，重新输入")
