"""An independent reading of policies (对照算法): exact fractions, straight from the law's text.

It reads a policy's canonical text by itself, walks the document each time, and rounds Fractions.
Nothing is imported from the product but the words of `contracts`; a test makes sure of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests.support.oracle_facts import Refused, View, holds, key_of, view_of, view_of_layer
from tests.support.oracle_layer import LayerReading, Settled
from tests.support.oracle_text import (
    counted_toward,
    counters_of,
    expressions_of,
    fixed_base,
    keys_of,
    may_come_later,
    numbers_of,
    parts_of,
    pays_the_bill,
    sums_of,
    terms_of,
    written,
)
from tests.support.oracle_values import Weighed, rows_of, status, status_inside, weigh

_INSIDE = ("base", "deductible", "first_self_pay", "eligible", "computed", "over_cap")


@dataclass(frozen=True)
class Reported:
    """An indicator that is only reported: fen, or fen of fen and whether the target is met.

    `missing` is the amount or the fact that nobody stated.
    """

    amount: int | None = None
    share: tuple[int, int] | None = None
    met: bool | None = None
    missing: str | None = None


@dataclass
class Answer:
    """What the oracle finds, in fen: what each layer's name stands for, each part's, the rest.

    `outside` holds (layer, kind, payer, fund, fen); `counters` every total of the year that this
    stay may have moved, by its name in the ledger; `assumed` names everything that had a say and
    that no document states.
    """

    paid: dict[str, int] = field(default_factory=dict)
    inside: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    outside: list[tuple[str, str, str, str, int]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    reported: dict[str, Reported] = field(default_factory=dict)
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
    return _Reading(_document(text), claim).answer()


@lru_cache(maxsize=8)
def _document(text: str) -> Mapping[str, Any]:
    """The tree of a text; nothing here changes it."""
    found: Mapping[str, Any] = json.loads(text)
    return found


class _Reading:
    """One stay read against one document."""

    def __init__(self, document: Mapping[str, Any], claim: Claim):
        self.document = document
        self.claim = claim
        self.left = claim.amounts["total"]
        self.known: dict[str, int] = dict(claim.amounts)
        self.years: dict[str, int] = dict(claim.counters)
        self.status = status(document["evidence"], "assumed")
        self.view = view_of(document, claim.facts, self.status)
        self.keys = keys_of(document)
        self.sums = sums_of(document)
        self.result = Answer()
        for name in self.sums:
            self.known[f"year.{name}"] = claim.counters.get(f"sum.{name}", 0)

    def answer(self) -> Answer:
        layers = self.document["layers"]
        views = {
            x["id"]: view_of_layer(self.document, x, self.claim.facts, self.status) for x in layers
        }
        applied = {x["id"]: holds(x.get("applies"), views[x["id"]].facts) for x in layers}
        numbers = {
            name: found
            for x in layers
            if applied[x["id"]]
            for name, found in self.looked_up(x, views[x["id"]])
        }
        ledger = {x["id"]: self.ledger_of(x) if applied[x["id"]] else {} for x in layers}
        self.require(layers, applied)
        for name in ("region", "in_force", "dates"):
            self.doubt(name, status(self.document[name], self.status))
        if people := self.document.get("people"):
            self.doubt("people", status(people, self.status))
        for layer in layers:
            whole = status(layer, self.status)
            matters = self.left > 0 or not pays_the_bill(layer)
            if layer.get("applies") and (matters or self.looks_at_any(layer, applied)):
                self.doubt(f"{layer['id']}.applies", status(layer["applies"], whole))
            if not applied[layer["id"]]:
                self.nothing(layer)
            elif "decided_elsewhere" in layer:
                self.elsewhere(layer, ledger[layer["id"]])
            else:
                reading = LayerReading(self, layer, numbers, ledger[layer["id"]])
                self.keep(layer, reading.settle())
        self.close()
        return self.result

    def looked_up(self, layer: Mapping[str, Any], view: View) -> list[tuple[str, Weighed]]:
        """Every number of the layer that these facts choose."""
        found = []
        for name, node, unit, around in numbers_of(layer):
            outer = status_inside((layer, *around), self.status)
            found.append((name, weigh(node, unit, outer, view)))
        return found

    def ledger_of(self, layer: Mapping[str, Any]) -> dict[str, str]:
        """The name in the ledger of each counter the layer moves. Raises Refused."""
        return {name: self.total_of(name) for name in (*counters_of(layer), *counted_toward(layer))}

    def total_of(self, counter: str) -> str:
        """Its name in the ledger; nothing of a bill that belongs to no episode. Raises Refused."""
        fact = self.keys.get(counter)
        if fact is None:
            return counter
        if fact == "episode" and self.view.facts.get(fact) is None:
            return ""
        return f"{counter}@{key_of(fact, self.view.facts)}"

    def require(self, layers: list[dict[str, Any]], applied: Mapping[str, bool]) -> None:
        decided = {x["id"]: x for x in layers if "decided_elsewhere" in x and applied[x["id"]]}
        for name in self.claim.elsewhere:
            if name not in decided:
                raise Refused("elsewhere_unexpected", name)
        ids = {x["id"] for x in layers} | {"this", "patient"}
        needed = [
            name.removeprefix("year.")
            for layer in layers
            if applied[layer["id"]]
            for text in expressions_of(layer)
            for _, name in terms_of(text)
        ]
        for name in [*needed, *self.sums]:
            if name.split(".")[0] not in ids and name not in self.claim.amounts:
                raise Refused("amount", name)
        for name, layer in decided.items():
            if name not in self.claim.elsewhere and not may_come_later(layer):
                raise Refused("elsewhere_missing", name)

    def looks_at_any(self, layer: Mapping[str, Any], applied: Mapping[str, bool]) -> bool:
        """Whether the layer is for this stay and some part of it has a cost to look at."""
        return applied[layer["id"]] and any(
            fixed_base(part) is not None or self.sum_of(written(part["base"])) > 0
            for part in parts_of(layer)
        )

    def doubt(self, name: str, said: str) -> None:
        """What had a say is assumed unless a document states it."""
        if said != "stated":
            self.result.assumed.add(name)

    def used(self, name: str, number: Weighed) -> None:
        """A number had a say, and so had the parameters it is made of."""
        if number.doubtful:
            self.result.assumed.add(name)
        self.result.assumed |= {f"parameter.{name}" for name in number.parameters}

    def sum_of(self, expression: str) -> int:
        return sum(sign * self.known[name] for sign, name in terms_of(expression))

    def year(self, counter: str) -> int:
        return self.years.get(counter, 0)

    def move(self, counter: str, fen: int) -> None:
        if counter:
            self.years[counter] = self.year(counter) + fen

    def keep(self, layer: Mapping[str, Any], settled: Settled) -> None:
        """What a layer settled now stands under its names; who pays it, and where."""
        name = layer["id"]
        for part, found in settled.parts.items():
            for what in _INSIDE:
                self.note(layer, part, what, found[what])
            self.known[f"{name}.{part}"] = self.result.paid[f"{name}.{part}"] = found["paid"]
        self.pay(layer, settled.paid, settled.surplus)

    def pay(self, layer: Mapping[str, Any], fen: int, surplus: int = 0) -> None:
        name, payer = layer["id"], layer["payer"]
        self.known[name] = self.result.paid[name] = fen
        if "pool" in layer and payer != "hospital" and fen + surplus > 0:
            said = status(layer["pool"], status(layer, self.status))
            self.doubt(f"{name}.pool", said)
        if "borne_by" in layer and fen + surplus > 0:
            said = status(layer["borne_by"], status(layer, self.status))
            self.doubt(f"{name}.borne_by", said)
        if payer == "none":
            return
        pool = layer.get("pool", "")
        fund = f"{pool['code'] if isinstance(pool, dict) else pool}-{payer}"
        if layer.get("pays") == "cash":
            self.result.outside.append((name, "cash", payer, fund, fen))
            return
        if layer.get("surplus") == "hospital":
            self.result.outside.append((name, "surplus", payer, fund, surplus))
        self.left -= fen
        if payer == "patient":
            self.result.patient += fen

    def nothing(self, layer: Mapping[str, Any]) -> None:
        """A layer that does not apply looked at nothing, took nothing off and paid nothing."""
        zeros = dict.fromkeys((*_INSIDE, "paid"), 0)
        self.keep(layer, Settled({p["id"]: zeros for p in parts_of(layer)}))

    def note(self, layer: Mapping[str, Any], part: str, what: str, fen: int) -> None:
        names = {f"{layer['id']}.{part}.{what}", f"{layer['id']}.{what}"}
        for name in names:
            self.known[name] = self.known.get(name, 0) + fen
            self.result.inside[name] = self.known[name]

    def elsewhere(self, layer: Mapping[str, Any], ledger: Mapping[str, str]) -> None:
        decided = layer["decided_elsewhere"]
        if layer["id"] not in self.claim.elsewhere:
            self.result.pending.append(layer["id"])
        amount = self.claim.elsewhere.get(layer["id"], 0)
        limit = self.sum_of(written(decided["at_most"]))
        if pays_the_bill(layer):
            limit = min(limit, self.left)
        if amount > max(0, limit):
            raise Refused("elsewhere_too_large", layer["id"])
        if self.left > 0 or not pays_the_bill(layer):
            said = status(decided, status(layer, self.status))
            self.doubt(f"{layer['id']}.decided_elsewhere", said)
        self.pay(layer, amount)
        for counter in set(counted_toward(layer)):
            self.move(ledger[counter], amount)

    def close(self) -> None:
        """What is left is the patient's; totals of the year move; indicators are reported."""
        self.result.patient += self.left
        self.known["patient"] = self.result.patient
        for name in self.sums:
            self.move(f"sum.{name}", self.known[name])
        self.move("admissions", 1)
        if tier := self.claim.facts.get("tier"):
            self.move(f"admissions@{tier}", 1)
        self.result.counters = self.years
        for measure in self.document.get("reported") or []:
            whole = status(measure, self.status)
            self.doubt(f"reported.{measure['id']}", whole)
            target = measure.get("target")
            for row in rows_of(target) if target else ():
                told = row.get("otherwise", row) if isinstance(row, dict) else row
                said = status(told, status(target, whole))
                self.doubt(f"reported.{measure['id']}.target", said)
            try:
                if holds(measure.get("applies"), self.view.facts):
                    self.result.reported[measure["id"]] = self.reported(measure)
            except Refused as unknown:
                self.result.reported[measure["id"]] = Reported(missing=unknown.name)

    def reported(self, measure: Mapping[str, Any]) -> Reported:
        """What is told of an indicator. Raises Refused where a fact was not stated."""
        target = None
        if "target" in measure:
            target = weigh(measure["target"], "share", self.status, self.view).value
        sums = [written(measure[key]) for key in ("amount", "share", "of") if key in measure]
        for name in (name for text in sums for _, name in terms_of(text)):
            if name not in self.known:
                return Reported(missing=name)
        if "amount" in measure:
            return Reported(amount=self.sum_of(sums[0]))
        share = self.sum_of(sums[0]), self.sum_of(sums[1])
        if share[1] <= 0:
            return Reported()
        return Reported(share=share, met=None if target is None else Fraction(*share) >= target)
