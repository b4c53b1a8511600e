"""An independent reading of policies (对照算法): exact fractions, straight from the law's text.

It reads a policy's canonical text by itself, walks the document each time, and rounds Fractions.
Nothing is imported from the product but the words of `contracts`; a test makes sure of it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.support.oracle_text import (
    cap_counter,
    cap_counters,
    counters_of,
    deductible_counter,
    eaten_parts,
    expression,
    expressions_of,
    numbers_of,
    parts_of,
    terms_of,
)
from tests.support.oracle_values import Refused, holds, is_doubtful, status, value

_QUANTA = {"fen": 1, "分": 1, "jiao": 10, "角": 10, "yuan": 100, "元": 100}


@dataclass
class Answer:
    """What the oracle finds, in fen: each layer's payment, each part's (`layer.part`), the rest.

    `assumed` names everything that had a say and that no document states.
    """

    paid: dict[str, int] = field(default_factory=dict)
    deductible: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    patient: int = 0
    assumed: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Claim:
    """One stay for the oracle: plain fen, plain facts; a fact that is None was never stated."""

    amounts: Mapping[str, int]
    facts: Mapping[str, Any]
    counters: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)


def settle_by_the_letter(text: str, claim: Claim) -> Answer:
    """Settle one stay under the policy written in `text`. Raises Refused."""
    return _Reading(json.loads(text), claim).answer()


class _Reading:
    """One stay read against one document."""

    def __init__(self, document: Mapping[str, Any], claim: Claim):
        self.document = document
        self.claim = claim
        self.left = claim.amounts["total"]
        self.known: dict[str, int] = dict(claim.amounts)
        self.years: dict[str, int] = dict(claim.counters)
        self.status = status(document["evidence"], "assumed")
        self.result = Answer()

    def answer(self) -> Answer:
        layers = self.document["layers"]
        applied = {x["id"]: holds(x.get("applies"), self.claim.facts) for x in layers}
        numbers = {
            name: value(node, unit, self.claim.facts)
            for x in layers
            if applied[x["id"]]
            for name, node, unit in numbers_of(x)
        }
        self.require(layers, applied)
        for name in ("region", "in_force", "dates"):
            self.doubt(name, status(self.document[name], self.status))
        for layer in layers:
            whole = status(layer, self.status)
            if layer.get("applies") and (self.left > 0 or self.looks_at_any(layer, applied)):
                self.doubt(f"{layer['id']}.applies", status(layer["applies"], whole))
            if not applied[layer["id"]]:
                self.nothing(layer)
            elif "decided_elsewhere" in layer:
                self.elsewhere(layer)
            else:
                _LayerReading(self, layer, numbers).settle()
        self.result.patient = self.left
        moved = {name for x in layers for name in counters_of(x)}
        self.result.counters = {name: self.years.get(name, 0) for name in moved}
        return self.result

    def require(self, layers: list[dict[str, Any]], applied: Mapping[str, bool]) -> None:
        decided = {x["id"] for x in layers if "decided_elsewhere" in x and applied[x["id"]]}
        for name in self.claim.elsewhere:
            if name not in decided:
                raise Refused("elsewhere_unexpected", name)
        ids = {x["id"] for x in layers}
        for layer in layers:
            if applied[layer["id"]]:
                for expression in expressions_of(layer):
                    for _, name in terms_of(expression):
                        if name.split(".")[0] not in ids and name not in self.claim.amounts:
                            raise Refused("amount", name)
        for name in (x["id"] for x in layers if x["id"] in decided):
            if name not in self.claim.elsewhere:
                raise Refused("elsewhere_missing", name)

    def looks_at_any(self, layer: Mapping[str, Any], applied: Mapping[str, bool]) -> bool:
        """Whether the layer is for this stay and some part of it has a cost to look at."""
        return applied[layer["id"]] and any(
            self.sum_of(expression(part, "base")) > 0 for part in parts_of(layer)
        )

    def doubt(self, name: str, said: str) -> None:
        """What had a say is assumed unless a document states it."""
        if said != "stated":
            self.result.assumed.add(name)

    def sum_of(self, expression: str) -> int:
        return sum(sign * self.known[name] for sign, name in terms_of(expression))

    def pay(self, layer: Mapping[str, Any], parts: Mapping[str, int]) -> None:
        whole = sum(parts.values())
        if whole > 0 and "pool" in layer and layer["payer"] != "hospital":
            said = status(layer["pool"], status(layer, self.status))
            self.doubt(f"{layer['id']}.pool", said)
        self.left -= whole
        self.known[layer["id"]] = self.result.paid[layer["id"]] = whole
        for part, paid in parts.items():
            self.known[f"{layer['id']}.{part}"] = paid
            self.result.paid[f"{layer['id']}.{part}"] = paid

    def nothing(self, layer: Mapping[str, Any]) -> None:
        """A layer that does not apply looked at nothing, took nothing off and paid nothing."""
        self.pay(layer, {p["id"]: 0 for p in parts_of(layer)})
        for part in parts_of(layer):
            for what in ("base", "deductible", "first_self_pay"):
                self.note(layer, part, what, 0)

    def note(self, layer: Mapping[str, Any], part: Mapping[str, Any], what: str, fen: int) -> None:
        self.known[f"{layer['id']}.{part['id']}.{what}"] = fen
        whole = f"{layer['id']}.{what}"
        self.known[whole] = self.known.get(whole, 0) + fen

    def elsewhere(self, layer: Mapping[str, Any]) -> None:
        amount = self.claim.elsewhere[layer["id"]]
        limit = self.sum_of(layer["decided_elsewhere"]["at_most"])
        if amount > max(0, min(limit, self.left)):
            raise Refused("elsewhere_too_large", layer["id"])
        if self.left > 0:
            said = status(layer["decided_elsewhere"], status(layer, self.status))
            self.doubt(f"{layer['id']}.decided_elsewhere", said)
        self.pay(layer, {layer["id"]: amount})

    def year(self, counter: str) -> int:
        return self.years.get(counter, 0)


class _LayerReading:
    """One layer that applies and is computed here."""

    def __init__(
        self, stay: _Reading, layer: Mapping[str, Any], numbers: Mapping[str, Fraction | None]
    ):
        self.stay = stay
        self.layer = layer
        self.id = layer["id"]
        self.parts = parts_of(layer)
        self.numbers = numbers
        self.status = status(layer, stay.status)
        own = layer.get("rounding")
        self.rounding = own or stay.document["rounding"]
        self.rounding_name = f"{self.id}.rounding" if own else "rounding"
        self.rounding_status = status(self.rounding, self.status if own else stay.status)
        self.exactly = _rounding(self.rounding)

    def look_up(self, name: str) -> Fraction:
        """The number, asked for only when money has come to it."""
        found = self.numbers[f"{self.id}.{name}"]
        if found is None:
            raise Refused("number", f"{self.id}.{name}")
        return found

    def number(self, name: str) -> Fraction:
        """The number, which now has a say."""
        found = self.look_up(name)
        full = f"{self.id}.{name}"
        node = next(node for known, node, _ in numbers_of(self.layer) if known == full)
        if is_doubtful(node, self.status, self.stay.claim.facts):
            self.stay.result.assumed.add(full)
        return found

    def round(self, amount: Fraction) -> int:
        """The amount rounded as the law says; that matters where it is not whole already."""
        rounded = self.exactly(amount)
        if rounded != amount:
            self.stay.doubt(self.rounding_name, self.rounding_status)
        return rounded

    def settle(self) -> None:
        years_before = dict(self.stay.years)
        bases = self.bases(years_before)
        deducted = self.deducted(bases, years_before)
        counted = dict.fromkeys(cap_counters(self.layer, "cost"), sum(bases.values()))
        if own := deductible_counter(self.layer):
            counted[own] = sum(bases[part] for part in eaten_parts(self.layer))
        for counter, fen in counted.items():
            self.stay.years[counter] = self.stay.year(counter) + fen
        wanted = {}
        for part in self.parts:
            eligible = bases[part["id"]] - deducted[part["id"]]
            first, wanted[part["id"]] = self.share(part, eligible, deducted, years_before)
            self.stay.note(self.layer, part, "base", bases[part["id"]])
            self.stay.note(self.layer, part, "deductible", deducted[part["id"]])
            self.stay.note(self.layer, part, "first_self_pay", first)
        room = self.room(sum(wanted.values()), years_before)
        paid = {}
        for part, amount in wanted.items():
            paid[part] = min(amount, room)
            room -= paid[part]
        self.stay.pay(self.layer, paid)
        self.stay.result.deductible[self.id] = sum(deducted.values())
        for counter in cap_counters(self.layer, "payment"):
            self.stay.years[counter] = self.stay.year(counter) + sum(paid.values())

    def bases(self, years: Mapping[str, int]) -> dict[str, int]:
        found = {p["id"]: max(0, self.stay.sum_of(expression(p, "base"))) for p in self.parts}
        for part in self.parts:
            if self.stay.left > 0 or found[part["id"]] > 0:
                name = self.id if len(self.parts) == 1 else f"{self.id}.{part['id']}"
                self.stay.doubt(f"{name}.base", status(part["base"], self.status))
        for at, cap in enumerate(self.layer.get("caps") or [], start=1):
            if cap.get("of") == "cost":
                room = self.cap_left(at, cap, sum(found.values()), years)
                for part, amount in found.items():
                    found[part] = min(amount, room)
                    room -= found[part]
        return found

    def cap_left(
        self, at: int, cap: Mapping[str, Any], reached: int, years: Mapping[str, int]
    ) -> int:
        if reached <= 0:
            return 0
        limit = floor(self.number(f"cap_{at}"))
        return max(0, limit - years.get(cap_counter(self.layer, cap) or "", 0))

    def deducted(self, bases: Mapping[str, int], years: Mapping[str, int]) -> dict[str, int]:
        node = self.layer.get("deductible")
        eaten = eaten_parts(self.layer)
        looked_at = sum(bases[part] for part in eaten)
        if not node or looked_at == 0:
            return dict.fromkeys(bases, 0)
        threshold = floor(self.number("deductible"))
        before = years.get(deductible_counter(self.layer) or "", 0)
        if isinstance(node, dict) and node.get("kind") == "trigger":
            return dict.fromkeys(bases, 0) if before + looked_at > threshold else dict(bases)
        to_take = max(0, threshold - before)
        taken = dict.fromkeys(bases, 0)
        for part in eaten:
            taken[part] = min(bases[part], to_take)
            to_take -= taken[part]
        if len(bases) > 1 and any(taken.values()):
            said = status(self.layer.get("deductible_taken_from"), self.status)
            self.stay.doubt(f"{self.id}.deductible_taken_from", said)
        return taken

    def share(
        self,
        part: Mapping[str, Any],
        eligible: int,
        deducted: Mapping[str, int],
        years: Mapping[str, int],
    ) -> tuple[int, int]:
        """The first self-pay, and what the part would pay before caps."""
        if eligible == 0:
            return 0, 0
        prefix = "" if part is self.layer else f"{part['id']}."
        first = (
            self.number(f"{prefix}first_self_pay") if part.get("first_self_pay") else Fraction(0)
        )
        if part.get("rate"):
            share = eligible * self.number(f"{prefix}rate")
        else:
            share = self.in_bands(part, prefix, eligible, deducted[part["id"]], years)
        computed = min(eligible, self.round(share * (1 - first)))
        if part.get("minus"):
            if computed > 0:
                name = self.id if len(self.parts) == 1 else f"{self.id}.{part['id']}"
                self.stay.doubt(f"{name}.minus", status(part["minus"], self.status))
            computed = max(0, computed - max(0, self.stay.sum_of(expression(part, "minus"))))
        return min(eligible, self.round(eligible * first)), computed

    def in_bands(
        self,
        part: Mapping[str, Any],
        prefix: str,
        eligible: int,
        deducted: int,
        years: Mapping[str, int],
    ) -> Fraction:
        begin = 0
        if self.layer.get("deductible"):
            before = years.get(deductible_counter(self.layer) or "", 0)
            if part["bands"]["measured_from"] == "zero":
                begin = before + deducted
            else:
                begin = max(0, before - floor(self.number("deductible")))
        end, at, share = begin + eligible, begin, Fraction(0)
        edges: list[str] = []
        for number, row in enumerate(part["bands"]["rows"], start=1):
            if at >= end:
                break
            edge = end
            if row.get("up_to"):
                edges.append(f"{prefix}band_{number}.up_to")
                edge = min(end, floor(self.look_up(edges[-1])))
            if edge > at:
                share += (edge - at) * self.number(f"{prefix}band_{number}.rate")
                at = edge
                for near in edges[-2 if row.get("up_to") else -1 :]:
                    self.number(near)  # what fell in here fell between these two edges
        return share

    def room(self, wanted: int, years: Mapping[str, int]) -> int:
        room = self.stay.left
        for at, cap in enumerate(self.layer.get("caps") or [], start=1):
            if cap.get("of") != "cost" and wanted > 0:
                room = min(room, self.cap_left(at, cap, wanted, years))
        return room


def _rounding(node: Mapping[str, Any]) -> Callable[[Fraction], int]:
    quantum, mode = _QUANTA[node["to"]], node["mode"]

    def rounded(amount: Fraction) -> int:
        steps = amount / quantum
        if mode == "down":
            return floor(steps) * quantum
        if mode == "up":
            return ceil(steps) * quantum
        if mode == "half_up":
            return floor(steps + Fraction(1, 2)) * quantum
        return round(steps) * quantum  # Fractions round half to even

    return rounded
