"""The richest settlement there is, changed field by field: what verifying says to each change.

The ledger is that of one stay with a fixed price, cash, answers, a window of identities, another
day and a total kept apart; it is settled, reversed and settled again.
"""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.settlement.desk.ledger_rows import rows_of
from tests.settlement.desk.tampering import (
    ANSWERED,
    BY_AND_WHEN,
    DECIDES_NOTHING,
    DECLARED_ANEW,
    EVERYTHING_SEEN,
    IDENTITIES_ANSWERED,
    ONLY_OUTSIDE,
    SoundLedger,
    Unseen,
    fields_in,
    within,
)
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
UNSEEN: Unseen = {
    "stay-admitted": BY_AND_WHEN | {DECLARED_ANEW: {"scheme"}},
    "patient-discharged": BY_AND_WHEN
    | {"only the outside knows how the patient left": {"departure"}},
    "settlement-opened": {
        DECIDES_NOTHING: within("inputs.eligibility", ANSWERED, IDENTITIES_ANSWERED),
        "the layer that goes by the other day asks no identity here": within(
            "inputs.eligibility.other_days",
            {"age", "known_at", "version", "identities.identity"},
            IDENTITIES_ANSWERED,
        ),
    },
    "payer-step-settled": EVERYTHING_SEEN,
    "settlement-completed": EVERYTHING_SEEN,
    "settlement-reversed": {ONLY_OUTSIDE: {"by.operator", "reason"}},
    "counters-moved": EVERYTHING_SEEN,
    "counters-restored": EVERYTHING_SEEN,
}


@pytest.fixture(name="ledger", scope="module")
def _ledger(tmp_path_factory: pytest.TempPathFactory) -> SoundLedger:
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
    return SoundLedger(rows_of(data / "settlement.sqlite"))


def test_the_story_as_it_was_written_is_right(ledger: SoundLedger) -> None:
    """Nothing is found in it."""
    assert ledger.discrepancies() == ()
    assert ledger.changes_of(*UNSEEN) >= 1030


@pytest.mark.parametrize("kind", UNSEEN)
def test_a_change_in_any_field_is_found(ledger: SoundLedger, kind: str) -> None:
    """Kinds of steps, guards, surplus, cash, indicators, pending layers, answers, windows."""
    assert ledger.unseen_fields(kind) == fields_in(UNSEEN[kind])
