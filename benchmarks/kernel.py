"""The kernel (算法内核): over columns and one bill at a time, against two other ways to do it."""

import sys

import numpy as np

from benchmarks.claims import KINDS, four_layers, make_claims
from benchmarks.hand_loop import settle_by_hand
from benchmarks.measuring import Measured, less_is_better, many, median_seconds, more_is_better
from benchmarks.table_interpreter import interpret, tables_of
from settlement.kernel.cascade import Cascade
from settlement.kernel.columns import settle_columns
from settlement.kernel.explain import assumed_numbers, explain
from settlement.kernel.settle import Inputs, settle_bill
from settlement.law.bill import Charges

_CLAIMS = 2_000_000
_EXPLANATION_BUDGET_US = 100.0
_ONE_BILL_REPEATS = 2_000


def measure() -> list[Measured]:
    """All rows of this topic."""
    cascade = four_layers()
    return [*_over_columns(cascade), *_one_bill(cascade)]


def _over_columns(cascade: Cascade) -> list[Measured]:
    claims = make_claims(_CLAIMS)
    columns = claims.as_columns(cascade)
    tables = tables_of(cascade, KINDS)
    bills = np.stack([claims.total, claims.in_scope])
    structure = (tables.signs, tables.counters, tables.numbers, tables.edges, tables.rates)
    chosen = (*(f"{x.id}_paid" for x in cascade.policy.layers), "patient")

    def ours() -> list[np.ndarray]:
        return list(settle_columns(cascade, columns, outputs=chosen).values())

    def by_hand() -> tuple[np.ndarray, ...]:
        return settle_by_hand(claims.group_starts, claims.total, claims.in_scope, claims.kind)

    def interpreted() -> np.ndarray:
        return interpret(claims.group_starts, bills, claims.kind, *structure)

    _say("  编译三种写法并核对 (compiling all three, comparing every fen)")
    for generated, hand, table in zip(ours(), by_hand(), interpreted(), strict=True):
        assert (generated == hand).all()
        assert (generated == table).all()
    _say(f"  各结算 {_CLAIMS:,} 笔，交替 9 轮 (settling, 9 interleaved rounds)")
    seconds = median_seconds(ours, by_hand, interpreted, repeats=9)
    rates = [_CLAIMS / taken / 1e6 for taken in seconds]
    return [
        more_is_better(
            "内核按列结算，四层、年度累计 (generated kernel over columns)",
            ours=rates[0],
            anchor=rates[1],
            anchor_name="同一政策的手写 numba 循环 (hand-written loop)",
            unit="百万笔/秒 (M claims/s)",
        ),
        more_is_better(
            "内核按列结算，同一批数据 (generated kernel over columns)",
            ours=rates[0],
            anchor=rates[2],
            anchor_name="numba 查表解释器 (table-driven interpreter)",
            unit="百万笔/秒 (M claims/s)",
        ),
    ]


def _one_bill(cascade: Cascade) -> list[Measured]:
    facts = KINDS[0]
    inputs = Inputs(Charges(52000_00, in_scope_fen=50000_00), facts, {}, {})
    counters = (0 for _ in cascade.shape.counters)
    arguments = (52000_00, 50000_00, *counters, *cascade.resolve(facts).arguments)
    tables = tables_of(cascade, KINDS)
    structure = (tables.signs, tables.counters, tables.numbers, tables.edges, tables.rates)
    starts, bill, row = np.array([0, 1]), np.array([[52000_00], [50000_00]]), np.array([0])

    def function_alone() -> tuple[int, ...]:
        return cascade.settle_stay(*arguments)

    def interpreter_alone() -> np.ndarray:
        found: np.ndarray = interpret.py_func(starts, bill, row, *structure)
        return found

    def explained() -> object:
        outcome = settle_bill(cascade, inputs)
        steps = explain(cascade.policy, outcome)
        return steps, assumed_numbers(cascade.policy, steps)

    assert settle_bill(cascade, inputs).patient_fen == int(interpreter_alone()[-1, 0])
    _say("  一张费用单，普通 Python (one bill in plain Python)")
    runs = [many(run, _ONE_BILL_REPEATS) for run in (function_alone, explained)]
    seconds = median_seconds(*runs, many(interpreter_alone, _ONE_BILL_REPEATS // 10), repeats=7)
    generated, whole = (taken / _ONE_BILL_REPEATS * 1e6 for taken in seconds[:2])
    return [
        less_is_better(
            "一张费用单，只算金额 (one bill, arithmetic alone, plain Python)",
            ours=generated,
            anchor=seconds[2] / (_ONE_BILL_REPEATS // 10) * 1e6,
            anchor_name="同一解释器不编译 (the interpreter, not compiled)",
            unit="微秒 (µs)",
        ),
        less_is_better(
            "一张费用单，结算并逐步说明依据 (one bill with its full explanation)",
            ours=whole,
            anchor=_EXPLANATION_BUDGET_US,
            anchor_name="预算 (budget)",
            unit="微秒 (µs)",
            target_ratio=1.0,
        ),
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
