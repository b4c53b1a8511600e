"""`yizhan statement` writes the paper to a file, and `check-statement` holds one to the ledger."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.vocabulary import InstitutionId
from settlement.application.find_settlement import history_of_issued
from settlement.bootstrap import PaperParts
from settlement.domain.statement_code import statement_code
from settlement.domain.stay import stay_id_of
from settlement.entrypoints.cli import app
from settlement.entrypoints.cli import paper as command
from settlement.settings import Settings
from tests.settlement.paper.paper_desk import paper_desk, settled


def test_a_paper_is_written_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both forms at once; the code checks, another one does not."""
    desk, _, _ = paper_desk(tmp_path / "data")
    number = settled(desk)

    def papers(_settings: Settings) -> PaperParts:
        return desk.parts.papers

    monkeypatch.setattr(command, "build_papers", papers)
    common = ["--data", str(tmp_path / "data")]
    acting = ["--operator", "王芳", "--acting-for", desk.institution]
    made = [str(tmp_path / name) for name in ("one.pdf", "one.html")]
    shell = CliRunner()

    written = shell.invoke(
        app, ["statement", number, "--pdf", made[0], "--html", made[1], *acting, *common]
    )
    stay = stay_id_of(InstitutionId(desk.institution), "2023-001847")
    code = statement_code(history_of_issued(desk.parts.ledger, stay, number)[-1])
    right = shell.invoke(app, ["check-statement", number, code, *common])
    wrong = shell.invoke(app, ["check-statement", number, "0000", *common])
    nowhere = shell.invoke(app, ["statement", "1-2-3", "--pdf", made[0], *acting, *common])
    aimless = shell.invoke(app, ["statement", number, *acting, *common])

    assert written.exit_code == 0, written.output
    assert Path(made[0]).read_bytes().startswith(b"%PDF-")
    assert code in Path(made[1]).read_text(encoding="utf-8")
    assert "打印人 王芳" in Path(made[1]).read_text(encoding="utf-8")
    assert (right.exit_code, right.stdout.startswith("相符")) == (0, True)
    assert (wrong.exit_code, wrong.stdout.startswith("不符")) == (1, True)
    assert (nowhere.exit_code, "没有结算 1-2-3" in nowhere.stderr) == (2, True)
    assert (aimless.exit_code, "--pdf 或 --html" in aimless.stderr) == (2, True)
