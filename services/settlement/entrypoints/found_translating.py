"""Settlements that were found, as messages and as rows of a table (转换): no decisions here."""

from collections.abc import Iterator, Sequence
from typing import Final

from contracts import settlement_accounts_v1 as message
from contracts.vocabulary import Payer, Scheme
from settlement.adapters.spreadsheets import Cell, Yuan
from settlement.application.find_settlements import FoundPage, FoundSettlement
from settlement.entrypoints.part_words import part_in_words

SHEET_TITLE: Final = "结算清单"

_BEFORE_AMOUNTS: Final = (
    "结算单号",
    "住院号",
    "分段",
    "发票号",
    "人员标识",
    "机构编码",
    "参保区划",
    "险种",
    "入院日期",
    "出院日期",
    "待遇年度起始",
    "记账日期",
    "状态",
    "撤销记账日期",
    "用到暂定参数",
    "适用政策",
    "总费用(元)",
)


def payer_name(code: str) -> str:
    """A payer as users read it; the code itself where it is not one of ours."""
    return Payer(code).label if code in set(Payer) else code


def show_page(page: FoundPage) -> message.SettlementsFound:
    """A page of settlements."""
    return message.SettlementsFound(
        settlements=tuple(show_found(each) for each in page.settlements),
        next_after=page.next_after,
        has_more=page.has_more,
    )


def show_found(found: FoundSettlement) -> message.SettlementFound:
    """One settlement."""
    return message.SettlementFound(
        settlement_number=found.number,
        stay_id=found.stay_id,
        hospital_stay_number=found.hospital_stay_number,
        invoice_number=found.invoice_number,
        person_id=found.person_id,
        institution_id=found.institution_id,
        region=found.region,
        scheme=found.scheme,
        fingerprint=found.fingerprint,
        policy=found.policy,
        admission_date=found.admission,
        discharge_date=found.discharge,
        benefit_year_from=found.benefit_year_from,
        booked_on=found.booked_on,
        total_fen=found.total_fen,
        patient_fen=found.patient_fen,
        status=found.status.value,
        used_assumed=found.used_assumed,
        reversed_on=found.reversed_on,
        shares=tuple(
            message.ShareFound(
                layer=share.layer,
                payer=share.payer,
                payer_label=payer_name(share.payer),
                fund=share.fund,
                amount_fen=share.amount_fen,
            )
            for share in found.shares
        ),
        part=found.part,
        part_label=_part(found),
    )


def _part(found: FoundSettlement) -> str | None:
    """Which part of a stay it is; None where the stay was settled as a whole."""
    return part_in_words(found.part, goes_on=found.goes_on) if found.part else None


def found_headings(payers: Sequence[str]) -> list[str]:
    """The headings of the list: a column for each payer that is in it."""
    return [*_BEFORE_AMOUNTS, *(f"{payer_name(payer)}(元)" for payer in payers), "个人负担(元)"]


def found_cells(found: FoundSettlement, payers: Sequence[str]) -> Iterator[Cell]:
    """One settlement as a row below those headings."""
    yield found.number
    yield found.hospital_stay_number
    yield _part(found)
    yield found.invoice_number
    yield found.person_id
    yield found.institution_id
    yield found.region
    yield Scheme(found.scheme).label if found.scheme in set(Scheme) else found.scheme
    yield found.admission
    yield found.discharge
    yield found.benefit_year_from
    yield found.booked_on
    yield found.status.label
    yield found.reversed_on
    yield "是" if found.used_assumed else "否"
    yield found.policy or found.fingerprint
    yield Yuan(found.total_fen)
    for payer in payers:
        yield Yuan(sum(share.amount_fen for share in found.shares if share.payer == payer))
    yield Yuan(found.patient_fen)
