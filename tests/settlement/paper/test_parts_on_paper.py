"""The statement of a part of a stay says which part it is, and that nobody left."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from contracts.settlement_v1 import StatementShown
from contracts.vocabulary import CertificateType
from settlement.application.paper_ports import PersonOnPaper
from settlement.entrypoints.statement_table import print_statement
from tests.settlement.desk.parts_of_a_stay import ABOVE_500, Story, law
from tests.settlement.paper.paper_desk import NamesKnown
from tests.settlement.paper.test_statement_on_paper import html, words
from tests.support.settlement_desk import P1, Desk


def test_a_part_is_named_on_the_page_and_in_the_table(tmp_path: Path) -> None:
    """60 nights from 1 September, closed with 30 October; then the last part."""
    story = Story(tmp_path, law(ABOVE_500))
    names = {P1: PersonOnPaper("样例甲", True, CertificateType.RESIDENT_ID, "990001********0014")}
    parts = story.desk.parts
    desk = Desk(replace(parts, papers=replace(parts.papers, people=NamesKnown(names))))
    first = story.admit("L1", "2022-09-01")
    story.fees(first, 1_000_00)
    second = story.interim(first, "2022-10-30")
    paid = story.settle(first)
    story.fees(second, 1_000_00)
    story.leave(second, "2022-12-30")
    last = story.settle(second)

    page = words(html(desk, paid["settlement_number"]))
    assert "L1 第1段（中途结算）" in page
    assert "本段起始 2022-09-01 本段截止 2022-10-30 住院天数 60 天" in page
    page = words(html(desk, last["settlement_number"]))
    assert "L1 第2段（末段）" in page
    assert "本段起始 2022-10-31 出院日期 2022-12-30 住院天数 60 天" in page
    table = StringIO()
    print_statement(StatementShown.model_validate(paid), Console(file=table, width=200))
    assert "第1段（中途结算） 起 2022-09-01 止 2022-10-30" in " ".join(table.getvalue().split())
