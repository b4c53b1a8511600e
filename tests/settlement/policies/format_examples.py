"""The examples of FORMAT.md, each put into a document it can stand in.

A block is told apart by how it begins: a whole head, keys of the document, layers, or lines of one
layer (four spaces in). One that shows several ways to write a key is taken apart.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from settlement.adapters.policy_files import SHIPPED_POLICIES

TEXT = (SHIPPED_POLICIES / "FORMAT.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```yaml\n(.*?)```", TEXT, flags=re.DOTALL)

Load = Callable[[str], Any]
"""Reads YAML: as the product does, into text, or as an editor does."""

AROUND = """\
yizhan_policy: 1
region: "990102"
region_name: 测试县
scheme: resident
version: 1
title: 测试政策
in_force: {from: 2020-01-01}
dates:
  version_chosen_by: admission
  person_asked_as_of: admission
  benefit_year: {begins: 01-01, chosen_by: discharge}
rounding: {mode: half_up, to: fen}
sources:
  yubei_qa: {title: 测试文件}
  laozhang_qa: {title: 测试文件二}
evidence: {status: stated, source: yubei_qa}
layers:
  - {id: basic, payer: basic, pool: "990100", base: in_scope, deductible: 300, rate: 70%}
  - {id: critical, payer: 大病保险, pool: "990100", base: in_scope - basic, rate: 10%}
  - id: assistance
    payer: 医疗救助
    pool: "990100"
    base: in_scope - basic - critical
    rate: 10%
    caps: [{per: year, of: payment, amount: 5000}]
"""
"""What an example of a part stands in: three layers that it may name."""

LAYER = """\
id: example
payer: 财政兜底
pool: "990100"
base: in_scope - basic
rate: 10%
"""
"""What lines of a layer stand in."""

_WHAT_A_LAYER_COMPUTES = ("base", "rate")


@dataclass(frozen=True)
class Example:
    """One example: the line it begins with, and the document it makes for a loader."""

    block: str
    make: Callable[[Load], Any]

    def __str__(self) -> str:
        """What a test is called."""
        return self.block.strip().splitlines()[0][:40]


def examples() -> Iterator[Example]:
    """Every policy the guide's examples make."""
    for block in BLOCKS:
        if block.startswith("- name:"):
            continue
        for part in _alternatives(block):
            yield Example(part, _maker(part))


def case_examples() -> list[str]:
    """The blocks that are files of worked cases."""
    return [block for block in BLOCKS if block.startswith("- name:")]


def _alternatives(block: str) -> Iterator[str]:
    """The block, or one example for each time the same key of a layer is written."""
    if not block.startswith("    ") or block.startswith("     "):
        yield block
        return
    entries = re.split(r"(?m)^(?= {4}[a-z_]+:)", block)
    keys = [entry.split(":")[0].strip() for entry in entries if entry.strip()]
    if len(set(keys)) == len(keys):
        yield block
    else:
        yield from (entry for entry in entries if entry.strip())


def _maker(block: str) -> Callable[[Load], Any]:
    def make(load: Load) -> Any:
        written = load(block)
        around = {**load(AROUND), **load(_block("parameters:")), "asks": _asks_in(block, load)}
        if block.startswith("yizhan_policy:"):
            return {**written, **load(_block("layers:"))}
        if isinstance(written, list):
            return {**around, "layers": _placed(around["layers"], written)}
        if block.startswith("    "):
            if "deductible_taken_from" in written and "parts" not in written:
                written = {**load(_block("    deductible: 1200")), **written}
            return {**around, "layers": [*around["layers"], _layer(load(LAYER), written)]}
        return {**around, **written}

    return make


def _asks_in(block: str, load: Load) -> dict[str, Any]:
    """What the example asks of the bill, as the guide declares it."""
    declared = load(_block("asks:"))["asks"]
    return {name: ask for name, ask in declared.items() if re.search(rf"\b{name}:", block)}


def _block(begins: str) -> str:
    return next(block for block in BLOCKS if block.startswith(begins))


def _placed(layers: list[Any], written: list[Any]) -> list[Any]:
    """Layers of an example take the place of those with their id, or stand at the end."""
    own = {layer["id"]: layer for layer in written}
    kept = [own.pop(layer["id"], layer) for layer in layers]
    return kept + list(own.values())


def _layer(around: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    elsewhere, parts = "decided_elsewhere" in written, "parts" in written
    left_out = _WHAT_A_LAYER_COMPUTES if elsewhere or parts else ()
    if "bands" in written:
        left_out = (*left_out, "rate")
    return {key: value for key, value in around.items() if key not in left_out} | dict(written)
