"""The kernel (算法内核): over columns and one bill at a time, against other ways to do the same."""

import sys
import time
from collections.abc import Callable
from itertools import cycle

import numpy as np

from benchmarks.claims import KINDS, Claims, four_layers, make_claims
from benchmarks.hand_loop import settle_by_hand
from benchmarks.measuring import (
    Budget,
    Measured,
    less_is_better,
    many,
    median_seconds,
    more_is_better,
)
from benchmarks.openfisca_country import (
    AS_IN_THE_MANUAL,
    FLOATS_TUNED,
    PAYMENTS,
    WHOLE_FEN,
)
from benchmarks.openfisca_runs import OpenFiscaRun
from benchmarks.table_interpreter import Tables, interpret, tables_of
from settlement.kernel.cascade import Cascade
from settlement.kernel.columns import Integers, settle_columns
from settlement.kernel.explain import assumed_numbers, explain
from settlement.kernel.settle import Inputs, settle_bill
from settlement.law.bill import Charges

_CLAIMS = 2_000_000
_CLAIMS_FOR_THE_MANUAL = 200_000
"""Fewer: what OpenFisca's manual writes takes some ten times as long for each claim."""
_EXPLANATION_BUDGET_US = 100.0
_ONE_BILL_REPEATS = 500
_RATE = "百万笔/秒 (M claims/s)"
_OURS = "内核按列结算，四层、年度累计 (generated kernel over columns)"


def measure() -> list[Measured | Budget]:
    """All rows of this topic."""
    cascade = four_layers()
    claims = make_claims(_CLAIMS)
    return [
        *_over_columns(cascade, claims),
        *_against_openfisca(cascade, claims),
        *_one_bill(cascade),
    ]


def _over_columns(cascade: Cascade, claims: Claims) -> list[Measured]:
    ours = _ours(cascade, claims)
    tables = tables_of(cascade, KINDS)
    bills = np.stack([claims.total, claims.in_scope])
    inputs = (claims.total, claims.in_scope, claims.kind)
    outputs = [np.empty_like(claims.total) for _ in PAYMENTS]

    def by_hand() -> tuple[Integers, ...]:
        return settle_by_hand(claims.group_starts, *inputs)

    def interpreted() -> Integers:
        found: Integers = interpret(claims.group_starts, bills, claims.kind, *_structure(tables))
        return found

    def copied() -> None:
        for to, column in zip(outputs, cycle(inputs), strict=False):
            np.copyto(to, column)

    _say("  编译三种写法并核对 (compiling all three, comparing every fen)")
    for generated, hand, table in zip(ours(), by_hand(), interpreted(), strict=True):
        assert (generated == hand).all()
        assert (generated == table).all()
    _say(f"  各结算 {_CLAIMS:,} 笔，交替 9 轮 (settling, 9 interleaved rounds)")
    seconds = median_seconds(ours, by_hand, copied, interpreted, repeats=9)
    rates = [_CLAIMS / taken / 1e6 for taken in seconds]
    anchors = (
        ("同一政策的手写 numba 循环 (hand-written loop)", 0.25),
        ("只读入三列、写出五列 (memory-copy bound: 3 columns in, 5 out)", None),
        ("numba 查表解释器 (table-driven interpreter)", None),
    )
    return [
        more_is_better(
            _OURS, ours=rates[0], anchor=rate, anchor_name=name, unit=_RATE, target_ratio=target
        )
        for rate, (name, target) in zip(rates[1:], anchors, strict=True)
    ]


def _against_openfisca(cascade: Cascade, claims: Claims) -> list[Measured]:
    _say("  用 OpenFisca 写同一政策 (the same policy in OpenFisca)")
    ours = _ours(cascade, claims)
    floats, fen = (OpenFiscaRun(claims, money) for money in (FLOATS_TUNED, WHOLE_FEN))
    wrong_in_floats = _rows_wrong(ours(), floats.settle())
    wrong_in_fen = _rows_wrong(ours(), fen.settle())
    seconds = median_seconds(ours, floats.calculate, fen.calculate, fen.settle, repeats=7)
    rates = [_CLAIMS / taken / 1e6 for taken in seconds]
    return [
        _manual(cascade),
        _row(rates[3], rates, f"OpenFisca {fen.money.name}，费用进、支付出", wrong_in_fen, 5.0),
        _row(rates[2], rates, f"OpenFisca {fen.money.name}，只算公式", wrong_in_fen, None),
        _row(rates[1], rates, f"OpenFisca {floats.money.name}，只算公式", wrong_in_floats, None),
    ]


