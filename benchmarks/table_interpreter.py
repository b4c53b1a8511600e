"""A table-driven interpreter of policies (查表解释器): layers as rows of coefficients.

The other way to have one arithmetic for every policy: nothing is generated, the structure itself
is data. It is compiled by numba for columns and runs as ordinary Python for one bill.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from settlement.kernel.cascade import Cascade
from settlement.kernel.columns import Integers
from settlement.kernel.names import bill_amounts_of
from settlement.kernel.resolving import NO_LIMIT
from settlement.law.facts import Facts
from settlement.law.policy import CapOf, Layer

_DIGITS = 4


@dataclass(frozen=True)
class Tables:
    """A policy as tables; the last axis of the three numbers is the band.

    `signs` (layers, amounts + layers) says what a base adds and takes off; `counters` (layers, 2)
    the yearly counters of deductible and cap, −1 for none; `numbers` (rows, layers, 3) applies,
    deductible and cap; `edges` and `rates` (rows, layers, bands).
    """

    amounts: tuple[str, ...]
    signs: Integers
    counters: Integers
    numbers: Integers
    edges: Integers
    rates: Integers


def tables_of(cascade: Cascade, kinds: tuple[Facts, ...]) -> Tables:
    """The tables of a policy of plain layers: one part, caps on payment, half up to the fen."""
    layers = cascade.policy.layers
    amounts = tuple(dict.fromkeys(["total", *(n for x in layers for n in bill_amounts_of(x))]))
    names = [*amounts, *(x.id for x in layers)]
    bands = max(len(x.parts[0].bands) for x in layers)
    signs = np.zeros((len(layers), len(names)), np.int64)
    counters = np.full((len(layers), 2), -1)
    numbers = np.zeros((len(kinds), len(layers), 3), np.int64)
    edges = np.full((len(kinds), len(layers), bands), NO_LIMIT)
    rates = np.zeros((len(kinds), len(layers), bands), np.int64)
    known = [c for x in layers for c in x.counters]
    for at, layer in enumerate(layers):
        for term in layer.parts[0].base.terms:
            signs[at, names.index(term.name)] += term.sign
        if layer.deductible and layer.deductible.counter:
            counters[at, 0] = known.index(layer.deductible.counter.name)
        if layer.caps and layer.caps[0].of is CapOf.PAYMENT and layer.caps[0].counter:
            counters[at, 1] = known.index(layer.caps[0].counter.name)
    for row, facts in enumerate(kinds):
        for at, layer in enumerate(layers):
            _fill(cascade, facts, layer, numbers[row, at], edges[row, at], rates[row, at])
    return Tables(amounts, signs, counters, numbers, edges, rates)


def _fill(
    cascade: Cascade,
    facts: Facts,
    layer: Layer,
    numbers: Integers,
    edges: Integers,
    rates: Integers,
) -> None:
    found = cascade.resolve(facts)
    numbers[2] = NO_LIMIT
    if layer.id not in found.applied:
        return
    numbers[0] = 1
    if layer.deductible:
        numbers[1] = found.numbers[layer.deductible.amount.name].at_digits(0)
    if layer.caps:
        numbers[2] = found.numbers[layer.caps[0].amount.name].at_digits(0)
    for at, band in enumerate(layer.parts[0].bands):
        rates[at] = found.numbers[band.rate.name].at_digits(_DIGITS)
        if band.up_to:
            edges[at] = found.numbers[band.up_to.name].at_digits(0)


@njit(error_model="numpy")
def interpret(
    group_starts: Integers,
    bills: Integers,
    row: Integers,
    signs: Integers,
    counters: Integers,
    numbers: Integers,
    edges: Integers,
    rates: Integers,
) -> Integers:
    """Each layer's payment, then the patient's share: (layers + 1, n) from `bills` (amounts, n)."""
    layers, named = signs.shape
    stated = named - layers
    bands = edges.shape[2]
    paid = np.empty((layers + 1, bills.shape[1]), np.int64)
    values = np.empty(named, np.int64)
    year = np.zeros(2 * layers, np.int64)
    for group in range(group_starts.shape[0] - 1):
        year[:] = 0
        for claim in range(group_starts[group], group_starts[group + 1]):
            at = row[claim]
            for name in range(stated):
                values[name] = bills[name, claim]
            left = values[0]
            for layer in range(layers):
                base = 0
                for name in range(stated + layer):
                    base += signs[layer, name] * values[name]
                base = max(0, base) * numbers[at, layer, 0]
                before = 0
                if counters[layer, 0] >= 0:
                    before = year[counters[layer, 0]]
                    year[counters[layer, 0]] += base
                deducted = min(base, max(0, numbers[at, layer, 1] - before))
                begin = before + deducted
                end = begin + base - deducted
                share = 0
                for band in range(bands):
                    edge = max(begin, min(end, edges[at, layer, band]))
                    share += (edge - begin) * rates[at, layer, band]
                    begin = edge
                cap = numbers[at, layer, 2]
                if counters[layer, 1] >= 0:
                    cap = max(0, cap - year[counters[layer, 1]])
                amount = min((share * 2 + 10000) // 20000, left, cap)
                if counters[layer, 1] >= 0:
                    year[counters[layer, 1]] += amount
                values[stated + layer] = amount
                paid[layer, claim] = amount
                left -= amount
            paid[layers, claim] = left
    return paid
