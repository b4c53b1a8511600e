"""A bill explained as people read and print it (费用逐步说明), and as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from contracts.vocabulary import EvidenceStatus, Payer
from settlement.application.explain_bill import BillExplained
from settlement.application.explaining.lines import Line
from settlement.application.explaining.unfolding import StepUnfolded
from settlement.entrypoints.explain_words import ExplanationWords
from settlement.kernel.explain import NumberUsed, Step
from settlement.kernel.report import Told
from settlement.law.exact import format_yuan
from settlement.law.policy import LayerKind

_MARKS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_STATUS = {
    EvidenceStatus.STATED.value: ("原文载明", "stated"),
    EvidenceStatus.INFERRED.value: ("推定", "inferred"),
    EvidenceStatus.ASSUMED.value: ("假定", "assumed"),
}
_KINDS = {
    LayerKind.PAYMENT.value: ("支付", "pays"),
    LayerKind.MEASURE.value: ("测算得（不支付）", "measures (pays nothing)"),
    LayerKind.PATIENT.value: ("个人先付", "the patient pays first"),
    LayerKind.CASH.value: ("账外发给个人", "cash to the patient, outside the bill"),
}


def print_explanation(found: BillExplained, target: Console, *, title: str) -> None:
    """Every step with its sums, what each rests on, and all that is not stated."""
    fictional = "（虚构）" if found.policy.fictional else ""
    _say(target, f"\n[bold]{escape(title)}[/]")
    _say(target, escape(f"适用政策 policy：{found.policy.label}{fictional}"))
    words = ExplanationWords.of(found.policy)
    cited = _cited(found)
    marks: dict[str, str] = {}
    for unfolded in found.steps:
        step = unfolded.step
        marks.setdefault(step.layer, _MARKS[len(marks) % len(_MARKS)])
        _say(target, f"\n{marks[step.layer]} [bold]{escape(_headline(step)[0])}[/]")
        _say(target, f"   {escape(_headline(step)[1])}")
        for said in _about(unfolded, words, cited):
            _say(target, f"   {escape(said)}")
        for number, line in enumerate(unfolded.lines, start=1):
            for said in _line(number, line, words, cited):
                _say(target, escape(said))
    for said in _ending(found, words, cited):
        _say(target, escape(said))


def explanation_as_json(found: BillExplained) -> dict[str, Any]:
    """The same for programs; amounts are whole fen."""
    words = ExplanationWords.of(found.policy)
    return {
        "policy": found.policy.label,
        "fingerprint": found.policy.fingerprint,
        "fictional": found.policy.fictional,
        "total_fen": found.total_fen,
        "patient_fen": found.patient_fen,
        "steps": [_step_as_json(unfolded, words) for unfolded in found.steps],
        "outside": [vars(entry) for entry in found.outside],
        "reported": [told._asdict() for told in found.reported],
        "assumed": [number._asdict() for number in found.assumed],
        "sources": [vars(source) for source in found.policy.sources],
        "not_entered": list(found.policy.not_entered),
    }


def _say(target: Console, line: str) -> None:
    target.print(line, highlight=False, soft_wrap=True)


def _headline(step: Step) -> tuple[str, str]:
    """What the step came to, in both languages."""
    if not step.applied:
        return f"{step.name}　不适用，0.00 元", "does not apply, 0.00"
    if step.pending:
        return f"{step.name}　待定（由{step.decided_by}决定）", "still to be decided elsewhere"
    chinese, english = _KINDS[step.kind]
    amount = format_yuan(step.amount_fen)
    return f"{step.name}　{chinese} {amount} 元", f"{step.layer} {english} {amount}"


def _about(unfolded: StepUnfolded, words: ExplanationWords, cited: dict[str, str]) -> Iterator[str]:
    """Who pays, out of which fund, by which article."""
    step = unfolded.step
    payer = f"{Payer(step.payer).label}{f'，基金 {step.fund}' if step.fund else ''}"
    article = f"；条款 {step.article}" if step.article else ""
    bearer = f"；最终由 {step.borne_by} 承担" if step.borne_by else ""
    yield f"支付方 payer：{payer}{article}{bearer}"
    if unfolded.rests_on:
        yield f"依据 rests on：{_numbers(unfolded.rests_on, words, cited)}"


def _line(number: int, line: Line, words: ExplanationWords, cited: dict[str, str]) -> Iterator[str]:
    chinese, english = words.line(line)
    yield f"   {number}. {chinese}"
    yield f"      {english}"
    if line.numbers:
        yield f"      依据 rests on：{_numbers(line.numbers, words, cited)}"


def _numbers(numbers: Sequence[NumberUsed], words: ExplanationWords, cited: dict[str, str]) -> str:
    """起付线 300.00（原文载明 stated [1] 第八条）."""
    said = []
    for number in numbers:
        chinese, english = _STATUS[number.status]
        where = "".join((cited[number.source], f" {number.place}" if number.place else ""))
        what = f"{words.number(number)} {words.value(number)}"
        said.append(f"{what}（{chinese} {english} {where}）")
    return "；".join(dict.fromkeys(said))


def _cited(found: BillExplained) -> dict[str, str]:
    """The sources that were used, numbered in the order they are met."""
    used = [n.source for u in found.steps for line in u.lines for n in line.numbers]
    used += [n.source for u in found.steps for n in u.rests_on]
    used += [n.source for n in found.assumed]
    return {source: f"[{at}]" for at, source in enumerate(dict.fromkeys(used), start=1)}


def _ending(found: BillExplained, words: ExplanationWords, cited: dict[str, str]) -> Iterator[str]:
    """What is left to the patient, what is outside the bill, and everything that is in doubt."""
    yield ""
    own = sum(u.step.paid_fen for u in found.steps if u.step.kind == LayerKind.PATIENT.value)
    paid = [u.step for u in found.steps if u.step.kind == LayerKind.PAYMENT.value]
    off = "".join(f" − {step.name} {format_yuan(step.paid_fen)}" for step in paid)
    total, patient = format_yuan(found.total_fen), format_yuan(found.patient_fen)
    off_english = "".join(f" − {format_yuan(step.paid_fen)}" for step in paid)
    yield f"个人负担：总费用 {total}{off} ＝ {patient} 元"
    yield f"Patient: total {total}{off_english} = {patient}"
    if own:
        yield f"其中个人先付 {format_yuan(own)} 元 (of which paid first: {format_yuan(own)})"
    for entry in found.outside:
        what = "账外现金 cash" if entry.kind == "cash" else "账外结余 surplus to the hospital"
        yield f"{what}：{entry.layer} {format_yuan(entry.amount_fen)} 元"
    yield from (_told(told) for told in found.reported)
    titles = {source.id: source for source in found.policy.sources}
    for source_id, mark in cited.items():
        source = titles[source_id]
        said = "，".join(x for x in (source.publisher, source.date, source.url) if x)
        yield f"出处 source {mark} {source.title}{f'（{said}）' if said else ''}"
    for (status, note), numbers in _by_note(found).items():
        chinese, english = _STATUS[status]
        listed = "、".join(dict.fromkeys(_whose(n, words) for n in numbers))
        yield f"※ {chinese} {english}：{listed}" + (f"：{note}" if note else "")
    for rule in found.policy.not_entered:
        yield f"※ 未录入 not entered：{rule}"


def _by_note(found: BillExplained) -> dict[tuple[str, str | None], list[NumberUsed]]:
    """What no document states, numbers with one reason together."""
    grouped: dict[tuple[str, str | None], list[NumberUsed]] = {}
    for number in found.assumed:
        grouped.setdefault((number.status, number.note), []).append(number)
    return grouped


def _whose(number: NumberUsed, words: ExplanationWords) -> str:
    """A number with the layer it belongs to: 大病保险 起付线 12000.00."""
    layer = words.names.layers.get(number.name.split(".")[0], "")
    return " ".join(filter(None, (layer, words.number(number), words.value(number))))


def _told(told: Told) -> str:
    """An indicator, which nobody pays."""
    if told.missing:
        return f"只报告 reported：{told.label} 无从计算（没有 {told.missing}）"
    amount = format_yuan(told.amount_fen or 0)
    if told.denominator_fen is None:
        return f"只报告 reported：{told.label} {amount} 元"
    target = ""
    if told.is_met is not None:
        met = ("达到 met", "未达到 not met")[not told.is_met]
        target = f"，目标 target {told.target}：{met}"
    return (
        f"只报告 reported：{told.label} {amount} ÷ {format_yuan(told.denominator_fen)}"
        f" ＝ {_percent(told.amount_fen or 0, told.denominator_fen)}{target}"
    )


def _percent(amount_fen: int, whole_fen: int) -> str:
    """A share for people to read, cut to two decimals; whether a target is met is told apart."""
    if whole_fen == 0:
        return "—"
    sign = "-" if amount_fen < 0 else ""
    parts = abs(amount_fen) * 10_000 // whole_fen
    return f"{sign}{parts // 100}.{parts % 100:02d}%"


def _step_as_json(unfolded: StepUnfolded, words: ExplanationWords) -> dict[str, Any]:
    step = unfolded.step._asdict()
    step["bands"] = [band._asdict() for band in unfolded.step.bands]
    step["numbers"] = [number._asdict() for number in unfolded.step.numbers]
    lines = []
    for line in unfolded.lines:
        chinese, english = words.line(line)
        lines.append(
            {
                "topic": line.topic.value,
                "operation": line.operation.value,
                "figures": [vars(figure) for figure in line.figures],
                "rated": [vars(one) for one in line.rated],
                "less": line.less,
                "factor": line.factor,
                "exact": line.exact,
                "rounding": line.rounding,
                "result_fen": line.result_fen,
                "zh": chinese,
                "en": english,
                "numbers": [number.name for number in line.numbers],
            }
        )
    return {**step, "lines": lines, "rests_on": [number.name for number in unfolded.rests_on]}
