"""The statement on paper: what a cashier hands out, as a page and as a PDF."""

import re
from dataclasses import replace
from pathlib import Path

import httpx2
import pypdfium2
import pytest

from contracts.vocabulary import InstitutionId
from settlement.adapters.people_on_paper_http import PeopleOnPaperHttp
from settlement.application.paper_ports import PersonOnPaper
from settlement.domain.record import Actor
from settlement.domain.stay import stay_id_of
from settlement.entrypoints.clock import SHANGHAI
from settlement.entrypoints.paper.page import Page, StepOnPage, TotalOnPage, texts_of
from settlement.entrypoints.paper.pdf_page import NO_GLYPH, _known_characters, pdf_page
from tests.settlement.paper.paper_desk import NamesKnown, paper_desk, settled
from tests.support.settlement_desk import P1, Desk, PeopleKnown

OPENED = tuple[Desk, PeopleKnown, NamesKnown]
ELSEWHERE = "H50011200002"


@pytest.fixture(name="opened")
def _opened(tmp_path: Path) -> OPENED:
    return paper_desk(tmp_path)


def html(desk: Desk, number: str) -> str:
    """The page."""
    answer = desk.read(f"/v1/settlements/{number}/statement.html")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def pdf(desk: Desk, number: str) -> bytes:
    """The document."""
    answer = desk.read(f"/v1/settlements/{number}/statement.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return bytes(answer.content)


def text_of(document: bytes) -> list[str]:
    """The text of each page, as somebody who marks and copies it gets it."""
    found = pypdfium2.PdfDocument(document)
    return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in found]


def words(markup: str) -> str:
    """The words of a page without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", markup, flags=re.DOTALL))


STANDS = (
    "一站式结算单",
    "样例甲",
    "990001********0014",
    "54 岁",
    "2023-001847",
    "500112-2026-0000001",
    "2023-03-01",
    "2023-03-10",
    "9 天",
    "cashier-1",
    "52000.00",
    "政策范围内费用",
    "目录外全自费",
    "居民基本医疗保险",
    "乘比例：49700.00×70% ＝ 34790.00，四舍五入到分 ＝ 34790.00",
    "基金 500000-tilt_assistance",
    "937.80",
    "人民币伍仟陆佰贰拾伍元贰角",
    "5625.20",
    "※ 假定（原文没有载明）",
    "校验码",
)


def test_everything_a_patient_needs_stands_on_both(opened: OPENED) -> None:
    """Whose stay, what it cost, who pays what by which rule, and what is left, in capitals too."""
    desk, _, _ = opened
    number = settled(desk)

    page = words(html(desk, number))
    document = "".join(text_of(pdf(desk, number))).replace("\n", "")

    assert [said for said in STANDS if said not in page] == []
    close = document.replace(" ", "")
    assert [said for said in STANDS if said.replace(" ", "") not in close] == []
    assert "已撤销" not in page + document


def test_the_page_needs_nothing_but_itself(opened: OPENED) -> None:
    """No script, no address, and no cache may keep it."""
    desk, _, _ = opened
    answer = desk.read(f"/v1/settlements/{settled(desk)}/statement.html")

    assert not re.search(r"<script|https?:|src=|@import|url\(", answer.text)
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_usual_statement_is_one_page_with_its_number(opened: OPENED) -> None:
    """Pages say which they are, and of which settlement."""
    desk, _, _ = opened
    pages = text_of(pdf(desk, settled(desk)))

    assert len(pages) == 1
    assert "结算单号 500112-2026-0000001　第 1 页　共 1 页" in pages[0]


def test_printed_at_one_instant_it_is_the_same_to_the_byte(opened: OPENED) -> None:
    """And the instant stands on it, in Beijing time."""
    desk, _, _ = opened
    at = desk.parts.clock()
    desk = Desk(replace(desk.parts, clock=lambda: at))
    number = settled(desk)

    first = pdf(desk, number)

    assert pdf(desk, number) == first
    assert at.astimezone(SHANGHAI).strftime("打印 %Y-%m-%d %H:%M:%S") in text_of(first)[0]


def test_a_reversed_settlement_says_so_across_the_page(opened: OPENED) -> None:
    """With the day and the reason; the settlement that follows it is clean."""
    desk, _, _ = opened
    number = settled(desk)
    stay = stay_id_of(InstitutionId(desk.institution), "2023-001847")
    undone = desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "费用有误"})
    assert undone.status_code == 200
    again = desk.settle(str(stay)).json()["settlement_number"]

    assert '<div class="across">已撤销</div>' in html(desk, number)
    assert "本结算已于 2026-03-02 撤销（费用有误）" in words(html(desk, number))
    assert "已撤销" in "".join(text_of(pdf(desk, number)))
    assert "已撤销" not in "".join(text_of(pdf(desk, again)))


def test_who_it_is_is_asked_at_every_printing_and_stored_nowhere(
    opened: OPENED, tmp_path: Path
) -> None:
    """In the name of whoever prints; no file of settlement holds the name afterwards."""
    desk, _, names = opened
    number = settled(desk)
    assert names.asked == []

    html(desk, number)
    pdf(desk, number)

    printer = Actor("cashier-1", InstitutionId(desk.institution))
    assert names.asked == [(P1, printer)] * 2
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "样例甲".encode() not in kept
    assert b"990001********" not in kept


def test_another_hospital_prints_nothing(opened: OPENED) -> None:
    """Its settlement is as unknown as one that never was, and nobody's name is asked for."""
    desk, _, names = opened
    number = settled(desk)
    desk.institution = ELSEWHERE

    there = desk.read(f"/v1/settlements/{number}/statement.pdf")
    nowhere = desk.read("/v1/settlements/500112-2026-0000099/statement.pdf")

    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.json()["type"] == nowhere.json()["type"]
    assert there.json()["type"].endswith("settlement-unknown")
    assert names.asked == []


