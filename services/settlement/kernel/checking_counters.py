"""Checking a policy's counters (查累计器): one thing, one year, one way of counting each."""

from collections.abc import Iterator

from settlement.law.document import Fault, Path
from settlement.law.places import Places
from settlement.law.policy import (
    BENEFIT_ADMISSIONS,
    SUM_COUNTER,
    CapOf,
    Counter,
    Layer,
    LayerKind,
    Period,
    Policy,
)


def check_counters(policy: Policy, places: Places) -> Iterator[Fault]:
    """Faults of counters that layers share, and of names that nobody counts under."""
    seen: dict[str, tuple[str, Layer]] = {}
    apart: dict[str, str | None] = {}
    kept = {c.name for layer in policy.layers for c in layer.counters_kept}
    for layer in policy.layers:
        place = places.layer(layer)
        yield from _check_counts_toward(layer, kept, place)
        for counter, kind in _counted(layer):
            first = seen.setdefault(counter.name, (kind, layer))
            yield from _check_shared(counter, kind, layer, first, place)
        for counter in layer.counters_kept:
            if apart.setdefault(counter.name, counter.key_fact) != counter.key_fact:
                yield Fault(
                    place,
                    f"累计器“{counter.name}”有的分别累计、有的合并累计",
                    "共用的累计器写同样的 each",
                )


def _check_counts_toward(layer: Layer, kept: set[str], place: Path) -> Iterator[Fault]:
    for name in layer.counts_toward or ():
        if name not in kept:
            yield Fault(
                (*place, "counts_toward"),
                f"没有一层用累计器“{name}”",
                "可用：" + ("、".join(sorted(kept)) or "（没有累计器）"),
            )


def _check_shared(
    counter: Counter, kind: str, layer: Layer, first: tuple[str, Layer], place: Path
) -> Iterator[Fault]:
    """A counter and the first layer that has it, with what it counts there."""
    first_kind, owner = first
    if first_kind != kind:
        yield Fault(
            place,
            f"累计器“{counter.name}”既累计{first_kind}又累计{kind}",
            "给其中一个写另外的 counter",
        )
    if (owner.kind is LayerKind.MEASURE) != (layer.kind is LayerKind.MEASURE):
        yield Fault(
            place,
            f"累计器“{counter.name}”由只测算的层和支付的层共用，限额会被没有支付的金额用掉",
            "给其中一个写另外的 counter",
        )
    if owner.benefit_year != layer.benefit_year:
        yield Fault(
            place,
            f"累计器“{counter.name}”由“{owner.name}”与“{layer.name}”共用，两层的待遇年度却不同",
            "统一 benefit_year，或分开 counter",
        )
    if counter.name == BENEFIT_ADMISSIONS or counter.name.startswith(SUM_COUNTER):
        yield Fault(place, f"累计器名“{counter.name}”留给住院次数和本年累计", "换一个名称")


def _counted(layer: Layer) -> Iterator[tuple[Counter, str]]:
    """Each counter of a layer, and what it counts."""
    rule = layer.deductible
    if rule and rule.counter:
        yield rule.counter, "连续住院的起付线" if rule.period is Period.EPISODE else "费用"
    if rule and rule.limit:
        yield rule.limit.counter, "起付线"
    names = {CapOf.PAYMENT: "支付", CapOf.COST: "费用", CapOf.TIMES: "次数"}
    for cap in layer.caps:
        if cap.counter:
            yield cap.counter, names[cap.of]
    for name in layer.counts_toward or ():
        yield Counter(name), "支付"
