"""A printed statement in words (结算单用语): Chinese, amounts in yuan."""

from collections.abc import Iterator

from contracts.settlement_v1 import NumberShown, StatementShown
from contracts.vocabulary import CertificateType, EvidenceStatus, Payer, Scheme
from settlement.application.explaining.unfolding import StepUnfolded
from settlement.application.print_statement import StatementPrinted
from settlement.domain.settlement import Settlement
from settlement.entrypoints.clock import SHANGHAI
from settlement.entrypoints.explain_words import ExplanationWords
from settlement.entrypoints.http.translating import show_statement
from settlement.entrypoints.paper.capital_amounts import capital_amount
from settlement.entrypoints.paper.page import Page, StepOnPage, TotalOnPage
from settlement.entrypoints.part_words import part_in_words
from settlement.entrypoints.statement_table import lines_beside, lines_of_adjustments
from settlement.kernel.explain import NumberUsed
from settlement.law.bill import amount_label
from settlement.law.exact import format_yuan
from settlement.law.policy import LayerKind

TITLE = "一站式结算单"
REVERSED = "已撤销"
UNKNOWN = "—"
_CERTIFICATES = {"居民身份证": "身份证", "港澳台居民居住证": "居住证", "居民户口簿": "户口簿"}
"""Short enough for their place; by the full name where there is no shorter one."""
_MARKS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


def page_of(printed: StatementPrinted) -> Page:
    """The page of a statement."""
    settlement = printed.statement.settlement
    shown = show_statement(printed.statement)
    return Page(
        title=TITLE,
        hospital=settlement.inputs.institution.name,
        warning="适用政策为虚构，仅作演示" if shown.policy.fictional else "",
        across=REVERSED if settlement.is_reversed else "",
        heading=tuple(_heading(printed)),
        policy=shown.policy.label,
        parts=_parts(settlement),
        steps=tuple(_steps(printed)),
        totals=tuple(_totals(printed)),
        patient=TotalOnPage(
            "个人应付", format_yuan(shown.patient_fen), capital_amount(shown.patient_fen)
        ),
        below=tuple(_below(printed, shown)),
        number=settlement.number,
        code=printed.code,
        printed=_printed(printed),
    )


def _heading(printed: StatementPrinted) -> Iterator[tuple[str, str]]:
    """Who, where and when, in threes."""
    settlement, person = printed.statement.settlement, printed.person
    inputs, issued = settlement.inputs, printed.issued
    sex = {True: "男", False: "女", None: UNKNOWN}[person.is_male]
    yield "姓名", person.name or "（个人信息已删除）"
    yield "性别 年龄", f"{sex}　{_age(inputs.eligibility.age)}"
    yield _certificate(person.certificate_type), person.certificate_masked or UNKNOWN
    yield "结算单号", settlement.number
    part = inputs.part
    which = f"　{part_in_words(part.number, goes_on=part.goes_on)}" if part else ""
    goes_on = part is not None and part.goes_on
    yield "住院号", f"{issued.hospital_stay_number}{which}"
    yield "发票号", issued.invoice_number or UNKNOWN
    yield "本段起始" if part else "入院日期", inputs.admission.isoformat()
    yield "本段截止" if goes_on else "出院日期", inputs.discharge.isoformat()
    yield "住院天数", f"{max(1, (inputs.discharge - inputs.admission).days + goes_on)} 天"
    yield "结算日期", settlement.booked_on.isoformat()
    yield "结算经办", issued.settled_by.operator
    yield "机构编码", issued.institution_id
    yield "险种", Scheme(inputs.eligibility.enrolment.scheme).label
    yield "参保地", inputs.eligibility.enrolment.region
    yield "总费用", f"{format_yuan(inputs.charges.total_fen)} 元"


def _age(years: int | None) -> str:
    if years is None:
        return UNKNOWN
    return f"{years} 岁" if years else "不满 1 岁"


def _certificate(kind: CertificateType | None) -> str:
    return _CERTIFICATES.get(kind.label, kind.label) if kind else "证件"


def _parts(settlement: Settlement) -> tuple[tuple[str, str], ...]:
    """The parts of the bill as far as they are stated."""
    stated = settlement.inputs.charges.amounts()
    return tuple((amount_label(name), format_yuan(fen)) for name, fen in stated.items())


