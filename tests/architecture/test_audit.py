"""`make audit` passes only where everything locked was looked up and is free of known faults."""

import subprocess
from pathlib import Path

import pytest

from infra import audit

LOCK = "infra/image.lock"
FINE = {"name": "alembic", "version": "1.0", "vulns": []}


def test_what_is_vulnerable_is_named_with_its_remedy() -> None:
    """The advisory and the versions that mend it."""
    found = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}
    report = {"dependencies": [{**FINE, "vulns": [found]}]}
    assert audit.faults_of(report, {"alembic"}, LOCK) == [
        f"{LOCK}：alembic 1.0 PYSEC-1，修复版本 1.1"
    ]
    assert audit.faults_of({"dependencies": [FINE]}, {"alembic"}, LOCK) == []


def test_what_was_not_looked_up_is_no_success() -> None:
    """Neither an empty report nor a package that was passed over."""
    wanted = audit.pinned(LOCK)
    assert {"fastapi", "psycopg", "hatchling"} <= wanted
    assert len(audit.faults_of({"dependencies": []}, wanted, LOCK)) == len(wanted)
    passed_over = {"dependencies": [{"name": "alembic", "skip_reason": "not found"}]}
    assert audit.faults_of(passed_over, {"alembic"}, LOCK) == [f"{LOCK}：alembic 没有查到，未审计"]


def test_a_service_that_does_not_answer_is_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one sentence, and the audit fails."""
    silent = subprocess.CompletedProcess[str]([], 1, "", "x\nERROR: not found on PyPI: alembic")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_a, **_k: silent)
    (told,) = audit.audit(LOCK, "pypi")
    assert "没有审计成：ERROR: not found on PyPI" in told
    assert "YIZHAN_AUDIT_SERVICE=osv" in told


def test_every_lock_that_is_installed_for_good_is_audited() -> None:
    """That of the project and that of the images; the locks name no registry."""
    root = Path(audit.__file__).parents[1]
    assert set(audit.LOCKS) == {"requirements.lock", LOCK}
    for lock in root.glob("infra/*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "--index-url" not in text
        assert "--hash=sha256:" in text
