"""The arithmetic that the kernel writes, as files that mutants can be made of (生成的算式).

mutmut changes functions in files; the function of a policy is text that the kernel writes. The
kept stories of tests/settlement/kernel settle bills under one document with this rule or that
changed: the function of each of these documents becomes a module of `arithmetic`, and the stories
are told again with the module's function in the place of the kernel's.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from settlement.kernel.cascade import Cascade, compile_policy
from settlement.kernel.names import part_variable
from settlement.law.reading import read_policy
from tests.settlement.kernel.kept_texts import stories_in
from tests.settlement.kernel.test_what_a_settlement_says import KEPT, told
from tests.settlement.policies.drafts import tree_of

PACKAGE = "arithmetic"
_HEAD = '"""Written by tests/mutation/generated.py."""\n\n\n'
_KNOWN = "  # pragma: no mutate"
_BEST_MET = "basic__class_a"
"""The part that most stays come to: of new lines that are alike, its line is changed."""


def cascades() -> Iterator[tuple[str, Cascade]]:
    """Each different function of the stories, with the name of its module."""
    names: dict[str, str] = {}
    for story in stories_in(KEPT):
        cascade = compile_policy(read_policy(tree_of(told(story.done).text)))
        source = cascade.shape.source
        if source not in names:
            names[source] = f"variant_{len(names)}" if names else "whole_language"
            yield names[source], cascade


def write_modules(folder: Path) -> None:
    """Write the functions; of the variants, only lines may be changed that are unlike every line
    of those before, whatever layer they stand in."""
    folder.mkdir(exist_ok=True)
    _write(folder / "__init__.py", "")
    seen: set[str] = set()
    for name, cascade in cascades():
        stems = sorted(_stems(cascade), key=len, reverse=True)
        layer = re.compile(rf"\b([nps]_|s_|year_)?({'|'.join(stems)})(?=_)")
        lines = cascade.shape.source.splitlines()
        alike = [layer.sub(r"\1layer", line) for line in lines]
        new = {like: line for line, like in zip(lines, alike, strict=True) if like not in seen}
        new |= {like: line for line, like in zip(lines, alike, strict=True) if _BEST_MET in line}
        marked = [
            line
            if _is_head(line) or not line.strip() or not seen or _is_new(line, like, new, seen)
            else f"{line}{_KNOWN}"
            for line, like in zip(lines, alike, strict=True)
        ]
        seen |= set(alike)
        _write(folder / f"{name}.py", _HEAD + "\n".join(marked) + "\n")


def _stems(cascade: Cascade) -> Iterator[str]:
    for layer in cascade.policy.layers:
        yield layer.id
        yield from (part_variable(layer, part) for part in layer.parts)


def _is_new(line: str, like: str, new: dict[str, str], seen: set[str]) -> bool:
    """One line of each new kind."""
    return like not in seen and new.get(like) == line


def _is_head(line: str) -> bool:
    return not line.startswith("    ") or line.rstrip().endswith(("(", ","))


def _write(file: Path, text: str) -> None:
    """Leave a file alone that says the same: its mutants are known."""
    if not file.is_file() or file.read_text("utf-8") != text:
        file.write_text(text, "utf-8")
