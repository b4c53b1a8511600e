"""Accounts as messages and as rows of a table (转换): no decisions here."""

from collections.abc import Iterator, Sequence
from typing import Final

from contracts import settlement_accounts_v1 as message
from settlement.adapters.spreadsheets import Cell, Yuan
from settlement.application.sum_accounts import (
    AskAccount,
    Group,
    GroupAccount,
    GroupKind,
    PersonAccount,
    Sums,
)
from settlement.entrypoints.found_translating import payer_name, show_found

ACCOUNT_TITLE: Final = "一户一档"
KIND_LABELS: Final = {
    GroupKind.HOUSEHOLD: "户",
    GroupKind.VILLAGE: "村（社区）",
    GroupKind.TOWNSHIP: "乡镇（街道）",
}


def show_person_account(account: PersonAccount) -> message.PersonAccountShown:
    """One person's account."""
    return message.PersonAccountShown(
        person_id=account.person_id,
        records=account.records,
        known_at=account.known_at,
        total=show_sums(account.total),
        years=tuple(
            message.YearShown(benefit_year_from=day, sums=show_sums(sums))
            for day, sums in account.years
        ),
        settlements=tuple(show_found(each) for each in account.settlements),
    )


def show_group_account(
    group: Group, asked: AskAccount, account: GroupAccount
) -> message.GroupAccountShown:
    """A group's account."""
    return message.GroupAccountShown(
        kind=group.kind.value,
        code=group.code,
        on=asked.on,
        known_at=asked.at,
        year=asked.year,
        members=account.members,
        total=show_sums(account.total),
        people=tuple(
            message.MemberAccountShown(
                person_id=each.person_id, records=each.records, sums=show_sums(each.sums)
            )
            for each in account.people
        ),
    )


def show_sums(sums: Sums) -> message.SumsShown:
    """Sums."""
    return message.SumsShown(
        settlements=sums.settlements,
        stays=sums.stays,
        total_fen=sums.total_fen,
        payers=tuple(
            message.PayerTotal(payer=payer, payer_label=payer_name(payer), amount_fen=fen)
            for payer, fen in sums.payers_fen.items()
        ),
        patient_fen=sums.patient_fen,
    )


def account_headings(payers: Sequence[str]) -> list[str]:
    """The headings of a group's account: a column for each payer that paid."""
    paid = (f"{payer_name(payer)}(元)" for payer in payers)
    return ["人员标识", "结算笔数", "住院次数", "总费用(元)", *paid, "个人负担(元)"]


def account_rows(account: GroupAccount) -> Iterator[list[Cell]]:
    """A row for each person who has settlements, then their sum."""
    payers = list(account.total.payers_fen)
    for each in account.people:
        yield [each.person_id, *_sum_cells(each.sums, payers)]
    yield ["合计", *_sum_cells(account.total, payers)]


def _sum_cells(sums: Sums, payers: Sequence[str]) -> Iterator[Cell]:
    yield sums.settlements
    yield sums.stays
    yield Yuan(sums.total_fen)
    for payer in payers:
        yield Yuan(sums.payers_fen.get(payer, 0))
    yield Yuan(sums.patient_fen)
