"""A statement as PDF: A4, the font embedded, the text there to be copied and searched.

The same page, printed at the same instant, gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from pylopdf_fonts_zh_cn import sans_path

from settlement.entrypoints.paper.line_breaking import broken_lines
from settlement.entrypoints.paper.page import Page, StepOnPage, TotalOnPage, texts_of
from settlement.entrypoints.paper.square_code import square_code

NO_GLYPH = "〓"
"""Stands for a character the font does not have (缺字), as printers have always set it."""
_NO_GLYPH_SAID = f"※ “{NO_GLYPH}”处为字库没有的生僻字，请手写补上"

_FAMILY = "paper"
_UNUSED_TABLES = {"BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx"}
_MARGIN_MM, _BOTTOM_MM = 13.0, 14.0
_WIDTH_MM = 210 - 2 * _MARGIN_MM
_PADDING_MM = 1.2
_SQUARE_MM = 24.0
_SLACK_MM = 0.5
"""So that the library never breaks a line again that is broken already."""
_LINE_OF_POINTS = 0.5
"""Height of a line in mm for each point of the size: leading of about 1.4."""

_BODY, _SMALL, _LARGE, _TITLE, _ACROSS = 9.0, 7.5, 11.0, 17.0, 96.0
_RED, _BLACK, _SHADE, _RULE = (176, 0, 32), (0, 0, 0), (241, 241, 241), (120, 120, 120)
_PAIRS, _PAIRS_A_ROW = (19.0, 127 / 3), 3
_AMOUNTS, _AMOUNTS_A_ROW = (27.0, 19.0), 4
_STEPS = (7.0, 38.0, 115.0, 24.0)
_TOTALS = (38.0, 112.0, 34.0)


def pdf_page(page: Page, *, printed_at: datetime) -> bytes:
    """The document."""
    paper = _Paper(_with_known_characters(page), printed_at)
    paper.write()
    return bytes(paper.output())


@cache
def _known_characters() -> frozenset[int]:
    """The code points the font has."""
    with TTFont(sans_path(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def _with_known_characters(page: Page) -> Page:
    """The page without characters that would come out as empty boxes; the paper says so itself."""
    unknown = {c for c in texts_of(page) if ord(c) not in _known_characters() and c != "\n"}
    if not unknown:
        return page
    table = str.maketrans(dict.fromkeys(unknown, NO_GLYPH))

    def known(value: Any) -> Any:
        if isinstance(value, str):
            return value.translate(table)
        if isinstance(value, StepOnPage | TotalOnPage):
            return replace(value, **{name: known(held) for name, held in vars(value).items()})
        return tuple(known(held) for held in value)

    made = replace(page, **{name: known(held) for name, held in vars(page).items()})
    return replace(made, below=(_NO_GLYPH_SAID, *made.below))


class _Paper(FPDF):
    """The layout, from the top."""

    def __init__(self, page: Page, printed_at: datetime) -> None:
        super().__init__("P", "mm", "A4")
        self._page = page
        self.set_creation_date(printed_at)
        self.set_title(f"{page.title} {page.number}")
        self.set_lang("zh-CN")
        self.set_margins(_MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=_BOTTOM_MM)
        self.c_margin = 0
        self.add_font(_FAMILY, fname=str(sans_path()))
        self._leave_out_unused()
        self._widths: dict[str, float] = {}
        self.set_draw_color(*_RULE)
        self.set_line_width(0.2)

    def header(self) -> None:
        """What stands across every page of a settlement that was undone."""
        self.set_font(_FAMILY, size=_BODY)
        if self._page.across:
            self._across(self._page.across)

    def footer(self) -> None:
        """Page numbers, with the number of the settlement: pages get separated."""
        self.set_y(-_BOTTOM_MM + 4)
        self._size(_SMALL)
        said = f"结算单号 {self._page.number}　第 {self.page_no()} 页　共 {{nb}} 页"
        self.cell(_WIDTH_MM, 4, said, align="C")

    def write(self) -> None:  # type: ignore[override]  # the library's own `write` sets running text
        """Everything, in order."""
        page = self._page
        self.add_page()
        self._centred(page.title, _TITLE)
        self._centred(page.hospital, _LARGE)
        if page.warning:
            self.set_text_color(*_RED)
            self._centred(page.warning, _LARGE)
            self.set_text_color(*_BLACK)
        self.ln(1.5)
        self._pairs(page.heading)
        self._row((_PAIRS[0], _WIDTH_MM - _PAIRS[0]), ("适用政策", page.policy), shaded={0})
        self.ln(2)
        self._pairs(page.parts, amounts=True)
        self.ln(2)
        self._steps()
        self.ln(2)
        self._totals()
        self.ln(1.5)
        self._below()
        self._foot()

    def _leave_out_unused(self) -> None:
        """Tables for vertical and shaped text, and boxes drawn again: half of the work, unused."""
        added = self.fonts[_FAMILY]
        if isinstance(added, TTFFont):
            added.ttfont.recalcBBoxes = False
            for table in _UNUSED_TABLES.intersection(added.ttfont.keys()):
                del added.ttfont[table]

    def _measure(self, text: str) -> float:
        """The width of a line in mm; characters stand beside each other, unshaped."""
        known = self._widths
        for character in set(text) - known.keys():
            known[character] = self.get_string_width(character) / self.font_size_pt
        return sum(known[character] for character in text) * self.font_size_pt

    def _size(self, points: float) -> None:
        self.set_font(_FAMILY, size=points)

    def _centred(self, text: str, points: float) -> None:
        self._size(points)
        height = points * _LINE_OF_POINTS
        self.cell(_WIDTH_MM, height, text, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _pairs(self, pairs: Sequence[tuple[str, str]], *, amounts: bool = False) -> None:
        """Labels and values beside each other, several pairs a row."""
        widths, count = (_AMOUNTS, _AMOUNTS_A_ROW) if amounts else (_PAIRS, _PAIRS_A_ROW)
        aligned = ("LR" if amounts else "LL") * count
        for at in range(0, len(pairs), count):
            row = list(pairs[at : at + count])
            row += [("", "")] * (count - len(row))
            cells = [text for pair in row for text in pair]
            self._row(widths * count, cells, aligned=aligned, shaded=set(range(0, 2 * count, 2)))

    def _steps(self) -> None:
        self._steps_heading()
        for step in self._page.steps:
            cells = (step.mark, f"{step.name}\n{step.payer}".strip(), step.rule, step.amount)
            sizes = (_BODY, _BODY, _SMALL, _BODY)
            made = self._measured(_STEPS, cells, sizes)
            if self.will_page_break(made):
                self.add_page()
                self._steps_heading()
            self._row(_STEPS, cells, aligned="LLLR", sizes=sizes)

    def _steps_heading(self) -> None:
        heads = ("", "支付步骤与支付方", "计算依据（元）", "支付（元）")
        self._row(_STEPS, heads, aligned="LLLR", shaded={0, 1, 2, 3})

    def _totals(self) -> None:
        heads = ("各方合计", "", "金额（元）")
        self._row(_TOTALS, heads, aligned="LLR", shaded={0, 1, 2})
        for total in self._page.totals:
            self._row(_TOTALS, (total.label, total.note, total.amount), aligned="LLR")
        patient = self._page.patient
        cells = (patient.label, patient.note, patient.amount)
        self._row(_TOTALS, cells, aligned="LLR", sizes=(_LARGE,) * 3)

    def _below(self) -> None:
        self._size(_SMALL)
        for line in self._page.below:
            text = broken_lines(line, width=_WIDTH_MM - _SLACK_MM, measure=self._measure)
            height = _SMALL * _LINE_OF_POINTS
            self.multi_cell(_WIDTH_MM, height, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _foot(self) -> None:
        """The code as text and as a square, who printed, and room to sign."""
        if self.will_page_break(_SQUARE_MM + 3):
            self.add_page()
        top = self.get_y() + 3
        self._square(self._page.check, x=_MARGIN_MM + _WIDTH_MM - _SQUARE_MM, y=top)
        lines = (
            ("收费处（章）：　　　　　　　　　　　患者或家属签字：", _BODY),
            (f"校验码　{self._page.code}", _LARGE),
            ("凭结算单号与校验码可核对本单是否与账本相符", _SMALL),
            (self._page.printed, _SMALL),
        )
        self.set_y(top)
        for text, points in lines:
            self._size(points)
            self.cell(_WIDTH_MM - _SQUARE_MM, 6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _square(self, text: str, *, x: float, y: float) -> None:
        modules = square_code(text)
        side = _SQUARE_MM / len(modules)
        self.set_fill_color(*_BLACK)
        for down, row in enumerate(modules):
            for right, is_dark in enumerate(row):
                if is_dark:
                    self.rect(x + right * side, y + down * side, side, side, style="F")

    def _across(self, text: str) -> None:
        """Over the page, slanted and light, so that the figures below stay readable."""
        self.set_text_color(*_RED)
        self._size(_ACROSS)
        width = self.get_string_width(text)
        x, y = 105 - width / 2, 160.0
        with self.local_context(fill_opacity=0.2), self.rotation(28, 105, 148):
            self.text(x, y, text)
        self.set_text_color(*_BLACK)
        self._size(_BODY)

    def _measured(
        self, widths: Sequence[float], cells: Sequence[str], sizes: Sequence[float]
    ) -> float:
        """How high a row is."""
        heights = []
        for width, text, points in zip(widths, cells, sizes, strict=True):
            self._size(points)
            lines = self._lines(text, width)
            heights.append((lines.count("\n") + 1) * points * _LINE_OF_POINTS)
        return max(heights) + 1.2

    def _lines(self, text: str, width: float) -> str:
        room = width - 2 * _PADDING_MM - _SLACK_MM
        return broken_lines(text, width=room, measure=self._measure)

    def _row(
        self,
        widths: Sequence[float],
        cells: Sequence[str],
        *,
        aligned: str = "",
        shaded: frozenset[int] | set[int] = frozenset(),
        sizes: Sequence[float] = (),
    ) -> None:
        """One row of a table, as high as its highest cell, on one page."""
        sizes = sizes or (_BODY,) * len(cells)
        height = self._measured(widths, cells, sizes)
        if self.will_page_break(height):
            self.add_page()
        x, y = self.l_margin, self.get_y()
        for at, (width, text, points) in enumerate(zip(widths, cells, sizes, strict=True)):
            self.set_fill_color(*_SHADE)
            self.rect(x, y, width, height, style="DF" if at in shaded else "D")
            self._size(points)
            self.set_xy(x + _PADDING_MM, y + 0.6)
            self.multi_cell(
                width - 2 * _PADDING_MM,
                points * _LINE_OF_POINTS,
                self._lines(text, width),
                align=aligned[at] if aligned else "L",
                new_x=XPos.RIGHT,
                new_y=YPos.TOP,
            )
            x += width
        self.set_xy(self.l_margin, y + height)
