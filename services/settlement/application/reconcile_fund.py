"""Reconciling a fund (基金对账): our lines against the payer's own list, every difference named.

The matching is pure. Amounts are compared as lists and never as sets: two equal amounts are two
amounts. What is found always closes: their total − our total = the sum of the differences.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import zip_longest
from typing import TypeVar

from contracts.vocabulary import InstitutionId
from settlement.application.fund_ports import FundAccounts
from settlement.application.fund_registry import fund_statement
from settlement.domain.fund_statement import OwedLine, Period
from settlement.law.book import PolicyBook


@dataclass(frozen=True)
class PayerRow:
    """One row of the payer's list (对方清单的一行); `amount_fen` is negative for a reversal.

    `row` counts the header as 1. At least one of the two numbers is given.
    """

    row: int
    institution_id: InstitutionId
    settlement_number: str | None
    hospital_stay_number: str | None
    invoice_number: str | None
    amount_fen: int
    settled_on: date


class DifferenceKind(StrEnum):
    """What kind of difference (差异类型)."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    DUPLICATE = "duplicate"

    @property
    def label(self) -> str:
        """What users read."""
        return {
            "missing_here": "我方没有",
            "missing_there": "对方没有",
            "amount": "金额不符",
            "duplicate": "对方重复",
        }[self.value]


@dataclass(frozen=True)
class Difference:
    """One difference (一处差异): our lines and their rows that it is about.

    `difference_fen` is theirs minus ours.
    """

    kind: DifferenceKind
    ours: tuple[OwedLine, ...]
    theirs: tuple[PayerRow, ...]
    difference_fen: int

    @property
    def named_by(self) -> OwedLine | PayerRow:
        """The line or row that carries the identifiers."""
        return self.ours[0] if self.ours else self.theirs[0]


Item = TypeVar("Item", OwedLine, PayerRow)


@dataclass(frozen=True)
class Reconciliation:
    """The result (对账结果), in fen."""

    ours_fen: int
    theirs_fen: int
    our_lines: int
    their_rows: int
    differences: tuple[Difference, ...]

    @property
    def difference_fen(self) -> int:
        """Their total minus ours, which the differences explain to the fen."""
        return self.theirs_fen - self.ours_fen

    @property
    def agrees(self) -> bool:
        """Whether no difference was found; totals may agree while lines do not."""
        return not self.differences


def reconcile_fund(
    fund_id: str,
    period: Period,
    theirs: Sequence[PayerRow],
    *,
    book: PolicyBook,
    accounts: FundAccounts,
) -> Reconciliation:
    """Reconcile what we booked for a fund in a period with its own list. Raises FundUnknown."""
    statement = fund_statement(fund_id, period, book=book, accounts=accounts)
    return reconcile(statement.owed_lines, theirs)


def as_payer_rows(ours: Sequence[OwedLine]) -> list[PayerRow]:
    """Our own lines as a payer would list them: one row a settlement, layers added up."""
    return [
        PayerRow(
            row=row,
            institution_id=lines[0].institution_id,
            settlement_number=lines[0].settlement_number,
            hospital_stay_number=lines[0].hospital_stay_number,
            invoice_number=lines[0].invoice_number,
            amount_fen=_sum(lines),
            settled_on=lines[0].booked_on,
        )
        for row, lines in enumerate(_grouped(ours, _number_of).values(), start=2)
    ]


def reconcile(ours: Sequence[OwedLine], theirs: Sequence[PayerRow]) -> Reconciliation:
    """Match by institution and settlement number, else by institution and stay number.

    A settlement and its reversal are two things under one number: they match apart, by sign.
    """
    by_number, numbered = _grouped(ours, _number_of), _grouped(theirs, _number_of)
    # A payer that numbers settlements its own way gives numbers that are not ours: such rows
    # are tried by the hospital's stay number.
    by_stay = _grouped((line for line in ours if _number_of(line) not in numbered), _stay_of)
    rows_by_stay = _grouped((row for row in theirs if _number_of(row) not in by_number), _stay_of)
    differences: list[Difference] = []
    for key, lines in by_number.items():
        if key in numbered:
            differences += _compare(lines, numbered[key])
    for key in dict.fromkeys([*by_stay, *rows_by_stay]):
        for lines, rows in _paired(by_stay.get(key, []), rows_by_stay.get(key, [])):
            differences += _compare(lines, rows)
    return Reconciliation(
        ours_fen=_sum(ours),
        theirs_fen=_sum(theirs),
        our_lines=len(ours),
        their_rows=len(theirs),
        differences=tuple(sorted(differences, key=_place)),
    )


