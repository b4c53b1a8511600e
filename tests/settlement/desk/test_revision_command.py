"""`yizhan revision`: proposed, shown, approved by another, issued, from the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from settlement.application.law_library import LawLibrary
from settlement.application.verify_ledger import verify_ledger
from settlement.entrypoints.cli import app
from tests.settlement.desk.test_late_amounts import OFFICE
from tests.settlement.desk.test_revisions import first_version, paying, summer_story
from tests.settlement.desk.test_undoing_rederives import OTHER
from tests.support.settlement_desk import open_parts
from tests.support.small_policies import policy_text, write_book


def run(*words: object, operator: str = "officer-1", acting_for: str = OFFICE) -> tuple[int, str]:
    """The command's exit code and everything it printed."""
    acting = ["--operator", operator, "--acting-for", acting_for]
    result = CliRunner().invoke(app, ["revision", *[str(w) for w in words], *acting])
    return result.exit_code, result.output


def test_a_revision_from_proposal_to_issue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """600.00 become 800.00; the author may not approve, and a hospital sees no other's revision."""
    switches = "corrections: {underpaid: to_patient, overpaid: leave}\n"
    late = policy_text(paying(80), more=switches, version=2)
    before, _ = summer_story(tmp_path, first_version(paying(60)), late)
    stay = before.settle("A1")
    monkeypatch.setenv("YIZHAN_POLICIES", str(write_book(tmp_path / "law", late)))
    data = ("--data", tmp_path)
    reason = ("--reason", "自 1 月 1 日起施行")

    code, said = run("propose", "--kind", "policy", *reason, "--first-day", "2023-01-01", *data)

    assert code == 0, said
    number = said.split()[1].partition("（")[0]
    assert f"更正 {number}（政策追溯施行，待批准）" in said
    assert "600.00 → 800.00" in said
    assert "补差 200.00，追回 0.00，不补 0.00，不追 0.00 元" in said
    code, said = run("approve", number, *data)
    assert (code, "须由另一位经办人" in said) == (2, True)
    code, said = run("issue", number, *data)
    assert (code, "须先由另一位经办人批准" in said) == (2, True)
    code, said = run("show", number, *data, acting_for=OTHER)
    assert (code, "没有更正" in said) == (2, True)
    assert run("approve", number, *data, operator="officer-2") == (0, f"已批准：更正 {number}\n")
    code, said = run("reject", number, *reason, *data, operator="officer-2")
    assert (code, "不能再次决定" in said) == (2, True)
    code, said = run("issue", number, *data)
    assert (code, "已执行" in said) == (0, True)
    code, said = run("show", number, *data)
    assert (code, f"更正 {number}（政策追溯施行，已执行）" in said) == (0, True)
    assert before.paid(stay) == 800_00
    parts, _ = open_parts(tmp_path)
    assert verify_ledger(parts.ledger, LawLibrary(parts.ledger)).discrepancies == ()
    code, said = run("propose", "--kind", "policy", *reason, *data)
    assert (code, "没有可更正的结算" in said) == (2, True)
    assert run("show", number, "--data", tmp_path / "none")[0] == 2
