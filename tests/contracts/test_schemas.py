"""The generated schemas are those of the code, and say so when they are not."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from standalone.event_catalogue import UnitUnknown, unit_of
from standalone.generate_schemas import (
    SCHEMAS,
    event_catalogue,
    generated_files,
    stale_files,
    stored_event_classes,
    write_files,
)


def test_the_generated_files_are_current() -> None:
    """Another process, with other hashes, makes the same bytes that are kept here."""
    checked = subprocess.run(
        [sys.executable, "-m", "standalone.generate_schemas", "--check"],
        env={**os.environ, "PYTHONHASHSEED": "20231018"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_what_is_stale_is_named_with_the_command_to_run(tmp_path: Path) -> None:
    """A file that differs, one that is missing and one too many; writing puts all three right."""
    made = {"a.json": b"1\n", "b/b.json": b"2\n"}
    (tmp_path / "a.json").write_bytes(b"0\n")
    (tmp_path / "old.json").write_bytes(b"3\n")

    assert stale_files(made, tmp_path) == ["a.json（不同）", "b/b.json（缺少）", "old.json（多余）"]
    write_files(made, tmp_path)
    assert stale_files(made, tmp_path) == []
    assert not (tmp_path / "old.json").exists()


def test_no_path_of_this_machine_is_in_them() -> None:
    """The applications were built on a folder of this machine; nothing tells which."""
    here = (str(SCHEMAS.parents[1]), tempfile.gettempdir(), sys.prefix)
    for name, content in generated_files().items():
        assert [path for path in here if path in content.decode()] == [], name


def test_every_route_is_described() -> None:
    """The paths that outside systems were promised, by service."""
    desk = json.loads((SCHEMAS / "settlement.openapi.json").read_bytes())
    people = json.loads((SCHEMAS / "eligibility.openapi.json").read_bytes())
    assert sorted(people["paths"]) == [
        "/v1/changes",
        "/v1/comparisons",
        "/v1/comparisons/{comparison_id}",
        "/v1/comparisons/{comparison_id}/answers",
        "/v1/comparisons/{comparison_id}/differences",
        "/v1/comparisons/{comparison_id}/notices",
        "/v1/comparisons/{comparison_id}/notices/{number}.xlsx",
        "/v1/comparisons/{comparison_id}/resolutions",
        "/v1/lists",
        "/v1/lists/rejects",
        "/v1/members",
        "/v1/persons/entitlements",
        "/v1/persons/lookup",
        "/v1/persons/{person_id}",
        "/v1/persons/{person_id}/certificates",
        "/v1/persons/{person_id}/entitlements",
        "/v1/persons/{person_id}/merges",
        "/v1/persons/{person_id}/merges/{number}/undo",
        "/v1/persons/{person_id}/paper",
        "/v1/persons/{person_id}/reads",
        "/v1/persons/{person_id}/refresh",
        "/v1/persons/{person_id}/statements",
        "/v1/persons/{person_id}/withdrawals",
        "/v1/requests/{operation}/{key}",
        "/v1/rosters",
        "/v1/rosters/{roster_id}/activation",
    ]
    office = json.loads((SCHEMAS / "owner.openapi.json").read_bytes())
    assert sorted(office["paths"]) == ["/v1/changes", "/v1/people/lookup"]
    assert sorted(desk["paths"]) == [
        "/.well-known/jwks.json",
        "/oauth2/token",
        "/v1/accounts",
        "/v1/accounts/export",
        "/v1/decisions",
        "/v1/funds",
        "/v1/funds/{fund_id}/payments",
        "/v1/funds/{fund_id}/payments/withdrawal",
        "/v1/funds/{fund_id}/statement",
        "/v1/institutions",
        "/v1/notices",
        "/v1/persons/{person_id}/account",
        "/v1/previews",
        "/v1/replica-settlements",
        "/v1/requests/{operation}/{key}",
        "/v1/revisions",
        "/v1/revisions/{number}",
        "/v1/revisions/{number}/approval",
        "/v1/revisions/{number}/issue",
        "/v1/revisions/{number}/rejection",
        "/v1/settlements",
        "/v1/settlements/check",
        "/v1/settlements/export",
        "/v1/settlements/{number}/deductions",
        "/v1/settlements/{number}/deductions/{deduction}/withdrawal",
        "/v1/settlements/{number}/statement.html",
        "/v1/settlements/{number}/statement.pdf",
        "/v1/stays",
        "/v1/stays/{stay_id}",
        "/v1/stays/{stay_id}/admission/cancellation",
        "/v1/stays/{stay_id}/admission/change",
        "/v1/stays/{stay_id}/decisions",
        "/v1/stays/{stay_id}/decisions/{decision}/approval",
        "/v1/stays/{stay_id}/decisions/{decision}/rejection",
        "/v1/stays/{stay_id}/deposit",
        "/v1/stays/{stay_id}/deposits",
        "/v1/stays/{stay_id}/deposits/refund",
        "/v1/stays/{stay_id}/discharge",
        "/v1/stays/{stay_id}/discharge/cancellation",
        "/v1/stays/{stay_id}/fees",
        "/v1/stays/{stay_id}/fees/deletion",
        "/v1/stays/{stay_id}/fees/lines/correction",
        "/v1/stays/{stay_id}/fees/lines/deletion",
        "/v1/stays/{stay_id}/history",
        "/v1/stays/{stay_id}/interim",
        "/v1/stays/{stay_id}/preview",
        "/v1/stays/{stay_id}/settlement",
        "/v1/stays/{stay_id}/settlement/late-amounts",
        "/v1/stays/{stay_id}/settlement/reversal",
        "/v1/stays/{stay_id}/statement",
        "/v1/touched-settlements",
    ]


def test_the_schema_of_an_event_is_what_loads() -> None:
    """Fields, amounts as integers, and nothing beside what is named."""
    schema = json.loads((SCHEMAS / "events/settlement.counters-moved.v1.json").read_bytes())
    event = schema["$defs"]["BenefitYear_CountersMoved"]
    assert schema["$ref"] == "#/$defs/BenefitYear_CountersMoved"
    assert event["required"] == ["timestamp", "number", "stay_id", "moves"]
    assert event["properties"]["moves"]["additionalProperties"] == {"type": "integer"}
    assert event["additionalProperties"] is False


def test_the_catalogue_of_events_has_every_kind_with_units() -> None:
    """Event, when, fields and units; a field that came later says since which sample."""
    text = event_catalogue().decode()
    assert [t for t in stored_event_classes() if f"### `{t}`" not in text] == []
    assert "| `total_fen` | 整数 | 分 |" in text
    assert "| `booked_on` | 日期 | 北京时间业务日 |" in text
    assert "| `moves` | 名称 → 整数 | 分；`admissions` 为次数 |" in text
    completed = text.split("### `settlement.settlement-completed.v1`")[1].split("###")[0]
    assert "The settlement is complete (结算完成)" in completed
    assert "可缺省，样本 2 起 |" in completed


def test_a_number_without_a_unit_stops_the_catalogue() -> None:
    """Whoever stores a new whole number says what it counts."""
    with pytest.raises(UnitUnknown):
        unit_of("tempo", {"anyOf": [{"type": "integer"}, {"type": "null"}]})