def _manual(cascade: Cascade) -> Measured:
    claims = make_claims(_CLAIMS_FOR_THE_MANUAL)
    ours = _ours(cascade, claims)
    manual = OpenFiscaRun(claims, AS_IN_THE_MANUAL)
    wrong = _rows_wrong(ours(), manual.settle())
    seconds = median_seconds(ours, manual.calculate, repeats=5)
    rates = [_CLAIMS_FOR_THE_MANUAL / taken / 1e6 for taken in seconds]
    return _row(rates[1], rates, f"OpenFisca {manual.money.name}，只算公式", wrong, 5.0)


def _row(
    anchor: float, rates: list[float], name: str, wrong: str, target: float | None
) -> Measured:
    return more_is_better(
        _OURS,
        ours=rates[0],
        anchor=anchor,
        anchor_name=name,
        unit=_RATE,
        target_ratio=target,
        note=wrong,
    )


def _rows_wrong(right: list[Integers], found: list[Integers]) -> str:
    differences = np.abs(np.stack(right) - np.stack(found))
    wrong, rows = int(differences.any(axis=0).sum()), differences.shape[1]
    return (
        f"{rows:,} 行中 {wrong:,} 行算错（{wrong / rows:.1%}），最多差 {differences.max()} 分"
        f" ({wrong:,} of {rows:,} rows wrong)"
    )


def _ours(cascade: Cascade, claims: Claims) -> Callable[[], list[Integers]]:
    columns = claims.as_columns(cascade)
    chosen = (*(f"{x.id}_paid" for x in cascade.policy.layers), "patient")

    def settle() -> list[Integers]:
        return list(settle_columns(cascade, columns, outputs=chosen).values())

    return settle


def _structure(tables: Tables) -> tuple[Integers, ...]:
    return (tables.signs, tables.counters, tables.numbers, tables.edges, tables.rates)


def _one_bill(cascade: Cascade) -> list[Measured | Budget]:
    facts = KINDS[0]
    inputs = Inputs(Charges(52000_00, in_scope_fen=50000_00), facts, {}, {})
    counters = (0 for _ in cascade.shape.counters)
    arguments = (52000_00, 50000_00, *counters, *cascade.resolve(facts).arguments)
    structure = _structure(tables_of(cascade, KINDS))
    starts, bill, row = np.array([0, 1]), np.array([[52000_00], [50000_00]]), np.array([0])

    def function_alone() -> tuple[int, ...]:
        return cascade.settle_stay(*arguments)

    def interpreter_alone() -> Integers:
        found: Integers = interpret.py_func(starts, bill, row, *structure)
        return found

    def settled() -> object:
        return settle_bill(cascade, inputs)

    def explained() -> object:
        outcome = settle_bill(cascade, inputs)
        steps = explain(cascade, outcome)
        return steps, assumed_numbers(cascade.policy, steps)

    assert settle_bill(cascade, inputs).patient_fen == int(interpreter_alone()[-1, 0])
    _say("  一张费用单，普通 Python (one bill in plain Python)")
    runs = [many(run, _ONE_BILL_REPEATS) for run in (function_alone, settled, explained)]
    seconds = median_seconds(
        *runs,
        many(interpreter_alone, _ONE_BILL_REPEATS // 10),
        repeats=21,
        clock=time.thread_time,
    )
    generated, alone, whole = (taken / _ONE_BILL_REPEATS * 1e6 for taken in seconds[:3])
    return [
        less_is_better(
            "一张费用单，只算金额 (one bill, arithmetic alone, plain Python)",
            ours=generated,
            anchor=seconds[3] / (_ONE_BILL_REPEATS // 10) * 1e6,
            anchor_name="同一解释器不编译 (the interpreter, not compiled)",
            unit="微秒 (µs)",
        ),
        less_is_better(
            "一张费用单，结算而不说明 (one bill settled, not explained)",
            ours=alone,
            anchor=whole,
            anchor_name="结算并逐步说明 (settled and fully explained)",
            unit="微秒 (µs)",
        ),
        Budget(
            "一张费用单，结算并逐步说明依据 (one bill with its full explanation)",
            budget=_EXPLANATION_BUDGET_US,
            measured=whole,
            unit="微秒 (µs)",
        ),
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