def _compare(ours: list[OwedLine], theirs: list[PayerRow]) -> list[Difference]:
    """The differences within one settlement, or among lines or rows that nothing answers to."""
    if _sum(ours) == _sum(theirs):
        # Layers that the payer adds up, or splits, are no difference.
        return []
    ours_left, rows_left = _unmatched(ours, theirs)
    duplicates, others = _repetitions(theirs, rows_left)
    found = [_difference(DifferenceKind.DUPLICATE, theirs=[row]) for row in duplicates]
    if ours_left and others:
        found.append(_difference(DifferenceKind.AMOUNT, ours=ours_left, theirs=others))
    else:
        found += [_difference(DifferenceKind.MISSING_THERE, ours=[line]) for line in ours_left]
        found += [_difference(DifferenceKind.MISSING_HERE, theirs=[row]) for row in others]
    # A payer may list what it paid nothing for; we book nothing for it.
    return [d for d in found if d.difference_fen]


def _unmatched(
    ours: list[OwedLine], theirs: list[PayerRow]
) -> tuple[list[OwedLine], list[PayerRow]]:
    """What is left after matching all lines with one row, or line with row, by amount."""
    total_fen = _sum(ours)
    whole = next((row for row in theirs if ours and row.amount_fen == total_fen), None)
    if whole is not None:
        rows_left = list(theirs)
        rows_left.remove(whole)
        return [], rows_left
    ours_left, rows_left = list(ours), []
    for row in theirs:
        equal = next((line for line in ours_left if line.amount_fen == row.amount_fen), None)
        if equal is None:
            rows_left.append(row)
        else:
            ours_left.remove(equal)
    return ours_left, rows_left


def _repetitions(
    theirs: list[PayerRow], rows_left: list[PayerRow]
) -> tuple[list[PayerRow], list[PayerRow]]:
    """Rows left over that say once more what another row says, and the others."""
    met = Counter(_said(row) for row in theirs) - Counter(_said(row) for row in rows_left)
    duplicates: list[PayerRow] = []
    others: list[PayerRow] = []
    for row in rows_left:
        (duplicates if met[_said(row)] else others).append(row)
        met[_said(row)] += 1
    return duplicates, others


def _paired(
    ours: list[OwedLine], theirs: list[PayerRow]
) -> list[tuple[list[OwedLine], list[PayerRow]]]:
    """One stay's settlements, each with the payer's rows for it; every line and row once.

    By equal totals first, then by one equal row, then by order; repeated rows stand beside what
    they repeat.
    """
    settlements = list(_grouped(ours, lambda line: line.settlement_number).values())
    if len(settlements) <= 1:
        return [(ours, theirs)]
    bundles = list(_grouped(theirs, lambda row: row.settlement_number or row.row).values())
    pairs: list[tuple[list[OwedLine], list[PayerRow]]] = []
    for answers in (_is_total, _has_total):
        for settlement in list(settlements):
            answer = next((b for b in bundles if answers(b, _sum(settlement))), None)
            if answer is not None:
                settlements.remove(settlement)
                bundles.remove(answer)
                pairs.append((settlement, list(answer)))
    said = {_said(row): rows for _, rows in pairs for row in rows}
    for bundle in list(bundles):
        repeated = said.get(_said(bundle[0]))
        if repeated is not None:
            repeated += bundle
            bundles.remove(bundle)
    for settlement, bundle in zip_longest(settlements, bundles):
        pairs.append((settlement or [], bundle or []))
    return pairs


def _is_total(rows: list[PayerRow], total_fen: int) -> bool:
    return _sum(rows) == total_fen


def _has_total(rows: list[PayerRow], total_fen: int) -> bool:
    return any(row.amount_fen == total_fen for row in rows)


def _difference(
    kind: DifferenceKind, *, ours: Iterable[OwedLine] = (), theirs: Iterable[PayerRow] = ()
) -> Difference:
    lines, rows = tuple(ours), tuple(theirs)
    return Difference(kind, ours=lines, theirs=rows, difference_fen=_sum(rows) - _sum(lines))


def _sum(items: Iterable[OwedLine | PayerRow]) -> int:
    return sum(item.amount_fen for item in items)


def _number_of(item: OwedLine | PayerRow) -> Hashable:
    return item.institution_id, item.settlement_number, item.amount_fen < 0


def _stay_of(item: OwedLine | PayerRow) -> Hashable:
    # A row without a stay number stands for itself, by its settlement number.
    stay = item.hospital_stay_number or ("settlement", item.settlement_number)
    return item.institution_id, stay, item.amount_fen < 0


def _said(row: PayerRow) -> Hashable:
    """What two rows share when one is the other once more."""
    return row.settlement_number or row.hospital_stay_number, row.amount_fen


def _place(difference: Difference) -> tuple[str, str, str, int]:
    named = difference.named_by
    row = difference.theirs[0].row if difference.theirs else 0
    return (
        named.institution_id,
        named.settlement_number or "",
        named.hospital_stay_number or "",
        row,
    )


def _grouped(items: Iterable[Item], key: Callable[[Item], Hashable]) -> dict[Hashable, list[Item]]:
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
