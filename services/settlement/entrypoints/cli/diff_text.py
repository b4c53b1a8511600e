"""Differences between two policies as people read them (政策比较表), and as JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from settlement.application.compare_policies import Comparison
from settlement.application.comparing.changes import Basis, Change, ChangeKind
from settlement.application.comparing.worth import Worth
from settlement.entrypoints.cli.anything_in_words import Speaker
from settlement.entrypoints.policy_words import situation_in_words
from settlement.law.exact import Ratio
from settlement.law.facts import Test
from settlement.law.numbers import Missing, Unlimited
from settlement.law.policy import Policy

KIND_WORDS = {
    ChangeKind.ADDED: "新增",
    ChangeKind.REMOVED: "取消",
    ChangeKind.MOVED: "移动",
    ChangeKind.RENAMED: "改名",
    ChangeKind.CHANGED: "变化",
    ChangeKind.EVIDENCE: "依据",
    ChangeKind.REWRITTEN: "写法",
}
_MOST_PLACES = 8


def print_comparison(found: Comparison, target: Console) -> None:
    """All differences: the document's, layer by layer, then evidence alone and wording."""
    for word, policy in (("原来", found.before), ("现在", found.after)):
        target.print(f"{word}：{escape(_named(policy))}", highlight=False)
    words = _Words(found)
    own = [c for c in found.changes if c.kind is not ChangeKind.EVIDENCE]
    for layer_id in dict.fromkeys(change.layer for change in own):
        title = words.layer_title(layer_id)
        _print_changes(title, [c for c in own if c.layer == layer_id], words, target)
    _print_evidence(found, words, target)
    for line in _wording(found):
        target.print(escape(line), highlight=False)
    target.print(_summary(found), highlight=False)


def comparison_as_json(found: Comparison) -> dict[str, Any]:
    """The same for programs: words, and amounts in fen where a number changed."""
    words = _Words(found)
    return {
        "before": _identified(found.before),
        "after": _identified(found.after),
        "same_text": found.is_same_text,
        "only_worded": found.is_only_worded,
        "only_rewritten": found.is_only_rewritten,
        "changes": [_change_as_json(change, words) for change in found.changes],
        "worded": list(found.worded),
        "written": list(found.written),
        "summary": _summary(found),
    }


class _Words:
    """Both policies' ways to put things."""

    def __init__(self, found: Comparison):
        self.found = found
        self.before, self.after = Speaker(found.before), Speaker(found.after)

    def layer_title(self, layer_id: str | None) -> str:
        if layer_id is None:
            return "文件一级"
        layers = {x.id: x for x in (*self.found.before.layers, *self.found.after.layers)}
        return f"{layers[layer_id].name}（{layer_id}）"

    def of(self, change: Change) -> tuple[str, str]:
        """What it was and what it is, for a change of any kind."""
        if change.kind is ChangeKind.MOVED:
            return f"第 {change.before} 层", f"第 {change.after} 层"
        return self.before.say(change.before), self.after.say(change.after)


def _named(policy: Policy) -> str:
    fictional = "（虚构）" if policy.fictional else ""
    return f"{policy.label}{fictional}　指纹 {policy.fingerprint[:12]}"


def _identified(policy: Policy) -> dict[str, str]:
    return {"label": policy.label, "title": policy.title, "fingerprint": policy.fingerprint}


def _print_changes(title: str, changes: Iterable[Change], words: _Words, target: Console) -> None:
    table = _table(("", "规则", "谁、何处、何种情形", "原来", "现在", "依据"))
    for change in changes:
        was, now = words.of(change)
        table.add_row(
            *map(
                escape,
                (
                    KIND_WORDS[change.kind],
                    change.item or "整层",
                    _whom(change),
                    was,
                    now,
                    _bases_in_words(change),
                ),
            )
        )
    target.print(f"[bold]{escape(title)}[/]", highlight=False)
    target.print(table)


def _whom(change: Change) -> str:
    is_number = isinstance(change.before, Worth) or not change.situation.is_always
    return situation_in_words(change.situation) if is_number else ""


