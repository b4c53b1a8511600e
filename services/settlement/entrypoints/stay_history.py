"""The history of a stay in words (住院时间线): one line for every kind of event.

A new kind of event needs one line in `HAPPENED`; a test says which is missing.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from contracts import settlement_v1 as message
from contracts.vocabulary import Payer
from settlement.domain.adjustment import ChangeKind
from settlement.domain.settlement import CASH, OutsideEntry, Share
from settlement.domain.stay import Stay
from settlement.entrypoints.adjustment_words import cause_in_words
from settlement.entrypoints.clock import business_date
from settlement.entrypoints.part_words import part_in_words
from settlement.law.bill import Charges
from settlement.law.exact import format_yuan
from settlement.law.policy import LayerKind

_ENVELOPE = {"originator_id", "originator_version", "originator_topic", "timestamp"}


def show_event(event: Any) -> message.EventShown:
    """One event of a stay, in words and with all that was recorded."""
    content = {name: value for name, value in vars(event).items() if name not in _ENVELOPE}
    return message.EventShown(
        version=event.originator_version,
        topic=type(event).TOPIC,
        recorded_at=event.timestamp,
        content=json.loads(msgspec.json.encode(content)),
        business_day=business_date(event.timestamp),
        happened=happened(event),
        operator=event.by.operator if hasattr(event, "by") else None,
    )


def happened(event: Any) -> str:
    """What happened, in Chinese with figures; the topic of a kind nobody put into words."""
    in_words = HAPPENED.get(type(event))
    return in_words(event) if in_words else str(type(event).TOPIC)


def _admitted(event: Stay.Created) -> str:
    return f"入院登记：住院号 {event.hospital_stay_number}，入院日期 {event.admission}"


def _part_begun(event: Stay.PartBegun) -> str:
    return f"第 {event.part} 段开始：住院号 {event.hospital_stay_number}，从 {event.admission} 起"


def _admission_changed(event: Stay.AdmissionChanged) -> str:
    was = event.was
    changes = [
        f"{what}由 {before or '未填'} 改为 {now or '未填'}"
        for what, before, now in (
            ("入院日期", was.admission, event.admission),
            ("险种", was.scheme, event.scheme),
        )
        if before != now
    ]
    if was.circumstances != event.circumstances:
        changes.append("住院情形有变动")
    return f"变更入院登记：{'，'.join(changes)}"


def _admission_cancelled(event: Stay.AdmissionCancelled) -> str:
    return f"撤销入院登记：原入院日期 {event.was.admission}，原因“{event.reason}”"


def _admitted_again(event: Stay.AdmittedAgain) -> str:
    return f"以撤销过的住院号重新入院登记：入院日期 {event.admission}"


def _fees(event: Stay.FeesRecorded) -> str:
    stated = event.charges.in_scope_fen
    in_scope = "" if stated is None else f"，其中政策范围内 {format_yuan(stated)} 元"
    lines = f"明细 {event.line_count} 行，" if event.line_count else ""
    instead = f"，代替批次 {event.replaces}" if event.replaces else ""
    total = format_yuan(event.charges.total_fen)
    return f"上传费用：批次 {event.batch_number}，{lines}{total} 元{in_scope}{instead}"


def _batch_deleted(event: Stay.FeeBatchDeleted) -> str:
    return f"删除费用：批次 {event.batch_number}；{_left(event.charges_after)}"


def _line_corrected(event: Stay.FeeLineCorrected) -> str:
    return (
        f"更正费用明细 {event.line.number}：由 {format_yuan(event.was.amount_fen)} 元"
        f"改为 {format_yuan(event.line.amount_fen)} 元；{_left(event.charges_after)}"
    )


def _line_deleted(event: Stay.FeeLineDeleted) -> str:
    line = event.line
    return (
        f"删除费用明细 {line.number}：{format_yuan(line.amount_fen)} 元；"
        f"{_left(event.charges_after)}"
    )


def _left(charges: Charges | None) -> str:
    return f"费用合计 {format_yuan(charges.total_fen if charges else 0)} 元"


def _deposit_paid(event: Stay.DepositPaid) -> str:
    return (
        f"收押金 {format_yuan(event.amount_fen)} 元（{event.method.label}），"
        f"收据 {event.receipt_number}；在押 {format_yuan(event.held_fen)} 元"
    )


def _deposit_refunded(event: Stay.DepositRefunded) -> str:
    receipt = f"，收据 {event.receipt_number}" if event.receipt_number else ""
    return (
        f"退押金 {format_yuan(event.amount_fen)} 元（{event.method.label}）{receipt}；"
        f"在押 {format_yuan(event.held_fen)} 元"
    )


def _discharged(event: Stay.Discharged) -> str:
    departure = f"，{event.departure.label}" if event.departure else ""
    invoice = f"，发票号 {event.invoice_number}" if event.invoice_number else ""
    return f"出院登记：出院日期 {event.discharge}{departure}{invoice}"


def _interim_closed(event: Stay.InterimClosed) -> str:
    invoice = f"，发票号 {event.invoice_number}" if event.invoice_number else ""
    return f"中途结算：本段到 {event.until} 止{invoice}"


def _discharge_undone(event: Stay.DischargeUndone) -> str:
    if event.was.goes_on:
        return f"取消中途结算：原截止日 {event.was.discharge}，原因“{event.reason}”"
    return f"取消出院：原出院日期 {event.was.discharge}，原因“{event.reason}”"


def _opened(event: Stay.SettlementOpened) -> str:
    inputs, part = event.inputs, event.inputs.part
    which = f"{part_in_words(part.number, goes_on=part.goes_on)}，" if part else ""
    return (
        f"开始结算 {event.number}：{which}费用 {format_yuan(inputs.charges.total_fen)} 元，"
        f"参保地 {inputs.eligibility.enrolment.region}"
        f"{'，资格取自本地副本' if inputs.eligibility.replica else ''}"
    )


def _step(event: Stay.PayerStepSettled) -> str:
    step = event.step
    if not step.applied:
        return f"{step.name}：不适用，0.00 元"
    if step.pending:
        return f"{step.name}：待定，暂记 0.00 元"
    if step.kind == LayerKind.MEASURE.value:
        return f"{step.name}：测算 {format_yuan(step.computed_fen)} 元（不支付）"
    if step.kind == LayerKind.CASH.value:
        return f"{step.name}：账外发给个人 {format_yuan(step.outside_fen)} 元"
    whose = "个人先付" if step.kind == LayerKind.PATIENT.value else "支付"
    return f"{step.name}：{whose} {format_yuan(step.paid_fen)} 元"


def _completed(event: Stay.SettlementCompleted) -> str:
    return (
        f"结算完成 {event.number}：总费用 {format_yuan(event.total_fen)} 元，"
        f"{_shares(event.shares)}个人应付 {format_yuan(event.patient_fen)} 元"
        f"{_outside(event.outside)}；记账日 {event.booked_on}"
    )


def _tender(event: Stay.TenderRecorded) -> str:
    paid = event.tender
    ways = (
        ("个人账户", paid.account_fen),
        ("押金", paid.deposit_fen),
        ("现金", paid.cash_fen),
    )
    told = "，".join(f"{way} {format_yuan(fen)} 元" for way, fen in ways if fen)
    refund = f"；应退押金 {format_yuan(event.refund_due_fen)} 元" if event.refund_due_fen else ""
    return f"个人支付 {event.number}：{told or '0.00 元'}{refund}"


def _late_amount(event: Stay.LateAmountDelivered) -> str:
    return (
        f"登记后到金额 {event.number}：“{event.layer}”{_from_to(event.was_fen, event.amount_fen)}，"
        f"对方编号 {event.reference}；记账日 {event.booked_on}"
    )


def _proposed(event: Stay.DiscretionProposed) -> str:
    said = event.proposed
    amount = _from_to(said.was_fen, said.amount_fen)
    return f"提议裁定 {said.reference}：“{said.layer}”{amount}，理由“{said.reason}”"


def _approved(event: Stay.DiscretionApproved) -> str:
    said = event.proposed
    return (
        f"批准裁定 {said.reference}：“{said.layer}”{_from_to(said.was_fen, said.amount_fen)}，"
        f"由 {said.by.operator} 提议；记账日 {event.booked_on}"
    )


def _rejected(event: Stay.DiscretionRejected) -> str:
    return f"退回裁定 {event.proposed.reference}：理由“{event.reason}”"


def _from_to(was_fen: int | None, amount_fen: int) -> str:
    was = "待定" if was_fen is None else f" {format_yuan(was_fen)} 元"
    return f"由{was}改为 {format_yuan(amount_fen)} 元"


def _adjusted(event: Stay.SettlementAdjusted) -> str:
    why = cause_in_words(event.cause.kind, event.cause.reference, event.cause.settlement)
    differences = "".join(
        f"{Payer(change.payer).label}{'多' if change.delta_fen > 0 else '少'}付 "
        f"{format_yuan(abs(change.delta_fen))} 元，"
        for change in event.changes
        if change.kind != ChangeKind.PATIENT.value
    )
    return (
        f"更正结算 {event.number}（第 {event.adjustment} 次）：{why}，"
        f"{differences}个人应付现为 {format_yuan(event.patient_fen)} 元；记账日 {event.booked_on}"
    )


def _reversed(event: Stay.SettlementReversed) -> str:
    return (
        f"撤销结算 {event.number}：原因“{event.reason}”；"
        f"{_shares(event.shares)}个人应付 {format_yuan(event.patient_fen)} 元"
        f"{_outside(event.outside)}，全部冲回；记账日 {event.booked_on}"
    )


def _deduction_imposed(event: Stay.ProviderDeductionImposed) -> str:
    imposed = event.imposed
    net_fen = event.owed_fen - event.deducted_fen
    return (
        f"违规扣减 {imposed.reference}：基金 {imposed.fund_id} 少付医院 "
        f"{format_yuan(imposed.amount_fen)} 元，文书 {imposed.document}，原因“{imposed.reason}”；"
        f"该基金应付净额 {format_yuan(net_fen)} 元，个人应付不变；记账日 {imposed.booked_on}"
    )


def _deduction_withdrawn(event: Stay.ProviderDeductionWithdrawn) -> str:
    return (
        f"撤回扣减 {event.imposed.reference}：基金 {event.imposed.fund_id} 补付医院 "
        f"{format_yuan(event.amount_fen)} 元，原因“{event.reason}”；记账日 {event.booked_on}"
    )


def _deduction_released(event: Stay.ProviderDeductionReleased) -> str:
    why = "撤销" if event.adjustment is None else f"第 {event.adjustment} 次更正"
    return (
        f"解除扣减 {event.imposed.reference}：因结算{why}，"
        f"解除 {format_yuan(event.amount_fen)} 元，仍扣减 {format_yuan(event.stands_fen)} 元；"
        f"记账日 {event.booked_on}"
    )


def _shares(shares: tuple[Share, ...]) -> str:
    """Who pays what, two payers of one name as two."""
    return "".join(
        f"{Payer(share.payer).label} {format_yuan(share.amount_fen)} 元，" for share in shares
    )


def _outside(outside: tuple[OutsideEntry, ...]) -> str:
    return "".join(
        f"，账外{'现金' if owed.kind == CASH else '结余'} {format_yuan(owed.amount_fen)} 元"
        for owed in outside
    )


HAPPENED: dict[type, Callable[[Any], str]] = {
    Stay.Created: _admitted,
    Stay.PartBegun: _part_begun,
    Stay.AdmissionChanged: _admission_changed,
    Stay.AdmissionCancelled: _admission_cancelled,
    Stay.AdmittedAgain: _admitted_again,
    Stay.FeesRecorded: _fees,
    Stay.FeeBatchDeleted: _batch_deleted,
    Stay.FeeLineCorrected: _line_corrected,
    Stay.FeeLineDeleted: _line_deleted,
    Stay.DepositPaid: _deposit_paid,
    Stay.DepositRefunded: _deposit_refunded,
    Stay.Discharged: _discharged,
    Stay.InterimClosed: _interim_closed,
    Stay.DischargeUndone: _discharge_undone,
    Stay.SettlementOpened: _opened,
    Stay.PayerStepSettled: _step,
    Stay.SettlementCompleted: _completed,
    Stay.TenderRecorded: _tender,
    Stay.LateAmountDelivered: _late_amount,
    Stay.DiscretionProposed: _proposed,
    Stay.DiscretionApproved: _approved,
    Stay.DiscretionRejected: _rejected,
    Stay.SettlementAdjusted: _adjusted,
    Stay.SettlementReversed: _reversed,
    Stay.ProviderDeductionImposed: _deduction_imposed,
    Stay.ProviderDeductionWithdrawn: _deduction_withdrawn,
    Stay.ProviderDeductionReleased: _deduction_released,
}
"""Every kind of event of a stay, in words."""