def _steps(printed: StatementPrinted) -> Iterator[StepOnPage]:
    words = ExplanationWords.of(printed.explained.policy)
    marks: dict[str, str] = {}
    for unfolded in printed.explained.steps:
        step = unfolded.step
        mark = marks.setdefault(step.layer, _MARKS[len(marks) % len(_MARKS)])
        payer = Payer(step.payer).label
        yield StepOnPage(
            mark=mark,
            name=step.name,
            payer="" if payer in step.name else payer,
            rule=_rule(unfolded, words),
            amount=_amount(unfolded),
        )


def _rule(unfolded: StepUnfolded, words: ExplanationWords) -> str:
    """The rule in words: article, and every sum as `yizhan policy explain` says it."""
    step = unfolded.step
    if not step.applied:
        said = ["不适用"]
    elif step.pending:
        said = [f"待{step.decided_by}确定"]
    else:
        said = [words.line(line)[0] for line in unfolded.lines]
    bearer = [f"最终由{step.borne_by}承担"] if step.borne_by else []
    article = f"{step.article}　" if step.article else ""
    return article + "；".join([*said, *bearer])


def _amount(unfolded: StepUnfolded) -> str:
    """What the step pays of the bill; in brackets where nobody pays it."""
    step = unfolded.step
    if step.kind == LayerKind.MEASURE.value:
        return f"({format_yuan(step.amount_fen)})"
    if step.kind == LayerKind.CASH.value:
        return f"账外 {format_yuan(step.outside_fen)}"
    if step.kind == LayerKind.PATIENT.value:
        return f"个人 {format_yuan(step.paid_fen)}"
    return format_yuan(step.paid_fen)


def _totals(printed: StatementPrinted) -> Iterator[TotalOnPage]:
    """What each fund and the hospital pay in all, in the order of the steps."""
    settlement = printed.statement.settlement
    sums: dict[tuple[str, str | None], int] = {}
    for share in settlement.shares:
        side = (share.payer, share.fund)
        sums[side] = sums.get(side, 0) + share.amount_fen
    for (payer, fund), fen in sums.items():
        yield TotalOnPage(Payer(payer).label, format_yuan(fen), f"基金 {fund}" if fund else "")


def _below(printed: StatementPrinted, shown: StatementShown) -> Iterator[str]:
    """What is beside the bill, what undid it, what is assumed, and where the numbers stand."""
    if printed.undone:
        yield (
            f"本结算已于 {printed.undone.booked_on} 撤销（{printed.undone.reason}），"
            "本单仅供查阅，不作收付凭据"
        )
    yield from lines_beside(shown)
    yield from lines_of_adjustments(shown)
    words = ExplanationWords.of(printed.explained.policy)
    for (status, note), numbers in _by_note(shown.assumed).items():
        listed = "、".join(dict.fromkeys(_number(n, words) for n in numbers))
        yield f"※ {EvidenceStatus(status).label}（原文没有载明）{listed}" + (
            f"：{note}" if note else ""
        )
    yield from (f"※ 未录入 {rule}" for rule in shown.policy.not_entered)
    used = {n.source for step in shown.steps for n in step.numbers}
    titles = [source.title for source in shown.policy.sources if source.id in used]
    if titles:
        yield f"依据 {'；'.join(titles)}"


def _by_note(
    assumed: tuple[NumberShown, ...],
) -> dict[tuple[str, str | None], list[NumberShown]]:
    grouped: dict[tuple[str, str | None], list[NumberShown]] = {}
    for number in assumed:
        grouped.setdefault((number.status, number.note), []).append(number)
    return grouped


def _number(shown: NumberShown, words: ExplanationWords) -> str:
    """大病保险 起付线 16901.00."""
    number = NumberUsed(**shown.model_dump())
    layer = words.names.layers.get(shown.name.split(".")[0], "")
    return " ".join(filter(None, (layer, words.number(number), words.value(number))))


def _printed(printed: StatementPrinted) -> str:
    at = printed.printed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return f"打印 {at}　打印人 {printed.printed_by.operator}"
