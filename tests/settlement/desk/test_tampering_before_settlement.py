"""Every change of what happens to a stay beside its settlement, and what verifying says to it."""

from collections import defaultdict
from pathlib import Path

import pytest

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import verify_ledger
from tests.settlement.desk.ledger_rows import LedgerOfRows, Row, changes, renumbered, rows_of
from tests.settlement.desk.test_changing_admission import DISCHARGE, admitted, said
from tests.settlement.desk.test_deposits import CIRCUMSTANCES, paid
from tests.support.fee_lines import BED, DRUG, DRUG_BACK, MEAL
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, RICHER_POLICY, write_book

BY = {"by.operator", "timestamp"}
KINDS = {
    "stay-admitted": BY,
    # The discharge declares these two anew.
    "admission-changed": BY | {"circumstances.care", "circumstances.disease", "scheme"},
    "admission-cancelled": BY | {"reason"},
    "stay-admitted-again": BY,
    "fees-recorded": BY | {"batch_number", "lines.item_code", "lines.number"},
    "fee-batch-deleted": BY,
    "fee-line-corrected": BY,
    "fee-line-deleted": BY,
    "deposit-paid": BY
    | {"limit.fingerprint", "limit.most_fen", "limit.normal_fen", "method", "receipt_number"},
    "deposit-refunded": BY | {"method"},
    "patient-discharged": BY | {"departure"},
    "discharge-undone": BY | {"reason"},
    "tender-recorded": {"by.operator"},
}
"""Of each kind of event the fields of which a change may go unseen, in this ledger: what only the
outside knows. `verify_ledger` says so in words."""


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """An admission changed and cancelled; another under its number, with fees corrected in every
    way there is, a deposit that pays, and a discharge that was undone."""
    data: Path = tmp_path_factory.mktemp("ledger")
    parts, people = open_parts(data, policies=write_book(data / "policies", RICHER_POLICY))
    people.add(P1, region=REGION)
    desk = Desk(parts)
    desk.import_institutions()
    stay = admitted(desk)
    said(desk.write(f"{stay}/admission/change", {"admission_date": "2023-02-01"}))
    said(desk.write(f"{stay}/admission/cancellation", {"reason": "登记错误"}))
    admitted(desk)
    said(desk.write(f"{stay}/admission/change", {"admission_date": "2023-02-27"}))
    said(paid(desk, stay, "R1", 150_00))
    for body in (
        {"batch_number": "1", "lines": [BED, DRUG]},
        {"batch_number": "2", "lines": [DRUG_BACK, MEAL]},
    ):
        said(desk.write(f"{stay}/fees", body))
    corrected = MEAL | {"quantity": "2", "amount_fen": 100_00}
    said(desk.write(f"{stay}/fees/lines/correction", {"line": corrected}))
    said(desk.write(f"{stay}/fees/lines/deletion", {"line_number": "L3"}))
    again = {"batch_number": "3", "lines": [DRUG_BACK, MEAL], "replaces": "2"}
    said(desk.write(f"{stay}/fees", again))
    said(desk.write(f"{stay}/fees", {"batch_number": "4", "lines": [MEAL | {"line_number": "L6"}]}))
    said(desk.write(f"{stay}/fees/deletion", {"batch_number": "4"}))
    said(desk.write(f"{stay}/discharge", DISCHARGE))
    said(desk.write(f"{stay}/discharge/cancellation", {"reason": "漏记"}))
    said(paid(desk, stay, "R2", 50_00))
    said(desk.write(f"{stay}/discharge", DISCHARGE | {"circumstances": CIRCUMSTANCES}))
    owed_fen = said(desk.write(f"{stay}/preview", {}))["patient_fen"]
    tender = {"deposit_fen": 190_00, "cash_fen": owed_fen - 190_00}
    said(desk.write(f"{stay}/settlement", {"tender": tender}))
    said(desk.write(f"{stay}/deposits/refund", {"amount_fen": 10_00, "method": "cash"}))
    return rows_of(data / "settlement.sqlite")


@pytest.fixture(name="laws", scope="module")
def _laws(rows: list[Row]) -> LawLibrary:
    return LawLibrary(LedgerOfRows(rows))


def found_in(rows: list[Row], laws: LawLibrary) -> bool:
    """Whether verifying finds anything."""
    return bool(verify_ledger(LedgerOfRows(rows), laws).discrepancies)


def test_the_story_as_it_was_written_is_right(rows: list[Row], laws: LawLibrary) -> None:
    """Nothing is found in it."""
    assert KINDS.keys() <= {row.kind for row in rows}
    assert verify_ledger(LedgerOfRows(rows), laws).discrepancies == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_in_any_field_is_found(rows: list[Row], laws: LawLibrary, kind: str) -> None:
    """Every value, every line: only what is listed may go unseen."""
    unseen: dict[str, int] = defaultdict(int)
    tried = 0
    for at, row in enumerate(rows):
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            if not found_in([*rows[:at], other, *rows[at + 1 :]], laws):
                unseen[field] += 1
    assert tried >= 4
    assert set(unseen) == KINDS[kind]


def test_an_event_taken_out_or_doubled_is_found(rows: list[Row], laws: LawLibrary) -> None:
    """Each of them, with everything after it numbered anew, but the last: a ledger cut off."""
    for at, row in enumerate(rows):
        if row.kind not in KINDS:
            continue
        doubled = renumbered([*rows[: at + 1], *rows[at:]])
        assert found_in(doubled, laws), f"{row.kind} doubled"
        if at != len(rows) - 1:
            taken_out = renumbered([*rows[:at], *rows[at + 1 :]])
            assert found_in(taken_out, laws), f"{row.kind} at {at} taken out"