def test_without_eligibility_nothing_is_printed(tmp_path: Path) -> None:
    """A paper without a name would be anybody's: try again."""
    desk, _, _ = paper_desk(tmp_path)
    number = settled(desk)
    real = desk.parts.papers
    offline = Desk(replace(desk.parts, papers=replace(real, people=_unreached())))

    answer = offline.read(f"/v1/settlements/{number}/statement.html")

    assert answer.status_code == 503
    assert answer.json()["type"].endswith("eligibility-unreachable")


def _unreached() -> PeopleOnPaperHttp:
    return PeopleOnPaperHttp(httpx2.Client(base_url="http://127.0.0.1:9", timeout=0.5))


def test_an_erased_person_has_no_name_on_paper(opened: OPENED) -> None:
    """The settlement stays, and nobody can tell whose it was."""
    desk, _, names = opened
    names.known[P1] = PersonOnPaper()

    page = words(html(desk, settled(desk)))

    assert "（个人信息已删除）" in page
    assert "性别 年龄 — 54 岁" in page


def test_rare_characters_of_names_are_in_the_font(tmp_path: Path) -> None:
    """All of GBK, and characters people are really called by beyond it."""
    every = {
        ord(bytes([high, low]).decode("gb2312"))
        for high in range(0xB0, 0xF8)
        for low in range(0xA1, 0xFF)
        if (high, low) < (0xD7, 0xFA) or high > 0xD7
    }
    assert len(every) == 6763
    assert every <= _known_characters()

    desk, _, _ = paper_desk(tmp_path, name="颜䶮𬱖")
    assert "颜䶮𬱖" in text_of(pdf(desk, settled(desk)))[0]


def test_a_character_nobody_can_print_is_marked_to_be_written_by_hand(tmp_path: Path) -> None:
    """Never an empty box: the place is marked, and the paper says what to do."""
    desk, _, _ = paper_desk(tmp_path, name="样\U0002f000")

    found = text_of(pdf(desk, settled(desk)))[0]

    assert f"样{NO_GLYPH}" in found
    assert "请手写补上" in found


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    """A name with angle brackets stays a name."""
    desk, _, _ = paper_desk(tmp_path, name="<b>样&例")
    assert "&lt;b&gt;样&amp;例" in html(desk, settled(desk))


def test_a_long_statement_goes_on_to_a_second_page(opened: OPENED) -> None:
    """No row is cut, and every page has its number."""
    desk, _, _ = opened
    step = StepOnPage(
        "①", "居民基本医疗保险", "", "看的费用：政策范围内费用 50000.00；" * 12, "1.00"
    )
    page = Page(
        title="一站式结算单",
        hospital="医院",
        warning="",
        across="已撤销",
        heading=(("姓名", "样例甲"),),
        policy="某地",
        parts=(("总费用", "1.00"),),
        steps=tuple(replace(step, name=f"第{at}步") for at in range(14)),
        totals=(),
        patient=TotalOnPage("个人应付", "1.00", "人民币壹元整"),
        below=(),
        number="N",
        code="C",
        printed="打印",
    )

    pages = text_of(pdf_page(page, printed_at=desk.parts.clock()))

    assert len(pages) == 2
    assert ["共 2 页" in each and "已撤销" in each for each in pages] == [True, True]
    assert [f"第{at}步" for at in range(14) if f"第{at}步" not in "".join(pages)] == []
    assert "第0步" in texts_of(page)
