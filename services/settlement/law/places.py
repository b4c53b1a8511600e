"""Places in a document (位置): where a policy's number stands, so that messages can point at it."""

import json
from collections.abc import Mapping, Sequence

from settlement.law.document import Path, Tree
from settlement.law.policy import Layer, Policy


class Places:
    """Finds layers and numbers of one policy in its document."""

    def __init__(self, policy: Policy):
        """Read the document the policy was made from."""
        self.document: Tree = json.loads(policy.canonical_text)
        self._layer_at = {layer.id: at for at, layer in enumerate(policy.layers)}

    def layer(self, layer: Layer) -> Path:
        """The place of a layer."""
        return ("layers", self._layer_at[layer.id])

    def part(self, layer: Layer, part_id: str) -> Path:
        """The place of a part; a layer's only part stands at the layer itself."""
        for at, part in enumerate(self._members((*self.layer(layer), "parts"))):
            if isinstance(part, Mapping) and part.get("id") == part_id:
                return (*self.layer(layer), "parts", at)
        return self.layer(layer)

    def number(self, layer: Layer | None, name: str) -> Path:
        """The place of a number, by its name such as `basic.class_a.rate`.

        Numbers of the whole document (`parameter.income`, `deposit.amount`) have no layer.
        """
        if layer is None:
            return self._of_document(name.split("."))
        words = name.removeprefix(f"{layer.id}.").split(".")
        place = self.layer(layer)
        if len(words) > 1 and self.part(layer, words[0]) != place:
            place, words = self.part(layer, words[0]), words[1:]
        place = self._rule(place, words[0])
        for word in words[1:]:
            place = self._inside(place, word)
        return place

    def _of_document(self, words: list[str]) -> Path:
        if words[0] == "parameter":
            inner = self._at(("parameters", words[1]))
            unit = "ratio" if isinstance(inner, Mapping) and "ratio" in inner else "amount"
            return ("parameters", words[1], unit)
        if words[0] == "reported":
            for at, row in enumerate(self._members(("reported",))):
                if isinstance(row, Mapping) and row.get("id") == words[1]:
                    return ("reported", at, *words[2:])
        return tuple(words)

    def _rule(self, place: Path, word: str) -> Path:
        """Where a layer or a part keeps one of its rules."""
        head, _, ordinal = word.rpartition("_")
        if head == "cap":
            return (*place, "caps", int(ordinal) - 1, "amount")
        if head == "band":
            return (*place, "bands", "rows", int(ordinal) - 1)
        if word == "fixed":
            return (*place, "base", "fixed")
        inner = self._at((*place, word))
        is_wrapped = isinstance(inner, Mapping) and "amount" in inner
        return (*place, word, "amount") if is_wrapped else (*place, word)

    def _inside(self, place: Path, word: str) -> Path:
        """Where a rule keeps one of its numbers: a row, an edge, a share, a limit."""
        head, _, ordinal = word.rpartition("_")
        if head == "row":
            return (*place, "rows", int(ordinal) - 1)
        if word == "edge":
            row = self._at(place)
            return (*place, "up_to" if isinstance(row, Mapping) and "up_to" in row else "below")
        if word == "limit":
            return (*(place[:-1] if place[-1] == "amount" else place), "limit", "amount")
        return (*place, word)

    def row(self, layer: Layer | None, name: str, row: int) -> Path:
        """The place of one row of a number; the number itself when it has no rows."""
        place = self.number(layer, name)
        return (*place, "choose", row) if self._members((*place, "choose")) else place

    def adjustment(self, layer: Layer | None, name: str, row: int) -> Path:
        """The place of one adjustment of a number."""
        return (*self.number(layer, name), "adjust", row)

    def is_written(self, place: Path) -> bool:
        """Whether the document says anything at this place."""
        return self._at(place) != ""

    def _members(self, place: Path) -> Sequence[Tree]:
        found = self._at(place)
        return found if isinstance(found, Sequence) and not isinstance(found, str) else ()

    def _at(self, place: Path) -> Tree:
        tree = self.document
        for key in place:
            tree = _member(tree, key)
        return tree


def _member(tree: Tree, key: str | int) -> Tree:
    if isinstance(tree, Mapping):
        return tree.get(key, "") if isinstance(key, str) else ""
    if isinstance(tree, str) or isinstance(key, str) or key >= len(tree):
        return ""
    return tree[key]
