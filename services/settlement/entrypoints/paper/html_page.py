"""A statement as one HTML page to print (可打印网页): A4, no scripts, nothing from outside."""

from collections.abc import Iterable, Iterator
from html import escape

from settlement.entrypoints.paper.page import Page
from settlement.entrypoints.paper.square_code import square_code

_QUIET = 4
_PAIRS_A_ROW, _AMOUNTS_A_ROW = 3, 4

_STYLE = """\
@page { size: A4; margin: 12mm 13mm 16mm;
  @bottom-center { content: "第 " counter(page) " 页　共 " counter(pages) " 页"; font-size: 8pt; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 184mm; color: #111; background: #fff;
  font: 9pt/1.45 "Noto Sans SC", "Source Han Sans SC", "Noto Sans CJK SC", "Microsoft YaHei",
  "SimHei", sans-serif; }
h1 { margin: 0; text-align: center; font-size: 17pt; letter-spacing: .3em; text-indent: .3em; }
.hospital, .warning { margin: 1mm 0; text-align: center; font-size: 11pt; }
.warning { color: #b00020; }
table { width: 100%; border-collapse: collapse; margin: 2mm 0 0; }
th, td { border: .25mm solid #777; padding: .8mm 1.4mm; text-align: left; vertical-align: top; }
th { background: #f1f1f1; font-weight: normal; white-space: nowrap; }
td.amount, th.amount { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.policy th, .steps th:first-child { width: 1%; }
.steps th:nth-child(2) { width: 36mm; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
.rule { font-size: 7.5pt; line-height: 1.4; }
.payer { font-size: 7.5pt; color: #333; overflow-wrap: anywhere; }
.patient td { font-size: 11pt; font-weight: bold; }
.below { margin: 2mm 0 0; padding: 0; list-style: none; font-size: 7.5pt; line-height: 1.4; }
.foot { display: flex; justify-content: space-between; align-items: flex-end; margin-top: 4mm;
  break-inside: avoid; font-size: 8pt; }
.foot .code { font-size: 11pt; letter-spacing: .05em; }
.foot svg { width: 24mm; height: 24mm; }
.across { position: fixed; top: 40%; left: 0; right: 0; text-align: center; font-size: 84pt;
  letter-spacing: .2em; color: #b00020; opacity: .22; transform: rotate(-28deg);
  pointer-events: none; }
@media screen { body { padding: 8mm 0; } }
"""


def html_page(page: Page) -> str:
    """The whole document."""
    title = escape(f"{page.title} {page.number}")
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(_body(page))
        + "\n</body>\n</html>\n"
    )


def _body(page: Page) -> Iterator[str]:
    if page.across:
        yield f'<div class="across">{escape(page.across)}</div>'
    yield f"<h1>{escape(page.title)}</h1>"
    yield f'<p class="hospital">{escape(page.hospital)}</p>'
    if page.warning:
        yield f'<p class="warning">{escape(page.warning)}</p>'
    yield _pairs(page.heading)
    yield f'<table class="policy"><tr><th>适用政策</th><td>{escape(page.policy)}</td></tr></table>'
    yield _pairs(page.parts, amounts=True)
    yield from _steps(page)
    yield from _totals(page)
    listed = "\n".join(f"<li>{escape(line)}</li>" for line in page.below)
    yield f'<ul class="below">\n{listed}\n</ul>'
    yield from _foot(page)


def _pairs(pairs: Iterable[tuple[str, str]], *, amounts: bool = False) -> str:
    """Labels and values beside each other, several pairs a row."""
    count = _AMOUNTS_A_ROW if amounts else _PAIRS_A_ROW
    listed = list(pairs)
    rows = [listed[at : at + count] for at in range(0, len(listed), count)]
    kind = ' class="amount"' if amounts else ""
    lines = []
    for row in rows:
        cells = [f"<th>{escape(label)}</th><td{kind}>{escape(value)}</td>" for label, value in row]
        empty = "<th></th><td></td>" * (count - len(row) if len(rows) > 1 else 0)
        lines.append(f"<tr>{''.join(cells)}{empty}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _steps(page: Page) -> Iterator[str]:
    yield (
        "<table><thead><tr><th></th><th>支付步骤</th><th>计算依据（元）</th>"
        '<th class="amount">支付（元）</th></tr></thead><tbody>'
    )
    for step in page.steps:
        yield (
            f"<tr><td>{escape(step.mark)}</td>"
            f'<td>{escape(step.name)}<div class="payer">{escape(step.payer)}</div></td>'
            f'<td class="rule">{escape(step.rule)}</td>'
            f'<td class="amount">{escape(step.amount)}</td></tr>'
        )
    yield "</tbody></table>"


def _totals(page: Page) -> Iterator[str]:
    yield (
        "<table><thead><tr><th>各方合计</th><th></th>"
        '<th class="amount">金额（元）</th></tr></thead>'
    )
    for total in page.totals:
        yield (
            f"<tr><td>{escape(total.label)}</td><td>{escape(total.note)}</td>"
            f'<td class="amount">{escape(total.amount)}</td></tr>'
        )
    patient = page.patient
    yield (
        f'<tr class="patient"><td>{escape(patient.label)}</td><td>{escape(patient.note)}</td>'
        f'<td class="amount">{escape(patient.amount)}</td></tr></table>'
    )


def _foot(page: Page) -> Iterator[str]:
    yield (
        '<div class="foot"><div>'
        f'<div>校验码 <span class="code">{escape(page.code)}</span></div>'
        f"<div>凭结算单号与校验码可核对本单是否与账本相符</div><div>{escape(page.printed)}</div></div>"
        "<div>收费处（章）：　　　　　　　　　患者或家属签字：　　　　　　　　　</div>"
    )
    yield f"{_svg(page.check)}</div>"


def _svg(text: str) -> str:
    modules = square_code(text)
    side = len(modules) + 2 * _QUIET
    path = "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z"
        for y, row in enumerate(modules)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return (
        f'<svg viewBox="0 0 {side} {side}" role="img" aria-label="二维码">'
        f'<path d="{path}" fill="#000" shape-rendering="crispEdges"/></svg>'
    )