def _print_evidence(found: Comparison, words: _Words, target: Console) -> None:
    """Rules that rest on something else and say the same, by what they rest on."""
    grouped: dict[tuple[Any, Any], list[str]] = {}
    for change in found.changes:
        if change.kind is ChangeKind.EVIDENCE:
            whose = words.layer_title(change.layer).split("（")[0] if change.layer else ""
            whom = f"（{_whom(change)}）" if not change.situation.is_always else ""
            item = "·".join(w for w in (whose, change.item) if w)
            key = _without_equal_places(change)
            grouped.setdefault(key, []).append(item + whom)
    if not grouped:
        return
    target.print("[bold]规则未变，依据变了[/]", highlight=False)
    table = _table(("哪些", "原来的依据", "现在的依据"))
    for (was, now), items in grouped.items():
        listed = "、".join(dict.fromkeys(items))
        table.add_row(escape(listed), escape(_bases(was)), escape(_bases(now)))
    target.print(table)


def _without_equal_places(change: Change) -> tuple[tuple[Basis, ...], tuple[Basis, ...]]:
    """The bases; where each stands in the same place as before, without the places."""
    was, now = change.before_bases, change.after_bases
    if [b.place for b in was] != [b.place for b in now]:
        return was, now
    return (
        tuple(replace(b, place=None) for b in was),
        tuple(replace(b, place=None) for b in now),
    )


def _table(columns: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _bases_in_words(change: Change) -> str:
    """What it rests on, where that changed, too."""
    if change.before_bases == change.after_bases:
        return ""
    return f"{_bases(change.before_bases)} → {_bases(change.after_bases)}"


def _bases(bases: tuple[Basis, ...]) -> str:
    return "＋".join(f"{b.status.label}《{b.source}》{b.place or ''}" for b in bases) or "（没有）"


def _wording(found: Comparison) -> Iterator[str]:
    if found.is_same_text:
        return
    if found.is_only_worded:
        yield f"只有文字不同（说明或标题）：{_places(found.worded)}"
    elif found.is_only_rewritten:
        yield f"写法不同，读出的规则相同：{_places(found.written)}"
    if found.worded and not found.is_only_worded:
        yield f"另有 {len(found.worded)} 处说明或标题的文字不同：{_places(found.worded)}"


def _places(paths: tuple[str, ...]) -> str:
    more = f" 等 {len(paths)} 处" if len(paths) > _MOST_PLACES else ""
    return "、".join(paths[:_MOST_PLACES]) + more


def _summary(found: Comparison) -> str:
    if found.is_same_text:
        return "两份政策相同。"
    if not found.changes:
        return "规则没有变化。"
    counted = dict.fromkeys(ChangeKind, 0)
    for change in found.changes:
        counted[change.kind] += 1
    said = "，".join(f"{KIND_WORDS[kind]} {n} 处" for kind, n in counted.items() if n)
    return f"共 {len(found.changes)} 处：{said}"


def _change_as_json(change: Change, words: _Words) -> dict[str, Any]:
    was, now = words.of(change)
    return {
        "kind": change.kind.value,
        "layer": change.layer,
        "item": change.item,
        "path": change.path,
        "situation": _whom(change),
        "when": [_test_as_json(test) for test in change.situation.when],
        "unless": [_test_as_json(test) for test in change.situation.unless],
        "before": was,
        "after": now,
        "before_value": _machine_value(change.before),
        "after_value": _machine_value(change.after),
        "before_bases": [_basis_as_json(b) for b in change.before_bases],
        "after_bases": [_basis_as_json(b) for b in change.after_bases],
    }


def _test_as_json(test: Test) -> dict[str, Any]:
    if test.values:
        return {"fact": test.fact, "values": sorted(test.values)}
    return {"fact": test.fact, "from": test.least, "to": test.most}


def _machine_value(value: Any) -> Any:
    """Fen as a whole number, a ratio as a percentage, None for everything else."""
    if isinstance(value, Worth):
        value = value.value
    if isinstance(value, bool | Missing | Unlimited):
        return None
    if isinstance(value, Ratio):
        return str(value)
    return value if isinstance(value, int) else None


def _basis_as_json(basis: Basis) -> dict[str, str | None]:
    return {"status": basis.status.value, "source": basis.source, "place": basis.place}
