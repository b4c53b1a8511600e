"""The richest settlement there is, changed field by field: what verifying says to each change.

The ledger is that of one stay with a fixed price, cash, answers, a window of identities, another
day and a total kept apart; it is settled, reversed and settled again.
"""

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import verify_ledger
from tests.settlement.desk.ledger_rows import LedgerOfRows, Row, changes, rows_of
from tests.settlement.desk.test_tampering import UNSEEN
from tests.support.settlement_desk import P1, Desk, open_parts
from tests.support.small_policies import REGION, RICHER_POLICY, write_book

STAY: dict[str, Any] = {
    "person_id": P1,
    "hospital_stay_number": "A1",
    "admission_date": "2023-01-10",
    "discharge_date": "2023-01-20",
    "circumstances": {
        "care": "inpatient",
        "disease": "阑尾炎",
        "declared": {"student": False, "years_insured": 8, "ward": "普通"},
    },
    "batches": [{"batch_number": "1", "charges": {"total_fen": 6_000_00}}],
}
_PERSON = {
    "identities",
    "identities.identity",
    "identities.recorded_at",
    "identities.source",
    "identities.valid_from",
    "identities.valid_to",
    "known_at",
    "version",
}
KINDS = {
    "stay-admitted": UNSEEN["stay-admitted"],
    "patient-discharged": UNSEEN["patient-discharged"],
    "settlement-opened": UNSEEN["settlement-opened"]
    | {f"inputs.eligibility.other_days.{field}" for field in (*_PERSON, "age")},
    "payer-step-settled": UNSEEN["payer-step-settled"],
    "settlement-completed": UNSEEN["settlement-completed"],
    "settlement-reversed": UNSEEN["settlement-reversed"],
    "counters-moved": UNSEEN["counters-moved"],
    "counters-restored": UNSEEN["counters-restored"],
}
"""Of each kind of event the fields of which a change may go unseen, as in `test_tampering`: the
layer that goes by the other day asks no identity here, so that its answer decides no amount."""


@pytest.fixture(name="rows", scope="module")
def _rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    data: Path = tmp_path_factory.mktemp("ledger")
    parts, people = open_parts(data, policies=write_book(data / "policies", RICHER_POLICY))
    people.add(
        P1,
        region=REGION,
        held={"subsistence_allowance": (date(2020, 1, 1), date(2022, 12, 31))},
        birth_date=date(1970, 1, 1),
    )
    desk = Desk(parts)
    desk.import_institutions()
    settled = desk.write("/v1/settlements", STAY)
    assert settled.status_code == 201, settled.text
    assert [o["kind"] for o in settled.json()["outside"]] == ["surplus", "cash"]
    path = f"/v1/stays/{settled.json()['stay_id']}/settlement"
    assert desk.write(f"{path}/reversal", {"reason": "更正"}).is_success
    assert desk.write(path, {}).is_success
    return rows_of(data / "settlement.sqlite")


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_in_any_field_is_found(rows: list[Row], kind: str) -> None:
    """Kinds of steps, guards, surplus, cash, indicators, pending layers, answers, windows."""
    laws = LawLibrary(LedgerOfRows(rows))
    unseen: dict[str, int] = defaultdict(int)
    tried = 0
    for at, row in enumerate(rows):
        for field, other in changes(row) if row.kind == kind else ():
            tried += 1
            ledger = LedgerOfRows([*rows[:at], other, *rows[at + 1 :]])
            if not verify_ledger(ledger, laws).discrepancies:
                unseen[field] += 1
    assert tried >= 5
    assert set(unseen) <= KINDS[kind]
