"""One layer that applies and is computed here, by the letter (对照算法结算一层)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any, Protocol

from tests.support.oracle_facts import Refused
from tests.support.oracle_text import (
    cap_counter,
    cap_counters,
    counted_toward,
    deductible_amount,
    deductible_counter,
    deductible_limit,
    eaten_parts,
    edge_of,
    fixed_base,
    is_of_episode,
    is_trigger,
    limit_counter,
    parts_of,
    pays_the_bill,
    stem_of,
    takes_first_self_pay_before,
    whole_numbers_of,
    written,
)
from tests.support.oracle_values import Weighed, rounding_of, status, status_inside


@dataclass(frozen=True)
class Settled:
    """What a layer found, by part: base, deductible, first_self_pay, eligible, computed, paid."""

    parts: Mapping[str, Mapping[str, int]]
    surplus: int = 0

    @property
    def paid(self) -> int:
        return sum(part["paid"] for part in self.parts.values())


class Stay(Protocol):
    """What a layer needs of the stay it belongs to."""

    document: Mapping[str, Any]
    left: int
    known: dict[str, int]
    status: str

    def doubt(self, name: str, said: str) -> None: ...
    def used(self, name: str, number: Weighed) -> None: ...
    def sum_of(self, expression: str) -> int: ...
    def year(self, counter: str) -> int: ...
    def move(self, counter: str, fen: int) -> None: ...


@dataclass
class _Part:
    """One part on its way from what it looks at to what it pays, in fen.

    `name` is what the names of its numbers begin with, `sums` those of its expressions.
    """

    node: Mapping[str, Any]
    name: str
    sums: str
    base: int = 0
    first: int = 0
    deducted: int = 0
    computed: int = 0
    allowed: int = 0
    paid: int = 0
    is_first_before: bool = False

    @property
    def looked_at(self) -> int:
        """What the deductible sees."""
        return self.base - (self.first if self.is_first_before else 0)

    @property
    def eligible(self) -> int:
        return self.looked_at - self.deducted

    @property
    def figures(self) -> dict[str, int]:
        return {
            "base": self.base,
            "deductible": self.deducted,
            "first_self_pay": self.first,
            "eligible": self.eligible,
            "computed": self.computed,
            "over_cap": self.computed - self.paid,
            "paid": self.paid,
        }


@dataclass
class LayerReading:
    """One layer read against one stay; `ledger` says which totals its counters are."""

    stay: Stay
    layer: Mapping[str, Any]
    numbers: Mapping[str, Weighed]
    ledger: Mapping[str, str]
    parts: list[_Part] = field(init=False)

    def __post_init__(self) -> None:
        self.id = self.layer["id"]
        self.status = status(self.layer, self.stay.status)
        self.parts = [
            _Part(
                node,
                stem_of(self.layer, node),
                self.id if len(parts_of(self.layer)) == 1 else stem_of(self.layer, node),
                is_first_before=takes_first_self_pay_before(node),
            )
            for node in parts_of(self.layer)
        ]
        self.inherited = {
            name: status_inside((*around, node), self.status)
            for name, node, _, around in whole_numbers_of(self.layer)
        }
        self.before = {name: self.stay.year(total) for name, total in self.ledger.items()}

    def settle(self) -> Settled:
        self.look()
        self.stay.known["this.base"] = sum(part.base for part in self.parts)
        self.take_first_self_pay()
        self.deduct()
        self.count_costs()
        for part in self.parts:
            self.share(part)
        surplus = self.pay()
        self.count_payments(surplus)
        return Settled({p.node["id"]: p.figures for p in self.parts}, surplus)

    # --- numbers

    def look_up(self, name: str) -> Fraction:
        """The number, asked for only when money has come to it. Raises Refused."""
        found = self.numbers[name].value
        if found is None:
            raise Refused("number", name)
        return found

    def number(self, name: str) -> Fraction:
        """The number, which now has a say."""
        found = self.look_up(name)
        self.stay.used(name, self.numbers[name])
        return found

    def find(self, name: str, node: Any) -> Fraction:
        """A number that may be chosen by an amount, or be a share of one."""
        if isinstance(node, dict) and "by" in node:
            return self.picked(name, node)
        if isinstance(node, dict) and "share" in node:
            return self.share_of_amount(name, node)
        return self.number(name)

    def picked(self, name: str, node: Mapping[str, Any]) -> Fraction:
        amount = max(0, self.stay.sum_of(written(node["by"])))
        self.stay.doubt(f"{name}.by", status(node["by"], self.inherited[name]))
        edges: list[str] = []
        for at, row in enumerate(node["rows"], start=1):
            key = edge_of(row)
            edges += [f"{name}.row_{at}.edge"] if key else []
            edge = self.look_up(edges[-1]) if key else None
            if edge is None or (amount < edge if key == "below" else amount <= edge):
                for near in edges[-2 if key else -1 :]:
                    self.number(near)  # the amount lies between these two edges
                return self.number(f"{name}.row_{at}.then")
        raise AssertionError("the last row has no edge")

    def share_of_amount(self, name: str, node: Mapping[str, Any]) -> Fraction:
        amount = max(0, self.stay.sum_of(written(node["of"])))
        self.stay.doubt(f"{name}.of", status(node["of"], self.inherited[name]))
        found = Fraction(self.round(amount * self.number(f"{name}.share"), self.layer))
        for key, keeps in (("at_least", max), ("at_most", min)):
            if node.get(key):
                found = keeps(found, self.number(f"{name}.{key}"))
        return found

    def round(self, amount: Fraction, owner: Mapping[str, Any]) -> int:
        """The amount rounded as the law says; that matters where it is not whole already."""
        part, layer = owner.get("rounding"), self.layer.get("rounding")
        node = part or layer or self.stay.document["rounding"]
        rounded = rounding_of(node)(amount)
        if rounded != amount:
            if part:
                self.stay.doubt(f"{stem_of(self.layer, owner)}.rounding", status(part, self.status))
            elif layer:
                self.stay.doubt(f"{self.id}.rounding", status(layer, self.status))
            else:
                self.stay.doubt("rounding", status(node, self.stay.status))
        return rounded

    # --- what is looked at, and what comes off

    def look(self) -> None:
        for part in self.parts:
            if fixed_base(part.node) is not None:
                part.base = floor(self.number(f"{part.name}.fixed"))
                continue
            part.base = max(0, self.stay.sum_of(written(part.node["base"])))
            if self.stay.left > 0 or part.base > 0 or not pays_the_bill(self.layer):
                self.stay.doubt(f"{part.sums}.base", status(part.node["base"], self.status))
        for at, cap in enumerate(self.layer.get("caps") or [], start=1):
            if cap.get("of") == "cost":
                room = self.cap_left(at, cap, sum(part.base for part in self.parts))
                for part in self.parts:
                    part.base = min(part.base, room)
                    room -= part.base

    def take_first_self_pay(self) -> None:
        for part in self.parts:
            if part.is_first_before and part.base > 0 and part.node.get("first_self_pay"):
                share = self.find(f"{part.name}.first_self_pay", part.node["first_self_pay"])
                part.first = min(part.base, self.round(part.base * share, part.node))

    def deduct(self) -> None:
        eaten = [p for name in eaten_parts(self.layer) for p in self.parts if p.node["id"] == name]
        looked_at = sum(part.looked_at for part in eaten)
        all_of_it = sum(part.looked_at for part in self.parts)
        if not self.layer.get("deductible") or not (
            (is_trigger(self.layer) and all_of_it) or looked_at
        ):
            return
        threshold = floor(self.find(f"{self.id}.deductible", deductible_amount(self.layer)))
        before = self.before.get(deductible_counter(self.layer) or "", 0)
        if is_trigger(self.layer):
            reached = before + looked_at
            at = self.layer["deductible"].get("passed") == "at"
            if reached > threshold or (at and reached == threshold):
                return
            # Whatever the threshold looks at: below it nothing at all is paid for.
            eaten, to_take = self.parts, all_of_it
        else:
            to_take = max(0, threshold - before)
        if deductible_limit(self.layer) and to_take > 0:
            limit = floor(self.number(f"{self.id}.deductible.limit"))
            counter = limit_counter(self.layer) or ""
            to_take = min(to_take, max(0, limit - self.before[counter]))
        for part in eaten:
            part.deducted = min(part.looked_at, to_take)
            to_take -= part.deducted
        if len(self.parts) > 1 and any(part.deducted for part in eaten):
            said = status(self.layer.get("deductible_taken_from"), self.status)
            self.stay.doubt(f"{self.id}.deductible_taken_from", said)

    def count_costs(self) -> None:
        """Counters of cost move by what was looked at, each once."""
        looked_at = sum(part.base for part in self.parts)
        counted = dict.fromkeys(cap_counters(self.layer, "cost"), looked_at)
        if own := deductible_counter(self.layer):
            eaten = eaten_parts(self.layer)
            counted[own] = (
                sum(part.deducted for part in self.parts)
                if is_of_episode(self.layer)
                else sum(p.looked_at for p in self.parts if p.node["id"] in eaten)
            )
        if own := limit_counter(self.layer):
            counted[own] = sum(part.deducted for part in self.parts)
        for counter, fen in counted.items():
            self.stay.move(self.ledger[counter], fen)

    # --- what is paid

    def share(self, part: _Part) -> None:
        """What the part would pay before caps, and with `after` the first self-pay."""
        if part.eligible > 0:
            part.computed = self.rated(part)
        if part.node.get("minus"):
            if part.computed > 0:
                self.stay.doubt(f"{part.sums}.minus", status(part.node["minus"], self.status))
            minus = max(0, self.stay.sum_of(written(part.node["minus"])))
            part.computed = max(0, part.computed - minus)
        for key, keeps in (("not_below", max), ("not_above", min)):
            if part.node.get(key) and (part.base if key == "not_below" else part.computed) > 0:
                self.stay.doubt(f"{part.sums}.{key}", status(part.node[key], self.status))
                limit = max(0, self.stay.sum_of(written(part.node[key])))
                part.computed = keeps(part.computed, limit)

    def rated(self, part: _Part) -> int:
        kept, node = Fraction(1), part.node
        if node.get("first_self_pay") and not part.is_first_before:
            first = self.find(f"{part.name}.first_self_pay", node["first_self_pay"])
            part.first = min(part.eligible, self.round(part.eligible * first, node))
            kept = 1 - first
        if node.get("rate"):
            share = part.eligible * self.find(f"{part.name}.rate", node["rate"])
        else:
            share = self.in_bands(part)
        if node.get("factor"):
            kept *= self.find(f"{part.name}.factor", node["factor"])
        return min(part.eligible, self.round(share * kept, node))

    def in_bands(self, part: _Part) -> Fraction:
        begin = 0
        if self.layer.get("deductible"):
            before = self.before.get(deductible_counter(self.layer) or "", 0)
            if is_of_episode(self.layer):
                before = 0  # what was deducted of other stays is no part of this bill's bands
            if part.node["bands"]["measured_from"] == "zero":
                begin = before + part.deducted
            elif before > 0:
                name = f"{self.id}.deductible"
                begin = max(0, before - floor(self.find(name, deductible_amount(self.layer))))
        end, at, share = begin + part.eligible, begin, Fraction(0)
        edges: list[str] = []
        for number, row in enumerate(part.node["bands"]["rows"], start=1):
            if at >= end:
                break
            edge = end
            if row.get("up_to"):
                edges.append(f"{part.name}.band_{number}.up_to")
                edge = min(end, floor(self.look_up(edges[-1])))
            if edge > at:
                share += (edge - at) * self.number(f"{part.name}.band_{number}.rate")
                at = edge
                for near in edges[-2 if row.get("up_to") else -1 :]:
                    self.number(near)  # what fell in here fell between these two edges
        return share

    def cap_left(self, at: int, cap: Mapping[str, Any], reached: int) -> int:
        """How much the cap still allows, where there is something to hold under it."""
        if reached <= 0:
            return 0
        limit = floor(self.find(f"{self.id}.cap_{at}", cap["amount"]))
        before = self.before.get(cap_counter(self.layer, cap) or "", 0)
        if cap.get("of") == "times":
            return 0 if before >= limit else reached
        return max(0, limit - before)

    def pay(self) -> int:
        """Hold the parts under caps and under what is left; the surplus that is owed."""
        wanted = sum(part.computed for part in self.parts)
        room = wanted
        for at, cap in enumerate(self.layer.get("caps") or [], start=1):
            if cap.get("of") != "cost" and wanted > 0:
                room = min(room, self.cap_left(at, cap, wanted))
        left = self.stay.left if pays_the_bill(self.layer) else room
        for part in self.parts:
            part.allowed = min(part.computed, room)
            room -= part.allowed
            part.paid = min(part.allowed, left)
            left -= part.paid
        if self.layer.get("surplus") != "hospital":
            return 0
        return sum(part.allowed - part.paid for part in self.parts)

    def count_payments(self, surplus: int) -> None:
        whole = sum(part.paid for part in self.parts) + surplus
        for counter in cap_counters(self.layer, "payment") | set(counted_toward(self.layer)):
            self.stay.move(self.ledger[counter], whole)
        for counter in cap_counters(self.layer, "times"):
            self.stay.move(self.ledger[counter], 1 if whole > 0 else 0)
